//! Payloads of mixes that are on their way to several participants: each stays in its box until its last copy has left.

use rtrb::{Producer, PushError};

use crate::media::PacketBuffer;

/// So many wait without an allocation.
const ROOM: usize = 1_024;

/// Boxes with the number of copies still to be sent of each.
pub(crate) struct Payloads {
    slots: Vec<Slot>,
    free: Vec<u32>,
    returned: Producer<Box<PacketBuffer>>,
}

struct Slot {
    payload: Option<Box<PacketBuffer>>,
    copies: u32,
}

/// Names a payload that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PayloadKey(u32);

impl Payloads {
    pub(crate) fn new(returned: Producer<Box<PacketBuffer>>) -> Self {
        Self {
            slots: Vec::with_capacity(ROOM),
            free: Vec::with_capacity(ROOM),
            returned,
        }
    }

    /// Holds a payload for one copy; each further one is asked for by [`Payloads::share`].
    pub(crate) fn hold(&mut self, payload: Box<PacketBuffer>) -> PayloadKey {
        let slot = Slot {
            payload: Some(payload),
            copies: 1,
        };
        if let Some(at) = self.free.pop() {
            self.slots[at as usize] = slot;
            return PayloadKey(at);
        }
        self.slots.push(slot);
        PayloadKey(self.slots.len() as u32 - 1)
    }

    pub(crate) fn share(&mut self, key: PayloadKey) {
        self.slots[key.0 as usize].copies += 1;
    }

    pub(crate) fn bytes(&self, key: PayloadKey) -> &[u8] {
        let payload = &self.slots[key.0 as usize].payload;
        payload.as_ref().map_or(&[], |payload| payload.bytes())
    }

    /// A copy has left or is given up. The last one sends the box back to the audio thread.
    pub(crate) fn release(&mut self, key: PayloadKey) {
        let slot = &mut self.slots[key.0 as usize];
        slot.copies = slot.copies.saturating_sub(1);
        if slot.copies == 0
            && let Some(payload) = slot.payload.take()
        {
            self.free.push(key.0);
            self.give_back(payload);
        }
    }

    /// Sends a box back to the audio thread; if that has more than enough, it is freed here.
    pub(crate) fn give_back(&mut self, payload: Box<PacketBuffer>) {
        if let Err(PushError::Full(payload)) = self.returned.push(payload) {
            drop(payload);
        }
    }

    /// How many payloads wait.
    pub(crate) fn held(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
