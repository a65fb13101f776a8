//! NADA, Network-Assisted Dynamic Adaptation (RFC 8698): one congestion signal of queuing delay, losses and ECN marks, and a reference rate
//! that follows it, quickly while the path is clear and gradually otherwise. Small and exact: each equation of the RFC is a function in
//! [`equations`], with the RFC's constants.
//!
//! What the RFC lets the receiver do is done here from the per-packet feedback of the sender's side (transport-wide or RFC 8888), so that any
//! receiver will do. It never probes and never pads, and it has no window.
//!
//! | RFC 8698 | here |
//! |---|---|
//! | `r_ref` at first | the session's start rate |
//! | `RMIN`, `RMAX` | the session's bounds; the sum of the streams' greatest rates, if told, lowers `RMAX`; 3 Mbit/s if there is no bound (section 4.3) |
//! | `PRIO`, `XREF` | parameters |
//! | `d_base` | least delay of ten minutes, as clocks drift |
//! | rate-shaping buffer | the pacer's queue, as a `ProcessInterval` event tells it |
//! | `r_vin`, `r_send` | the target, the pacing rate |
//! | `rtt` | smoothed from the feedback; before it, what RTCP says |
//! | ECN | a mark counts whatever the packet was sent with, and more than one in a thousand end accelerated ramp-up; ECT(1) is asked for only if a parameter says so |
//! | bound of `x_curr` | 500 ms, as in its authors' model |
//! | with fewer than five packets in `LOGWIN` | no ratio and no received rate, as in its authors' model |
//! | "no queue" in ramp-up | by the filtered delay, as jitter is no queue |
//! | update every `DELTA` | with the feedback, when at least half of `DELTA` has gone by; feedback is asked for every `DELTA` |
//!
//! ```
//! use jackfield_congestion_nada::Nada;
//! use jackfield_sdk::prelude::*;
//!
//! struct NoProbes;
//! impl ProbeSink for NoProbes {
//!     fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
//!         Ok(())
//!     }
//! }
//!
//! let mut nada = Nada::create(&Environment::seeded(1))?;
//! let bounds = RateConstraints { minimum: DataRate::kbps(150), maximum: DataRate::kbps(1_500), start: DataRate::kbps(300) };
//! nada.activate(Timestamp::ZERO, &bounds)?;
//! // A frame of 2000 bytes waits in the pacer: RFC 8698 gives it 5 % of the rate, or 48 kbit/s if that is less.
//! let event = CongestionEvent { size: DataSize::bytes(2_000), ..CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::ZERO) };
//! let update = nada.on_event(Timestamp::ZERO, &event, &[], &mut NoProbes)?;
//! assert_eq!((update.target, update.pacing), (DataRate::kbps(285), DataRate::kbps(315)));
//! # Ok::<(), Fault>(())
//! ```

pub mod equations;
pub mod loss;
pub mod observation;

use jackfield_sdk::congestion::{Belief, SessionBounds, tell_statistics};
use jackfield_sdk::prelude::*;

use equations::{BETA_SENDING, BETA_VIDEO, Gradual, TAU, UPDATE_INTERVAL};
use observation::Observation;

/// Half of `DELTA` may be missing, lest feedback that comes a little early waits for the next.
const LENIENCY: f64 = 0.5;
/// `RMAX` if nobody names a bound (RFC 8698 section 4.3).
const MAXIMUM_WITHOUT_BOUND: DataRate = DataRate::kbps(3_000);
/// Share of a new round-trip time that enters the smoothed one (RFC 6298).
const ROUND_TRIP_GAIN: f64 = 0.125;
/// With a smoothed ratio of marks above this (a tenth of `PMRREF`) there is no accelerated ramp-up. The RFC asks for no loss and no queue alone;
/// into a queue that marks before it delays it would speed up again and again.
const FEW_MARKS: f64 = 0.001;
/// For so long after a swap the target stays near the predecessor's.
const LANDING: TimeDelta = TimeDelta::seconds(1);
/// So near: no jump above 20 %.
const LANDING_SHARE: f64 = 0.19;

