//! What a participant is made from, and what negotiation settles for it.

use std::sync::Arc;

use jackfield_core::audio_codec::EncoderLimits;
use jackfield_core::congestion_controller::{CongestionController, CongestionEvent, CongestionEventKind};
use jackfield_core::pacer::Pacer;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::Transport;
use jackfield_core::units::{DataRate, DataSize, SampleRate, TimeDelta};
use jackfield_rtp::extension::{ExtensionIds, ExtensionKind, StreamName};
use rtrb::Producer;

use crate::media::InboundPacket;

use super::outgoing::USUAL_PACKET;
use super::stats::NetworkStats;

/// What a participant is made from. Numbers that must be unguessable (RFC 3550 section 5.1) are drawn by the caller.
pub struct NetworkParticipantConfig {
    /// Its number in the room, the same as its strip's.
    pub id: u32,
    /// Its transport, activated.
    pub transport: Box<dyn Transport>,
    /// Its pacer.
    pub pacer: Box<dyn Pacer>,
    /// Its congestion controller; it is activated when the participant is added.
    pub congestion: Box<dyn CongestionController>,
    /// The ring into its receiver.
    pub inbound: Producer<InboundPacket>,
    /// The SSRC of the mix that we send it.
    pub ssrc: u32,
    /// The canonical name under which we send (RFC 7022).
    pub cname: String,
    /// The first sequence number.
    pub first_sequence_number: u16,
    /// The first timestamp.
    pub first_timestamp: u32,
    /// For the moments at which reports go out.
    pub seed: u64,
    /// Where its numbers are left.
    pub stats: Arc<NetworkStats>,
}

/// What negotiation has settled for the one audio m-line of a participant. Given again after each renegotiation; numbering goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaConfiguration {
    /// The codecs that it takes; empty if it does not want to hear.
    pub send: Vec<SendCodec>,
    /// The codecs that it may send; empty if it does not speak.
    pub receive: Vec<ReceiveCodec>,
    /// Payload types of what it may send that is only measured and then thrown away.
    pub discard: Vec<u8>,
    /// The room's key of the codec that it is sent now.
    pub codec: u32,
    /// The header extensions of `a=extmap`.
    pub extensions: ExtensionIds,
    /// `a=mid`.
    pub mid: Option<StreamName>,
    /// What RTCP may do.
    pub feedback: RtcpFeedback,
    /// SSRCs that `a=ssrc` announced; others are told by MID or payload type.
    pub remote_ssrcs: Vec<u32>,
    /// What all that we send it needs at least and can use at most.
    pub rates: StreamRates,
    /// The stream pauses while its share of the rate is less than it needs; else it goes on with that, however little there is.
    pub may_pause: bool,
}

/// What the streams that go to a participant need and can use, together, with their headers. The congestion controller is told, so that it does
/// not look for more than anybody could use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamRates {
    /// The sum of what each needs at least.
    pub minimum: DataRate,
    /// The sum of what each can use at most.
    pub maximum: DataRate,
    /// The most padding that they can do with.
    pub padding: DataRate,
}

impl StreamRates {
    /// Of no stream.
    pub const NONE: Self = Self {
        minimum: DataRate::ZERO,
        maximum: DataRate::ZERO,
        padding: DataRate::ZERO,
    };
    /// Of one voice: the bounds of Opus (RFC 7587 section 6.1) with IP, UDP and RTP around it, and no padding, which would cost what the voice
    /// needs.
    pub const VOICE: Self = Self {
        minimum: DataRate::kbps(16),
        maximum: DataRate::kbps(640),
        padding: DataRate::ZERO,
    };

    /// Of one voice whose encoder has these bounds, with what IP, UDP, SRTP and RTP add to its packets. [`StreamRates::VOICE`] where they are
    /// not known.
    pub fn of_encoder(limits: &EncoderLimits) -> Self {
        /// As voice is sent usually: with the headers, the tag and the extensions.
        const AROUND: DataSize = DataSize::bytes(64);
        if limits.minimum <= DataRate::ZERO || limits.maximum < limits.minimum {
            return Self::VOICE;
        }
        let around = |packet: TimeDelta| {
            AROUND
                / if packet > TimeDelta::ZERO {
                    packet
                } else {
                    USUAL_PACKET
                }
        };
        Self {
            minimum: limits.minimum + around(limits.longest_packet),
            maximum: limits.maximum + around(limits.shortest_packet),
            padding: DataRate::ZERO,
        }
    }

    /// What a congestion controller is told of them.
    pub(crate) fn event(self, now: Timestamp) -> CongestionEvent {
        let mut event = CongestionEvent::new(CongestionEventKind::StreamsConfig, now);
        event.rate = self.minimum;
        event.padding = self.padding;
        event.constraints.maximum = self.maximum;
        event
    }
}

impl MediaConfiguration {
    /// Whether the stream may carry packets that hold nothing but padding: the remote end tells of each packet when it came, so that there is
    /// something to be learned from them (libwebrtc's `RTPSender::SupportsPadding`).
    pub(crate) fn carries_padding(&self) -> bool {
        let numbered = self.extensions.id(ExtensionKind::TransportSequence).is_some();
        let told = self.feedback.congestion_control || (self.feedback.transport_cc && numbered);
        told && !self.send.is_empty()
    }

    /// What is sent, if anything is.
    pub(crate) fn streams(&self) -> StreamRates {
        if self.send.is_empty() {
            StreamRates::NONE
        } else {
            self.rates
        }
    }
}

impl Default for MediaConfiguration {
    /// Nothing is sent or received.
    fn default() -> Self {
        Self {
            send: Vec::new(),
            receive: Vec::new(),
            discard: Vec::new(),
            codec: 0,
            extensions: ExtensionIds::none(),
            mid: None,
            feedback: RtcpFeedback::default(),
            remote_ssrcs: Vec::new(),
            rates: StreamRates::VOICE,
            may_pause: false,
        }
    }
}

/// A codec that a participant takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendCodec {
    /// Its key in the room.
    pub codec: u32,
    /// The payload type that the participant gave it.
    pub payload_type: u8,
    /// Its RTP clock.
    pub clock_rate: SampleRate,
}

/// A codec that a participant may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveCodec {
    /// The payload type that we gave it.
    pub payload_type: u8,
    /// Its RTP clock.
    pub clock_rate: SampleRate,
}

/// What RTCP may do (RFC 4585, RFC 5506).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RtcpFeedback {
    /// `a=rtcp-fb:* transport-cc`: either end tells when each packet of the transport came.
    pub transport_cc: bool,
    /// `a=rtcp-fb:* ack ccfb`: either end tells when each packet of each stream came, and with which ECN mark (RFC 8888). Goes before
    /// `transport_cc`.
    pub congestion_control: bool,
    /// `a=rtcp-fb:* goog-remb`: we tell how much may come. Only if it is all that was agreed upon.
    pub remb: bool,
    /// `a=rtcp-rsize`: feedback may go out without a report before it.
    pub reduced_size: bool,
}

impl RtcpFeedback {
    /// Whether the other end is told how much may come (REMB), because it knows no feedback on packets.
    pub const fn is_estimate(&self) -> bool {
        self.remb && !self.congestion_control && !self.transport_cc
    }
}
