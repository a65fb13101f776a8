//! What is to happen, in order: a heap of small events.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::clock::VirtualTime;

/// Events by time; those of one instant in the order of their scheduling.
#[derive(Debug)]
pub(crate) struct Agenda<E> {
    heap: BinaryHeap<Entry<E>>,
    scheduled: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    at: VirtualTime,
    number: u64,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    /// Turned round: the heap gives the greatest first, and we want the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl<E: Copy> Agenda<E> {
    pub(crate) fn new() -> Self {
        Self {
            heap: BinaryHeap::with_capacity(256),
            scheduled: 0,
        }
    }

    pub(crate) fn schedule(&mut self, at: VirtualTime, event: E) {
        self.scheduled += 1;
        self.heap.push(Entry {
            at,
            number: self.scheduled,
            event,
        });
    }

    /// When the next event is due.
    pub(crate) fn next(&self) -> Option<VirtualTime> {
        self.heap.peek().map(|entry| entry.at)
    }

    /// Takes the next event.
    pub(crate) fn take(&mut self) -> Option<(VirtualTime, E)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}
