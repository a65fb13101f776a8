//! The sending end of a flow: encoders, pacer, controller and history, driven as a live call drives them.

mod leaving;

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionAdvice, CongestionController, CongestionEvent, CongestionEventKind, CongestionUpdate,
    PacketFeedback, ProbeCluster, ProbeSink, RateConstraints,
};
use jackfield_core::pacer::{DepartureSink, Pacer, PacerConfig};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::clock::VirtualTime;
use crate::link::NEVER;
use crate::packet::{Ecn, PacketKind};
use crate::scenario::FlowSpec;

use super::FlowSummary;
use super::history::History;
use super::media::{Stream, share_out};
use super::receiver::Message;

/// The largest padding packet, headers included: what a media packet has at most.
const PADDING: i64 = 1_200;
/// Smaller padding packets are not worth their headers.
const LEAST_PADDING: i64 = 100;
/// Packets whose fate is remembered.
const REMEMBERED: usize = 4_096;
const REMEMBERED_WHEN_FAST: usize = 32_768;
/// How long a pacer is left alone that has nothing to give at its own deadline.
const STUCK_NS: u64 = 1_000_000;
/// A flow that may be faster than this remembers more.
const FAST: DataRate = DataRate::kbps(10_000);

/// What a round trip is taken for before it is known.
const FIRST_ROUND_TRIP: TimeDelta = TimeDelta::ms(100);

/// A packet before it has left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queued {
    pub(super) size: DataSize,
    pub(super) stream: u16,
    pub(super) frame: u32,
    pub(super) kind: PacketKind,
    /// Its number in the stream; 0 where nothing is sent again.
    pub(super) sequence: u64,
}

/// A packet that leaves now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Departing {
    pub(super) queued: Queued,
    pub(super) number: u64,
    pub(super) cluster: u32,
    pub(super) ecn: Ecn,
}

/// What holds until the controller decides otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Decided {
    pub(super) target: DataRate,
    pacing: DataRate,
    padding: DataRate,
    window: DataSize,
    pub(super) feedback_interval: TimeDelta,
    ecn: bool,
}

pub(super) struct Sender {
    number: usize,
    controller: Box<dyn CongestionController>,
    pacer: Box<dyn Pacer>,
    pub(super) knows_truth: bool,
    constraints: RateConstraints,
    history: History,
    pub(super) streams: Vec<Stream>,
    queued: Vec<Queued>,
    free: Vec<u32>,
    departures: Departures,
    feedback: Vec<PacketFeedback>,
    probes: Probes,
    pub(super) decided: Decided,
    /// Decisions that the observer has not been told of.
    pub(super) news: Vec<CongestionUpdate>,
    last_update: CongestionUpdate,
    applied: (DataRate, DataRate),
    pacer_config: PacerConfig,
    reduction: f32,
    congested: bool,
    pub(super) media_on: bool,
    pub(super) running: bool,
    /// Bits of padding that may leave, and since when that has not been counted up.
    credit: f64,
    credited: VirtualTime,
    /// When the pacer is next to be polled.
    pub(super) pacer_at: VirtualTime,
    /// Whether the pacer gave nothing at its own deadline last time.
    stuck: bool,
    /// The round trip of the last report.
    pub(super) round_trip: TimeDelta,
    padding_demand: DataRate,
    probe_when_limited: bool,
    pacing_factor: f64,
    pub(super) summary: FlowSummary,
}

#[derive(Default)]
struct Departures(Vec<u64>);

impl DepartureSink for Departures {
    fn depart(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle);
        Ok(())
    }
}

#[derive(Default)]
struct Probes(Vec<ProbeCluster>);

impl ProbeSink for Probes {
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
        self.0.push(*cluster);
        Ok(())
    }
}

impl Sender {
    pub(super) fn new(number: usize, spec: &FlowSpec, modules: super::FlowModules) -> Self {
        let streams = spec
            .streams
            .iter()
            .enumerate()
            .map(|(n, stream)| Stream::new(stream.clone(), 0x4000 | ((number as u16) << 4) | n as u16))
            .collect();
        let remembered = if spec.maximum > FAST {
            REMEMBERED_WHEN_FAST
        } else {
            REMEMBERED
        };
        Self {
            number,
            controller: modules.controller,
            pacer: modules.pacer,
            knows_truth: modules.knows_truth,
            constraints: RateConstraints {
                minimum: spec.minimum,
                maximum: spec.maximum,
                start: spec.start_rate,
            },
            history: History::new(remembered),
            streams,
            queued: Vec::with_capacity(256),
            free: Vec::with_capacity(256),
            departures: Departures(Vec::with_capacity(256)),
            feedback: Vec::with_capacity(1_024),
            probes: Probes(Vec::with_capacity(8)),
            decided: Decided::default(),
            news: Vec::with_capacity(8),
            last_update: CongestionUpdate::default(),
            applied: (DataRate::ZERO, DataRate::ZERO),
            pacer_config: PacerConfig::DEFAULT,
            reduction: 0.0,
            congested: false,
            media_on: false,
            running: false,
            credit: 0.0,
            credited: VirtualTime::ZERO,
            pacer_at: NEVER,
            stuck: false,
            round_trip: FIRST_ROUND_TRIP,
            padding_demand: spec.padding,
            probe_when_limited: spec.probe_when_limited,
            pacing_factor: spec.pacing_factor,
            summary: FlowSummary::default(),
        }
    }

