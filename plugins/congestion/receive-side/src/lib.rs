//! The estimator of the old way (draft-ietf-rmcat-gcc-02, section 5): it stands at the receiver, looks at how much later packets come than they
//! left, and says what the path bears; the host sends that back as REMB. For senders that know no feedback on packets.
//!
//! It is told [`ReceivedPacket`](CongestionEventKind::ReceivedPacket) events: `now` is when the packet came, `at` when it left by the sender's clock
//! (the header extension `abs-send-time`, extended or not: only differences below 32 s count), `size` its size. `target` and `estimate` are what is to be told to the
//! sender, at once when they fall and once a second else. Told nothing of what comes, as at a sender, it holds the rate that it began with.
//!
//! | draft | here |
//! |---|---|
//! | pre-filter, 5 ms (5.2) | [`arrival`] |
//! | arrival-time filter (5.3), overuse detector (5.4) | [`detector`], with the draft's constants, and the growth over up to 60 groups in place of that of one |
//! | rate control (5.5) | [`rate`]; the received rate is measured over 500 ms |
//! | `RTT` of the response time | what `RoundTripTime` events say, 200 ms before |
//!
//! ```
//! use jackfield_congestion_receive_side::ReceiveSide;
//! use jackfield_sdk::prelude::*;
//!
//! struct NoProbes;
//! impl ProbeSink for NoProbes {
//!     fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
//!         Ok(())
//!     }
//! }
//!
//! let mut estimator = ReceiveSide::create(&Environment::seeded(1))?;
//! let bounds = RateConstraints { minimum: DataRate::kbps(30), maximum: DataRate::kbps(2_000), start: DataRate::kbps(300) };
//! estimator.activate(Timestamp::ZERO, &bounds)?;
//! // 500 kbit/s for two seconds, each packet 40 ms under way: there is room for more.
//! let mut told = DataRate::ZERO;
//! for number in 0..100 {
//!     let left = Timestamp::from_ms(20 * number);
//!     let came = left + TimeDelta::ms(40);
//!     let event = CongestionEvent { size: DataSize::bytes(1_250), ..CongestionEvent::new(CongestionEventKind::ReceivedPacket, left) };
//!     told = estimator.on_event(came, &event, &[], &mut NoProbes)?.target;
//! }
//! assert!(told > DataRate::kbps(300) && told < DataRate::kbps(800));
//! # Ok::<(), Fault>(())
//! ```

pub mod arrival;
pub mod detector;
pub mod rate;

use jackfield_sdk::prelude::*;

use arrival::Grouping;
use detector::{Detector, Usage};
use rate::{RateControl, ReceivedRate};

/// The sender is told so often.
const TOLD_EVERY: TimeDelta = TimeDelta::seconds(1);

/// The estimator.
pub struct ReceiveSide {
    parameters: (),
    bounds: Option<RateConstraints>,
    grouping: Grouping,
    detector: Detector,
    received: ReceivedRate,
    control: RateControl,
    in_flight: DataSize,
    loss_ppm: u32,
}

impl Plugin for ReceiveSide {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.congestion.receive-side",
        "Receive side",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("Says at the receiver what the path bears, from the delays of what comes, for REMB (draft-ietf-rmcat-gcc-02).")
    .congestion_role(CongestionRole::Receiver);
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("estimate", "kbit/s", "What the sender is told."),
        Statistic::gauge("received", "kbit/s", "What comes; 0 before half a second has."),
        Statistic::gauge(
            "growth",
            "ms",
            "By how much the queue has grown over the last groups of packets.",
        ),
        Statistic::gauge(
            "threshold",
            "ms",
            "From which growth on the path counts as overused.",
        ),
    ];
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: (),
            bounds: None,
            grouping: Grouping::new(),
            detector: Detector::new(),
            received: ReceivedRate::new(),
            control: RateControl::new(0.0),
            in_flight: DataSize::ZERO,
            loss_ppm: 0,
        })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = self.target().as_kbps_f64();
        values[1] = self.received.last().unwrap_or(0.0) / 1e3;
        values[2] = self.detector.growth();
        values[3] = self.detector.threshold();
    }
}

