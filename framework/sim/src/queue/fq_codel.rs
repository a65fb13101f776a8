//! FQ-CoDel (RFC 8290): a CoDel queue for each source, served in turns, those that have just begun first.

use std::collections::VecDeque;

use crate::packet::{DropReason, Source};
use crate::scenario::QueueLimit;
use crate::topology::Transit;

use super::codel::ControlLaw;
use super::{Circumstances, Fates, Fifo, fits};

/// How many packets the longest queue loses at most when all are full (RFC 8290 section 4.1.2).
const BATCH: usize = 64;

#[derive(Debug)]
struct SubQueue {
    packets: Fifo,
    law: ControlLaw,
    deficit: i64,
    /// Whether it stands in one of the lists.
    listed: bool,
}

#[derive(Debug)]
pub(crate) struct FqCoDel {
    limit: QueueLimit,
    quantum: i64,
    queues: Vec<SubQueue>,
    new: VecDeque<u32>,
    old: VecDeque<u32>,
    bytes: u64,
    count: usize,
}

impl FqCoDel {
    pub(super) fn new(limit: QueueLimit, queues: u32, quantum: i64, law: impl Fn() -> ControlLaw) -> Self {
        Self {
            limit,
            quantum,
            queues: (0..queues)
                .map(|_| SubQueue {
                    packets: Fifo::default(),
                    law: law(),
                    deficit: 0,
                    listed: false,
                })
                .collect(),
            new: VecDeque::new(),
            old: VecDeque::new(),
            bytes: 0,
            count: 0,
        }
    }

    /// Sources stand for five-tuples; few of them never collide.
    fn queue_of(&self, transit: &Transit) -> usize {
        let number = match transit.packet.source {
            Source::Flow(flow) => flow * 3,
            Source::Feedback(flow) => flow * 3 + 1,
            Source::CrossTraffic(cross) => cross * 3 + 2,
        };
        number % self.queues.len()
    }

    pub(super) fn enqueue(&mut self, around: &Circumstances<'_>, transit: Transit, fates: &mut Fates) {
        let index = self.queue_of(&transit);
        let bytes = transit.bytes();
        let full = !fits(self.limit, self.bytes, self.count, bytes, around.rate);
        self.bytes += bytes;
        self.count += 1;
        let queue = &mut self.queues[index];
        queue.packets.push(transit);
        if !queue.listed {
            queue.listed = true;
            queue.deficit = self.quantum;
            self.new.push_back(index as u32);
        }
        if full {
            self.relieve(fates);
        }
    }

    /// Drops from the front of the longest queue: half of it, and no more than a batch.
    fn relieve(&mut self, fates: &mut Fates) {
        let longest = (0..self.queues.len())
            .max_by_key(|index| (self.queues[*index].packets.bytes(), std::cmp::Reverse(*index)));
        let Some(longest) = longest else { return };
        let most = self.queues[longest].packets.len().div_ceil(2).min(BATCH);
        for _ in 0..most {
            if let Some(transit) = self.queues[longest].packets.pop() {
                self.forget(transit.bytes());
                fates.drop(transit, DropReason::Overflow);
            }
        }
    }

    fn forget(&mut self, bytes: u64) {
        self.bytes -= bytes;
        self.count -= 1;
    }

    pub(super) fn dequeue(&mut self, around: &Circumstances<'_>, fates: &mut Fates) -> Option<Transit> {
        loop {
            let from_new = !self.new.is_empty();
            let list = if from_new { &mut self.new } else { &mut self.old };
            let index = *list.front()?;
            let queue = &mut self.queues[index as usize];
            if queue.deficit <= 0 {
                queue.deficit += self.quantum;
                list.pop_front();
                self.old.push_back(index);
                continue;
            }
            let dropped = fates.dropped.len();
            let next = queue.law.dequeue(around.now, &mut queue.packets, fates);
            let gone: u64 = fates.dropped[dropped..]
                .iter()
                .map(|(transit, _)| transit.bytes())
                .sum();
            self.bytes -= gone;
            self.count -= fates.dropped.len() - dropped;
            match next {
                Some(transit) => {
                    queue.deficit -= transit.bytes() as i64;
                    self.forget(transit.bytes());
                    return Some(transit);
                }
                None => {
                    list.pop_front();
                    // A queue that was new goes through the old ones once, so that it does not stay new by being empty now and then.
                    if from_new && !self.old.is_empty() {
                        self.old.push_back(index);
                    } else {
                        queue.listed = false;
                    }
                }
            }
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}
