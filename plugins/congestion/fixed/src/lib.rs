//! The congestion controller that does not control: it holds the rate that it is set to. The baseline for every other controller, and
//! right on a path whose capacity is known.
//!
//! It must never react to the network. What it hears of round trips and losses it only keeps, for its successor.
//!
//! ```
//! use jackfield_congestion_fixed::Fixed;
//! use jackfield_sdk::prelude::*;
//!
//! struct NoProbes;
//! impl ProbeSink for NoProbes {
//!     fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
//!         Ok(())
//!     }
//! }
//!
//! let mut fixed = Fixed::create(&Environment::seeded(1))?;
//! fixed.parameters().rate = 64.0;
//! let bounds = RateConstraints { minimum: DataRate::kbps(6), maximum: DataRate::kbps(510), start: DataRate::kbps(32) };
//! fixed.activate(Timestamp::ZERO, &bounds)?;
//! let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::ZERO);
//! assert_eq!(fixed.on_event(Timestamp::ZERO, &event, &[], &mut NoProbes)?.target, DataRate::kbps(64));
//! # Ok::<(), Fault>(())
//! ```

use jackfield_sdk::prelude::*;

/// Media may leave at two and a half times the target (libwebrtc's `kDefaultPaceMultiplier`): a burst is smoothed, not held up.
const PACING_FACTOR: f64 = 2.5;
/// How soon a new rate is noticed when nothing else happens.
const PROCESS_INTERVAL: TimeDelta = TimeDelta::ms(100);

/// What can be set.
#[derive(Params)]
pub struct FixedParameters {
    /// The rate of all media together, headers included; encoders keep below it. The session's bounds still hold.
    #[param(
        title = "Rate",
        unit = "kbit/s",
        min = 1.0,
        max = 1_000_000.0,
        default = 128.0
    )]
    pub rate: f64,
}

/// Holds one rate.
pub struct Fixed {
    parameters: FixedParameters,
    constraints: Option<RateConstraints>,
    /// What is known of the path; kept for the successor only.
    path: CongestionHandover,
}

impl Plugin for Fixed {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.congestion.fixed",
        "Fixed rate",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("Holds one rate, whatever the network does.");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("target", "kbit/s", "The rate that it holds."),
        Statistic::gauge(
            "round_trip",
            "ms",
            "The round-trip time last heard of; 0 if none.",
        ),
        Statistic::gauge("loss", "%", "The share of packets last reported lost."),
    ];
    type Parameters = FixedParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: FixedParameters::defaults(),
            constraints: None,
            path: CongestionHandover::default(),
        })
    }

    fn parameters(&mut self) -> &mut FixedParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = self.target().as_kbps_f64();
        values[1] = self.path.round_trip.as_ms_f64();
        values[2] = f64::from(self.path.loss_ppm) / 1e4;
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.path = CongestionHandover::default();
    }
}

impl Fixed {
    fn target(&self) -> DataRate {
        let wanted = DataRate::bps((self.parameters.rate * 1e3).round() as i64);
        match self.constraints {
            // Not `clamp`, which panics if a host gives a minimum above the maximum.
            Some(bounds) => wanted.max(bounds.minimum).min(bounds.maximum),
            None => wanted,
        }
    }

    fn update(&self) -> CongestionUpdate {
        let target = self.target();
        CongestionUpdate {
            target,
            pacing: target * PACING_FACTOR,
            estimate: target,
            ..CongestionUpdate::default()
        }
    }

    fn note(&mut self, event: &CongestionEvent, packets: &[PacketFeedback]) {
        match event.kind {
            CongestionEventKind::RouteChange => self.path = CongestionHandover::default(),
            CongestionEventKind::RemoteBitrate | CongestionEventKind::NetworkStateEstimate => {
                self.path.estimate = event.rate;
            }
            CongestionEventKind::RoundTripTime => {
                let shortest = self.path.minimum_round_trip;
                self.path.round_trip = event.time;
                self.path.minimum_round_trip = if shortest == TimeDelta::ZERO {
                    event.time
                } else {
                    shortest.min(event.time)
                };
            }
            CongestionEventKind::SentPacket => self.path.in_flight = event.in_flight,
            CongestionEventKind::TransportLoss => {
                self.path.loss_ppm = parts_per_million(u64::from(event.lost), u64::from(event.received));
            }
            CongestionEventKind::PacketFeedback => {
                let lost = packets.iter().filter(|packet| packet.received.is_never()).count() as u64;
                self.path.in_flight = event.in_flight;
                if !packets.is_empty() {
                    self.path.loss_ppm = parts_per_million(lost, packets.len() as u64 - lost);
                }
            }
            _ => {}
        }
        if matches!(
            event.kind,
            CongestionEventKind::RouteChange | CongestionEventKind::TargetRateConstraints
        ) {
            self.constraints = Some(event.constraints);
        }
    }
}

impl CongestionController for Fixed {
    fn activate(&mut self, _now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        if constraints.minimum > constraints.maximum {
            return Err(Fault::invalid(
                "the smallest rate is above the largest: swap `minimum` and `maximum`",
            ));
        }
        self.constraints = Some(*constraints);
        Ok(())
    }

    fn on_event(
        &mut self,
        _now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        _probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        if self.constraints.is_none() {
            return Err(Fault::state("call `activate` with the session's bounds first"));
        }
        self.note(event, packets);
        Ok(self.update())
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(PROCESS_INTERVAL)
    }

    /// The estimate is what somebody measured, if anybody did; else the rate that was held.
    fn hand_over(&mut self, _now: Timestamp) -> Result<CongestionHandover, Fault> {
        let target = self.target();
        let estimate = if self.path.estimate == DataRate::ZERO {
            target
        } else {
            self.path.estimate
        };
        Ok(CongestionHandover {
            target,
            estimate,
            ..self.path
        })
    }

    fn take_over(&mut self, _now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        self.path = *state;
        Ok(())
    }

    /// What it has heard of the path, though it makes nothing of it.
    fn advice(&mut self, _now: Timestamp) -> Result<CongestionAdvice, Fault> {
        Ok(CongestionAdvice {
            round_trip: self.path.round_trip,
            loss: self.path.loss_ppm as f32 / 1e6,
            ..CongestionAdvice::NONE
        })
    }
}

fn parts_per_million(lost: u64, received: u64) -> u32 {
    (lost * 1_000_000).checked_div(lost + received).unwrap_or(0) as u32
}

jackfield_sdk::export! { CongestionController => Fixed }
