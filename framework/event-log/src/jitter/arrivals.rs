//! What came of a stream, and when it was played.

use std::collections::{BTreeMap, BTreeSet};

use jackfield_core::audio::BLOCK_DURATION;
use jackfield_core::jitter_buffer::{EventArrival, JitterConfig, PacketArrival};
use jackfield_core::time::Timestamp;

use super::replay::ReplayError;
use super::{BufferLog, Happened, Listening, Stretch};
use crate::log::EventLog;

/// A jitter buffer is asked at least so often, in blocks: a packet lasts 120 ms at most, and a time stretcher may double it. Where the log has a longer
/// gap, nothing was played.
const LONGEST_GAP: i64 = 25;

/// The packets of a stream as they came, and the blocks in which it was played: all that a jitter buffer needs to play it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    pub(super) config: JitterConfig,
    /// When it was told, and the packet.
    pub(super) packets: Vec<(Timestamp, Packet)>,
    pub(super) blocks: Vec<Block>,
    pub(super) stretch: Stretch,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Packet {
    Voice(PacketArrival),
    Tone(EventArrival),
}

/// 10 ms that were played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block {
    pub(super) at: Timestamp,
    pub(super) voice: u32,
    pub(super) muted: u32,
}

impl Arrivals {
    /// Those of a stream, whichever of its jitter buffers were told of them.
    ///
    /// # Errors
    /// If the log has no such stream, or not its beginning.
    pub fn of_stream(log: &EventLog, stream: u32) -> Result<Self, ReplayError> {
        let buffers = of_stream(log, stream)?;
        let config = buffers[0].config().ok_or(ReplayError::NoBeginning)?;
        let mut arrivals = Self {
            config,
            packets: Vec::new(),
            blocks: Vec::new(),
            stretch: Stretch::of(&Listening::of_record(log, stream)?),
        };
        // A newcomer is told of what waits, and of everything that its predecessor is told of.
        let mut known = BTreeSet::new();
        let mut asked = BTreeMap::new();
        for step in buffers.iter().flat_map(|buffer| &buffer.steps) {
            let (handle, packet) = match step.what {
                Happened::Inserted { packet, .. } => (packet.handle, Packet::Voice(packet)),
                Happened::ToneInserted { event, .. } => (event.handle, Packet::Tone(event)),
                Happened::Asked { playout, .. } => {
                    asked.entry(step.at).or_insert((playout.voice, playout.muted));
                    continue;
                }
                _ => continue,
            };
            if known.insert(handle) {
                arrivals.packets.push((step.at, packet));
            }
        }
        arrivals.packets.sort_by_key(|(at, _)| *at);
        arrivals.lay_out(&asked);
        Ok(arrivals)
    }

    /// How many packets came.
    pub fn packets(&self) -> usize {
        self.packets.len()
    }

    /// When the first block was played, and the last.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        let at = |block: Option<&Block>| block.map_or(Timestamp::ZERO, |block| block.at);
        (at(self.blocks.first()), at(self.blocks.last()))
    }

    /// Nobody was asked in a block for which there was enough already.
    fn lay_out(&mut self, asked: &BTreeMap<Timestamp, (u32, u32)>) {
        for (at, (voice, muted)) in asked {
            let before = self.blocks.last().copied();
            if let Some(before) = before {
                let gap = at.since(before.at).as_us();
                let between = (gap + BLOCK_DURATION.as_us() / 2) / BLOCK_DURATION.as_us();
                if between <= LONGEST_GAP {
                    for number in 1..between {
                        self.blocks.push(Block {
                            at: Timestamp::from_us(before.at.us() + gap * number / between),
                            ..before
                        });
                    }
                }
            }
            self.blocks.push(Block {
                at: *at,
                voice: *voice,
                muted: *muted,
            });
        }
    }
}

/// The jitter buffers of a stream, the first one first; there is at least one.
pub(super) fn of_stream(log: &EventLog, stream: u32) -> Result<Vec<&BufferLog>, ReplayError> {
    let all = &log.jitter_buffers;
    let buffers: Vec<&BufferLog> = all.iter().filter(|one| one.stream == stream).collect();
    if !buffers.is_empty() {
        return Ok(buffers);
    }
    if all.is_empty() {
        return Err(ReplayError::NoJitterBuffer);
    }
    let mut known: Vec<u32> = all.iter().map(|one| one.stream).collect();
    known.dedup();
    let known: Vec<String> = known.iter().map(u32::to_string).collect();
    Err(ReplayError::NoStream {
        stream,
        known: known.join(", "),
    })
}
