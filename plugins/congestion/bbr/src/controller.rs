//! The controller: events to the model, the model to rates and a window.

use jackfield_sdk::congestion::{Belief, SessionBounds, WarmStart, tell_statistics};
use jackfield_sdk::prelude::*;

use crate::BbrParameters;
use crate::path::PathModel;
use crate::phase::{Limits, Phase, Phases, bdp};

/// How often it wants to be told that time passes.
const PROCESS_INTERVAL: TimeDelta = TimeDelta::ms(25);
/// In the cruise packets may leave a little faster than the path bears: an encoder that is ahead of its target for a moment is not held up.
const CRUISE_PACING: f64 = 1.05;
/// What the pacer may let go at once.
const PACING_WINDOW: TimeDelta = TimeDelta::ms(5);
/// The window is never smaller (four packets, `BBR.MinPipeCwnd`).
const LEAST_WINDOW: i64 = 4 * 1_200;
/// While it cruises, a window that was found by a loss is not filled to the brim (`BBR.Headroom`).
const HEADROOM: f64 = 0.85;
/// More than the session's maximum is not looked for, but a little more must be known for the maximum to be sent.
const PROBE_CEILING: f64 = 1.15;
/// Feedback may be late by so much, beside three round trips.
const LATE_FEEDBACK: TimeDelta = TimeDelta::ms(500);
/// The encoders are not slowed down by more than this because of the window.
const LARGEST_REDUCTION: f64 = 0.5;

/// The controller.
pub struct Bbr {
    parameters: BbrParameters,
    bounds: SessionBounds,
    path: PathModel,
    phases: Phases,
    warm: WarmStart,
    target: DataRate,
    window: i64,
    /// What the remote end allows (REMB); none if it says nothing.
    remote: Option<DataRate>,
    backed_off: Timestamp,
}

impl Plugin for Bbr {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.congestion.bbr", "BBR", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("Measures what the path delivers and sends at that rate (BBRv3, adapted to media).");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("target", "kbit/s", "The rate that encoders are told to send."),
        Statistic::gauge("bandwidth", "kbit/s", "What the path is believed to bear."),
        Statistic::gauge(
            "round_trip",
            "ms",
            "The round-trip time last measured; 0 if none was.",
        ),
        Statistic::gauge(
            "minimum_round_trip",
            "ms",
            "The round-trip time of the empty path.",
        ),
        Statistic::gauge("queue", "ms", "What stood in the queue at last, at least."),
        Statistic::gauge("loss", "%", "The share of data lost or marked in the last round."),
        Statistic::gauge("window", "bytes", "The most data in flight."),
        Statistic::gauge(
            "phase",
            "",
            "0 start-up, 1 drain, 2 cruise, 3 refill, 4 up, 5 down, 6 probe for the round-trip time.",
        ),
        Statistic::counter("probes", "", "Probes for more bandwidth."),
    ];
    type Parameters = BbrParameters;

    fn create(environment: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: BbrParameters::defaults(),
            bounds: SessionBounds::default(),
            path: PathModel::new(),
            phases: Phases::new(environment.seed),
            warm: WarmStart::default(),
            target: DataRate::ZERO,
            window: LEAST_WINDOW,
            remote: None,
            backed_off: Timestamp::ZERO,
        })
    }

    fn parameters(&mut self) -> &mut BbrParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let own = [
            self.target.as_kbps_f64(),
            self.path.bandwidth(self.rounds()) / 1e3,
            self.path.last_round_trip.as_ms_f64(),
            self.path.minimum_round_trip().as_ms_f64(),
            self.path.queue.as_ms_f64(),
            self.path.loss * 100.0,
            self.window as f64,
            f64::from(self.phases.phase as u8),
            self.phases.probes as f64,
        ];
        tell_statistics(values, &own);
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.start_anew(Timestamp::ZERO);
    }
}

impl Bbr {
    fn rounds(&self) -> usize {
        self.parameters.bandwidth_rounds.max(1) as usize
    }

    fn limits(&self) -> Limits {
        let ms = |value: f64| TimeDelta::seconds_f64(value / 1e3);
        let maximum = rate(self.bounds.maximum());
        let remote = self.remote.map_or(f64::INFINITY, rate);
        Limits {
            rounds: self.rounds(),
            queue: ms(self.parameters.queue_bound),
            probe_queue: ms(self.parameters.probe_queue),
            probe_interval: ms(self.parameters.probe_interval),
            most: maximum.min(remote) * PROBE_CEILING,
        }
    }

