//! From the audio thread to one that may wait: a bounded ring of what happened.

use jackfield_core::time::Timestamp;
use rtrb::{Consumer, Producer, RingBuffer};

use super::{EventSink, Happened};
use crate::lines::Lines;

/// Takes note by putting it into the ring; what finds no room is not noted. Allocates nothing, locks nothing, waits for nobody.
pub struct RingSink {
    slots: Producer<Slot>,
}

/// The other end, from which lines are written.
pub struct RingSource {
    slots: Consumer<Slot>,
    released: Vec<u64>,
}

/// A ring with room for so many entries: one for whatever happens, and one more for each handle that is let go.
pub fn ring(entries: usize) -> (RingSink, RingSource) {
    let (producer, consumer) = RingBuffer::new(entries);
    let source = RingSource {
        slots: consumer,
        released: Vec::new(),
    };
    (RingSink { slots: producer }, source)
}

/// What one entry holds. Handles stand behind what happened when they were let go, and come into the ring with it.
#[derive(Clone, Copy)]
enum Slot {
    Happened(Timestamp, Happened, u32),
    Released(u64),
}

impl EventSink for RingSink {
    fn note(&mut self, at: Timestamp, happened: &Happened, released: &[u64]) -> bool {
        let first = Slot::Happened(at, *happened, released.len() as u32);
        let Ok(chunk) = self.slots.write_chunk_uninit(1 + released.len()) else {
            return false;
        };
        let behind = released.iter().map(|handle| Slot::Released(*handle));
        chunk.fill_from_iter(std::iter::once(first).chain(behind));
        true
    }
}

impl RingSource {
    /// Whether nothing more will come: the other end is gone, and what it left has been drained.
    pub fn is_over(&self) -> bool {
        self.slots.is_abandoned() && self.slots.is_empty()
    }

    /// Writes the line of the next thing that happened to the jitter buffer of this stream and instance, and gives the time of it; none if there is
    /// nothing.
    pub fn write_next(&mut self, buffer: (u32, u32), lines: &mut Lines) -> Option<Timestamp> {
        loop {
            // Handles are never without what they belong to.
            let Slot::Happened(at, happened, count) = self.slots.pop().ok()? else {
                continue;
            };
            self.released.clear();
            for _ in 0..count {
                if let Ok(Slot::Released(handle)) = self.slots.pop() {
                    self.released.push(handle);
                }
            }
            lines.jitter_happened(at, buffer, &happened, &self.released);
            return Some(at);
        }
    }
}
