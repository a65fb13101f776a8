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
        for (plane, source) in self.planes.iter_mut().zip(pcm.chunks_exact(stride)) {
            let first = taken.min(self.capacity - end);
            plane[end..end + first].copy_from_slice(&source[..first]);
            plane[..taken - first].copy_from_slice(&source[first..taken]);
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
        for (plane, target) in self.planes.iter().zip(out.chunks_exact_mut(samples)) {
            let first = taken.min(self.capacity - self.start);
            target[..first].copy_from_slice(&plane[self.start..self.start + first]);
            target[first..taken].copy_from_slice(&plane[..taken - first]);
            target[taken..].fill(0.0);
        }
        self.start = (self.start + taken) % self.capacity;
        self.len -= taken;
    }

    /// Takes the `samples` samples that were pushed last back out, into `out`.
    pub(crate) fn take_back(&mut self, out: &mut [f32], samples: usize) {
        let kept = self.len.saturating_sub(samples);
        let (start, len) = (self.start, self.len);
        self.start = (self.start + kept) % self.capacity;
        self.len -= kept;
        self.pop(out, samples);
        self.start = start;
        self.len = len.min(kept);
    }

    /// Keeps the `samples` oldest of each plane.
    pub(crate) fn truncate(&mut self, samples: usize) {
        self.len = self.len.min(samples);
    }

    /// Empties it.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// E7.1: whatever is pushed and popped, it behaves as an unbounded queue that refuses what has no room.
        #[test]
        fn e7_1_it_behaves_as_a_queue_of_fixed_capacity(steps in proptest::collection::vec((any::<bool>(), 0_usize..40), 1..200)) {
            let mut fifo = Fifo::new(2, 64);
            let mut model = VecDeque::new();
            let mut next = 0.0_f32;
            for (push, samples) in steps {
                if push {
                    let plane: Vec<f32> = (0..samples).map(|i| next + i as f32).collect();
                    next += samples as f32;
                    let pcm: Vec<f32> = plane.iter().copied().chain(plane.iter().map(|s| -s)).collect();
                    let refused = if samples == 0 { 0 } else { fifo.push(&pcm, samples, samples) };
                    let room = 64 - model.len();
                    prop_assert_eq!(refused, samples.saturating_sub(room));
                    model.extend(plane.into_iter().take(room));
                } else if samples > 0 {
                    let mut out = vec![9.0; 2 * samples];
                    fifo.pop(&mut out, samples);
                    for i in 0..samples {
                        let wanted: f32 = model.pop_front().unwrap_or(0.0);
                        prop_assert_eq!(out[i], wanted);
                        prop_assert_eq!(out[samples + i], if wanted == 0.0 { 0.0 } else { -wanted });
                    }
                }
                prop_assert_eq!(fifo.len(), model.len());
            }
        }
    }

    #[test]
    fn what_was_pushed_last_can_be_taken_back() {
        let mut fifo = Fifo::new(1, 8);
        let mut out = [0.0; 6];
        fifo.push(&[0.0; 6], 6, 6);
        fifo.pop(&mut out, 6);
        fifo.push(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 6, 6);
        fifo.take_back(&mut out[..2], 2);
        assert_eq!(out[..2], [5.0, 6.0], "across the wrap");
        fifo.pop(&mut out[..4], 4);
        assert_eq!((out[0], out[3], fifo.len()), (1.0, 4.0, 0));
    }
}