/// What can be set.
#[derive(Params)]
pub struct NadaParameters {
    /// `PRIO`: the weight of this flow against others that share the bottleneck.
    #[param(title = "Priority", min = 0.1, max = 10.0, default = 1.0)]
    pub priority: f64,
    /// Ask for ECT(1), so that queues mark. Off, as the RFC's signal grows with the square of the share that is marked: it suits queues that
    /// mark a few in a hundred (RED, PIE), and swings where a step marks everything, as L4S queues do.
    #[param(title = "ECN", default = false)]
    pub ecn: bool,
}

/// The controller.
pub struct Nada {
    parameters: NadaParameters,
    bounds: SessionBounds,
    observation: Observation,
    flow: Flow,
}

/// What is known of the path and decided for it.
#[derive(Clone, Copy)]
struct Flow {
    /// `r_ref`, bit/s.
    reference: f64,
    congestion: f64,
    loss: f64,
    marking: f64,
    /// Smoothed, ms; zero if unknown.
    round_trip: f64,
    shortest_round_trip: f64,
    accelerating: bool,
    updated: Option<Timestamp>,
    in_flight: DataSize,
    /// Bytes in the pacer.
    waiting: f64,
    streams_maximum: DataRate,
    remote_estimate: DataRate,
    pacing_factor: f64,
    landing: Option<(Timestamp, f64)>,
    measured: bool,
    /// What was sent before went another way.
    route_since: Timestamp,
}

impl Flow {
    const UNKNOWN: Self = Self {
        reference: 0.0,
        congestion: 0.0,
        loss: 0.0,
        marking: 0.0,
        round_trip: 0.0,
        shortest_round_trip: 0.0,
        accelerating: false,
        updated: None,
        in_flight: DataSize::ZERO,
        waiting: 0.0,
        streams_maximum: DataRate::ZERO,
        remote_estimate: DataRate::ZERO,
        pacing_factor: 0.0,
        landing: None,
        measured: false,
        route_since: Timestamp::from_us(i64::MIN),
    };

    fn round_trip_sample(&mut self, sample: f64) {
        if !(0.0..60_000.0).contains(&sample) {
            return;
        }
        self.shortest_round_trip = if self.shortest_round_trip == 0.0 {
            sample
        } else {
            self.shortest_round_trip.min(sample)
        };
        self.round_trip = if self.round_trip == 0.0 {
            sample
        } else {
            self.round_trip + ROUND_TRIP_GAIN * (sample - self.round_trip)
        };
    }
}

impl Plugin for Nada {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.congestion.nada", "NADA", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("Follows one signal of delay, losses and ECN marks (RFC 8698).");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("target", "kbit/s", "The rate for the encoders."),
        Statistic::gauge(
            "reference",
            "kbit/s",
            "The reference rate, before the rate-shaping buffer is served.",
        ),
        Statistic::gauge("congestion", "ms", "The congestion signal."),
        Statistic::gauge("queuing", "ms", "The queuing delay."),
        Statistic::gauge("received", "kbit/s", "The rate that arrives; 0 if unknown."),
        Statistic::gauge("round_trip", "ms", "The smoothed round-trip time; 0 if unknown."),
        Statistic::gauge("loss", "%", "The smoothed share of packets lost."),
        Statistic::gauge("marked", "%", "The smoothed share of packets marked."),
        Statistic::gauge(
            "accelerating",
            "",
            "1 in accelerated ramp-up, 0 in the gradual update.",
        ),
    ];
    type Parameters = NadaParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: NadaParameters::defaults(),
            bounds: SessionBounds::default(),
            observation: Observation::new(),
            flow: Flow::UNKNOWN,
        })
    }

    fn parameters(&mut self) -> &mut NadaParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let received = self.observation.received_rate().unwrap_or(0.0);
        let own = [
            self.target().as_kbps_f64(),
            self.flow.reference / 1e3,
            self.flow.congestion,
            self.observation.queuing(),
            received / 1e3,
            self.flow.round_trip,
            self.flow.loss * 100.0,
            self.flow.marking * 100.0,
            f64::from(u8::from(self.flow.accelerating)),
        ];
        tell_statistics(values, &own);
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.begin_anew(DataRate::ZERO);
    }
}

impl Nada {
    /// Forgets the path; starts at `rate`, or at the session's start rate.
    fn begin_anew(&mut self, rate: DataRate) {
        let start = self.bounds.start();
        let rate = if rate > DataRate::ZERO { rate } else { start };
        self.observation.forget();
        self.flow = Flow {
            streams_maximum: self.flow.streams_maximum,
            pacing_factor: self.flow.pacing_factor,
            ..Flow::UNKNOWN
        };
        self.flow.reference = self.clipped(rate.as_bps() as f64);
    }

