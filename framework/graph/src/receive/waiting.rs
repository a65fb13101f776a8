//! Packets that wait in a receiver, and what becomes of their handles.

use jackfield_core::Fault;
use jackfield_core::jitter_buffer::{HandleSink, PacketArrival};

use super::{MAX_WAITING, Recycle, SPARE};
use crate::media::PacketBuffer;

/// A packet that the jitter buffer knows by its handle.
pub(super) struct Waiting {
    pub(super) payload: Box<PacketBuffer>,
    pub(super) arrival: PacketArrival,
    pub(super) payload_type: u8,
}

/// Takes back the handles that a jitter buffer lets go.
pub(super) struct Released<'a> {
    waiting: &'a mut [Option<Waiting>],
    recycle: &'a mut dyn Recycle,
    pub(super) count: u64,
}

impl<'a> Released<'a> {
    pub(super) fn new(waiting: &'a mut [Option<Waiting>], recycle: &'a mut dyn Recycle) -> Self {
        Self {
            waiting,
            recycle,
            count: 0,
        }
    }
}

impl HandleSink for Released<'_> {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        self.count += 1;
        release(self.waiting, handle, self.recycle);
        Ok(())
    }
}

/// Notes the handles that a newcomer lets go, until it is sure that it stays.
pub(super) struct Noted {
    pub(super) handles: [u64; MAX_WAITING + SPARE],
    pub(super) count: usize,
}

impl Default for Noted {
    fn default() -> Self {
        Self {
            handles: [0; MAX_WAITING + SPARE],
            count: 0,
        }
    }
}

impl HandleSink for Noted {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        if let Some(place) = self.handles.get_mut(self.count) {
            *place = handle;
            self.count += 1;
        }
        Ok(())
    }
}

pub(super) fn index(handle: u64) -> usize {
    (handle & 0xffff_ffff) as usize
}

/// The packet with the least sequence number above `after`.
pub(super) fn next(waiting: &[Option<Waiting>], after: i64) -> Option<&PacketArrival> {
    waiting
        .iter()
        .flatten()
        .map(|w| &w.arrival)
        .filter(|a| a.sequence_number > after)
        .min_by_key(|a| a.sequence_number)
}

pub(super) fn take(waiting: &mut [Option<Waiting>], handle: u64) -> Option<Waiting> {
    let slot = waiting.get_mut(index(handle))?;
    if slot.as_ref().is_some_and(|w| w.arrival.handle == handle) {
        slot.take()
    } else {
        None
    }
}

pub(super) fn release(waiting: &mut [Option<Waiting>], handle: u64, recycle: &mut dyn Recycle) {
    if let Some(waiting) = take(waiting, handle) {
        recycle.recycle(waiting.payload);
    }
}
