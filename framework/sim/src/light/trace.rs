//! The hash over everything that happened to packets: equal runs have equal hashes, on every machine.

use crate::clock::VirtualTime;
use crate::packet::{DropReason, PacketRecord, Source};

/// What happened, as the hash counts it.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Trace {
    Sent = 1,
    Arrived = 2,
    Dropped = 3,
    Marked = 4,
}

/// How much is gathered before it is hashed.
const GATHERED: usize = 64 * 1_024;
const RECORD: usize = 32;

pub(super) struct TraceHasher {
    hasher: blake3::Hasher,
    gathered: Vec<u8>,
    pub(super) packets: u64,
}

impl TraceHasher {
    pub(super) fn new() -> Self {
        Self {
            hasher: blake3::Hasher::new(),
            gathered: Vec::with_capacity(GATHERED + RECORD),
            packets: 0,
        }
    }

    pub(super) fn note(
        &mut self,
        what: Trace,
        at: VirtualTime,
        packet: &PacketRecord,
        why: Option<DropReason>,
    ) {
        let (kind, source) = match packet.source {
            Source::Flow(flow) => (0_u8, flow),
            Source::Feedback(flow) => (1, flow),
            Source::CrossTraffic(cross) => (2, cross),
        };
        let mut record = [0_u8; RECORD];
        record[..8].copy_from_slice(&at.ns().to_le_bytes());
        record[8..16].copy_from_slice(&packet.number.to_le_bytes());
        record[16..20].copy_from_slice(&(source as u32).to_le_bytes());
        record[20..24].copy_from_slice(&(packet.size.as_bytes() as u32).to_le_bytes());
        record[24..28].copy_from_slice(&[what as u8, kind, packet.kind as u8, packet.ecn as u8]);
        record[28] = why.map_or(0, |why| why as u8 + 1);
        self.gathered.extend_from_slice(&record);
        if self.gathered.len() >= GATHERED {
            self.hasher.update(&self.gathered);
            self.gathered.clear();
        }
        if matches!(what, Trace::Sent) {
            self.packets += 1;
        }
    }

    pub(super) fn finish(mut self) -> [u8; 32] {
        self.hasher.update(&self.gathered);
        *self.hasher.finalize().as_bytes()
    }
}
