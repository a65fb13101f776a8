//! The rate that an encoder's packets take.

use jackfield_core::audio::BLOCK_DURATION;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

/// Over so long the rate is taken.
const WINDOW: TimeDelta = TimeDelta::seconds(1);
/// What is left, of a peak, a window later: a voice that pauses will speak again.
const REMEMBERED: f64 = 0.98;

/// The rate that an encoder's packets take while there is something to encode: the greatest of a second, forgotten slowly. What was set on the
/// encoder says less: each codec has other parameters, and none says what comes of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Appetite {
    size: DataSize,
    blocks: i64,
    peak: DataRate,
}

impl Appetite {
    /// 10 ms have passed, with a packet of this size or with none.
    pub(crate) fn pass(&mut self, size: DataSize) {
        self.size += size;
        self.blocks += 1;
        let passed = BLOCK_DURATION * self.blocks;
        if passed >= WINDOW {
            self.peak = (self.size / passed).max(self.peak * REMEMBERED);
            self.size = DataSize::ZERO;
            self.blocks = 0;
        }
    }

    /// The rate; zero before it has been taken once.
    pub(crate) fn rate(&self) -> DataRate {
        self.peak
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_rate_of_the_loudest_second_and_survives_a_pause() {
        let mut appetite = Appetite::default();
        assert_eq!(appetite.rate(), DataRate::ZERO);
        // 32 kbit/s in packets of 20 ms, for three seconds.
        for block in 0..300 {
            appetite.pass(DataSize::bytes(if block % 2 == 1 { 80 } else { 0 }));
        }
        assert_eq!(appetite.rate(), DataRate::kbps(32));
        for _ in 0..500 {
            appetite.pass(DataSize::ZERO);
        }
        let after = appetite.rate();
        assert!(
            after > DataRate::kbps(28) && after < DataRate::kbps(30),
            "{after:?}"
        );
    }
}