    /// Nothing is known of the path.
    fn start_anew(&mut self, now: Timestamp) {
        let start = self.bounds.start();
        // Whoever names no start means that the rate shall stay.
        let start = if start > DataRate::ZERO {
            start
        } else {
            self.target
        };
        self.target = self.bounds.hold(start);
        let bandwidth = rate(self.target) / self.parameters.target_fraction;
        self.path.restart(now, bandwidth);
        let limits = self.limits();
        self.phases.begin(now, Phase::Startup, &limits);
        self.warm = WarmStart::default();
        self.remote = None;
        self.backed_off = now;
    }

    fn note(&mut self, now: Timestamp, event: &CongestionEvent, packets: &[PacketFeedback]) {
        let limits = self.limits();
        match event.kind {
            CongestionEventKind::SentPacket => self.path.sampler.on_sent(now, event),
            CongestionEventKind::PacketFeedback => {
                let news = self.path.on_feedback(now, event, packets, limits.rounds);
                self.phases.advance(now, &mut self.path, Some(news), &limits);
            }
            CongestionEventKind::ProcessInterval => {
                self.watch_silence(now);
                self.phases.advance(now, &mut self.path, None, &limits);
            }
            CongestionEventKind::RoundTripTime if !self.path.knows_round_trip() => {
                self.path.note_round_trip(now, event.time);
            }
            CongestionEventKind::RemoteBitrate => {
                self.remote = Some(event.rate).filter(|rate| *rate > DataRate::ZERO);
            }
            CongestionEventKind::TransportLoss if self.path.feedback.is_none() => {
                self.heed_loss(event.lost, event.received);
            }
            CongestionEventKind::TargetRateConstraints => self.bounds.renew(&event.constraints),
            CongestionEventKind::RouteChange => {
                self.bounds.renew(&event.constraints);
                self.start_anew(now);
            }
            _ => {}
        }
    }

    /// There is no feedback on packets, only the losses of RTCP: the rules of draft-ietf-rmcat-gcc-02, section 6.
    fn heed_loss(&mut self, lost: u32, received: u32) {
        let all = f64::from(lost) + f64::from(received);
        if all < 1.0 {
            return;
        }
        let loss = f64::from(lost) / all;
        let factor = if loss > 0.1 {
            1.0 - 0.5 * loss
        } else if loss < 0.02 {
            1.05
        } else {
            1.0
        };
        let most = rate(self.bounds.maximum()) * PROBE_CEILING;
        let bandwidth = (self.path.bandwidth(self.rounds()) * factor).min(most);
        self.path.set_bandwidth(bandwidth);
        self.phases.phase = Phase::Cruise;
    }

    fn watch_silence(&mut self, now: Timestamp) {
        let Some(last) = self.path.feedback else {
            return;
        };
        let patience = LATE_FEEDBACK
            + self
                .path
                .feedback_gap
                .max(self.path.last_round_trip.min(TimeDelta::seconds(1)) * 3);
        let waited = now.since(last.max(self.backed_off));
        if self.path.in_flight > LEAST_WINDOW && waited > patience {
            self.path.back_off(self.rounds());
            let limits = self.limits();
            self.phases.cruise(now, &self.path, &limits);
            self.backed_off = now;
        }
    }

    /// What follows from the model as it stands.
    fn decide(&mut self, now: Timestamp) -> CongestionUpdate {
        let limits = self.limits();
        let bandwidth = self.path.bandwidth(limits.rounds);
        let gain = self.phases.gain(now, &self.path);
        let pads = self.parameters.padding && !self.phases.media_probes;
        let cruise = self.phases.phase == Phase::Cruise;
        let of_target = if gain > 1.0 && pads { 1.0 } else { gain };
        let wanted = bandwidth * self.parameters.target_fraction * of_target;
        let wanted = data_rate(wanted).min(self.remote.unwrap_or(DataRate::INFINITE));
        let wanted = self.warm.limit(now, wanted);
        self.target = self.bounds.hold(wanted);
        let probing = (bandwidth * gain).min(limits.most.max(bandwidth));
        let pacing = if cruise { probing * CRUISE_PACING } else { probing };
        let padding = if self.phases.fills() && pads {
            data_rate(probing)
        } else {
            DataRate::ZERO
        };
        self.window = self.window_for(now, bandwidth, &limits);
        let held = 1.0_f64.max(gain);
        let window = (self.window as f64 * held) as i64;
        CongestionUpdate {
            target: self.target,
            pacing: data_rate(pacing).max(self.target),
            padding,
            window: DataSize::bytes(window),
            estimate: data_rate(bandwidth),
            ..CongestionUpdate::default()
        }
    }

