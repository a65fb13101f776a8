//! The last blocks of a room's mix: what listeners have just been played.

use jackfield_core::audio::AudioFormat;

/// A ring of blocks. Allocates only when made.
pub(crate) struct History {
    blocks: Vec<Vec<f32>>,
    next: usize,
    len: usize,
}

impl History {
    pub(crate) fn new(format: AudioFormat, blocks: usize) -> Self {
        Self {
            blocks: vec![vec![0.0; format.block_len()]; blocks.max(1)],
            next: 0,
            len: 0,
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The block `back` blocks before the last one; `back` is less than [`History::len`].
    pub(crate) fn block(&self, back: usize) -> &[f32] {
        let n = self.blocks.len();
        &self.blocks[(self.next + n - 1 - back % n) % n]
    }

    pub(crate) fn push(&mut self, block: &[f32]) {
        self.blocks[self.next].copy_from_slice(block);
        self.next = (self.next + 1) % self.blocks.len();
        self.len = (self.len + 1).min(self.blocks.len());
    }
}
