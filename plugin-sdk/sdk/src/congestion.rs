//! Parts for the authors of congestion controllers. [`RateController`] keeps the bounds and what is known of the path, so that what is left to the
//! plugin is the rate that follows from an event. Who keeps a model of the path of their own takes the smaller parts: [`SessionBounds`],
//! [`Belief`], [`tell_statistics`], [`WarmStart`].
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

mod session;

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionAdvice, CongestionController, CongestionEvent, CongestionEventKind, CongestionHandover,
    CongestionUpdate, PacketFeedback, ProbeSink, RateConstraints,
};
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Plugin, ResetReason};
use jackfield_core::stats::Statistic;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

pub use session::{Belief, SessionBounds, tell_statistics};

/// Media may leave at two and a half times the target (libwebrtc's `kDefaultPaceMultiplier`): a burst is smoothed, not held up.
const PACING_FACTOR: f64 = 2.5;
/// How often the rule is asked when nothing else happens.
const PROCESS_INTERVAL: TimeDelta = TimeDelta::ms(100);
/// After a warm start the rate grows by so much in a second at most.
const WARM_GROWTH: f64 = 0.2;
/// A warm start that was not asked for longer than this grows as if it had been so long.
const LONGEST_STEP: TimeDelta = TimeDelta::seconds(1);

/// So long it is held back, whatever it wanted meanwhile.
const WARM_FOR: TimeDelta = TimeDelta::seconds(1);

/// The rate that a predecessor sent at: its successor may be below it at once, and above it by a fifth for each second, for a second and until it no longer
/// wants to be. So a swap is never heard as a jump of the rate, and a successor that is wrong does no harm before it is found out.
#[derive(Clone, Copy, Debug, Default)]
pub struct WarmStart {
    limit: Option<Limit>,
}

#[derive(Clone, Copy, Debug)]
struct Limit {
    /// When the successor came in.
    begun: Timestamp,
    at: Timestamp,
    rate: DataRate,
}

impl WarmStart {
    /// Starts from `target` at `now`; without a rate above zero nothing is limited.
    pub fn begin(now: Timestamp, target: DataRate) -> Self {
        Self {
            limit: (target > DataRate::ZERO).then_some(Limit {
                begun: now,
                at: now,
                rate: target,
            }),
        }
    }

    /// `wanted`, or as much of it as may be sent at `now`.
    pub fn limit(&mut self, now: Timestamp, wanted: DataRate) -> DataRate {
        let Some(Limit { begun, at, rate }) = self.limit else {
            return wanted;
        };
        let step = now.since(at).min(LONGEST_STEP);
        let rate = rate * (1.0 + WARM_GROWTH * step.as_seconds_f64());
        // What is wanted for a moment only says nothing yet of the next.
        let goes_on = wanted > rate || now.since(begun) < WARM_FOR;
        self.limit = goes_on.then_some(Limit {
            begun,
            at: at.max(now),
            rate,
        });
        wanted.min(rate)
    }
}

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

    /// What it believes that the path bears, for the host and a successor: its target, if it does not say otherwise. `measured` is what
    /// somebody else found that the path bears (REMB, an estimate of the link, a predecessor); zero if nobody did. \[network\]
    fn estimate(&self, path: &Path, measured: DataRate) -> DataRate {
        let _ = measured;
        path.target
    }

    /// At how many times the target packets may leave, 1 or more: two and a half times, if it does not say otherwise, so that a burst is
    /// smoothed and not held up. \[network\]
    fn pacing_factor(&self) -> f64 {
        PACING_FACTOR
    }
}

/// A congestion controller that asks its [`RateRule`].
pub struct RateController<R> {
    rule: R,
    bounds: SessionBounds,
    path: Path,
    /// What somebody else measured that the path bears.
    measured: DataRate,
    warm: WarmStart,
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
            bounds: SessionBounds::default(),
            path: Path::UNKNOWN,
            measured: DataRate::ZERO,
            warm: WarmStart::default(),
        })
    }

    fn parameters(&mut self) -> &mut R::Parameters {
        self.rule.parameters()
    }

    fn parameter_changed(&mut self, index: u32) -> Result<(), Fault> {
        self.rule.parameter_changed(index)
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let own = [
            self.path.target.as_kbps_f64(),
            self.path.round_trip.as_ms_f64(),
            f64::from(self.path.loss) * 100.0,
        ];
        tell_statistics(values, &own);
    }

    fn reset(&mut self, reason: ResetReason) {
        Plugin::reset(&mut self.rule, reason);
        self.forget();
    }
}

