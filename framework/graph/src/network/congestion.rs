//! The congestion controller of what we send, and what feeds it: packets that left, what the remote end says of them, and time.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionController, CongestionEvent, CongestionEventKind, PacketFeedback, RateConstraints,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize};
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::rtcp::{CongestionFeedback, ReportBlock};
use jackfield_rtp::twcc::{SendHistory, StreamPacket, TransportFeedback};

use super::configuration::MediaConfiguration;
use super::controller::Controller;
use super::decided::Decided;
use super::profile::BitrateProfile;

/// Packets whose fate is remembered: 20 s of voice.
const REMEMBERED: usize = 1_024;
/// Packets that one feedback reports on at most without an allocation.
const FEEDBACK_ROOM: usize = 256;

/// Drives the congestion controller of one participant.
pub(crate) struct Congestion {
    pub(crate) controller: Controller,
    history: SendHistory,
    feedback: Vec<PacketFeedback>,
    reported: Option<Reported>,
    /// Feedback tells of packets by their streams, and of their marks (RFC 8888).
    per_stream: bool,
    /// What left since the last packet of which feedback will tell.
    untracked: DataSize,
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
            controller: Controller::new(controller, BitrateProfile::DESKTOP.bounds),
            history: SendHistory::with_capacity(REMEMBERED),
            feedback: Vec::with_capacity(FEEDBACK_ROOM),
            reported: None,
            per_stream: false,
            untracked: DataSize::ZERO,
        }
    }

    /// Other bounds hold from now on. If they are those of another path, `moved`, what was known of the one before does not count.
    pub(crate) fn set_bounds(
        &mut self,
        now: Timestamp,
        bounds: RateConstraints,
        moved: bool,
    ) -> Result<(), Fault> {
        if moved {
            self.begin_path();
            self.controller.change_route(now, bounds)
        } else {
            self.controller.set_bounds(now, bounds)
        }
    }

    /// Applies what was negotiated; what changes of the streams is told with the next event.
    pub(crate) fn configure(&mut self, configuration: &MediaConfiguration) {
        self.per_stream = configuration.feedback.congestion_control;
        self.controller.set_streams(configuration.streams());
    }

    /// With which mark packets leave: the one that the controller wants, if feedback will tell what became of it.
    pub(crate) fn mark(&self) -> EcnMark {
        if self.per_stream && self.decided().ecn {
            EcnMark::Capable1
        } else {
            EcnMark::NotCapable
        }
    }

    pub(crate) fn decided(&self) -> Decided {
        self.controller.decided()
    }

    /// Whether more is on its way than the controller's window allows.
    pub(crate) fn is_congested(&self) -> bool {
        let window = self.decided().window;
        window > DataSize::ZERO && self.history.in_flight() >= window
    }

    /// The number that the next packet will carry.
    pub(crate) fn next_sequence_number(&self) -> u16 {
        self.history.next_sequence_number() as u16
    }

    /// The network has become usable, or is so no more: then nothing is in flight.
    pub(crate) fn availability(&mut self, now: Timestamp, available: bool) -> Result<(), Fault> {
        if !available {
            self.history.begin_path();
        }
        self.controller.set_available(now, available)
    }

    /// Packets take another path from now on: what was known of the one before does not count.
    pub(crate) fn route_changed(&mut self, now: Timestamp) -> Result<(), Fault> {
        self.begin_path();
        self.controller.change_route(now, self.controller.bounds())
    }

    fn begin_path(&mut self) {
        self.history.begin_path();
        self.reported = None;
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
        self.controller.tell(now, &event, &[])
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
        self.controller.tell(now, &event, &self.feedback)
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
        self.controller.tell(now, &event, &[])
    }

    /// The remote end reckons that the path bears so much.
    pub(crate) fn remote_bitrate(&mut self, now: Timestamp, rate: DataRate) -> Result<(), Fault> {
        let event = CongestionEvent {
            rate,
            ..CongestionEvent::new(CongestionEventKind::RemoteBitrate, now)
        };
        self.controller.tell(now, &event, &[])
    }
}