    fn window_for(&self, now: Timestamp, bandwidth: f64, limits: &Limits) -> i64 {
        // A queue that others fill is a part of the path.
        let path = if self.phases.is_contested(now) {
            let trip = self.path.last_round_trip.max(self.path.minimum_round_trip());
            bandwidth * trip.as_seconds_f64() / 8.0
        } else {
            bdp(&self.path, limits) as f64
        };
        let path = path * self.parameters.window_gain;
        let feedback = bandwidth * self.path.feedback_gap.max(PROCESS_INTERVAL).as_seconds_f64() / 8.0;
        let window = (path + feedback) as i64 + LEAST_WINDOW;
        let Some(bound) = self.path.inflight_hi else {
            return window;
        };
        let bound = if self.phases.phase == Phase::Up {
            bound as f64
        } else {
            bound as f64 * HEADROOM
        };
        window.min((bound + feedback) as i64).max(LEAST_WINDOW)
    }
}

impl CongestionController for Bbr {
    fn activate(&mut self, now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        self.bounds.activate(constraints)?;
        self.start_anew(now);
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
        Ok(self.decide(now))
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(PROCESS_INTERVAL)
    }

    fn hand_over(&mut self, _now: Timestamp) -> Result<CongestionHandover, Fault> {
        let minimum_round_trip = if self.path.knows_round_trip() {
            self.path.minimum_round_trip()
        } else {
            TimeDelta::ZERO
        };
        let belief = Belief {
            estimate: data_rate(self.path.bandwidth(self.rounds())),
            target: self.target,
            round_trip: self.path.last_round_trip,
            minimum_round_trip,
            in_flight: DataSize::bytes(self.path.in_flight),
            loss: self.path.loss,
        };
        Ok(belief.into())
    }

    /// It cruises where the predecessor was, and its first probe shows whether there is more.
    fn take_over(&mut self, now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        let known = |rate: &DataRate| *rate > DataRate::ZERO;
        let target = Some(state.target).filter(known);
        let Some(from) = target.or(Some(state.estimate).filter(known)) else {
            return Ok(());
        };
        let from = self.bounds.hold(from);
        let bandwidth = rate(from) / self.parameters.target_fraction;
        // What it saw of the path while it was in the shadow stays.
        if self.path.feedback.is_some() {
            self.path.set_bandwidth(bandwidth);
        } else {
            self.path.restart(now, bandwidth);
        }
        let trip = if state.minimum_round_trip > TimeDelta::ZERO {
            state.minimum_round_trip
        } else {
            state.round_trip
        };
        if !self.path.knows_round_trip() {
            self.path.note_round_trip(now, trip);
        }
        self.path.in_flight = state.in_flight.as_bytes().clamp(0, i64::MAX / 4);
        self.path.loss = f64::from(state.loss_ppm.min(1_000_000)) / 1e6;
        let limits = self.limits();
        self.phases.begin(now, Phase::Cruise, &limits);
        self.backed_off = now;
        self.target = from;
        self.warm = WarmStart::begin(now, from);
        Ok(())
    }

    fn advice(&mut self, _now: Timestamp) -> Result<CongestionAdvice, Fault> {
        let maximum = self.bounds.maximum();
        let over = 1.0 - self.window as f64 / (self.path.in_flight as f64).max(1.0);
        Ok(CongestionAdvice {
            limited_by_path: u32::from(self.target < maximum),
            pacing_window: PACING_WINDOW,
            padding_window: PACING_WINDOW,
            round_trip: self.path.last_round_trip,
            loss: self.path.loss as f32,
            reduction: over.clamp(0.0, LARGEST_REDUCTION) as f32,
            ..CongestionAdvice::NONE
        })
    }
}

fn rate(rate: DataRate) -> f64 {
    rate.as_bps().max(0) as f64
}

fn data_rate(rate: f64) -> DataRate {
    DataRate::bps(rate as i64)
}