    /// Sets the bounds; before anything else.
    pub(super) fn activate(&mut self, now: VirtualTime) -> Result<(), Fault> {
        self.controller.activate(now.timestamp(), &self.constraints)
    }

    /// The flow begins.
    pub(super) fn begin(&mut self, now: VirtualTime) {
        (self.running, self.media_on, self.credited) = (true, true, now);
        self.decided.target = self.constraints.start;
        for stream in &mut self.streams {
            stream.begin(now);
        }
        self.share();
        let up = CongestionEvent {
            flag: 1,
            ..CongestionEvent::new(CongestionEventKind::NetworkAvailability, now.timestamp())
        };
        self.tell(now, &up, false);
        self.configure_streams(now);
    }

    /// The flow ends.
    pub(super) fn end(&mut self, now: VirtualTime) {
        let down = CongestionEvent::new(CongestionEventKind::NetworkAvailability, now.timestamp());
        self.tell(now, &down, false);
        (self.running, self.media_on) = (false, false);
    }

    /// Media pauses or goes on.
    pub(super) fn set_media(&mut self, now: VirtualTime, on: bool) {
        self.media_on = on;
        for stream in &mut self.streams {
            if on {
                stream.restart();
            }
        }
        self.configure_streams(now);
    }

    fn configure_streams(&mut self, now: VirtualTime) {
        let sum = |of: fn(&Stream) -> DataRate| {
            self.streams
                .iter()
                .map(of)
                .fold(DataRate::ZERO, |sum, rate| sum + rate)
        };
        let (minimum, maximum) = if self.media_on {
            (
                sum(|stream| stream.spec.minimum),
                sum(|stream| stream.spec.maximum),
            )
        } else {
            (DataRate::ZERO, DataRate::ZERO)
        };
        let event = CongestionEvent {
            rate: minimum,
            flag: u32::from(self.probe_when_limited),
            padding: self.padding_demand,
            pacing_factor: self.pacing_factor as f32,
            constraints: RateConstraints {
                maximum,
                ..self.constraints
            },
            ..CongestionEvent::new(CongestionEventKind::StreamsConfig, now.timestamp())
        };
        self.tell(now, &event, false);
    }

    /// How often the controller wants to be told that time passes.
    pub(super) fn process_interval(&mut self) -> TimeDelta {
        match self.controller.process_interval() {
            Ok(interval) if interval > TimeDelta::ZERO => interval.max(TimeDelta::ms(1)),
            _ => TimeDelta::ZERO,
        }
    }

    pub(super) fn process(&mut self, now: VirtualTime) {
        let waiting = self.pacer.queue().map_or(DataSize::ZERO, |queue| queue.size);
        let event = CongestionEvent {
            size: waiting,
            ..CongestionEvent::new(CongestionEventKind::ProcessInterval, now.timestamp())
        };
        self.tell(now, &event, false);
    }

    /// What a feedback packet or a report says has come.
    pub(super) fn hear(&mut self, now: VirtualTime, message: &Message, report_interval: TimeDelta) {
        self.summary.feedbacks += 1;
        if let Some(report) = message.report {
            let round_trip =
                TimeDelta::us(((now.ns() - report.newest_sent.ns()) / 1_000) as i64) - report.held;
            self.round_trip = round_trip.max(TimeDelta::ms(1));
            let event = CongestionEvent {
                time: round_trip.max(TimeDelta::us(1)),
                ..CongestionEvent::new(CongestionEventKind::RoundTripTime, now.timestamp())
            };
            self.tell(now, &event, false);
            if report.lost + report.received > 0 {
                let event = CongestionEvent {
                    lost: report.lost,
                    received: report.received,
                    ..CongestionEvent::new(
                        CongestionEventKind::TransportLoss,
                        now.timestamp() - report_interval,
                    )
                };
                self.tell(now, &event, false);
            }
            return;
        }
        for (stream, sequence) in &message.asked {
            self.resend(now, *stream, *sequence);
        }
        self.feedback.clear();
        self.history
            .feedback(message.said.iter().copied(), &mut self.feedback);
        if self.feedback.is_empty() {
            return;
        }
        let event = CongestionEvent {
            in_flight: self.history.in_flight(),
            flag: u32::from(message.carries_ecn),
            ..CongestionEvent::new(CongestionEventKind::PacketFeedback, now.timestamp())
        };
        self.tell(now, &event, true);
    }

