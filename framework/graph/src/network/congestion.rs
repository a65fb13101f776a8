//! The congestion controller and what feeds it: packets that left, what the remote end says of them, and time.

mod away;

use jackfield_core::congestion_controller::{
    CongestionController, CongestionEvent, CongestionEventKind, CongestionUpdate, PacketFeedback,
    ProbeCluster, RateConstraints,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_core::{Fault, FaultCode};
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::rtcp::{CongestionFeedback, ReportBlock};
use jackfield_rtp::twcc::{SendHistory, StreamPacket, TransportFeedback};

use self::away::{AWAY_INTERVAL, is_away};
use super::configuration::{MediaConfiguration, StreamRates};
use super::congestion_swap::{BEAT, ControllerSwap, ControllerSwapped};
use super::decided::{Decided, Probes};
use super::profile::BitrateProfile;
use crate::swap::{ABORTED, DISPLACED};
use crate::transaction::{Event, Step};

const FAILED: &str = "it failed or panicked";
const FAILED_TO_TAKE_OVER: &str = "it failed while it took over";

/// Packets whose fate is remembered: 20 s of voice.
const REMEMBERED: usize = 1_024;
/// Packets that one feedback reports on at most without an allocation.
const FEEDBACK_ROOM: usize = 256;

/// Drives the congestion controller of one participant.
pub(crate) struct Congestion {
    controller: Box<dyn CongestionController>,
    history: SendHistory,
    feedback: Vec<PacketFeedback>,
    interval: TimeDelta,
    next_process: Timestamp,
    decided: Decided,
    reported: Option<Reported>,
    /// Feedback tells of packets by their streams, and of their marks (RFC 8888).
    per_stream: bool,
    /// What left since the last packet of which feedback will tell.
    untracked: DataSize,
    /// Whether the network is usable, once somebody has said.
    available: Option<bool>,
    /// Between which the rate stays.
    bounds: RateConstraints,
    /// Time has begun to count: the controller knows the bounds.
    begun: bool,
    streams: StreamRates,
    /// The streams have changed, and nobody has been told.
    streams_changed: bool,
    broken: bool,
    probes: Probes,
    /// It does not answer, because its process ended: the last decision holds until it is back.
    gone: bool,
    /// Events that went without it.
    concealed: u64,
    round_trip: TimeDelta,
    swap: Option<ControllerSwap>,
    next_beat: Timestamp,
    ended: Vec<ControllerSwapped>,
}

/// Where the remote end's count of losses stood.
#[derive(Clone, Copy)]
struct Reported {
    at: Timestamp,
    highest: u32,
    lost: i32,
}

impl Congestion {
    pub(crate) fn new(controller: Box<dyn CongestionController>) -> Self {
        Self {
            controller,
            history: SendHistory::with_capacity(REMEMBERED),
            feedback: Vec::with_capacity(FEEDBACK_ROOM),
            interval: TimeDelta::ZERO,
            next_process: Timestamp::NEVER,
            decided: Decided::default(),
            reported: None,
            per_stream: false,
            untracked: DataSize::ZERO,
            available: None,
            bounds: BitrateProfile::DESKTOP.bounds,
            begun: false,
            streams: StreamRates::NONE,
            streams_changed: false,
            broken: false,
            probes: Probes::new(),
            gone: false,
            concealed: 0,
            round_trip: TimeDelta::ZERO,
            swap: None,
            next_beat: Timestamp::NEVER,
            ended: Vec::new(),
        }
    }

    /// Time begins to count.
    pub(crate) fn begin(&mut self, now: Timestamp) -> Result<(), Fault> {
        self.next_process = now;
        self.begun = true;
        self.controller
            .activate(now, &self.bounds)
            .inspect_err(|_| self.break_down())
    }

    /// Other bounds hold from now on; before time begins to count nobody has to be told. If they are those of another path, `moved`, what was
    /// known of the one before does not count.
    pub(crate) fn set_bounds(
        &mut self,
        now: Timestamp,
        bounds: RateConstraints,
        moved: bool,
    ) -> Result<(), Fault> {
        let changed = bounds != self.bounds || moved;
        self.bounds = bounds;
        if !self.begun || !changed {
            return Ok(());
        }
        if moved {
            return self.route_changed(now);
        }
        let event = CongestionEvent {
            // The rate stays what it is, as far as the bounds allow.
            constraints: RateConstraints {
                start: DataRate::ZERO,
                ..bounds
            },
            ..CongestionEvent::new(CongestionEventKind::TargetRateConstraints, now)
        };
        self.tell(now, &event, false)
    }

    /// Applies what was negotiated; what changes of the streams is told with the next event.
    pub(crate) fn configure(&mut self, configuration: &MediaConfiguration) {
        self.per_stream = configuration.feedback.congestion_control;
        self.set_streams(configuration.streams());
    }

    /// What the streams need has changed.
    pub(crate) fn set_streams(&mut self, streams: StreamRates) {
        self.streams_changed |= streams != self.streams;
        self.streams = streams;
    }

    /// With which mark packets leave: the one that the controller wants, if feedback will tell what became of it.
    pub(crate) fn mark(&self) -> EcnMark {
        if self.per_stream && self.decided.ecn {
            EcnMark::Capable1
        } else {
            EcnMark::NotCapable
        }
    }

    pub(crate) fn decided(&self) -> Decided {
        self.decided
    }

    /// What whoever does not count would have decided, while a swap is under way.
    pub(crate) fn decided_in_the_shadow(&self) -> Decided {
        let heard = self.swap.as_ref().filter(|swap| !swap.cold);
        heard.map_or(Decided::default(), |swap| swap.decided)
    }

    /// Whether more is on its way than the controller's window allows.
    pub(crate) fn is_congested(&self) -> bool {
        let window = self.decided.window;
        window > DataSize::ZERO && self.history.in_flight() >= window
    }

    pub(crate) fn controller(&mut self) -> &mut dyn CongestionController {
        &mut *self.controller
    }

    /// The next probe that is to be sent.
    pub(crate) fn take_probe(&mut self) -> Option<ProbeCluster> {
        self.probes.take_next()
    }

    /// The number that the next packet will carry.
    pub(crate) fn next_sequence_number(&self) -> u16 {
        self.history.next_sequence_number() as u16
    }

    /// When [`Congestion::process`] must be called.
    pub(crate) fn deadline(&self) -> Timestamp {
        let beat = self.swap.as_ref().map_or(Timestamp::NEVER, |_| self.next_beat);
        self.next_process.min(beat)
    }

    /// The network has become usable, or is so no more: then nothing is in flight.
    pub(crate) fn availability(&mut self, now: Timestamp, available: bool) -> Result<(), Fault> {
        self.available = Some(available);
        if !available {
            self.history.begin_path();
        }
        self.tell(now, &availability_event(now, available), false)
    }

    /// Packets take another path from now on: what was known of the one before does not count.
    pub(crate) fn route_changed(&mut self, now: Timestamp) -> Result<(), Fault> {
        self.history.begin_path();
        self.reported = None;
        let event = CongestionEvent {
            constraints: self.bounds,
            ..CongestionEvent::new(CongestionEventKind::RouteChange, now)
        };
        self.tell(now, &event, false)
    }

    /// Time has passed.
    pub(crate) fn process(&mut self, now: Timestamp, waiting: DataSize) -> Result<(), Fault> {
        self.go_on(now);
        if now < self.next_process {
            return Ok(());
        }
        self.ask_interval(now);
        let event = CongestionEvent {
            size: waiting,
            ..CongestionEvent::new(CongestionEventKind::ProcessInterval, now)
        };
        self.tell(now, &event, false)
    }

    /// A packet left of which no feedback will tell.
    pub(crate) fn sent_untracked(&mut self, size: DataSize) {
        self.untracked += size;
    }

    /// A packet left of which feedback will tell.
    pub(crate) fn sent(&mut self, now: Timestamp, packet: &StreamPacket) -> Result<(), Fault> {
        let sequence_number = if self.per_stream {
            self.history.sent_in_stream(now, packet)
        } else {
            self.history.sent(now, packet.size, packet.cluster, packet.audio)
        };
        let event = CongestionEvent {
            size: packet.size,
            sequence_number,
            in_flight: self.history.in_flight(),
            flag: u32::from(packet.audio),
            ssrc: packet.ssrc,
            ecn: u32::from(packet.mark.bits()),
            untracked: std::mem::take(&mut self.untracked),
            ..CongestionEvent::new(CongestionEventKind::SentPacket, now)
        };
        self.tell(now, &event, false)
    }

    /// Transport-wide feedback came.
    pub(crate) fn feedback(&mut self, now: Timestamp, feedback: &TransportFeedback<'_>) -> Result<(), Fault> {
        self.feedback.clear();
        self.history.feedback(feedback, &mut self.feedback);
        self.tell_feedback(now)
    }

    /// Congestion control feedback came.
    pub(crate) fn congestion_feedback(
        &mut self,
        now: Timestamp,
        feedback: &CongestionFeedback<'_>,
    ) -> Result<(), Fault> {
        self.feedback.clear();
        self.history.congestion_feedback(feedback, &mut self.feedback);
        self.tell_feedback(now)
    }

    fn tell_feedback(&mut self, now: Timestamp) -> Result<(), Fault> {
        if self.feedback.is_empty() {
            return Ok(());
        }
        let event = CongestionEvent {
            in_flight: self.history.in_flight(),
            flag: u32::from(self.history.path_carries_ecn()),
            ..CongestionEvent::new(CongestionEventKind::PacketFeedback, now)
        };
        self.tell(now, &event, true)
    }

    /// A round trip was measured.
    pub(crate) fn round_trip(&mut self, now: Timestamp, round_trip: TimeDelta) -> Result<(), Fault> {
        self.round_trip = round_trip;
        let event = CongestionEvent {
            time: round_trip,
            ..CongestionEvent::new(CongestionEventKind::RoundTripTime, now)
        };
        self.tell(now, &event, false)
    }

    /// A report on our stream came: losses since the one before.
    pub(crate) fn report(&mut self, now: Timestamp, block: &ReportBlock) -> Result<(), Fault> {
        let reported = Reported {
            at: now,
            highest: block.highest_sequence_number,
            lost: block.cumulative_lost,
        };
        let Some(before) = self.reported.replace(reported) else {
            return Ok(());
        };
        // Reordered reports and duplicates count backwards: that is no loss and no gain.
        let expected = reported.highest.wrapping_sub(before.highest) as i32;
        let lost = (reported.lost - before.lost).clamp(0, expected.max(0));
        if expected <= 0 {
            return Ok(());
        }
        let event = CongestionEvent {
            lost: lost as u32,
            received: (expected - lost) as u32,
            ..CongestionEvent::new(CongestionEventKind::TransportLoss, before.at)
        };
        self.tell(now, &event, false)
    }

    /// The remote end reckons that the path bears so much.
    pub(crate) fn remote_bitrate(&mut self, now: Timestamp, rate: DataRate) -> Result<(), Fault> {
        let event = CongestionEvent {
            rate,
            ..CongestionEvent::new(CongestionEventKind::RemoteBitrate, now)
        };
        self.tell(now, &event, false)
    }

    /// Takes another controller in, which starts from what its predecessor knows and is told everything; its decisions count from the end of its
    /// time in the shadow on, or from when it is promoted if the swap is on `hold`.
    pub(crate) fn swap(
        &mut self,
        now: Timestamp,
        id: u64,
        mut newcomer: Box<dyn CongestionController>,
        hold: bool,
    ) {
        if let Some(mut swap) = self.swap.take() {
            swap.transaction.on(Event::Displaced);
            self.ended.push(swap.ended(DISPLACED));
        }
        let taken = newcomer
            .activate(now, &self.bounds)
            .and_then(|()| self.hand_over(now, &mut *newcomer));
        let mut swap = ControllerSwap::new(id, newcomer, self.decided, hold, now);
        if taken.is_err() {
            swap.transaction.on(Event::Failed);
            self.ended.push(swap.ended(FAILED_TO_TAKE_OVER));
            return;
        }
        // What it was not there for when it was told.
        let available = self
            .available
            .is_none_or(|available| swap.tell(now, &availability_event(now, available), &[]));
        if !available || !swap.tell(now, &self.streams.event(now), &[]) {
            swap.transaction.on(Event::Failed);
            self.ended.push(swap.ended(FAILED));
            return;
        }
        self.swap = Some(swap);
        self.next_beat = now + BEAT;
        if self.broken {
            // Nobody decides: there is nothing to wait for.
            self.come_in(now, Event::PredecessorFailed);
        }
    }

    /// Somebody decided about the swap `id`: it goes on now (`promote`), or is taken back.
    pub(crate) fn decide(&mut self, now: Timestamp, id: u64, promote: bool) {
        let Some(swap) = self.swap.as_mut().filter(|swap| swap.id == id) else {
            return;
        };
        if promote {
            swap.transaction.on(Event::Promote);
        } else if swap.transaction.step() == Step::Probation {
            swap.aborted = true;
        } else {
            swap.transaction.on(Event::Abort);
        }
        self.next_beat = now;
        self.end_if_over(ABORTED);
    }

    /// Where the swap `id` stands, if it is under way.
    pub(crate) fn swap_step(&self, id: u64) -> Option<Step> {
        let swap = self.swap.as_ref().filter(|swap| swap.id == id)?;
        Some(swap.transaction.step())
    }

    /// Swaps that have ended since this was asked last.
    pub(crate) fn take_ended(&mut self) -> std::vec::Drain<'_, ControllerSwapped> {
        self.ended.drain(..)
    }

    /// Everything ends: whoever is in a swap leaves.
    pub(crate) fn end_swap(&mut self) {
        if let Some(mut swap) = self.swap.take() {
            swap.transaction.on(Event::Left);
            self.ended.push(swap.ended(""));
        }
    }

    /// The swap goes on with time.
    fn go_on(&mut self, now: Timestamp) {
        let Some(swap) = &mut self.swap else { return };
        if now < self.next_beat {
            return;
        }
        self.next_beat = now + BEAT;
        if swap.aborted {
            return self.take_back(Event::Abort, ABORTED);
        }
        if swap.transaction.step() == Step::Probation && !swap.cold {
            let stuck = swap.judge.verdict(now, swap.decided.target, self.decided.target);
            if let Some(reason) = stuck {
                return self.take_back(Event::Failed, reason);
            }
        }
        let step = match swap.transaction.step() {
            Step::Align => Step::Align,
            _ => swap.pass(now),
        };
        if step == Step::Align {
            self.come_in(now, Event::Aligned);
        }
        self.end_if_over("");
    }

    /// The newcomer decides from now on: for its probation (`Aligned`), or for good (`PredecessorFailed`).
    fn come_in(&mut self, now: Timestamp, event: Event) {
        let Some(mut swap) = self.swap.take() else { return };
        // It has seen the same and may have come to another estimate: what is sent must not jump.
        if !self.broken && self.hand_over(now, &mut *swap.other).is_err() {
            swap.transaction.on(Event::Failed);
            self.ended.push(swap.ended(FAILED_TO_TAKE_OVER));
            return;
        }
        std::mem::swap(&mut self.controller, &mut swap.other);
        // Marks are for those who heed them.
        let heeds_marks = self.controller.adapts_to_ecn() == Ok(1);
        let marked = swap.decided.ecn && heeds_marks;
        swap.decided = self.decided;
        self.decided.ecn = marked;
        self.broken = false;
        self.gone = false;
        self.next_process = now;
        swap.transaction.on(event);
        swap.transaction.on(Event::Joined);
        self.swap = Some(swap);
        self.end_if_over("");
    }

    /// The newcomer is found out, or not wanted: its predecessor, which was told everything too, decides again.
    fn take_back(&mut self, event: Event, reason: &'static str) {
        let Some(mut swap) = self.swap.take() else { return };
        std::mem::swap(&mut self.controller, &mut swap.other);
        self.decided = swap.decided;
        self.broken = swap.cold;
        self.gone = false;
        swap.transaction.on(event);
        self.ended.push(swap.ended(reason));
    }

    fn end_if_over(&mut self, reason: &'static str) {
        let over = self.swap.take_if(|swap| swap.transaction.step().is_end());
        self.ended.extend(over.map(|swap| swap.ended(reason)));
    }

    fn hand_over(&mut self, now: Timestamp, newcomer: &mut dyn CongestionController) -> Result<(), Fault> {
        // A predecessor that cannot tell what it knows is replaced all the same: that is what the swap may be for.
        match self.controller.hand_over(now) {
            Ok(known) => newcomer.take_over(now, &known),
            Err(_) => Ok(()),
        }
    }

    fn ask_interval(&mut self, now: Timestamp) {
        self.interval = match self.controller.process_interval() {
            Ok(interval) => interval,
            // Whether it is back is asked as often as it was told of time.
            Err(fault) if is_away(&fault) => self.interval.max(AWAY_INTERVAL),
            Err(_) => TimeDelta::ZERO,
        };
        self.next_process = if self.interval > TimeDelta::ZERO && !self.broken {
            // Never so often that the room does nothing else.
            now + self.interval.max(TimeDelta::ms(1))
        } else {
            Timestamp::NEVER
        };
    }

    fn tell(&mut self, now: Timestamp, event: &CongestionEvent, with_packets: bool) -> Result<(), Fault> {
        if std::mem::take(&mut self.streams_changed) {
            self.tell_one(now, &self.streams.event(now), false)?;
        }
        self.tell_one(now, event, with_packets)
    }

    fn tell_one(&mut self, now: Timestamp, event: &CongestionEvent, with_packets: bool) -> Result<(), Fault> {
        if self.broken {
            return Ok(());
        }
        if self.gone && !self.rejoin(now) {
            self.concealed += 1;
            return Ok(());
        }
        let feedback = std::mem::take(&mut self.feedback);
        let packets = if with_packets { &feedback[..] } else { &[] };
        let update = self.controller.on_event(now, event, packets, &mut self.probes);
        let result = self.take_update(now, event, packets, update);
        self.feedback = feedback;
        result
    }

    /// What came of an event; a swap that is under way sees it too.
    fn take_update(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        update: Result<CongestionUpdate, Fault>,
    ) -> Result<(), Fault> {
        let decided = update.and_then(|update| {
            self.decided.take(&update);
            self.ask_advice(now, event)
        });
        let result = match decided {
            Ok(()) => Ok(()),
            // One that is late has missed an event and decides by the next; one whose process ended is told all that is known when it is back.
            Err(fault) if is_away(&fault) && (self.swap.is_none() || fault.code() == FaultCode::TimedOut) => {
                self.gone = fault.code() == FaultCode::Gone;
                self.concealed += 1;
                Ok(())
            }
            Err(fault) => Err(fault),
        };
        if let Some(swap) = &mut self.swap {
            swap.judge.see(event, packets);
            let told = swap.tell(now, event, packets);
            match (swap.transaction.step(), &result, told) {
                (Step::Probation, Err(_), true) => {
                    // Nothing has come of the fault: whoever decided before decides again.
                    self.take_back(Event::Failed, FAILED);
                    return Ok(());
                }
                (Step::Probation, Ok(()), false) => {
                    swap.cold = true;
                    swap.transaction.on(Event::PredecessorFailed);
                }
                (_, _, false) => {
                    swap.transaction.on(Event::Failed);
                    self.end_if_over(FAILED);
                }
                (_, Err(_), true) => {
                    self.broken = true;
                    self.come_in(now, Event::PredecessorFailed);
                    return result;
                }
                (_, Ok(()), true) => {}
            }
        }
        if result.is_err() {
            self.break_down();
        }
        result
    }

    /// What leaves tells of nothing new: advice is asked for after all else.
    fn ask_advice(&mut self, now: Timestamp, event: &CongestionEvent) -> Result<(), Fault> {
        if event.kind != CongestionEventKind::SentPacket {
            let advice = self.controller.advice(now)?;
            self.decided.heed(&advice);
        }
        Ok(())
    }

    /// The last decision holds until the controller is swapped.
    fn break_down(&mut self) {
        self.broken = true;
        self.next_process = Timestamp::NEVER;
    }
}

fn availability_event(now: Timestamp, available: bool) -> CongestionEvent {
    CongestionEvent {
        flag: u32::from(available),
        ..CongestionEvent::new(CongestionEventKind::NetworkAvailability, now)
    }
}
