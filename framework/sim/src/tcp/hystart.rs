//! HyStart++ (RFC 9406): leaves slow start when the round trip rises, before there is loss.

/// Section 4.2 of the RFC: constants, in ns and counts.
const LEAST_RISE: u64 = 4_000_000;
const MOST_RISE: u64 = 16_000_000;
const DIVISOR: u64 = 8;
const SAMPLES: u32 = 8;
const GROWTH_DIVISOR: u64 = 4;
const ROUNDS: u32 = 5;
/// How much of an acknowledgement counts, in segments, for a sender that is not paced.
const LIMIT: u64 = 8;

/// The state of a slow start.
#[derive(Debug)]
pub(super) struct HyStart {
    round_end: u64,
    last_least: u64,
    least: u64,
    samples: u32,
    /// In conservative slow start: the round trip at which it began, and the rounds since.
    conservative: Option<(u64, u32)>,
}

impl HyStart {
    pub(super) fn new() -> Self {
        Self {
            round_end: 0,
            last_least: u64::MAX,
            least: u64::MAX,
            samples: 0,
            conservative: None,
        }
    }

    /// How much the window grows for `delivered` bytes.
    pub(super) fn growth(&self, delivered: u64, segment: u64) -> u64 {
        let counted = delivered.min(LIMIT * segment);
        if self.conservative.is_some() {
            counted / GROWTH_DIVISOR
        } else {
            counted
        }
    }

    /// An acknowledgement came: `delivered` in total, `sent` in total. Whether slow start ends here.
    pub(super) fn ends(&mut self, delivered: u64, sent: u64, round_trip: Option<u64>) -> bool {
        if let Some(sample) = round_trip {
            self.least = self.least.min(sample);
            self.samples += 1;
        }
        let is_judged = self.samples >= SAMPLES && self.least < u64::MAX;
        match &mut self.conservative {
            None if is_judged && self.last_least < u64::MAX => {
                let rise = (self.last_least / DIVISOR).clamp(LEAST_RISE, MOST_RISE);
                if self.least >= self.last_least + rise {
                    self.conservative = Some((self.least, 0));
                }
            }
            Some((baseline, _)) if is_judged && self.least < *baseline => self.conservative = None,
            _ => {}
        }
        if delivered >= self.round_end {
            self.round_end = sent;
            self.last_least = self.least;
            (self.least, self.samples) = (u64::MAX, 0);
            if let Some((_, rounds)) = &mut self.conservative {
                *rounds += 1;
                return *rounds > ROUNDS;
            }
        }
        false
    }
}
