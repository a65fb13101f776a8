//! The controller: events to the window, and the window to rates, padding and advice.

use jackfield_sdk::congestion::{Belief, SessionBounds, tell_statistics};
use jackfield_sdk::prelude::*;

use crate::digest::{Digest, bytes};
use crate::padding::Padding;
use crate::parameters::ScreamParameters;
use crate::window::{Bounds, Window};

/// How often it is asked when nothing else happens.
const PROCESS_INTERVAL: TimeDelta = TimeDelta::ms(25);
/// For so long after congestion only small bursts leave.
const SMALL_BURSTS: TimeDelta = TimeDelta::seconds(15);
/// How small.
const SMALL_BURST: TimeDelta = TimeDelta::ms(10);
/// How small where a queue marks: it does so from 1 ms on, and a burst is a queue (Ericsson's `microburst`).
const MICRO_BURST: TimeDelta = TimeDelta::us(500);
/// Else.
const LARGE_BURST: TimeDelta = TimeDelta::ms(40);
/// Below this delay in the pacer the encoders are left alone, above the other they are told to stop; ms.
const PACER_DELAY: (f64, f64) = (100.0, 500.0);
/// Feedback shall take this share of the rate, in packets of 100 bytes.
const FEEDBACK_SHARE: f64 = 0.02;
const FEEDBACK_BITS: f64 = 800.0;
/// Bounds of its interval, ms.
const FEEDBACK_INTERVAL: (f64, f64) = (5.0, 100.0);
/// What opens the pacer for padding before there is media: two packets.
const OPENING_PROBE: ProbeCluster = ProbeCluster {
    id: 1,
    minimum_packets: 2,
    rate: DataRate::kbps(50),
    duration: TimeDelta::ms(1),
};
/// So little padding is none, bit/s.
const NO_PADDING: f64 = 1.0;
/// No rate is higher, bit/s.
const FASTEST: f64 = 1e12;

/// The controller.
pub struct Scream {
    parameters: ScreamParameters,
    bounds: SessionBounds,
    window: Window,
    padding: Padding,
    session: Session,
}

/// What is not of the path.
#[derive(Clone, Copy)]
struct Session {
    available: bool,
    begun: bool,
    remote_estimate: DataRate,
    in_flight: f64,
    /// Bytes in the pacer.
    waiting: f64,
    padding: f64,
    /// Whether there has been padding, so that its end has to be told.
    has_padded: bool,
    pacing_factor: f64,
    probes: u32,
    /// What was sent before went another way.
    route_since: Timestamp,
}

impl Session {
    const NEW: Self = Self {
        available: false,
        begun: false,
        remote_estimate: DataRate::ZERO,
        in_flight: 0.0,
        waiting: 0.0,
        padding: 0.0,
        has_padded: false,
        pacing_factor: 0.0,
        probes: 0,
        route_since: Timestamp::from_us(i64::MIN),
    };
}

impl Plugin for Scream {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.congestion.scream",
        "SCReAM v2",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("Keeps queues short by a window that heeds L4S marks, delay and loss (SCReAM v2).");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("target", "kbit/s", "The rate for the encoders."),
        Statistic::gauge("window", "B", "The reference window."),
        Statistic::gauge("most_in_flight", "B", "The most that may be in flight."),
        Statistic::gauge("in_flight", "B", "What is in flight."),
        Statistic::gauge("marks", "%", "The mean share of packets marked: l4s_alpha."),
        Statistic::gauge("queue", "ms", "The mean queue delay."),
        Statistic::gauge("queue_target", "ms", "The queue delay to stay below."),
        Statistic::gauge("round_trip", "ms", "The smoothed round-trip time; 0 if unknown."),
        Statistic::gauge("hold", "ms", "How long the remote end holds feedback back."),
        Statistic::gauge("loss", "%", "The share of packets lost."),
        Statistic::gauge(
            "loss_level",
            "",
            "How much like congestion the losses look, 0 to 1.",
        ),
        Statistic::gauge("received", "kbit/s", "The rate that arrives; 0 if unknown."),
        Statistic::gauge(
            "limited",
            "",
            "1 if the application limits the rate, 0 if the path does.",
        ),
    ];
    type Parameters = ScreamParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: ScreamParameters::defaults(),
            bounds: SessionBounds::default(),
            window: Window::new(),
            padding: Padding::NEW,
            session: Session::NEW,
        })
    }

    fn parameters(&mut self) -> &mut ScreamParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let window = &self.window;
        let own = [
            self.target().as_kbps_f64(),
            window.state.window,
            window.most_in_flight(),
            self.session.in_flight,
            window.marks.alpha() * 100.0,
            window.delay.queue(),
            window.queue_delay(&self.parameters),
            window.delay.round_trip(),
            window.state.hold,
            window.losses.share() * 100.0,
            window.losses.level(),
            window.state.received.unwrap_or(0.0) / 1e3,
            f64::from(u8::from(window.state.limited)),
        ];
        tell_statistics(values, &own);
    }

    fn reset(&mut self, _reason: ResetReason) {
        let start = self.bounds.start();
        self.begin(start);
    }
}

