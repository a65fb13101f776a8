//! RTCP of one participant: reports on schedule, feedback on what comes in between (early when it is asked for), and what the remote end
//! reports of us.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_rtp::RtpError;
use jackfield_rtp::report_schedule::{Due, Membership, ReportSchedule, ScheduleConfig};
use jackfield_rtp::rtcp::{ReportBlock, RtcpDatagram, RtcpPacket, RtcpWriter, SdesItem, SenderInfo};
use jackfield_rtp::send::NtpClock;
use jackfield_rtp::twcc::feedback_interval;

use super::configuration::MediaConfiguration;
use super::event::{NetworkEvent, NetworkSocket};
use super::media::Media;
use super::profile::BitrateProfile;

/// RTCP packets stay below this, so that they fit any path with SRTCP and IP around them.
pub(crate) const MAX_RTCP: usize = 1_150;

/// When RTCP goes out, and what every packet begins with.
pub(crate) struct Control {
    schedule: ReportSchedule,
    bandwidth: DataRate,
    cname: String,
    reduced_size: bool,
    blocks: Vec<ReportBlock>,
    next_feedback: Timestamp,
    interval: TimeDelta,
    /// Packets sent by the time of the last two reports: who has sent none since is no sender (RFC 3550 section 6.3.8).
    sent_at_report: [u64; 2],
    seed: u64,
}

impl Control {
    pub(crate) fn new(cname: String, seed: u64) -> Self {
        let bandwidth = BitrateProfile::DESKTOP.bounds.start;
        Self {
            schedule: ReportSchedule::new(Timestamp::ZERO, ScheduleConfig::voice(bandwidth), seed),
            bandwidth,
            cname,
            reduced_size: false,
            blocks: Vec::with_capacity(8),
            next_feedback: Timestamp::ZERO,
            interval: feedback_interval(None),
            sent_at_report: [0; 2],
            seed,
        }
    }

    pub(crate) fn configure(&mut self, configuration: &MediaConfiguration) {
        self.reduced_size = configuration.feedback.reduced_size;
    }

    /// RTCP takes a twentieth of this from now on.
    pub(crate) fn set_bandwidth(&mut self, now: Timestamp, bandwidth: DataRate) {
        self.bandwidth = bandwidth;
        self.schedule.set_bandwidth(now, bandwidth);
    }

    /// The participant has connected: reports begin.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.schedule = ReportSchedule::new(now, ScheduleConfig::voice(self.bandwidth), self.seed);
        self.next_feedback = now;
    }

    /// When a report is due.
    pub(crate) fn report_deadline(&self) -> Timestamp {
        self.schedule.deadline()
    }

    /// When feedback is due, if there is any.
    pub(crate) fn feedback_deadline(&self) -> Timestamp {
        self.next_feedback.min(self.schedule.early_deadline())
    }
}

impl Media {
    /// What of RTCP is due at `now`.
    pub(crate) fn rtcp_due(&mut self, now: Timestamp) -> Option<Due> {
        match self.control.schedule.due(now) {
            Due::At(_) => {
                let due = self.incoming.arrivals.has_feedback() && now >= self.control.feedback_deadline();
                due.then_some(Due::Feedback)
            }
            due => Some(due),
        }
    }

    /// If feedback was asked for in a packet, it leaves early if RTCP's timing allows it, else with the next that is due. That the path bears much less
    /// than was told leaves at once.
    pub(crate) fn plan_feedback(&mut self, now: Timestamp) {
        let arrivals = &mut self.incoming.arrivals;
        if arrivals.take_asked() && arrivals.has_feedback() {
            self.control.schedule.feedback(now);
        }
        if arrivals.is_urgent() {
            self.control.next_feedback = now;
        }
    }

    /// Writes a regular report with all that is to be said, and plans the next.
    pub(crate) fn write_report(
        &mut self,
        now: Timestamp,
        clock: &NtpClock,
        out: &mut [u8],
    ) -> Result<usize, RtpError> {
        let we_send = self.sends();
        let mut blocks = std::mem::take(&mut self.control.blocks);
        self.incoming.report_blocks(now, &mut blocks);
        let mut writer = RtcpWriter::new(out);
        let info = self.outgoing.stream.sender_info(now, clock).filter(|_| we_send);
        let written = self.write_prefix(&mut writer, info.as_ref(), &blocks);
        let heard = blocks.len() as u32;
        self.control.blocks = blocks;
        written?;
        if self.incoming.arrivals.has_feedback() {
            self.append_feedback(now, clock, &mut writer)?;
        }
        let length = writer.length();
        let sent = self.outgoing.stream.statistics().packets_sent;
        let control = &mut self.control;
        control.sent_at_report = [sent, control.sent_at_report[0]];
        let membership = Membership {
            members: 1 + heard.max(1),
            senders: heard + u32::from(we_send),
            we_send,
        };
        control.schedule.set_membership(now, membership);
        control.schedule.sent(now, DataSize::bytes(length as i64));
        Ok(length)
    }

    /// Writes feedback on what comes: alone if that was negotiated, else behind an empty report (RFC 3550 section 6.1, RFC 5506).
    pub(crate) fn write_feedback(
        &mut self,
        now: Timestamp,
        clock: &NtpClock,
        out: &mut [u8],
    ) -> Result<usize, RtpError> {
        let mut writer = RtcpWriter::new(out);
        if !self.control.reduced_size {
            let we_send = self.sends();
            let info = self.outgoing.stream.sender_info(now, clock).filter(|_| we_send);
            self.write_prefix(&mut writer, info.as_ref(), &[])?;
        }
        self.append_feedback(now, clock, &mut writer)?;
        let length = writer.length();
        let (schedule, size) = (&mut self.control.schedule, DataSize::bytes(length as i64));
        if now >= schedule.deadline() {
            schedule.sent_feedback(now, size);
        } else if schedule.is_early_due(now) {
            schedule.sent_early(size);
        } else {
            // The timing of this feedback is its own, and all that was to be told has now been told.
            schedule.withdraw_feedback();
        }
        Ok(length)
    }

