//! How late packets are, against the fastest of their time.

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

/// The time over which the fastest packet is looked for.
const HISTORY: TimeDelta = TimeDelta::ms(2_000);
/// Room for packets of 2.5 ms.
const MOST: usize = 1_024;

/// The relative arrival delay of packets: how much longer each was on its way than the fastest of the last two seconds.
#[derive(Debug)]
pub(crate) struct Arrivals {
    rate: SampleRate,
    /// Arrival times with their transit times, ever longer: those that can still become the shortest.
    shortest: VecDeque<(Timestamp, TimeDelta)>,
    newest: Option<i64>,
}

/// A packet on its way, compared with others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arrival {
    /// How much longer it was on its way than the fastest, in ms.
    pub(crate) late_ms: f64,
    /// Whether one that was sent after it came before it.
    pub(crate) reordered: bool,
}

impl Arrivals {
    /// Allocates.
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            shortest: VecDeque::with_capacity(MOST),
            newest: None,
        }
    }

    pub(crate) fn add(&mut self, packet: &PacketArrival) -> Arrival {
        // Without its unknown constant, the offset of the clocks.
        let transit = packet.arrival - (Timestamp::ZERO + self.rate.duration(packet.timestamp));
        while self.shortest.back().is_some_and(|&(_, other)| other >= transit) {
            self.shortest.pop_back();
        }
        if self.shortest.len() == MOST {
            self.shortest.pop_front();
        }
        self.shortest.push_back((packet.arrival, transit));
        while self
            .shortest
            .front()
            .is_some_and(|&(at, _)| packet.arrival - at > HISTORY)
        {
            self.shortest.pop_front();
        }
        let fastest = self.shortest.front().map_or(transit, |&(_, transit)| transit);
        let reordered = self.newest.is_some_and(|newest| packet.sequence_number < newest);
        if !reordered {
            self.newest = Some(packet.sequence_number);
        }
        Arrival {
            late_ms: (transit - fastest).as_ms_f64(),
            reordered,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.shortest.clear();
        self.newest = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(n: i64, arrival_ms: i64) -> PacketArrival {
        PacketArrival {
            arrival: Timestamp::from_ms(arrival_ms),
            handle: 0,
            sequence_number: n,
            timestamp: n * 960,
            ticks: 960,
            redundancy: 0,
            dtx: 0,
            marker: 0,
        }
    }

    #[test]
    fn lateness_is_measured_against_the_fastest() {
        let mut arrivals = Arrivals::new(SampleRate::HZ_48000);
        assert_eq!(
            arrivals.add(&packet(0, 100)),
            Arrival {
                late_ms: 0.0,
                reordered: false
            }
        );
        assert_eq!(arrivals.add(&packet(1, 150)).late_ms, 30.0);
        assert_eq!(arrivals.add(&packet(3, 155)).late_ms, 0.0, "a faster one");
        assert_eq!(
            arrivals.add(&packet(2, 160)),
            Arrival {
                late_ms: 25.0,
                reordered: true
            }
        );
    }

    #[test]
    fn a_path_that_became_longer_is_the_new_measure_after_two_seconds() {
        let mut arrivals = Arrivals::new(SampleRate::HZ_48000);
        for n in 0..100 {
            arrivals.add(&packet(n, n * 20));
        }
        let late = |arrivals: &mut Arrivals, n: i64| arrivals.add(&packet(n, n * 20 + 200)).late_ms;
        assert_eq!(late(&mut arrivals, 100), 200.0);
        for n in 101..200 {
            late(&mut arrivals, n);
        }
        assert_eq!(late(&mut arrivals, 200), 0.0);
    }
}
