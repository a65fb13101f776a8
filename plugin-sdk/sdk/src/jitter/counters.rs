//! What every jitter buffer reports.

use jackfield_core::jitter_buffer::{JitterDelay, Operation};
use jackfield_core::stats::Statistic;

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets refused because their time had passed.
    pub late: u64,
    /// Packets refused because they had come before.
    pub duplicate: u64,
    /// Packets that waited and were given back unplayed.
    pub flushed: u64,
    /// Packets given out to be played.
    pub played: u64,
    /// Times that something was made up.
    pub concealed: u64,
    /// Packets recovered from a later one.
    pub recovered: u64,
    /// Packets played faster.
    pub accelerated: u64,
    /// Of them those played as much faster as could be borne.
    pub fast_accelerated: u64,
    /// Packets played slower.
    pub expanded: u64,
    /// Times that comfort noise went on.
    pub comfort_noise: u64,
    /// Times that playing began anew because the numbers of the stream jumped.
    pub restarts: u64,
}

impl Counters {
    /// The descriptions that belong to [`Counters::write`].
    pub const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("target_ms", "ms", "The delay that it aims for."),
        Statistic::gauge("current_ms", "ms", "What waits in it."),
        Statistic::counter(
            "packets_late",
            "packets",
            "Packets refused because their time had passed.",
        ),
        Statistic::counter(
            "packets_duplicate",
            "packets",
            "Packets refused because they had come before.",
        ),
        Statistic::counter("packets_flushed", "packets", "Packets given back unplayed."),
        Statistic::counter("packets_played", "packets", "Packets given out to be played."),
        Statistic::counter(
            "concealed_operations",
            "",
            "Times that something was made up, up to 10 ms each.",
        ),
        Statistic::counter(
            "recovered_packets",
            "packets",
            "Packets recovered from redundancy in a later one.",
        ),
        Statistic::counter("accelerated_packets", "packets", "Packets played faster."),
        Statistic::counter("expanded_packets", "packets", "Packets played slower."),
        Statistic::counter(
            "restarts",
            "",
            "Times that playing began anew because the stream's numbers jumped.",
        ),
        Statistic::counter(
            "fast_accelerated_packets",
            "packets",
            "Of the packets played faster, those played as much faster as could be borne.",
        ),
        Statistic::counter(
            "comfort_noise_operations",
            "",
            "Times that comfort noise went on in a pause, up to 10 ms each.",
        ),
    ];

    /// Writes the values of [`Counters::STATISTICS`].
    pub fn write(&self, delay: &JitterDelay, values: &mut [f64]) {
        let counts = [
            self.late,
            self.duplicate,
            self.flushed,
            self.played,
            self.concealed,
            self.recovered,
            self.accelerated,
            self.expanded,
            self.restarts,
            self.fast_accelerated,
            self.comfort_noise,
        ];
        let delays = [delay.target.as_ms_f64(), delay.current.as_ms_f64()];
        for (value, number) in values
            .iter_mut()
            .zip(delays.into_iter().chain(counts.map(|count| count as f64)))
        {
            *value = number;
        }
    }

    pub(crate) fn count(&mut self, operation: Operation) {
        match operation {
            Operation::Conceal => self.concealed += 1,
            Operation::Recover => self.recovered += 1,
            Operation::Accelerate => self.accelerated += 1,
            Operation::FastAccelerate => {
                self.accelerated += 1;
                self.fast_accelerated += 1;
            }
            Operation::ComfortNoise => self.comfort_noise += 1,
            Operation::PreemptiveExpand => self.expanded += 1,
            _ => {}
        }
    }
}
