//! How much may be sent while the window is being reduced: proportional rate reduction, RFC 6937, with its slow-start reduction bound.

/// What lost segments are being repaired after.
#[derive(Debug)]
pub(super) enum Recovery {
    /// Nothing is.
    None,
    /// A loss that acknowledgements showed, until all up to `point` is acknowledged.
    Fast {
        point: u64,
        reduction: Option<Reduction>,
    },
    /// A timeout, until all up to `point` is acknowledged.
    Timeout { point: u64 },
}

impl Recovery {
    pub(super) fn point(&self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Fast { point, .. } | Self::Timeout { point } => Some(*point),
        }
    }

    pub(super) fn is_fast(&self) -> bool {
        matches!(self, Self::Fast { .. })
    }
}

/// A reduction under way. All in bytes.
#[derive(Debug)]
pub(super) struct Reduction {
    threshold: u64,
    outstanding: u64,
    delivered: u64,
    sent: u64,
    allowance: u64,
}

impl Reduction {
    /// From `outstanding` bytes down to `threshold`. The first retransmission is always allowed.
    pub(super) fn new(threshold: u64, outstanding: u64) -> Self {
        Self {
            threshold,
            outstanding: outstanding.max(1),
            delivered: 0,
            sent: 0,
            allowance: 1,
        }
    }

    /// What may be sent now.
    pub(super) fn allowance(&self) -> u64 {
        self.allowance
    }

    pub(super) fn on_sent(&mut self, bytes: u64) {
        self.sent += bytes;
        self.allowance = self.allowance.saturating_sub(bytes);
    }

    /// `delivered` bytes more came, `in_flight` still are; `is_clean` if a gap closed and no further loss showed.
    pub(super) fn on_ack(&mut self, delivered: u64, in_flight: u64, segment: u64, is_clean: bool) {
        self.delivered += delivered;
        let owed = self.delivered.saturating_sub(self.sent);
        self.allowance = if in_flight > self.threshold {
            let share = u128::from(self.delivered) * u128::from(self.threshold);
            (share.div_ceil(u128::from(self.outstanding)) as u64).saturating_sub(self.sent)
        } else {
            let bound = if is_clean {
                owed.max(delivered) + segment
            } else {
                owed
            };
            bound.min(self.threshold - in_flight)
        };
        if self.sent == 0 {
            self.allowance = self.allowance.max(1);
        }
    }
}
