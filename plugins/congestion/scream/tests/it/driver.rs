//! A controller on a road.

use jackfield_congestion_scream::Scream;
use jackfield_sdk::prelude::*;

use super::road::{Road, Traffic};

/// Notes probes.
#[derive(Default)]
pub(crate) struct Probes(pub(crate) Vec<ProbeCluster>);

impl ProbeSink for Probes {
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
        self.0.push(*cluster);
        Ok(())
    }
}

/// Bounds that bound nothing.
pub(crate) const WIDE: RateConstraints = RateConstraints {
    minimum: DataRate::ZERO,
    maximum: DataRate::INFINITE,
    start: DataRate::kbps(100),
};
pub(crate) const BEGINNING: Timestamp = Timestamp::from_ms(1_234_000);

/// The order of the statistics.
pub(crate) const WINDOW: usize = 1;
pub(crate) const MARKS: usize = 4;
pub(crate) const QUEUE: usize = 5;
pub(crate) const QUEUE_TARGET: usize = 6;
pub(crate) const ROUND_TRIP: usize = 7;
pub(crate) const LIMITED: usize = 12;

pub(crate) struct Driver {
    pub(crate) scream: Scream,
    pub(crate) traffic: Traffic,
    pub(crate) last: CongestionUpdate,
    pub(crate) probes: Probes,
}

impl Driver {
    pub(crate) fn new(road: Road, bounds: &RateConstraints, seed: u64) -> Self {
        let mut scream = Scream::create(&Environment::seeded(seed)).unwrap();
        scream.activate(BEGINNING, bounds).unwrap();
        Self {
            scream,
            traffic: Traffic::new(road, BEGINNING, seed),
            last: CongestionUpdate {
                target: bounds.start,
                ..CongestionUpdate::default()
            },
            probes: Probes::default(),
        }
    }

    pub(crate) fn tell(&mut self, event: &CongestionEvent, packets: &[PacketFeedback]) -> CongestionUpdate {
        let now = self.traffic.now;
        self.last = self
            .scream
            .on_event(now, event, packets, &mut self.probes)
            .unwrap();
        self.last
    }

    pub(crate) fn event(&mut self, kind: CongestionEventKind, fill: impl FnOnce(&mut CongestionEvent)) {
        let mut event = CongestionEvent::new(kind, self.traffic.now);
        fill(&mut event);
        self.tell(&event, &[]);
    }

    /// Network up, and streams that can use `most`.
    pub(crate) fn open(&mut self, most: DataRate) {
        self.event(CongestionEventKind::StreamsConfig, |event| {
            event.constraints.maximum = most;
        });
        self.event(CongestionEventKind::NetworkAvailability, |event| event.flag = 1);
    }

    /// Sends at `rate` until the next feedback.
    pub(crate) fn send(&mut self, rate: DataRate) -> CongestionUpdate {
        let (scream, probes) = (&mut self.scream, &mut self.probes);
        let (event, packets) = self.traffic.until_feedback(rate, |sent| {
            scream.on_event(sent.at, sent, &[], probes).unwrap();
        });
        self.tell(&event, &packets)
    }

    /// Sends at the target for `time`; calls `seen` after each feedback.
    pub(crate) fn run(&mut self, time: TimeDelta, mut seen: impl FnMut(&mut Self)) {
        let end = self.traffic.now + time;
        while self.traffic.now < end {
            self.send(self.last.target);
            seen(self);
        }
    }

    pub(crate) fn statistic(&mut self, index: usize) -> f64 {
        let mut values = [0.0; 13];
        self.scream.statistics(&mut values);
        values[index]
    }
}
