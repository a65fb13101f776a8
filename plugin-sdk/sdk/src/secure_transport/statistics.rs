//! What a secure transport reports of itself.

use jackfield_core::stats::Statistic;

/// Counts since the instance was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// RTP and RTCP packets that were let in.
    pub received: u64,
    /// RTP and RTCP packets that were sent.
    pub sent: u64,
    /// Datagrams of no shape that we know.
    pub garbage: u64,
    /// Datagrams of strangers, or at the wrong time.
    pub dropped: u64,
    /// Packets with a wrong tag.
    pub unauthentic: u64,
    /// Packets that came before.
    pub replayed: u64,
    /// From `start` to the first `Connected`, in milliseconds.
    pub handshake_ms: f64,
}

/// The statistics in the order of [`Counters::write`].
pub const STATISTICS: &[Statistic] = &[
    Statistic::counter(
        "packets_received",
        "packets",
        "RTP and RTCP packets that were authentic and let in",
    ),
    Statistic::counter(
        "packets_sent",
        "packets",
        "RTP and RTCP packets that were protected and sent",
    ),
    Statistic::counter(
        "garbage",
        "datagrams",
        "Datagrams that were malformed or of no protocol that we speak",
    ),
    Statistic::counter(
        "dropped",
        "datagrams",
        "Well-formed datagrams from strangers, or that came too early or too late",
    ),
    Statistic::counter(
        "srtp_unauthentic",
        "packets",
        "SRTP and SRTCP packets with a wrong authentication tag",
    ),
    Statistic::counter(
        "srtp_replayed",
        "packets",
        "SRTP and SRTCP packets that came before or are too old",
    ),
    Statistic::gauge(
        "handshake_ms",
        "ms",
        "From the start to the first packet that could have been sent; 0 before that",
    ),
    Statistic::gauge(
        "round_trip_ms",
        "ms",
        "The latest round trip of a connectivity check; 0 before the first",
    ),
];

impl Counters {
    /// Writes the numbers in the order of [`STATISTICS`].
    pub fn write(&self, round_trip_ms: f64, values: &mut [f64]) {
        let counts = [
            self.received,
            self.sent,
            self.garbage,
            self.dropped,
            self.unauthentic,
            self.replayed,
        ]
        .map(|count| count as f64);
        for (value, number) in values
            .iter_mut()
            .zip(counts.into_iter().chain([self.handshake_ms, round_trip_ms]))
        {
            *value = number;
        }
    }
}
