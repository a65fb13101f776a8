//! Drives the plugin with events and remembers what it decides.

use jackfield_congestion_gcc::Gcc;
use jackfield_sdk::prelude::*;

/// From 60 kbit/s, up to five times that.
pub(crate) const START: DataRate = DataRate::kbps(60);
const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::ZERO,
    maximum: DataRate::kbps(300),
    start: START,
};

#[derive(Default)]
struct Probes(Vec<ProbeCluster>);

impl ProbeSink for Probes {
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
        self.0.push(*cluster);
        Ok(())
    }
}

/// An event, what it was about, and what was decided.
pub(crate) type Recorded = (Timestamp, CongestionEvent, Vec<PacketFeedback>, CongestionUpdate);

pub(crate) struct Driver {
    pub(crate) gcc: Gcc,
    pub(crate) now: Timestamp,
    pub(crate) last: CongestionUpdate,
    pub(crate) in_flight: i64,
    pub(crate) record: Option<Vec<Recorded>>,
    probes: Probes,
    sequence_number: i64,
}

impl Driver {
    /// The network is not up yet.
    pub(crate) fn down(ms: i64) -> Self {
        let mut gcc = Gcc::create(&Environment::seeded(1)).expect("a plugin");
        gcc.activate(Timestamp::ZERO, &BOUNDS).expect("sane bounds");
        Self {
            gcc,
            now: Timestamp::from_ms(ms),
            last: CongestionUpdate::default(),
            in_flight: 0,
            record: None,
            probes: Probes::default(),
            sequence_number: 0,
        }
    }

    /// The network is up.
    pub(crate) fn up(ms: i64) -> Self {
        let mut driver = Self::down(ms);
        driver.available(true);
        assert!(driver.probe_rates().is_empty());
        driver
    }

    pub(crate) fn wait(&mut self, ms: i64) {
        self.now += TimeDelta::ms(ms);
    }

    pub(crate) fn event(&self, kind: CongestionEventKind) -> CongestionEvent {
        CongestionEvent::new(kind, self.now)
    }

    pub(crate) fn tell(&mut self, event: &CongestionEvent) -> CongestionUpdate {
        self.tell_with(event, &[])
    }

    pub(crate) fn tell_with(
        &mut self,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
    ) -> CongestionUpdate {
        let update = self
            .gcc
            .on_event(self.now, event, packets, &mut self.probes)
            .expect("an update");
        if let Some(record) = &mut self.record {
            record.push((self.now, *event, packets.to_vec(), update));
        }
        self.last = update;
        update
    }

    pub(crate) fn advice(&mut self) -> CongestionAdvice {
        self.gcc.advice(self.now).expect("advice")
    }

    /// The rates of the probes since the last time.
    pub(crate) fn probe_rates(&mut self) -> Vec<DataRate> {
        self.probes.0.drain(..).map(|probe| probe.rate).collect()
    }

    pub(crate) fn available(&mut self, up: bool) {
        let event = CongestionEvent {
            flag: u32::from(up),
            ..self.event(CongestionEventKind::NetworkAvailability)
        };
        self.tell(&event);
    }

    pub(crate) fn process(&mut self) -> CongestionUpdate {
        self.tell(&self.event(CongestionEventKind::ProcessInterval))
    }

    pub(crate) fn route(
        &mut self,
        start: DataRate,
        minimum: DataRate,
        maximum: DataRate,
    ) -> CongestionUpdate {
        let event = CongestionEvent {
            constraints: RateConstraints {
                minimum,
                maximum,
                start,
            },
            ..self.event(CongestionEventKind::RouteChange)
        };
        self.tell(&event)
    }

    /// Other bounds of the session.
    pub(crate) fn route_bounds(&mut self, minimum: DataRate, maximum: DataRate) {
        let event = CongestionEvent {
            constraints: RateConstraints {
                minimum,
                maximum,
                start: DataRate::ZERO,
            },
            ..self.event(CongestionEventKind::TargetRateConstraints)
        };
        self.tell(&event);
    }

    /// A packet leaves.
    pub(crate) fn send(&mut self, size: i64) -> CongestionUpdate {
        self.sequence_number += 1;
        let event = CongestionEvent {
            size: DataSize::bytes(size),
            sequence_number: self.sequence_number,
            in_flight: DataSize::bytes(self.in_flight),
            ..self.event(CongestionEventKind::SentPacket)
        };
        self.tell(&event)
    }

    /// A packet leaves and is acknowledged at once as having come `late`.
    pub(crate) fn packet_and_feedback(&mut self, size: i64, late: TimeDelta) -> CongestionUpdate {
        self.send(size);
        let packet = PacketFeedback {
            sequence_number: self.sequence_number,
            sent: self.now,
            received: self.now + late,
            arrival_offset: TimeDelta::us(-1),
            size: DataSize::bytes(size),
            ecn: 0,
            cluster: 0,
            audio: 0,
            recovered: 0,
        };
        self.tell_with(&self.event(CongestionEventKind::PacketFeedback), &[packet])
    }

    /// A packet of 1,000 bytes every 50 ms, each of which comes later than the one before by `later`; gives the target at the end.
    pub(crate) fn run(&mut self, ms: i64, later: TimeDelta) -> DataRate {
        let mut late = TimeDelta::ZERO;
        for _ in 0..ms / 50 {
            self.packet_and_feedback(1_000, late);
            late += later;
            self.wait(50);
            self.process();
        }
        self.last.target
    }
}
