//! Boxes for packets, which go round between the audio and the network thread.

use rtrb::Producer;

use crate::media::PacketBuffer;
use crate::receive::Recycle;

/// Boxes that the audio thread has at hand.
pub(crate) struct Pool {
    boxes: Vec<Box<PacketBuffer>>,
    kept: usize,
}

impl Pool {
    pub(super) fn new(kept: usize) -> Self {
        let mut boxes = Vec::with_capacity(kept + 8_192);
        boxes.extend(std::iter::repeat_with(PacketBuffer::new).take(kept));
        Self { boxes, kept }
    }

    pub(crate) fn take(&mut self) -> Option<Box<PacketBuffer>> {
        self.boxes.pop()
    }

    /// Lends a box to `use_it`; false if there is none.
    pub(crate) fn with(&mut self, use_it: impl FnOnce(&mut PacketBuffer) -> bool) -> bool {
        let Some(mut payload) = self.boxes.pop() else {
            return false;
        };
        let done = use_it(&mut payload);
        self.boxes.push(payload);
        done
    }

    /// Gives what it has beyond its own needs to the network thread.
    pub(super) fn hand_on(&mut self, used: &mut Producer<Box<PacketBuffer>>) {
        while self.boxes.len() > self.kept {
            let Some(buffer) = self.boxes.pop() else { return };
            if let Err(rtrb::PushError::Full(buffer)) = used.push(buffer) {
                self.boxes.push(buffer);
                return;
            }
        }
    }
}

impl Recycle for Pool {
    fn recycle(&mut self, payload: Box<PacketBuffer>) {
        if self.boxes.len() < self.boxes.capacity() {
            self.boxes.push(payload);
        } else {
            // The network thread stands still and thousands of boxes have piled up. Freeing one here would break the rule of this thread.
            std::mem::forget(payload);
        }
    }
}
