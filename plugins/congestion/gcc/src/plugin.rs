//! The controller as a plugin: events in, updates out.

use jackfield_sdk::congestion::{Belief, SessionBounds, tell_statistics};
use jackfield_sdk::prelude::*;

use crate::controller::{Controller, Options, WindowUse};
use crate::parameters::GccParameters;
use crate::path_estimate::PathEstimate;
use crate::sane;

/// How often time that passes wants to be told.
const PROCESS_INTERVAL: TimeDelta = TimeDelta::ms(25);
/// A successor starts within this share of its predecessor's target, whatever that one thought that the path would bear.
const HANDOVER_STEP: f64 = 0.1;

/// Google congestion control.
pub struct Gcc {
    parameters: GccParameters,
    controller: Option<Controller>,
    /// Whether the bounds of `activate` have been acted upon.
    started: bool,
    in_flight: DataSize,
    shortest_round_trip: TimeDelta,
    /// The distance of the packets of the last probe.
    probe_distance: TimeDelta,
    /// Whether there has been padding, so that its end has to be told.
    padded: bool,
}

impl Plugin for Gcc {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.congestion.gcc",
        "Google congestion control",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("Watches the trend of the delay and the loss, and probes for more.");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("target", "kbit/s", "The rate for all media together."),
        Statistic::gauge("estimate", "kbit/s", "What the path is believed to bear."),
        Statistic::gauge("delay_estimate", "kbit/s", "What the delay allows; 0 if unknown."),
        Statistic::gauge(
            "trend",
            "ms",
            "The trend of the delay, as it is held against the threshold.",
        ),
        Statistic::gauge("threshold", "ms", "The threshold of the trend."),
        Statistic::gauge(
            "usage",
            "",
            "What the delay says: -1 queues drain, 0 they stay, 1 they grow.",
        ),
        Statistic::gauge(
            "loss_state",
            "",
            "What bounds the estimate: 0 delay, 1 loss, 2 loss and it rises, 3 the same with padding.",
        ),
        Statistic::gauge("loss", "%", "The share lost lately."),
        Statistic::gauge("acknowledged", "kbit/s", "What gets through; 0 if unknown."),
        Statistic::gauge("round_trip", "ms", "The round-trip time; 0 if unknown."),
        Statistic::gauge("window", "B", "The congestion window; 0 if there is none."),
        Statistic::gauge(
            "application_limited",
            "",
            "1 while the media does not fill the estimate.",
        ),
    ];
    type Parameters = GccParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: GccParameters::defaults(),
            controller: None,
            started: false,
            in_flight: DataSize::ZERO,
            shortest_round_trip: TimeDelta::ZERO,
            probe_distance: TimeDelta::ZERO,
            padded: false,
        })
    }

    fn parameters(&mut self) -> &mut GccParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let own = self
            .controller
            .as_ref()
            .map_or([0.0; Self::STATISTICS.len()], Controller::statistics);
        tell_statistics(values, &own);
    }

    /// Nothing that was learned of the path depends on the stream.
    fn reset(&mut self, _reason: ResetReason) {}
}

/// Everything as libwebrtc has it; what can be set is set over it before each event.
const OPTIONS: Options = Options {
    window_use: WindowUse::Frames,
    queueing: TimeDelta::ms(350),
    lowest_push_back: DataRate::kbps(30),
    count_pacer: false,
    safe_reset: true,
    pacing_before_feedback: 2.5,
    pacing: 1.1,
    pacing_window: TimeDelta::ms(40),
    pace_within_link: false,
};

impl Gcc {
    fn active(&mut self) -> Result<&mut Controller, Fault> {
        self.controller.as_mut().ok_or_else(SessionBounds::missing)
    }

    /// Acts upon the bounds of `activate` when the first thing happens that needs a rate. What the streams want may be told before that, so
    /// that the first probes know it.
    fn start(&mut self, now: Timestamp, kind: CongestionEventKind) {
        let waits = matches!(
            kind,
            CongestionEventKind::NetworkAvailability
                | CongestionEventKind::StreamsConfig
                | CongestionEventKind::RouteChange
                | CongestionEventKind::TargetRateConstraints
        );
        if self.started || waits {
            return;
        }
        self.started = true;
        if let Some(controller) = &mut self.controller {
            let bounds = *controller.bounds();
            controller.set_bounds(now, &bounds);
            controller.decide(now);
        }
    }

