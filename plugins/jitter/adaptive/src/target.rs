//! Which delay to aim for.

use jackfield_sdk::prelude::*;

use crate::arrivals::{Arrival, Arrivals};
use crate::histogram::{BUCKET_MS, BUCKETS, Histogram};

/// How fast lateness is forgotten, per entry, and how fast reordering is, per packet.
const FORGET: f64 = 0.983;
const FORGET_REORDERING: f64 = 0.9993;
const START_WEIGHT: f64 = 2.0;
/// One entry is the latest packet of so long.
const RESAMPLE: TimeDelta = TimeDelta::ms(500);
/// What one percent of lost packets is worth, in delay.
const MS_PER_LOSS_PERCENT: f64 = 20.0;
/// The delay to start with.
const START: TimeDelta = TimeDelta::ms(80);

/// Learns from arrivals how long packets have to wait, so that no more than a given share of them comes too late; and longer, where
/// waiting for packets that were overtaken loses fewer of them than the delay is worth.
#[derive(Debug)]
pub(crate) struct TargetDelay {
    arrivals: Arrivals,
    lateness: Histogram,
    reordering: Histogram,
    /// Since when, and the most that a packet was late since then.
    latest: Option<(Timestamp, f64)>,
    reordering_ms: i64,
}

impl TargetDelay {
    /// Allocates.
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            arrivals: Arrivals::new(rate),
            lateness: Histogram::new(FORGET, START_WEIGHT),
            reordering: Histogram::new(FORGET_REORDERING, START_WEIGHT),
            latest: None,
            reordering_ms: 0,
        }
    }

    /// A packet came, in time or not.
    pub(crate) fn add(&mut self, packet: &PacketArrival) {
        let Arrival { late_ms, reordered } = self.arrivals.add(packet);
        if reordered {
            self.reordering.add(late_ms.max(BUCKET_MS as f64));
            self.reordering_ms = self.cheapest_delay();
            return;
        }
        self.reordering.add(0.0);
        let (since, latest) = self.latest.unwrap_or((packet.arrival, 0.0));
        if packet.arrival - since >= RESAMPLE {
            self.lateness.add(latest);
            self.latest = Some((packet.arrival, late_ms));
            self.reordering_ms = self.cheapest_delay();
        } else {
            self.latest = Some((since, latest.max(late_ms)));
        }
    }

    /// The delay that keeps all but `1 - quantile` of the latest packets in time.
    pub(crate) fn target(&self, quantile: f64) -> TimeDelta {
        let Some(lateness) = self.lateness.quantile_ms(quantile) else {
            return START;
        };
        TimeDelta::ms(lateness.max(self.reordering_ms))
    }

    /// Starts from the delay that a predecessor had found.
    pub(crate) fn seed(&mut self, target: TimeDelta) {
        self.forget();
        self.lateness
            .seed(target.as_ms().clamp(0, BUCKETS as i64 * BUCKET_MS));
    }

    /// Another stream began on the same network: its clock is another, its jitter the same.
    pub(crate) fn start_anew(&mut self, packet: &PacketArrival) {
        self.arrivals.clear();
        self.latest = None;
        self.add(packet);
    }

    pub(crate) fn forget(&mut self) {
        self.arrivals.clear();
        self.lateness = Histogram::new(FORGET, START_WEIGHT);
        self.reordering = Histogram::new(FORGET_REORDERING, START_WEIGHT);
        self.latest = None;
        self.reordering_ms = 0;
    }

    /// The delay at which delay and loss by reordering together cost least.
    fn cheapest_delay(&self) -> i64 {
        if self.reordering.is_empty() {
            return 0;
        }
        let cost = |bucket: usize| {
            let loss_percent = 100.0 * self.reordering.above(bucket);
            bucket as f64 * BUCKET_MS as f64 + MS_PER_LOSS_PERCENT * loss_percent
        };
        let mut cheapest = (0, cost(0));
        let mut above = self.reordering.above(0);
        for bucket in 1..BUCKETS {
            if above <= 1e-6 {
                break;
            }
            above = self.reordering.above(bucket);
            if cost(bucket) < cheapest.1 {
                cheapest = (bucket, cost(bucket));
            }
        }
        // Packets of bucket n are late by up to its upper edge; bucket 0 holds those in order.
        if cheapest.0 == 0 {
            0
        } else {
            (cheapest.0 as i64 + 1) * BUCKET_MS
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrive(target: &mut TargetDelay, count: i64, delay_ms: impl Fn(i64) -> i64) {
        let mut packets: Vec<PacketArrival> = (0..count)
            .map(|n| PacketArrival {
                arrival: Timestamp::from_ms(n * 20 + delay_ms(n)),
                handle: 0,
                sequence_number: n,
                timestamp: n * 960,
                ticks: 960,
                redundancy: 0,
                dtx: 0,
                marker: 0,
            })
            .collect();
        packets.sort_by_key(|packet| packet.arrival);
        packets.iter().for_each(|packet| target.add(packet));
    }

    #[test]
    fn e9_4_it_starts_with_80_ms_and_goes_down_on_a_good_network() {
        let mut target = TargetDelay::new(SampleRate::HZ_48000);
        assert_eq!(target.target(0.95), TimeDelta::ms(80));
        arrive(&mut target, 500, |_| 30);
        assert_eq!(target.target(0.95), TimeDelta::ms(20));
    }

    #[test]
    fn e9_4_it_covers_the_jitter_that_there_is() {
        let mut target = TargetDelay::new(SampleRate::HZ_48000);
        // A queue that holds everything up for 100 ms, twice a second.
        arrive(&mut target, 3_000, |n| 10 + (100 - (n % 25) * 20).max(0));
        assert_eq!(target.target(0.95), TimeDelta::ms(120));
    }

    #[test]
    fn e9_4_a_rare_spike_does_not_raise_it() {
        let mut target = TargetDelay::new(SampleRate::HZ_48000);
        arrive(&mut target, 6_000, |n| if n == 3_000 { 400 } else { 10 });
        assert_eq!(target.target(0.95), TimeDelta::ms(20));
    }

    #[test]
    fn e9_4_reordering_raises_it_only_if_it_is_worth_it() {
        let reordered = |share: i64| {
            let mut target = TargetDelay::new(SampleRate::HZ_48000);
            arrive(&mut target, 4_000, |n| if n % share == 3 { 75 } else { 10 });
            target.target(0.95)
        };
        assert_eq!(
            reordered(10),
            TimeDelta::ms(80),
            "10 % of packets are worth 65 ms"
        );
        assert_eq!(reordered(200), TimeDelta::ms(20), "0.5 % are not");
    }

    #[test]
    fn a_predecessors_target_is_a_start() {
        let mut target = TargetDelay::new(SampleRate::HZ_48000);
        target.seed(TimeDelta::ms(140));
        assert_eq!(target.target(0.95), TimeDelta::ms(140));
        arrive(&mut target, 9_000, |_| 30);
        assert_eq!(
            target.target(0.95),
            TimeDelta::ms(20),
            "three minutes later its own experience counts"
        );
    }
}