    /// What the flow could have.
    pub(super) fn learn(&mut self, now: VirtualTime, rate: DataRate, propagation: TimeDelta) {
        let event = CongestionEvent {
            rate,
            time: propagation,
            lower: rate,
            upper: rate,
            confidence: 1.0,
            ..CongestionEvent::new(CongestionEventKind::NetworkStateEstimate, now.timestamp())
        };
        self.tell(now, &event, false);
    }

    /// The path is another one.
    pub(super) fn reroute(&mut self, now: VirtualTime, start: DataRate) {
        self.history.forget();
        let event = CongestionEvent {
            constraints: RateConstraints {
                start,
                ..self.constraints
            },
            ..CongestionEvent::new(CongestionEventKind::RouteChange, now.timestamp())
        };
        self.tell(now, &event, false);
    }

    fn tell(&mut self, now: VirtualTime, event: &CongestionEvent, with_packets: bool) {
        if self.summary.controller_fault.is_some() {
            return;
        }
        let packets = if with_packets { &self.feedback[..] } else { &[] };
        let at = now.timestamp();
        match self.controller.on_event(at, event, packets, &mut self.probes) {
            Ok(update) => self.take(now, &update),
            Err(fault) => {
                self.summary.controller_fault = Some(fault);
                return;
            }
        }
        if event.kind != CongestionEventKind::SentPacket {
            match self.controller.advice(at) {
                Ok(advice) => self.heed(now, &advice),
                Err(fault) => self.summary.controller_fault = Some(fault),
            }
        }
        if !self.probes.0.is_empty() {
            self.probe(at);
        }
    }

    fn take(&mut self, now: VirtualTime, update: &CongestionUpdate) {
        let keep = |new: DataRate, old: DataRate| if new == DataRate::ZERO { old } else { new };
        let before = self.decided;
        let decided = &mut self.decided;
        decided.target = keep(update.target, decided.target);
        decided.pacing = keep(update.pacing, decided.pacing);
        // Padding of zero cannot be told from "as before": it ends with a target that comes without it.
        if update.target > DataRate::ZERO || update.padding > DataRate::ZERO {
            decided.padding = update.padding;
        }
        if update.window > DataSize::ZERO {
            decided.window = update.window;
        }
        if update.feedback_interval > TimeDelta::ZERO {
            decided.feedback_interval = update.feedback_interval;
        }
        decided.ecn |= update.ecn == 1;
        if *update != self.last_update {
            self.last_update = *update;
            self.news.push(*update);
        }
        if (self.decided.pacing, self.decided.padding) != self.applied && self.decided.pacing > DataRate::ZERO
        {
            if self.applied.1 == DataRate::ZERO {
                (self.credit, self.credited) = (0.0, now);
            }
            self.applied = (self.decided.pacing, self.decided.padding);
            let set = self
                .pacer
                .set_rates(now.timestamp(), self.decided.pacing, self.decided.padding);
            self.note_pacer(set);
        }
        if before.target != self.decided.target {
            self.share();
        }
    }

    fn heed(&mut self, now: VirtualTime, advice: &CongestionAdvice) {
        let config = PacerConfig {
            window: advice.pacing_window,
            probe_distance: advice.probe_distance,
            ..PacerConfig::DEFAULT
        };
        if config != self.pacer_config {
            self.pacer_config = config;
            let set = self.pacer.configure(now.timestamp(), &config);
            self.note_pacer(set);
        }
        if advice.reduction.to_bits() != self.reduction.to_bits() {
            self.reduction = advice.reduction.clamp(0.0, 1.0);
            self.share();
        }
    }

    fn share(&mut self) {
        let total = self.decided.target * (1.0 - f64::from(self.reduction));
        share_out(total, &mut self.streams);
    }

    fn probe(&mut self, at: Timestamp) {
        for index in 0..self.probes.0.len() {
            let cluster = self.probes.0[index];
            match self.pacer.probe(at, &cluster) {
                Ok(()) => self.summary.probes.0 += 1,
                Err(_) => self.summary.probes.1 += 1,
            }
        }
        self.probes.0.clear();
    }

    fn note_pacer(&mut self, result: Result<(), Fault>) {
        if let Err(fault) = result
            && self.summary.pacer_fault.is_none()
        {
            self.summary.pacer_fault = Some(fault);
        }
    }
}
