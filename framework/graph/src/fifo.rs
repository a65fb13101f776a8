//! A queue of planar samples with a fixed capacity: what is decoded and not played yet.

/// Samples of `channels` planes, oldest first. Allocates only when made.
pub(crate) struct Fifo {
    planes: Vec<Vec<f32>>,
    capacity: usize,
    start: usize,
    len: usize,
}

impl Fifo {
    pub(crate) fn new(channels: usize, capacity: usize) -> Self {
        Self {
            planes: vec![vec![0.0; capacity]; channels],
            capacity,
            start: 0,
            len: 0,
        }
    }

    /// Samples per channel that wait.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Appends `samples` samples of each plane of `pcm`, whose planes are `stride` apart; returns how many found no room.
    pub(crate) fn push(&mut self, pcm: &[f32], stride: usize, samples: usize) -> usize {
        let taken = samples.min(self.capacity - self.len);
        let end = (self.start + self.len) % self.capacity;
        for (c, plane) in self.planes.iter_mut().enumerate() {
            let source = &pcm[c * stride..c * stride + taken];
            let first = taken.min(self.capacity - end);
            plane[end..end + first].copy_from_slice(&source[..first]);
            plane[..taken - first].copy_from_slice(&source[first..]);
        }
        self.len += taken;
        samples - taken
    }

    /// Appends `samples` zeros.
    pub(crate) fn push_silence(&mut self, samples: usize) {
        let taken = samples.min(self.capacity - self.len);
        let end = (self.start + self.len) % self.capacity;
        let first = taken.min(self.capacity - end);
        for plane in &mut self.planes {
            plane[end..end + first].fill(0.0);
            plane[..taken - first].fill(0.0);
        }
        self.len += taken;
    }

    /// Takes `samples` samples of each plane into `out` (planes one after another); what is missing is zero.
    pub(crate) fn pop(&mut self, out: &mut [f32], samples: usize) {
        let taken = samples.min(self.len);
        for (c, plane) in self.planes.iter().enumerate() {
            let target = &mut out[c * samples..(c + 1) * samples];
            let first = taken.min(self.capacity - self.start);
            target[..first].copy_from_slice(&plane[self.start..self.start + first]);
            target[first..taken].copy_from_slice(&plane[..taken - first]);
            target[taken..].fill(0.0);
        }
        self.start = (self.start + taken) % self.capacity;
        self.len -= taken;
    }
}