    /// `RMIN` and `RMAX` in bit/s.
    fn range(&self) -> (f64, f64) {
        let Some(bounds) = self.bounds.told() else {
            return (0.0, MAXIMUM_WITHOUT_BOUND.as_bps() as f64);
        };
        let positive = |rate: DataRate| (rate > DataRate::ZERO).then_some(rate);
        let mut maximum = positive(bounds.maximum)
            .filter(|rate| *rate < DataRate::INFINITE)
            .unwrap_or(MAXIMUM_WITHOUT_BOUND);
        for lower in [self.flow.streams_maximum, self.flow.remote_estimate] {
            maximum = positive(lower).map_or(maximum, |rate| rate.min(maximum));
        }
        let maximum = maximum.max(bounds.minimum).as_bps() as f64;
        ((bounds.minimum.as_bps() as f64).max(0.0), maximum)
    }

    /// Not `clamp`, which panics if a host gives a minimum above the maximum.
    fn clipped(&self, rate: f64) -> f64 {
        let (minimum, maximum) = self.range();
        rate.max(minimum).min(maximum.max(1.0))
    }

    /// `r_vin`.
    fn target(&self) -> DataRate {
        let reference = self.flow.reference;
        let target = reference - equations::shaping(BETA_VIDEO, reference, self.flow.waiting);
        self.in_session(self.clipped(target))
    }

    /// `r_send`.
    fn sending(&self) -> DataRate {
        let reference = self.flow.reference;
        let sending = reference + equations::shaping(BETA_SENDING, reference, self.flow.waiting);
        self.in_session(self.clipped(sending))
    }

    fn in_session(&self, rate: f64) -> DataRate {
        self.bounds.hold(DataRate::bps(rate.round() as i64))
    }

    fn feedback(&mut self, now: Timestamp, packets: &[PacketFeedback]) {
        let since = self.flow.route_since;
        let old = packets.iter().take_while(|packet| packet.sent < since).count();
        let packets = &packets[old..];
        self.observation.take(now, packets);
        let youngest = packets.iter().rev().find(|packet| !packet.received.is_never());
        if let Some(packet) = youngest {
            let held = packet.arrival_offset.max(TimeDelta::ZERO);
            let sample = (now - packet.sent - held).as_ms_f64();
            if !self.flow.measured {
                (self.flow.measured, self.flow.round_trip) = (true, 0.0);
            }
            self.flow.round_trip_sample(sample.max(0.0));
        }
        let elapsed = self
            .flow
            .updated
            .map_or(UPDATE_INTERVAL, |last| now.since(last).as_ms_f64());
        if elapsed >= UPDATE_INTERVAL * LENIENCY && !packets.is_empty() {
            self.flow.updated = Some(now);
            self.update_reference(now, elapsed.min(TAU));
        }
    }

    /// One round of section 4.3.
    fn update_reference(&mut self, now: Timestamp, elapsed: f64) {
        let seen = &self.observation;
        let flow = &mut self.flow;
        if let Some((loss, marking)) = seen.loss().zip(seen.marking()) {
            flow.loss = equations::smoothed(loss, flow.loss);
            flow.marking = equations::smoothed(marking, flow.marking);
        }
        let delay = equations::perceived_delay(seen.queuing(), seen.loss_interval(), seen.since_loss());
        let before = flow.congestion;
        flow.congestion = equations::congestion(delay, flow.marking, flow.loss);
        flow.accelerating = seen.is_clear() && flow.marking < FEW_MARKS;
        let (reference, round_trip, congestion) = (flow.reference, flow.round_trip, flow.congestion);
        let wanted = if flow.accelerating {
            let received = seen.received_rate().unwrap_or(0.0);
            equations::accelerated(reference, received, round_trip)
        } else {
            equations::gradual(&Gradual {
                reference,
                maximum: self.range().1,
                priority: self.parameters.priority,
                congestion,
                congestion_before: before,
                elapsed,
            })
        };
        let landed = self.landed(now, wanted);
        self.flow.reference = self.clipped(landed);
    }

