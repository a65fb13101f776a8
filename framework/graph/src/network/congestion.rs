//! The congestion controller and what feeds it: packets that left, what the remote end says of them, and time.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionController, CongestionEvent, CongestionEventKind, CongestionUpdate, PacketFeedback,
    ProbeCluster, ProbeSink, RateConstraints,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_rtp::rtcp::ReportBlock;
use jackfield_rtp::twcc::{SendHistory, TransportFeedback};

/// Packets whose fate is remembered: 20 s of voice.
const REMEMBERED: usize = 1_024;
/// What voice takes: the bounds of Opus (RFC 7587 section 6.1) with IP, UDP and RTP around it, and what speech in full band sounds good at.
const VOICE: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(16),
    maximum: DataRate::kbps(640),
    start: DataRate::kbps(64),
};
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
    broken: bool,
    probes_refused: u64,
}

/// What holds until the controller decides otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) target: DataRate,
    pub(crate) pacing: DataRate,
    pub(crate) padding: DataRate,
    pub(crate) estimate: DataRate,
    pub(crate) feedback_interval: TimeDelta,
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
            broken: false,
            probes_refused: 0,
        }
    }

    /// Time begins to count.
    pub(crate) fn begin(&mut self, now: Timestamp) -> Result<(), Fault> {
        self.next_process = now;
        self.controller
            .activate(now, &VOICE)
            .inspect_err(|_| self.break_down())
    }

    pub(crate) fn decided(&self) -> Decided {
        self.decided
    }

    pub(crate) fn controller(&mut self) -> &mut dyn CongestionController {
        &mut *self.controller
    }

    pub(crate) fn probes_refused(&self) -> u64 {
        self.probes_refused
    }

    /// The number that the next packet will carry.
    pub(crate) fn next_sequence_number(&self) -> u16 {
        self.history.next_sequence_number() as u16
    }

    /// When [`Congestion::process`] must be called.
    pub(crate) fn deadline(&self) -> Timestamp {
        self.next_process
    }

    /// The network has become usable, or is so no more.
    pub(crate) fn availability(&mut self, now: Timestamp, available: bool) -> Result<(), Fault> {
        let event = CongestionEvent {
            flag: u32::from(available),
            ..CongestionEvent::new(CongestionEventKind::NetworkAvailability, now)
        };
        self.tell(now, &event, false)
    }

    /// Time has passed.
    pub(crate) fn process(&mut self, now: Timestamp, waiting: DataSize) -> Result<(), Fault> {
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

    /// A packet with a transport-wide sequence number left.
    pub(crate) fn sent(&mut self, now: Timestamp, size: DataSize) -> Result<(), Fault> {
        let sequence_number = self.history.sent(now, size, 0, true);
        let event = CongestionEvent {
            size,
            sequence_number,
            in_flight: self.history.in_flight(),
            flag: 1,
            ..CongestionEvent::new(CongestionEventKind::SentPacket, now)
        };
        self.tell(now, &event, false)
    }

    /// Transport-wide feedback came.
    pub(crate) fn feedback(&mut self, now: Timestamp, feedback: &TransportFeedback<'_>) -> Result<(), Fault> {
        self.feedback.clear();
        self.history.feedback(feedback, &mut self.feedback);
        if self.feedback.is_empty() {
            return Ok(());
        }
        let event = CongestionEvent {
            in_flight: self.history.in_flight(),
            ..CongestionEvent::new(CongestionEventKind::PacketFeedback, now)
        };
        self.tell(now, &event, true)
    }

    /// A round trip was measured.
    pub(crate) fn round_trip(&mut self, now: Timestamp, round_trip: TimeDelta) -> Result<(), Fault> {
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

    /// Puts another controller in, which starts from what its predecessor knew. On failure it comes back, and the old one stays.
    pub(crate) fn swap(
        &mut self,
        now: Timestamp,
        mut newcomer: Box<dyn CongestionController>,
    ) -> Result<Box<dyn CongestionController>, (Box<dyn CongestionController>, Fault)> {
        if let Err(fault) = newcomer.activate(now, &VOICE) {
            return Err((newcomer, fault));
        }
        // A predecessor that cannot tell what it knows is replaced all the same: that is what the swap may be for.
        if let Ok(known) = self.controller.hand_over(now)
            && let Err(fault) = newcomer.take_over(now, &known)
        {
            return Err((newcomer, fault));
        }
        let old = std::mem::replace(&mut self.controller, newcomer);
        self.broken = false;
        self.next_process = now;
        Ok(old)
    }

    fn ask_interval(&mut self, now: Timestamp) {
        self.interval = self.controller.process_interval().unwrap_or(TimeDelta::ZERO);
        self.next_process = if self.interval > TimeDelta::ZERO && !self.broken {
            // Never so often that the room does nothing else.
            now + self.interval.max(TimeDelta::ms(1))
        } else {
            Timestamp::NEVER
        };
    }

    fn tell(&mut self, now: Timestamp, event: &CongestionEvent, with_packets: bool) -> Result<(), Fault> {
        if self.broken {
            return Ok(());
        }
        let packets = if with_packets { &self.feedback[..] } else { &[] };
        let mut probes = Refuse(0);
        let update = self.controller.on_event(now, event, packets, &mut probes);
        self.probes_refused += probes.0;
        match update {
            Ok(update) => {
                self.decided.take(&update);
                Ok(())
            }
            Err(fault) => {
                self.break_down();
                Err(fault)
            }
        }
    }

    /// The last decision holds until the controller is swapped.
    fn break_down(&mut self) {
        self.broken = true;
        self.next_process = Timestamp::NEVER;
    }
}

impl Decided {
    /// Zero means: as before.
    fn take(&mut self, update: &CongestionUpdate) {
        let keep = |new: DataRate, old: DataRate| if new == DataRate::ZERO { old } else { new };
        self.target = keep(update.target, self.target);
        self.pacing = keep(update.pacing, self.pacing);
        self.padding = keep(update.padding, self.padding);
        self.estimate = keep(update.estimate, self.estimate);
        if update.feedback_interval > TimeDelta::ZERO {
            self.feedback_interval = update.feedback_interval;
        }
    }
}

/// A voice-only call has no packets to spare for probes, and padding would cost what the voice needs.
struct Refuse(u64);

impl ProbeSink for Refuse {
    fn probe(&mut self, _cluster: &ProbeCluster) -> Result<(), Fault> {
        self.0 += 1;
        Ok(())
    }
}
