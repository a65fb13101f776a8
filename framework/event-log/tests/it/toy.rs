//! A controller in which everything that it is told leaves a mark, so that whatever is told otherwise shows.

use jackfield_sdk::prelude::*;

#[derive(Params)]
pub(crate) struct Knobs {
    /// What of the marks goes into the target.
    #[param(title = "Share", min = 0.0, max = 1.0, default = 0.5)]
    share: f64,
}

pub(crate) struct Toy {
    knobs: Knobs,
    mark: i64,
    probes: u32,
}

impl Plugin for Toy {
    const DESCRIPTOR: Descriptor = Descriptor::new("example.congestion.toy", "Toy", "1.0.0");
    type Parameters = Knobs;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            knobs: Knobs::defaults(),
            mark: 1,
            probes: 0,
        })
    }

    fn parameters(&mut self) -> &mut Knobs {
        &mut self.knobs
    }
}

impl Toy {
    pub(crate) fn new() -> Self {
        Self::create(&Environment::seeded(1)).expect("a toy needs nothing")
    }

    fn mark(&mut self, number: i64) {
        self.mark = self.mark.wrapping_mul(31).wrapping_add(number);
    }
}

impl CongestionController for Toy {
    fn activate(&mut self, now: Timestamp, bounds: &RateConstraints) -> Result<(), Fault> {
        self.mark(now.us() + bounds.start.as_bps());
        Ok(())
    }

    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        if event.kind == CongestionEventKind::NetworkAvailability && event.flag == 7 {
            return Err(Fault::invalid("seven is neither up nor down"));
        }
        self.mark(now.us() ^ i64::from(event.kind.0) ^ event.sequence_number ^ event.size.as_bytes());
        self.mark(i64::from(event.confidence.to_bits()) ^ i64::from(event.pacing_factor.to_bits()));
        for packet in packets {
            self.mark(packet.sequence_number ^ packet.sent.us() ^ packet.received.us());
            self.mark(i64::from(packet.ecn ^ packet.audio << 1 ^ packet.recovered << 2));
        }
        if event.kind == CongestionEventKind::StreamsConfig {
            self.probes += 1;
            probes.probe(&ProbeCluster {
                id: self.probes,
                minimum_packets: 5,
                rate: DataRate::kbps(900),
                duration: TimeDelta::ms(15),
            })?;
        }
        // An answer now and then is the one before.
        let mark = (self.mark >> 8).rem_euclid(4);
        Ok(CongestionUpdate {
            target: DataRate::kbps(100) * (1.0 + self.knobs.share) + DataRate::kbps(mark),
            ecn: u32::from(mark == 3),
            ..CongestionUpdate::default()
        })
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(TimeDelta::ms(25))
    }

    fn hand_over(&mut self, now: Timestamp) -> Result<CongestionHandover, Fault> {
        self.mark(now.us());
        Ok(CongestionHandover::default())
    }

    fn take_over(&mut self, _: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        self.mark(state.target.as_bps() ^ i64::from(state.loss_ppm));
        Ok(())
    }
}

/// Takes probes and forgets them.
pub(crate) struct Forget;

impl ProbeSink for Forget {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        Ok(())
    }
}

pub(crate) const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(16),
    maximum: DataRate::kbps(640),
    start: DataRate::kbps(64),
};