    /// Right after a swap the rate stays near the predecessor's.
    fn landed(&mut self, now: Timestamp, rate: f64) -> f64 {
        let Some((until, inherited)) = self.flow.landing else {
            return rate;
        };
        if now >= until {
            self.flow.landing = None;
            return rate;
        }
        rate.clamp(
            inherited * (1.0 - LANDING_SHARE),
            inherited * (1.0 + LANDING_SHARE),
        )
    }

    fn note(&mut self, now: Timestamp, event: &CongestionEvent, packets: &[PacketFeedback]) {
        match event.kind {
            CongestionEventKind::RouteChange => {
                let present = self.target();
                self.bounds.renew(&event.constraints);
                let start = event.constraints.start;
                self.begin_anew(if start > DataRate::ZERO { start } else { present });
                self.flow.route_since = now;
            }
            CongestionEventKind::TargetRateConstraints => self.bounds.renew(&event.constraints),
            CongestionEventKind::ProcessInterval => {
                self.flow.waiting = event.size.as_bytes().clamp(0, 1 << 30) as f64;
            }
            CongestionEventKind::RemoteBitrate => self.flow.remote_estimate = event.rate,
            CongestionEventKind::RoundTripTime if !self.flow.measured => {
                self.flow.round_trip_sample(event.time.as_ms_f64());
            }
            CongestionEventKind::SentPacket => self.flow.in_flight = event.in_flight,
            CongestionEventKind::StreamsConfig => {
                self.flow.streams_maximum = event.constraints.maximum;
                self.flow.pacing_factor = f64::from(event.pacing_factor).clamp(0.0, 10.0);
            }
            CongestionEventKind::PacketFeedback => {
                self.flow.in_flight = event.in_flight;
                self.feedback(now, packets);
            }
            _ => {}
        }
        self.flow.reference = self.clipped(self.flow.reference);
    }
}

impl CongestionController for Nada {
    fn activate(&mut self, _now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        self.bounds.activate(constraints)?;
        self.begin_anew(constraints.start);
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
        self.note(now, event, packets);
        let target = self.target();
        Ok(CongestionUpdate {
            target,
            pacing: self.sending().max(target * self.flow.pacing_factor),
            estimate: self.in_session(self.flow.reference),
            feedback_interval: TimeDelta::ms(UPDATE_INTERVAL as i64),
            ecn: u32::from(self.parameters.ecn),
            ..CongestionUpdate::default()
        })
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(TimeDelta::ms(25))
    }

    fn hand_over(&mut self, _now: Timestamp) -> Result<CongestionHandover, Fault> {
        let ms = |ms: f64| TimeDelta::us((ms * 1e3).round() as i64);
        let belief = Belief {
            estimate: self.in_session(self.flow.reference),
            target: self.target(),
            round_trip: ms(self.flow.round_trip),
            minimum_round_trip: ms(self.flow.shortest_round_trip),
            in_flight: self.flow.in_flight,
            loss: self.flow.loss,
        };
        Ok(belief.into())
    }

    fn take_over(&mut self, now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        let known = [state.target, state.estimate]
            .into_iter()
            .find(|rate| *rate > DataRate::ZERO && *rate < DataRate::INFINITE);
        let Some(rate) = known else { return Ok(()) };
        self.begin_anew(rate);
        let inherited = self.flow.reference;
        self.flow.landing = Some((now + LANDING, inherited));
        self.flow.round_trip_sample(state.round_trip.as_ms_f64());
        self.flow.in_flight = state.in_flight.max(DataSize::ZERO);
        self.flow.loss = f64::from(state.loss_ppm.min(1_000_000)) / 1e6;
        Ok(())
    }

    fn advice(&mut self, _now: Timestamp) -> Result<CongestionAdvice, Fault> {
        Ok(CongestionAdvice {
            limited_by_path: u32::from(self.flow.congestion > 0.0 && self.flow.reference < self.range().1),
            round_trip: TimeDelta::us((self.flow.round_trip * 1e3).round() as i64),
            loss: self.flow.loss as f32,
            ..CongestionAdvice::NONE
        })
    }

    /// It counts marks, but is not made for those of L4S.
    fn adapts_to_ecn(&mut self) -> Result<u32, Fault> {
        Ok(0)
    }
}

jackfield_sdk::export! { CongestionController => Nada }
