//! A part for the authors of congestion controllers: it keeps the bounds and what is known of the path, so that what is left to the plugin is
//! the rate that follows from an event.
//!
//! ```
//! use jackfield_sdk::congestion::{Path, RateController, RateRule};
//! use jackfield_sdk::prelude::*;
//!
//! /// Halves the rate when anything is lost, else adds 5 %.
//! struct Halving(());
//!
//! impl Plugin for Halving {
//!     const DESCRIPTOR: Descriptor = Descriptor::new("example.congestion.halving", "Halving", "1.0.0");
//!     type Parameters = ();
//!     fn create(_: &Environment) -> Result<Self, Fault> {
//!         Ok(Self(()))
//!     }
//!     fn parameters(&mut self) -> &mut () {
//!         &mut self.0
//!     }
//! }
//!
//! impl RateRule for Halving {
//!     fn target(&mut self, _: Timestamp, event: &CongestionEvent, path: &Path) -> DataRate {
//!         match event.kind {
//!             CongestionEventKind::PacketFeedback if path.loss > 0.0 => path.target * 0.5,
//!             CongestionEventKind::PacketFeedback => path.target * 1.05,
//!             _ => path.target,
//!         }
//!     }
//! }
//!
//! jackfield_sdk::export! { CongestionController => RateController<Halving> }
//! ```

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionController, CongestionEvent, CongestionEventKind, CongestionHandover, CongestionUpdate,
    PacketFeedback, ProbeSink, RateConstraints,
};
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Plugin, ResetReason};
use jackfield_core::stats::Statistic;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

/// Media may leave at two and a half times the target (libwebrtc's `kDefaultPaceMultiplier`): a burst is smoothed, not held up.
const PACING_FACTOR: f64 = 2.5;
/// How often the rule is asked when nothing else happens.
const PROCESS_INTERVAL: TimeDelta = TimeDelta::ms(100);

/// What is known of the path.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// The present target.
    pub target: DataRate,
    /// The round-trip time last measured; zero if none was.
    pub round_trip: TimeDelta,
    /// The shortest round-trip time measured; zero if none was.
    pub minimum_round_trip: TimeDelta,
    /// The share of packets lost, 0 to 1, in what was reported last.
    pub loss: f32,
    /// Data that is under way.
    pub in_flight: DataSize,
}

impl Path {
    const UNKNOWN: Self = Self {
        target: DataRate::ZERO,
        round_trip: TimeDelta::ZERO,
        minimum_round_trip: TimeDelta::ZERO,
        loss: 0.0,
        in_flight: DataSize::ZERO,
    };
}

/// How fast to send. The method is `[network]`: it must not allocate, lock or block.
pub trait RateRule: Plugin {
    /// The target after `event`; `path` knows of it already. What lies outside the session's bounds is moved to them. \[network\]
    fn target(&mut self, now: Timestamp, event: &CongestionEvent, path: &Path) -> DataRate;
}

/// A congestion controller that asks its [`RateRule`].
pub struct RateController<R> {
    rule: R,
    bounds: Option<RateConstraints>,
    path: Path,
}

impl<R: RateRule> Plugin for RateController<R> {
    const DESCRIPTOR: Descriptor = R::DESCRIPTOR;
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("target", "kbit/s", "The rate to send at."),
        Statistic::gauge(
            "round_trip",
            "ms",
            "The round-trip time last heard of; 0 if none.",
        ),
        Statistic::gauge("loss", "%", "The share of packets last reported lost."),
    ];
    type Parameters = R::Parameters;

    fn create(environment: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            rule: R::create(environment)?,
            bounds: None,
            path: Path::UNKNOWN,
        })
    }

    fn parameters(&mut self) -> &mut R::Parameters {
        self.rule.parameters()
    }

    fn parameter_changed(&mut self, index: u32) -> Result<(), Fault> {
        self.rule.parameter_changed(index)
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = self.path.target.as_kbps_f64();
        values[1] = self.path.round_trip.as_ms_f64();
        values[2] = f64::from(self.path.loss) * 100.0;
    }

    fn reset(&mut self, reason: ResetReason) {
        Plugin::reset(&mut self.rule, reason);
        self.forget();
    }
}

impl<R: RateRule> RateController<R> {
    /// Nothing is known of the path; the rate starts anew.
    fn forget(&mut self) {
        let start = self.bounds.map_or(DataRate::ZERO, |bounds| bounds.start);
        self.path = Path {
            target: self.bounded(start),
            ..Path::UNKNOWN
        };
    }

    /// Not `clamp`, which panics if a host gives a minimum above the maximum.
    fn bounded(&self, rate: DataRate) -> DataRate {
        self.bounds
            .map_or(rate, |bounds| rate.max(bounds.minimum).min(bounds.maximum))
    }

    fn note(&mut self, event: &CongestionEvent, packets: &[PacketFeedback]) {
        match event.kind {
            CongestionEventKind::RouteChange => {
                self.bounds = Some(event.constraints);
                self.forget();
            }
            CongestionEventKind::TargetRateConstraints => self.bounds = Some(event.constraints),
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
                self.path.loss = share(u64::from(event.lost), u64::from(event.received));
            }
            CongestionEventKind::PacketFeedback => {
                self.path.in_flight = event.in_flight;
                let lost = packets.iter().filter(|packet| packet.received.is_never()).count() as u64;
                if !packets.is_empty() {
                    self.path.loss = share(lost, packets.len() as u64 - lost);
                }
            }
            _ => {}
        }
    }
}

impl<R: RateRule> CongestionController for RateController<R> {
    fn activate(&mut self, _now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        if constraints.minimum > constraints.maximum {
            return Err(Fault::invalid(
                "the smallest rate is above the largest: swap `minimum` and `maximum`",
            ));
        }
        self.bounds = Some(*constraints);
        self.forget();
        Ok(())
    }

    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        _probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        if self.bounds.is_none() {
            return Err(Fault::state("call `activate` with the session's bounds first"));
        }
        self.note(event, packets);
        let wanted = self.rule.target(now, event, &self.path);
        let target = self.bounded(wanted);
        self.path.target = target;
        Ok(CongestionUpdate {
            target,
            pacing: target * PACING_FACTOR,
            estimate: target,
            ..CongestionUpdate::default()
        })
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(PROCESS_INTERVAL)
    }

    fn hand_over(&mut self, _now: Timestamp) -> Result<CongestionHandover, Fault> {
        Ok(CongestionHandover {
            estimate: self.path.target,
            target: self.path.target,
            round_trip: self.path.round_trip,
            minimum_round_trip: self.path.minimum_round_trip,
            in_flight: self.path.in_flight,
            loss_ppm: (self.path.loss * 1e6) as u32,
            reserved: 0,
        })
    }

    /// The rate goes on where the predecessor was, if it was anywhere.
    fn take_over(&mut self, _now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        let known = |rate: DataRate| rate > DataRate::ZERO;
        let target = if known(state.target) {
            state.target
        } else if known(state.estimate) {
            state.estimate
        } else {
            self.path.target
        };
        self.path = Path {
            target: self.bounded(target),
            round_trip: state.round_trip,
            minimum_round_trip: state.minimum_round_trip,
            loss: (state.loss_ppm as f32 / 1e6).min(1.0),
            in_flight: state.in_flight,
        };
        Ok(())
    }
}

fn share(lost: u64, received: u64) -> f32 {
    lost as f32 / (lost + received).max(1) as f32
}
