//! A gain that moves in a straight line from sample to sample, so that no change of it is heard as a click.

/// A value that takes a fixed number of samples to reach a new target.
///
/// ```
/// use jackfield_sdk::dsp::ramp::Ramp;
/// let mut ramp = Ramp::new(0.0, 4);
/// ramp.aim(1.0);
/// let mut block = [1.0; 6];
/// ramp.apply(&mut block, 1);
/// assert_eq!(block, [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    value: f32,
    target: f32,
    step: f32,
    left: u32,
    length: u32,
}

impl Ramp {
    /// A ramp that stands at `value` and will take `length` samples for each change (0 is taken as 1).
    pub const fn new(value: f32, length: u32) -> Self {
        Self {
            value,
            target: value,
            step: 0.0,
            left: 0,
            length: if length == 0 { 1 } else { length },
        }
    }

    /// Sets out for `target` from where it stands now. Aiming at the same target again changes nothing.
    pub fn aim(&mut self, target: f32) {
        if target != self.target {
            self.target = target;
            self.left = self.length;
            self.step = (target - self.value) / self.length as f32;
        }
    }

    /// Stands at `value` at once.
    pub fn jump(&mut self, value: f32) {
        *self = Self::new(value, self.length);
    }

    /// Where it stands.
    pub const fn value(&self) -> f32 {
        self.value
    }

    /// Where it is going.
    pub const fn target(&self) -> f32 {
        self.target
    }

    /// Whether it is still on its way.
    pub const fn is_moving(&self) -> bool {
        self.left > 0
    }

    /// Multiplies a planar block of `channels` channels, each with the same course of the ramp, and moves on by one block.
    pub fn apply(&mut self, block: &mut [f32], channels: usize) {
        let samples = block.len() / channels.max(1);
        if samples == 0 {
            return;
        }
        let moving = (self.left as usize).min(samples);
        for channel in block.chunks_exact_mut(samples) {
            let (ramped, settled) = channel.split_at_mut(moving);
            for (i, sample) in ramped.iter_mut().enumerate() {
                *sample *= self.at(i as u32 + 1);
            }
            if self.target != 1.0 {
                settled.iter_mut().for_each(|sample| *sample *= self.target);
            }
        }
        self.value = self.at(moving as u32);
        self.left -= moving as u32;
    }

    /// The value `ahead` samples from now, for `ahead` up to `left`; exactly the target at the end of the way.
    fn at(&self, ahead: u32) -> f32 {
        if ahead >= self.left {
            self.target
        } else {
            self.value + self.step * ahead as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_that_spans_blocks_goes_on_where_it_stood() {
        let mut whole = Ramp::new(0.5, 30);
        let mut parts = whole;
        whole.aim(2.0);
        parts.aim(2.0);
        let mut long = [1.0; 40];
        whole.apply(&mut long, 1);
        let mut short = [1.0; 40];
        short.chunks_mut(10).for_each(|part| parts.apply(part, 1));
        for (a, b) in long.iter().zip(&short) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
        assert_eq!(parts.value(), 2.0);
        assert!(!parts.is_moving());
    }

    #[test]
    fn all_channels_take_the_same_course() {
        let mut ramp = Ramp::new(0.0, 8);
        ramp.aim(1.0);
        let mut block = [1.0; 24];
        ramp.apply(&mut block, 3);
        assert_eq!(block[..8], block[8..16]);
        assert_eq!(block[..8], block[16..]);
    }

    #[test]
    fn a_target_that_changes_on_the_way_makes_no_step() {
        let mut ramp = Ramp::new(1.0, 100);
        let mut last = 1.0;
        for target in [0.0, 1.0, 0.2, 3.0, 0.0] {
            ramp.aim(target);
            let mut block = [1.0; 37];
            ramp.apply(&mut block, 1);
            for sample in block {
                assert!((sample - last).abs() < 0.04, "{last} to {sample}");
                last = sample;
            }
        }
    }
}