impl ReceiveSide {
    fn begin_anew(&mut self, rate: DataRate) {
        self.grouping = Grouping::new();
        self.detector = Detector::new();
        self.received = ReceivedRate::new();
        self.control = RateControl::new(rate.as_bps() as f64);
    }

    /// Within the bounds, whichever way round they are.
    fn target(&self) -> DataRate {
        let rate = DataRate::bps(self.control.rate().round() as i64);
        self.bounds
            .map_or(rate, |bounds| rate.max(bounds.minimum).min(bounds.maximum))
    }

    fn came(&mut self, now: Timestamp, event: &CongestionEvent) {
        let bytes = event.size.as_bytes().clamp(0, 1 << 20);
        let received = self.received.add(now, bytes);
        let usage = match self.grouping.add(now, event.at, bytes) {
            Some(group) => self.detector.update(now, &group),
            None => self.detector.usage(),
        };
        self.control.update(now, usage, received);
        if usage == Usage::Over {
            self.detector.seen();
        }
        // What lies beyond the bounds would have to be unlearnt first.
        if let Some(bounds) = self.bounds {
            self.control
                .hold_between(bounds.minimum.as_bps() as f64, bounds.maximum.as_bps() as f64);
        }
    }
}

impl CongestionController for ReceiveSide {
    fn activate(&mut self, _now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        if constraints.minimum > constraints.maximum {
            return Err(Fault::invalid(
                "the smallest rate is above the largest: swap `minimum` and `maximum`",
            ));
        }
        self.bounds = Some(*constraints);
        self.begin_anew(constraints.start);
        Ok(())
    }

    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        _packets: &[PacketFeedback],
        _probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        if self.bounds.is_none() {
            return Err(Fault::state("call `activate` with the session's bounds first"));
        }
        match event.kind {
            CongestionEventKind::ReceivedPacket => self.came(now, event),
            CongestionEventKind::RoundTripTime => self.control.set_round_trip(event.time.as_ms_f64()),
            CongestionEventKind::RouteChange => {
                let start = event.constraints.start;
                let present = self.target();
                self.bounds = Some(event.constraints);
                self.begin_anew(if start > DataRate::ZERO { start } else { present });
            }
            CongestionEventKind::TargetRateConstraints => self.bounds = Some(event.constraints),
            CongestionEventKind::SentPacket => self.in_flight = event.in_flight,
            _ => {}
        }
        let target = self.target();
        Ok(CongestionUpdate {
            target,
            pacing: target,
            estimate: target,
            feedback_interval: TOLD_EVERY,
            ..CongestionUpdate::default()
        })
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(TimeDelta::ZERO)
    }

    fn hand_over(&mut self, _now: Timestamp) -> Result<CongestionHandover, Fault> {
        Ok(CongestionHandover {
            estimate: self.target(),
            target: self.target(),
            round_trip: TimeDelta::us((self.control.round_trip().unwrap_or(0.0) * 1e3) as i64),
            in_flight: self.in_flight,
            loss_ppm: self.loss_ppm,
            ..CongestionHandover::default()
        })
    }

    fn take_over(&mut self, _now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        let known = [state.target, state.estimate]
            .into_iter()
            .find(|rate| *rate > DataRate::ZERO && *rate < DataRate::INFINITE);
        if let Some(rate) = known {
            self.begin_anew(rate);
        }
        if state.round_trip > TimeDelta::ZERO {
            self.control.set_round_trip(state.round_trip.as_ms_f64());
        }
        self.in_flight = state.in_flight;
        self.loss_ppm = state.loss_ppm;
        Ok(())
    }
}

jackfield_sdk::export! { CongestionController => ReceiveSide }