impl Scream {
    /// Another path.
    fn begin(&mut self, start: DataRate) {
        self.window.begin(start.as_bps().max(0) as f64);
        self.session.begun = false;
        self.hold_bounds();
    }

    fn bounds(&self) -> Bounds {
        let Some(bounds) = self.bounds.told() else {
            return Bounds {
                minimum: 0.0,
                maximum: FASTEST,
            };
        };
        let mut maximum = bounds.maximum;
        if self.session.remote_estimate > DataRate::ZERO {
            maximum = maximum.min(self.session.remote_estimate).max(bounds.minimum);
        }
        Bounds {
            minimum: bounds.minimum.as_bps().max(0) as f64,
            maximum: (maximum.as_bps() as f64).clamp(0.0, FASTEST),
        }
    }

    fn hold_bounds(&mut self) {
        let bounds = self.bounds();
        self.window.hold(&bounds);
    }

    fn target(&self) -> DataRate {
        self.bounds
            .hold(DataRate::bps(self.window.state.target.round() as i64))
    }

    fn pacing(&self) -> DataRate {
        let target = self.target();
        let own = self
            .window
            .pacing(target.as_bps() as f64, &self.parameters)
            .min(FASTEST);
        let asked = target * self.session.pacing_factor;
        DataRate::bps(own.round() as i64).max(asked).max(target)
    }

    /// By so much the encoders shall go down, because the window is full or the pacer's queue long.
    fn reduction(&self) -> f32 {
        if self.session.in_flight > self.window.most_in_flight() {
            return 1.0;
        }
        let pacing = self.pacing().as_bps() as f64;
        if pacing <= 0.0 {
            return 0.0;
        }
        let (least, most) = PACER_DELAY;
        let delay = self.session.waiting * 8e3 / pacing;
        ((delay - least) / (most - least)).clamp(0.0, 1.0) as f32
    }

    fn note(&mut self, now: Timestamp, event: &CongestionEvent, packets: &[PacketFeedback]) {
        match event.kind {
            CongestionEventKind::NetworkAvailability => self.session.available = event.flag == 1,
            CongestionEventKind::RouteChange => {
                let present = self.target();
                self.bounds.renew(&event.constraints);
                let start = event.constraints.start;
                self.begin(if start > DataRate::ZERO { start } else { present });
                self.session.route_since = now;
            }
            CongestionEventKind::TargetRateConstraints => {
                self.bounds.renew(&event.constraints);
                if event.constraints.start > DataRate::ZERO {
                    self.window.start_at(event.constraints.start.as_bps() as f64);
                }
            }
            CongestionEventKind::ProcessInterval => {
                self.session.waiting = bytes(event.size).min(1e12);
            }
            CongestionEventKind::RemoteBitrate => self.session.remote_estimate = event.rate,
            CongestionEventKind::SentPacket => {
                self.session.in_flight = bytes(event.in_flight);
                self.window.sent(self.session.in_flight);
            }
            CongestionEventKind::StreamsConfig => {
                let most = event.constraints.maximum.as_bps().max(0) as f64;
                self.padding.streams(most.min(FASTEST));
                self.padding.probe_at_start = event.probe_repeatedly == 1;
                self.session.pacing_factor = f64::from(event.pacing_factor).clamp(0.0, 10.0);
            }
            CongestionEventKind::PacketFeedback => self.feedback(now, event, packets),
            _ => {}
        }
        self.hold_bounds();
    }

    fn feedback(&mut self, now: Timestamp, event: &CongestionEvent, packets: &[PacketFeedback]) {
        self.session.in_flight = bytes(event.in_flight);
        let since = self.session.route_since;
        let old = packets.iter().take_while(|packet| packet.sent < since).count();
        let packets = &packets[old..];
        // Of a feedback by which nothing has come there is nothing to learn.
        if let Some(digest) = Digest::of(now, event.in_flight, packets) {
            let bounds = self.bounds();
            self.window.update(&digest, packets, &self.parameters, &bounds);
        }
    }

