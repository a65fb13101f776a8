//! First in, first out; what finds it full is dropped.

use crate::packet::DropReason;
use crate::scenario::QueueLimit;
use crate::topology::Transit;

use super::{Circumstances, Fates, Fifo, fits};

#[derive(Debug)]
pub(crate) struct DropTail {
    limit: QueueLimit,
    packets: Fifo,
}

impl DropTail {
    pub(crate) fn new(limit: QueueLimit) -> Self {
        Self {
            limit,
            packets: Fifo::default(),
        }
    }

    pub(crate) fn enqueue(&mut self, around: &Circumstances<'_>, transit: Transit, fates: &mut Fates) {
        let (waiting, count) = (self.packets.bytes(), self.packets.len());
        if fits(self.limit, waiting, count, transit.bytes(), around.rate) {
            self.packets.push(transit);
        } else {
            fates.drop(transit, DropReason::Overflow);
        }
    }

    pub(crate) fn dequeue(&mut self) -> Option<Transit> {
        self.packets.pop()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.packets.bytes()
    }
}
