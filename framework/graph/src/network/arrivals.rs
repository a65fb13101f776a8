//! What the remote end is told of the packets that come: when each came, or how much may come.

use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_rtp::RtpError;
use jackfield_rtp::ccfb::CongestionRecorder;
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::extension::{AbsoluteSendTime, ExtensionIds, ExtensionKind, TransportSequence};
use jackfield_rtp::header::RtpPacketView;
use jackfield_rtp::rtcp::RtcpWriter;
use jackfield_rtp::twcc::{ArrivalRecorder, feedback_interval};

use super::configuration::RtcpFeedback;
use super::estimator::Estimator;

/// Streams of one participant that RFC 8888 reports on.
const STREAMS: usize = 8;
/// Packets of each between two reports: five seconds of voice, and a quarter of a second of 25 Mbit/s.
const PACKETS: usize = 512;
/// A receiver's estimate is sent so often.
const ESTIMATE_EVERY: TimeDelta = TimeDelta::seconds(1);

/// Notes what comes and tells it in the one way that was agreed upon.
pub(crate) struct Arrivals {
    kind: Kind,
    pub(super) estimator: Estimator,
    /// Feedback was asked for in a packet.
    asked: bool,
}

enum Kind {
    Nothing,
    /// Transport-wide feedback: packets are known by the number in their header extension.
    TransportWide(ArrivalRecorder),
    /// RFC 8888: packets are known by SSRC and sequence number, and their marks are told.
    PerStream(CongestionRecorder),
    /// REMB: how much may come.
    Estimate,
}

impl Arrivals {
    pub(crate) fn new() -> Self {
        Self {
            kind: Kind::Nothing,
            estimator: Estimator::new(),
            asked: false,
        }
    }

    /// What was noted stays noted if the way of telling is the same.
    pub(crate) fn configure(&mut self, feedback: &RtcpFeedback) {
        let same = match &self.kind {
            Kind::Nothing => false,
            Kind::PerStream(_) => feedback.congestion_control,
            Kind::TransportWide(_) => feedback.transport_cc && !feedback.congestion_control,
            Kind::Estimate => feedback.is_estimate(),
        };
        if same {
            return;
        }
        self.kind = if feedback.congestion_control {
            Kind::PerStream(CongestionRecorder::with_capacity(STREAMS, PACKETS))
        } else if feedback.transport_cc {
            Kind::TransportWide(ArrivalRecorder::with_capacity(1_024))
        } else if feedback.remb {
            Kind::Estimate
        } else {
            Kind::Nothing
        };
    }

    /// A packet came, with this mark, and so many bytes on the wire.
    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        packet: &RtpPacketView<'_>,
        extensions: &ExtensionIds,
        mark: EcnMark,
        size: DataSize,
    ) {
        match &mut self.kind {
            Kind::Nothing => {}
            Kind::PerStream(recorder) => recorder.receive(now, packet.ssrc(), packet.sequence_number(), mark),
            Kind::Estimate => {
                let data = extensions
                    .id(ExtensionKind::AbsoluteSendTime)
                    .and_then(|id| packet.extension(id));
                let left = data.and_then(AbsoluteSendTime::parse);
                self.estimator.receive(now, left, size);
            }
            Kind::TransportWide(recorder) => {
                for kind in [
                    ExtensionKind::TransportSequence,
                    ExtensionKind::TransportSequenceV2,
                ] {
                    let data = extensions.id(kind).and_then(|id| packet.extension(id));
                    if let Some(sequence) = data.and_then(TransportSequence::parse) {
                        recorder.receive(now, sequence.sequence_number);
                        self.asked |= sequence.request.is_some();
                    }
                }
            }
        }
    }

    /// Whether there is something to tell.
    pub(crate) fn has_feedback(&self) -> bool {
        match &self.kind {
            Kind::Nothing => false,
            Kind::TransportWide(recorder) => recorder.has_feedback(),
            Kind::PerStream(recorder) => recorder.has_feedback(),
            Kind::Estimate => self.estimator.has_news(),
        }
    }

    /// Whether feedback was asked for in a packet since this was asked last.
    pub(crate) fn take_asked(&mut self) -> bool {
        std::mem::take(&mut self.asked)
    }

    /// Whether what there is to tell must not wait for its time.
    pub(crate) fn is_urgent(&self) -> bool {
        matches!(self.kind, Kind::Estimate) && self.estimator.is_urgent()
    }

    /// Whether a plugin estimates how much may come.
    pub(crate) fn is_estimating(&mut self) -> bool {
        matches!(self.kind, Kind::Estimate) && self.estimator.controller().is_some()
    }

    /// How much the remote end was told last that may come; zero if it is told something else.
    pub(crate) fn told_rate(&self) -> DataRate {
        match self.kind {
            Kind::Estimate => self.estimator.told(),
            _ => DataRate::ZERO,
        }
    }

    /// How often to tell it: as often as our controller wants feedback itself, else by what it believes the path bears.
    pub(crate) fn interval(&self, wanted: TimeDelta, estimate: Option<DataRate>) -> TimeDelta {
        match &self.kind {
            Kind::Estimate => ESTIMATE_EVERY,
            _ if wanted > TimeDelta::ZERO => wanted,
            _ => feedback_interval(estimate),
        }
    }

    /// Writes what there is to tell; `media_ssrc` is one of the streams, 0 if there is none.
    pub(crate) fn write(
        &mut self,
        now: Timestamp,
        ntp: NtpTime,
        writer: &mut RtcpWriter<'_>,
        ssrc: u32,
        media_ssrc: u32,
        room: usize,
    ) -> Result<(), RtpError> {
        match &mut self.kind {
            Kind::Nothing => Ok(()),
            Kind::TransportWide(recorder) => recorder.write_feedback(writer, ssrc, media_ssrc, room),
            Kind::PerStream(recorder) => recorder.write_feedback(writer, now, ntp, ssrc, room),
            Kind::Estimate => {
                let rate = self.estimator.take_rate(now);
                writer.receiver_estimated_bitrate(ssrc, rate, &[media_ssrc])
            }
        }
    }
}