    /// Opens the pacer for padding at the beginning of a path.
    fn open(&mut self, now: Timestamp, probes: &mut dyn ProbeSink) -> Result<(), Fault> {
        if self.session.begun || !self.session.available {
            return Ok(());
        }
        if self.padding.streams <= 0.0 && !self.padding.probe_at_start {
            return Ok(());
        }
        self.session.begun = true;
        self.padding.begin(now);
        if !self.padding.probe_at_start {
            return Ok(());
        }
        self.session.probes = self.session.probes.wrapping_add(1).max(1);
        probes.probe(&ProbeCluster {
            id: self.session.probes,
            ..OPENING_PROBE
        })
    }

    fn renew_padding(&mut self, now: Timestamp) {
        let bounds = self.bounds();
        let target = self.target().as_bps() as f64;
        let decrease = self.window.state.last_decrease;
        self.session.padding = if self.parameters.padding && self.session.begun {
            self.padding.rate(now, decrease, target, bounds.maximum)
        } else {
            0.0
        };
        if self.session.padding > 0.0 {
            self.session.has_padded = true;
        } else if self.session.has_padded {
            // Zero would mean: as before.
            self.session.padding = NO_PADDING;
        }
    }

    fn feedback_interval(&self) -> TimeDelta {
        let (least, most) = FEEDBACK_INTERVAL;
        let rate = (self.window.state.target * FEEDBACK_SHARE).max(1.0);
        let interval = (FEEDBACK_BITS * 1e3 / rate).clamp(least, most);
        TimeDelta::us((interval * 1e3) as i64)
    }
}

impl CongestionController for Scream {
    fn activate(&mut self, _now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        self.bounds.activate(constraints)?;
        self.begin(constraints.start);
        Ok(())
    }

    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        self.bounds.activated()?;
        self.note(now, event, packets);
        self.open(now, probes)?;
        self.renew_padding(now);
        let target = self.target();
        Ok(CongestionUpdate {
            target,
            pacing: self.pacing(),
            padding: DataRate::bps(self.session.padding.round() as i64),
            window: DataSize::bytes(self.window.most_in_flight().round() as i64),
            estimate: target,
            feedback_interval: self.feedback_interval(),
            ecn: u32::from(self.parameters.l4s),
            reserved: 0,
        })
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(PROCESS_INTERVAL)
    }

    fn hand_over(&mut self, _now: Timestamp) -> Result<CongestionHandover, Fault> {
        let ms = |ms: f64| TimeDelta::us((ms * 1e3).round() as i64);
        let target = self.target();
        let belief = Belief {
            estimate: target,
            target,
            round_trip: ms(self.window.delay.round_trip()),
            minimum_round_trip: ms(self.window.delay.shortest_round_trip()),
            in_flight: DataSize::bytes(self.session.in_flight as i64),
            loss: self.window.losses.share(),
        };
        Ok(belief.into())
    }

    fn take_over(&mut self, now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        let known = [state.target, state.estimate]
            .into_iter()
            .find(|rate| *rate > DataRate::ZERO && *rate < DataRate::INFINITE);
        let Some(rate) = known else { return Ok(()) };
        let bounds = self.bounds();
        let rate = (rate.as_bps() as f64).max(bounds.minimum).min(bounds.maximum);
        self.window.inherit(now, state, rate);
        self.session.in_flight = bytes(state.in_flight);
        self.hold_bounds();
        Ok(())
    }

    fn advice(&mut self, now: Timestamp) -> Result<CongestionAdvice, Fault> {
        let recent = |then: Option<Timestamp>| then.is_some_and(|then| now - then <= SMALL_BURSTS);
        let pacing_window = if self.parameters.l4s && recent(self.window.marks.last_mark()) {
            MICRO_BURST
        } else if recent(self.window.state.last_reaction) {
            SMALL_BURST
        } else {
            LARGE_BURST
        };
        Ok(CongestionAdvice {
            limited_by_path: u32::from(!self.window.state.limited),
            pacing_window,
            round_trip: TimeDelta::us((self.window.delay.round_trip() * 1e3).round() as i64),
            loss: self.window.losses.share() as f32,
            reduction: self.reduction(),
            ..CongestionAdvice::NONE
        })
    }

    /// It answers marks in proportion to their share.
    fn adapts_to_ecn(&mut self) -> Result<u32, Fault> {
        Ok(1)
    }
}