    fn take(&mut self, now: Timestamp, event: &CongestionEvent, packets: &[PacketFeedback]) {
        let Some(controller) = &mut self.controller else {
            return;
        };
        match event.kind {
            CongestionEventKind::NetworkAvailability => controller.probes.set_available(now, event.flag != 0),
            CongestionEventKind::RouteChange => {
                self.started = true;
                self.shortest_round_trip = TimeDelta::ZERO;
                controller.change_route(now, &event.constraints);
            }
            CongestionEventKind::TargetRateConstraints => {
                self.started = true;
                controller.set_bounds(now, &event.constraints);
                controller.decide(now);
            }
            CongestionEventKind::ProcessInterval => controller.process(now, event.size),
            CongestionEventKind::RemoteBitrate => {
                controller.send_side.set_remote_limit(sane::rate(event.rate));
            }
            CongestionEventKind::RoundTripTime => {
                if let (0, Some(round_trip)) = (event.flag, sane::round_trip(event.time)) {
                    controller.set_round_trip(round_trip);
                    self.note_round_trip(round_trip);
                }
            }
            CongestionEventKind::SentPacket => {
                self.in_flight = sane::amount(event.in_flight);
                controller.sent(now, event);
            }
            CongestionEventKind::StreamsConfig => controller.set_streams(now, event),
            CongestionEventKind::TransportLoss => {
                controller.note_report(now);
                controller
                    .send_side
                    .report(now, u64::from(event.lost), u64::from(event.received));
            }
            CongestionEventKind::PacketFeedback => {
                self.in_flight = sane::amount(event.in_flight);
                controller.feedback(now, event.in_flight, packets);
                if let Some(round_trip) = sane::round_trip(controller.send_side.round_trip_limit.round_trip())
                {
                    self.note_round_trip(round_trip);
                }
            }
            CongestionEventKind::NetworkStateEstimate => controller.path = PathEstimate::of(event),
            _ => {}
        }
    }

    fn note_round_trip(&mut self, round_trip: TimeDelta) {
        if self.shortest_round_trip == TimeDelta::ZERO || round_trip < self.shortest_round_trip {
            self.shortest_round_trip = round_trip;
        }
    }

    fn send_probes(&mut self, probes: &mut dyn ProbeSink) -> Result<(), Fault> {
        let Some(controller) = &mut self.controller else {
            return Ok(());
        };
        while let Some(probe) = controller.probes.take_next() {
            self.probe_distance = probe.distance;
            controller.history.asked(probe.cluster);
            probes.probe(&probe.cluster)?;
        }
        Ok(())
    }

    fn update(&mut self) -> CongestionUpdate {
        let Some(controller) = &self.controller else {
            return CongestionUpdate::default();
        };
        let mut padding = controller.padding();
        if padding > DataRate::ZERO {
            self.padded = true;
        } else if self.padded {
            // Zero would mean: as before.
            padding = DataRate::bps(1);
        }
        let window = controller
            .window
            .window()
            .filter(|_| controller.options.window_use == WindowUse::Window);
        CongestionUpdate {
            target: controller.target(),
            pacing: controller.pacing(),
            padding,
            window: window.unwrap_or(DataSize::ZERO),
            estimate: controller.decision.target,
            ..CongestionUpdate::default()
        }
    }
}

impl CongestionController for Gcc {
    fn activate(&mut self, _now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        SessionBounds::check(constraints)?;
        self.controller = Some(Controller::new(OPTIONS, constraints));
        self.started = false;
        self.in_flight = DataSize::ZERO;
        self.shortest_round_trip = TimeDelta::ZERO;
        self.probe_distance = TimeDelta::ZERO;
        self.padded = false;
        Ok(())
    }

    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        let controller = self.controller.as_mut().ok_or_else(SessionBounds::missing)?;
        self.parameters.apply(controller);
        self.start(now, event.kind);
        self.take(now, event, packets);
        self.send_probes(probes)?;
        Ok(self.update())
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(PROCESS_INTERVAL)
    }

    fn hand_over(&mut self, _now: Timestamp) -> Result<CongestionHandover, Fault> {
        let (in_flight, shortest) = (self.in_flight, self.shortest_round_trip);
        let controller = self.active()?;
        let belief = Belief {
            estimate: controller.decision.target,
            target: controller.target(),
            round_trip: controller.round_trip(),
            minimum_round_trip: shortest,
            in_flight,
            loss: controller.loss(),
        };
        Ok(belief.into())
    }

    /// Starts from the estimate, within a tenth of the target, and without the probes of the beginning.
    fn take_over(&mut self, now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        self.in_flight = sane::amount(state.in_flight);
        let round_trip = sane::round_trip(state.round_trip);
        if let Some(shortest) = sane::round_trip(state.minimum_round_trip) {
            self.shortest_round_trip = shortest;
        }
        let known = |rate: DataRate| (rate > DataRate::ZERO && rate < DataRate::INFINITE).then_some(rate);
        let start = match (known(state.estimate), known(state.target)) {
            (Some(estimate), Some(target)) => {
                let (lowest, highest) = (target * (1.0 - HANDOVER_STEP), target * (1.0 + HANDOVER_STEP));
                Some(estimate.max(lowest).min(highest))
            }
            (estimate, target) => estimate.or(target),
        };
        let controller = self.active()?;
        if let Some(start) = start {
            controller.go_on_from(now, start, round_trip);
            self.started = true;
        } else if let Some(round_trip) = round_trip {
            controller.set_round_trip(round_trip);
        }
        Ok(())
    }

    fn advice(&mut self, _now: Timestamp) -> Result<CongestionAdvice, Fault> {
        let probe_distance = self.probe_distance;
        let controller = self.active()?;
        Ok(CongestionAdvice {
            limited_by_path: u32::from(controller.decision.limited_by_path),
            pacing_window: controller.options.pacing_window,
            probe_distance,
            round_trip: controller.round_trip(),
            loss: controller.loss() as f32,
            reduction: controller.reduction() as f32,
            ..CongestionAdvice::NONE
        })
    }
}

jackfield_sdk::export! { CongestionController => Gcc }