impl<R: RateRule> RateController<R> {
    /// Nothing is known of the path; the rate starts anew.
    fn forget(&mut self) {
        let start = self.bounds.start();
        self.path = Path {
            target: self.bounds.hold(start),
            ..Path::UNKNOWN
        };
        self.measured = DataRate::ZERO;
        self.warm = WarmStart::default();
    }

    fn note(&mut self, event: &CongestionEvent, packets: &[PacketFeedback]) {
        match event.kind {
            CongestionEventKind::RouteChange => {
                self.bounds.renew(&event.constraints);
                self.forget();
            }
            CongestionEventKind::TargetRateConstraints => self.bounds.renew(&event.constraints),
            CongestionEventKind::RemoteBitrate | CongestionEventKind::NetworkStateEstimate => {
                self.measured = event.rate;
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
        self.bounds.activate(constraints)?;
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
        self.bounds.activated()?;
        self.note(event, packets);
        let wanted = self.rule.target(now, event, &self.path);
        let wanted = self.warm.limit(now, wanted);
        let target = self.bounds.hold(wanted);
        self.path.target = target;
        Ok(CongestionUpdate {
            target,
            pacing: target * self.rule.pacing_factor().max(1.0),
            estimate: self.rule.estimate(&self.path, self.measured),
            ..CongestionUpdate::default()
        })
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(PROCESS_INTERVAL)
    }

    fn hand_over(&mut self, _now: Timestamp) -> Result<CongestionHandover, Fault> {
        let belief = Belief {
            estimate: self.rule.estimate(&self.path, self.measured),
            target: self.path.target,
            round_trip: self.path.round_trip,
            minimum_round_trip: self.path.minimum_round_trip,
            in_flight: self.path.in_flight,
            loss: f64::from(self.path.loss),
        };
        Ok(belief.into())
    }

    /// The rate goes on where the predecessor was, if it was anywhere; from there it grows as a [`WarmStart`] lets it.
    fn take_over(&mut self, now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        let known = |rate: DataRate| rate > DataRate::ZERO;
        let target = if known(state.target) {
            state.target
        } else if known(state.estimate) {
            state.estimate
        } else {
            self.path.target
        };
        self.path = Path {
            target: self.bounds.hold(target),
            round_trip: state.round_trip,
            minimum_round_trip: state.minimum_round_trip,
            loss: (state.loss_ppm as f32 / 1e6).min(1.0),
            in_flight: state.in_flight,
        };
        self.measured = state.estimate;
        self.warm = if known(state.target) {
            WarmStart::begin(now, self.path.target)
        } else {
            WarmStart::default()
        };
        Ok(())
    }

    /// What is known of the path.
    fn advice(&mut self, _now: Timestamp) -> Result<CongestionAdvice, Fault> {
        Ok(CongestionAdvice {
            round_trip: self.path.round_trip,
            loss: self.path.loss,
            ..CongestionAdvice::NONE
        })
    }
}

fn share(lost: u64, received: u64) -> f32 {
    lost as f32 / (lost + received).max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e17_6_a_warm_start_grows_by_a_fifth_in_a_second() {
        let mut warm = WarmStart::begin(Timestamp::ZERO, DataRate::kbps(1_000));
        let wanted = DataRate::kbps(1_500);
        let at = |warm: &mut WarmStart, ms| warm.limit(Timestamp::from_ms(ms), wanted);
        assert_eq!(at(&mut warm, 0), DataRate::kbps(1_000));
        assert_eq!(at(&mut warm, 1_000), DataRate::kbps(1_200));
        assert_eq!(at(&mut warm, 2_000), DataRate::kbps(1_440));
        assert_eq!(at(&mut warm, 3_000), wanted, "there, and free from now on");
        let more = DataRate::kbps(9_000);
        assert_eq!(warm.limit(Timestamp::from_ms(3_001), more), more);
    }

    #[test]
    fn e17_6_less_is_allowed_at_once_and_a_predecessor_without_a_rate_limits_nothing() {
        let mut warm = WarmStart::begin(Timestamp::ZERO, DataRate::kbps(1_000));
        assert_eq!(
            warm.limit(Timestamp::ZERO, DataRate::kbps(100)),
            DataRate::kbps(100)
        );
        for none in [DataRate::ZERO, DataRate::bps(-1)] {
            let mut warm = WarmStart::begin(Timestamp::ZERO, none);
            assert_eq!(
                warm.limit(Timestamp::ZERO, DataRate::kbps(9_000)),
                DataRate::kbps(9_000)
            );
        }
    }
}