    /// Writes the last report and a goodbye.
    pub(crate) fn write_goodbye(
        &mut self,
        now: Timestamp,
        clock: &NtpClock,
        out: &mut [u8],
    ) -> Result<usize, RtpError> {
        let mut blocks = std::mem::take(&mut self.control.blocks);
        self.incoming.report_blocks(now, &mut blocks);
        let mut writer = RtcpWriter::new(out);
        let info = self.outgoing.stream.sender_info(now, clock);
        let written = self.write_prefix(&mut writer, info.as_ref(), &blocks);
        self.control.blocks = blocks;
        written?;
        writer.goodbye(&[self.outgoing.stream.ssrc()], "")?;
        Ok(writer.length())
    }

    /// Takes a datagram of RTCP.
    pub(crate) fn receive_rtcp(&mut self, now: Timestamp, clock: &NtpClock, datagram: &[u8]) {
        let Ok(rtcp) = RtcpDatagram::parse(datagram) else {
            self.stats.discarded.fetch_add(1, Relaxed);
            return;
        };
        self.stats.rtcp_received.fetch_add(1, Relaxed);
        self.control
            .schedule
            .received(DataSize::bytes(datagram.len() as i64));
        // One that is malformed does not spoil those beside it.
        for packet in rtcp.packets().flatten() {
            self.take(now, clock, &packet);
        }
        self.stats.set_pictures_behind(self.incoming.pictures_behind(now));
        self.decide(now);
    }

    fn take(&mut self, now: Timestamp, clock: &NtpClock, packet: &RtcpPacket<'_>) {
        match packet {
            RtcpPacket::SenderReport(report) => {
                self.incoming.sender_report(now, report.ssrc, &report.info);
                report
                    .blocks()
                    .for_each(|block| self.report_block(now, clock, &block));
            }
            RtcpPacket::ReceiverReport(report) => {
                report
                    .blocks()
                    .for_each(|block| self.report_block(now, clock, &block));
            }
            RtcpPacket::TransportFeedback(feedback) => {
                let result = self.congestion.feedback(now, feedback);
                self.note(NetworkSocket::Congestion, result);
            }
            RtcpPacket::CongestionFeedback(feedback) => {
                let result = self.congestion.congestion_feedback(now, feedback);
                self.note(NetworkSocket::Congestion, result);
            }
            RtcpPacket::ReceiverEstimatedBitrate(remb) => {
                let result = self.congestion.remote_bitrate(now, remb.bitrate);
                self.note(NetworkSocket::Congestion, result);
            }
            RtcpPacket::Goodbye(goodbye) => {
                for ssrc in goodbye.sources() {
                    if self.incoming.goodbye(ssrc) {
                        self.events.push(NetworkEvent::Goodbye { ssrc });
                    }
                }
            }
            RtcpPacket::SourceDescription(description) => self.incoming.description(description),
            // Voice is not sent again, and nobody asks us for a picture.
            _ => {}
        }
    }

    fn report_block(&mut self, now: Timestamp, clock: &NtpClock, block: &ReportBlock) {
        if block.ssrc != self.outgoing.stream.ssrc() {
            return;
        }
        let round_trip = self.outgoing.stream.report_block(now, clock, block);
        self.stats
            .remote_packets_lost
            .store(i64::from(block.cumulative_lost), Relaxed);
        self.stats.set_fraction_lost(block.fraction_lost);
        if let Some(round_trip) = round_trip {
            self.stats.set_round_trip(round_trip);
            let result = self.congestion.controller.set_round_trip(now, round_trip);
            self.note(NetworkSocket::Congestion, result);
            let estimator = &mut self.incoming.arrivals.estimator;
            estimator.tell(|controller| controller.set_round_trip(now, round_trip));
        }
        let result = self.congestion.report(now, block);
        self.note(NetworkSocket::Congestion, result);
        self.note_path();
    }

    /// Whether we have sent since the report before the last.
    fn sends(&self) -> bool {
        self.outgoing.stream.statistics().packets_sent > self.control.sent_at_report[1]
    }

    fn write_prefix(
        &self,
        writer: &mut RtcpWriter<'_>,
        info: Option<&SenderInfo>,
        blocks: &[ReportBlock],
    ) -> Result<(), RtpError> {
        let ssrc = self.outgoing.stream.ssrc();
        match info {
            Some(info) => writer.sender_report(ssrc, info, blocks)?,
            None => writer.receiver_report(ssrc, blocks)?,
        }
        writer.source_description(&[(ssrc, &[SdesItem::cname(&self.control.cname)])])
    }

    fn append_feedback(
        &mut self,
        now: Timestamp,
        clock: &NtpClock,
        writer: &mut RtcpWriter<'_>,
    ) -> Result<(), RtpError> {
        let ssrc = self.outgoing.stream.ssrc();
        let media_ssrc = self.incoming.media_ssrc();
        let room = MAX_RTCP - writer.length();
        let arrivals = &mut self.incoming.arrivals;
        arrivals.write(now, clock.ntp(now), writer, ssrc, media_ssrc, room)?;
        let decided = self.congestion.decided();
        let estimate = (decided.estimate > DataRate::ZERO).then_some(decided.estimate);
        self.control.interval = arrivals.interval(decided.feedback_interval, estimate);
        self.control.next_feedback = now + self.control.interval;
        Ok(())
    }
}
