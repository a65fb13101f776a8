//! Freezes, as W3C webrtc-stats counts them: a gap between two frames that is longer than max(3 × average, average + 150 ms), where the
//! average is over the last 30 frames.

use std::collections::VecDeque;

const REMEMBERED: usize = 30;
const LONGER_NS: u64 = 150_000_000;

/// Watches when the frames of one video stream come.
#[derive(Clone, Debug, Default)]
pub struct FreezeWatch {
    last: Option<u64>,
    gaps: VecDeque<u64>,
    sum: u64,
}

impl FreezeWatch {
    /// A frame was shown at `at` nanoseconds. Gives when the freeze that it ended began, if it ended one.
    pub fn shown(&mut self, at: u64) -> Option<u64> {
        let begin = self.last.replace(at)?;
        let gap = at.saturating_sub(begin);
        let frozen = self.is_freeze(gap);
        self.gaps.push_back(gap);
        self.sum += gap;
        if self.gaps.len() > REMEMBERED {
            self.sum -= self.gaps.pop_front().unwrap_or(0);
        }
        frozen.then_some(begin)
    }

    /// Nothing more will come before `at`. Gives when the freeze began that lasts until then, if one does.
    pub fn ends(&mut self, at: u64) -> Option<u64> {
        let begin = self.last.take()?;
        self.is_freeze(at.saturating_sub(begin)).then_some(begin)
    }

    fn is_freeze(&self, gap: u64) -> bool {
        if self.gaps.is_empty() {
            return false;
        }
        let average = self.sum / self.gaps.len() as u64;
        gap > (3 * average).max(average + LONGER_NS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn e17_3_a_gap_is_a_freeze_above_three_averages_and_above_the_average_plus_150_ms() {
        let run = |interval: u64, gap: u64| {
            let mut watch = FreezeWatch::default();
            let mut at = 0;
            for _ in 0..40 {
                assert_eq!(watch.shown(at * MS), None);
                at += interval;
            }
            let last = at - interval;
            watch.shown((last + gap) * MS).map(|begin| begin / MS == last)
        };
        // 33 ms apart: 183 ms is the bound, not 99.
        assert_eq!(run(33, 183), None);
        assert_eq!(run(33, 184), Some(true));
        // 100 ms apart: 300 ms is.
        assert_eq!(run(100, 300), None);
        assert_eq!(run(100, 301), Some(true));
    }

    #[test]
    fn a_stream_that_falls_silent_is_frozen_until_it_should_have_ended() {
        let mut watch = FreezeWatch::default();
        for frame in 0..10 {
            watch.shown(frame * 33 * MS);
        }
        assert_eq!(watch.ends(5_000 * MS), Some(9 * 33 * MS));
        assert_eq!(watch.ends(9_000 * MS), None);
        assert_eq!(FreezeWatch::default().ends(MS), None);
    }
}
