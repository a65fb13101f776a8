//! Round-trip time and retransmission timeout (RFC 6298).

use super::SECOND;

/// The longest timeout (RFC 6298 section 2.5 allows a bound of 60 s or more).
const MOST_NS: u64 = 60 * SECOND;
/// The timeout before anything was measured.
const FIRST_NS: u64 = SECOND;

/// What is known of the round trip. All in ns.
#[derive(Debug)]
pub(super) struct RoundTrip {
    smoothed: Option<u64>,
    variation: u64,
    least: Option<u64>,
    least_timeout: u64,
    doublings: u32,
}

impl RoundTrip {
    pub(super) fn new(least_timeout: u64) -> Self {
        Self {
            smoothed: None,
            variation: 0,
            least: None,
            least_timeout,
            doublings: 0,
        }
    }

    /// A segment that was sent once was acknowledged after `sample`.
    pub(super) fn measure(&mut self, sample: u64) {
        self.doublings = 0;
        self.least = Some(self.least.map_or(sample, |least| least.min(sample)));
        match self.smoothed {
            None => {
                self.smoothed = Some(sample);
                self.variation = sample / 2;
            }
            Some(smoothed) => {
                self.variation = (3 * self.variation + smoothed.abs_diff(sample)) / 4;
                self.smoothed = Some((7 * smoothed + sample) / 8);
            }
        }
    }

    pub(super) fn smoothed(&self) -> Option<u64> {
        self.smoothed
    }

    pub(super) fn least(&self) -> Option<u64> {
        self.least
    }

    /// The timeout now.
    pub(super) fn timeout(&self) -> u64 {
        let plain = self.smoothed.map_or(FIRST_NS, |smoothed| {
            smoothed + (4 * self.variation).max(1_000_000)
        });
        let bounded = plain.max(self.least_timeout);
        (bounded << self.doublings.min(16)).min(MOST_NS)
    }

    /// A timeout passed: the next one is twice as long, until something is measured.
    pub(super) fn back_off(&mut self) {
        self.doublings += 1;
    }
}
