//! The RTP stream of mixes that one participant is sent: numbering, the queue before the pacer, headers.

mod away;
mod leaving;
mod pacing;

use std::collections::VecDeque;

use jackfield_core::pacer::{Pacer, PacerConfig};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataSize, TimeDelta};
use jackfield_core::{Fault, FaultCode};
use jackfield_rtp::extension::{AudioLevel, ExtensionIds, StreamName};
use jackfield_rtp::header::FIXED_HEADER_LENGTH;
use jackfield_rtp::send::SendStream;

use crate::media::{Mix, PacketBuffer};

use super::configuration::{MediaConfiguration, SendCodec};
use super::decided::PacerRates;
use super::payloads::{PayloadKey, Payloads};

pub(crate) use leaving::Departure;
use leaving::Departures;

/// Room for a header with all extensions that we send, and a whole payload.
pub(crate) const PACKET_ROOM: usize = PacketBuffer::CAPACITY + 128;
/// What IP, UDP and SRTP add to a packet.
const OVERHEAD: i64 = 20 + 8 + 10;
/// How long packets are before the first has come.
pub(crate) const USUAL_PACKET: TimeDelta = TimeDelta::ms(20);
/// More packets than this never wait: four seconds.
const QUEUE: usize = 200;

/// The stream that one participant is sent.
pub(crate) struct Outgoing {
    pub(crate) stream: SendStream,
    codecs: Vec<SendCodec>,
    codec: u32,
    /// The codec that it is to be sent from its first packet on.
    next_codec: Option<u32>,
    own: bool,
    extensions: ExtensionIds,
    mid: Option<StreamName>,
    /// Feedback names packets by their streams: they need no number on the transport.
    per_stream: bool,
    /// The stream may carry packets of padding …
    carries_padding: bool,
    /// … and its link bears that we send some.
    padding_allowed: bool,
    /// The payload type of the packet that left last: padding goes under it.
    last_payload_type: Option<u8>,
    /// The pacer has something to send without media: a probe was asked for, or there is a rate for padding.
    fills: bool,
    /// Packets can be sent.
    connected: bool,
    /// The stream gets too little of the target: nothing is sent.
    starved: bool,
    /// How long a packet of its mix is.
    packet_length: TimeDelta,
    /// When the last packet of its mix came.
    taken_at: Option<Timestamp>,
    /// Where on the media clock the next packet begins.
    ticks: i64,
    /// Nothing was sent just before: the next packet has the marker.
    paused: bool,
    pacer: Box<dyn Pacer>,
    pacer_broken: bool,
    /// The pacer's process does not answer: packets leave unpaced until it is back.
    pacer_away: bool,
    /// Calls that went without the pacer.
    concealed: u64,
    /// What the pacer was told last.
    congested: bool,
    pacer_config: PacerConfig,
    rates: PacerRates,
    queue: VecDeque<Waiting>,
    next_handle: u64,
    departures: Departures,
    /// Headers and packets of media that have left.
    headers: DataSize,
    media_packets: i64,
    /// The pacer had nothing to give at its own deadline: it is not asked again before this.
    not_before: Timestamp,
    /// That was so the time before, too.
    stuck: bool,
    /// What the pacer said when it broke, until somebody asks.
    fault: Option<Fault>,
}

/// A packet of a mix, without its payload.
#[derive(Clone, Copy)]
pub(crate) struct MixPacket {
    pub(crate) codec: u32,
    pub(crate) ticks: u32,
    pub(crate) len: usize,
    pub(crate) level: AudioLevel,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A copy of the payload waits.
    Queued,
    /// There was nothing to send, or nobody to send it to.
    Nothing,
    /// The queue is full.
    Dropped,
}

/// A packet that waits for the pacer.
struct Waiting {
    handle: u64,
    size: DataSize,
    content: Content,
}

enum Content {
    /// A copy of a packet of its mix.
    Mix(MixCopy),
    /// So many bytes of nothing.
    Padding(u8),
}

struct MixCopy {
    payload: PayloadKey,
    codec: SendCodec,
    ticks: i64,
    marker: bool,
    level: AudioLevel,
    /// When it was made: its timestamp belongs to this moment, whenever it leaves.
    at: Timestamp,
}

/// What a packet of `len` bytes takes on the wire.
pub(crate) fn on_the_wire(len: usize) -> DataSize {
    DataSize::bytes(len as i64 + OVERHEAD)
}

impl Outgoing {
    pub(crate) fn new(stream: SendStream, pacer: Box<dyn Pacer>) -> Self {
        Self {
            stream,
            codecs: Vec::new(),
            codec: 0,
            next_codec: None,
            own: false,
            extensions: ExtensionIds::none(),
            mid: None,
            per_stream: false,
            carries_padding: false,
            padding_allowed: true,
            last_payload_type: None,
            fills: false,
            connected: false,
            starved: false,
            packet_length: USUAL_PACKET,
            taken_at: None,
            ticks: 0,
            paused: true,
            pacer,
            pacer_broken: false,
            pacer_away: false,
            concealed: 0,
            congested: false,
            pacer_config: PacerConfig::DEFAULT,
            rates: PacerRates::default(),
            queue: VecDeque::with_capacity(QUEUE),
            next_handle: 1,
            departures: Departures::with_capacity(QUEUE),
            headers: DataSize::ZERO,
            media_packets: 0,
            not_before: Timestamp::ZERO,
            stuck: false,
            fault: None,
        }
    }

    /// Applies what was negotiated. A codec that is in use and still negotiated stays in use until the first packet of the next.
    pub(crate) fn configure(&mut self, configuration: &MediaConfiguration) {
        self.codecs.clone_from(&configuration.send);
        self.extensions = configuration.extensions;
        self.mid = configuration.mid;
        self.per_stream = configuration.feedback.congestion_control;
        self.carries_padding = configuration.carries_padding();
        if self.ticks > 0 && self.negotiated(self.codec).is_some() {
            self.set_codec(configuration.codec);
        } else {
            self.codec = configuration.codec;
        }
    }

    /// From its first packet on it is sent this codec; false if that was not negotiated.
    pub(crate) fn set_codec(&mut self, codec: u32) -> bool {
        let known = self.negotiated(codec).is_some();
        if known {
            self.next_codec = Some(codec).filter(|next| *next != self.codec);
        }
        known
    }

    /// The audio domain says which mix it hears from the next packet on.
    pub(crate) fn set_route(&mut self, own: bool, codec: u32) {
        self.own = own;
        self.codec = codec;
        self.next_codec = None;
    }

    /// Whether it hears the next packet of this mix.
    pub(crate) fn hears(&mut self, now: Timestamp, id: u32, mix: Mix) -> bool {
        match mix {
            Mix::Own(of) => self.own && of == id,
            Mix::Shared(_) if self.own => false,
            Mix::Shared(codec) if Some(codec) == self.next_codec => {
                self.codec = codec;
                self.next_codec = None;
                // If both codecs run for a moment, it must not hear the same 20 ms twice.
                self.taken_at != Some(now)
            }
            Mix::Shared(codec) => codec == self.codec,
        }
    }

    /// The clock of the codec in use, before the first packet.
    pub(crate) fn set_first_clock(&mut self, first_sequence_number: u16, first_timestamp: u32) {
        let Some(codec) = self.negotiated(self.codec) else {
            return;
        };
        if self.ticks == 0 && self.stream.clock_rate() != codec.clock_rate {
            self.stream = SendStream::new(
                self.stream.ssrc(),
                codec.clock_rate,
                first_sequence_number,
                first_timestamp,
            );
        }
    }

    /// What the pacer said when it broke, once.
    pub(crate) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// What waits.
    pub(crate) fn waiting(&self) -> DataSize {
        self.queue
            .iter()
            .fold(DataSize::ZERO, |sum, waiting| sum + waiting.size)
    }

    /// Whether packets can be sent.
    pub(crate) fn set_connected(&mut self, connected: bool) {
        self.connected = connected;
    }

    /// Takes a packet of its mix. The media clock moves on whether or not there is something to send.
    pub(crate) fn enqueue(&mut self, now: Timestamp, packet: MixPacket, payload: PayloadKey) -> Taken {
        let ticks = self.ticks;
        self.ticks += i64::from(packet.ticks);
        self.taken_at = Some(now);
        let codec = self.negotiated(packet.codec);
        if let Some(codec) = codec.filter(|_| packet.ticks > 0) {
            self.packet_length = codec.clock_rate.duration(i64::from(packet.ticks));
        }
        let Some(codec) = codec.filter(|_| self.connected && !self.starved && packet.len > 0) else {
            self.paused = true;
            return Taken::Nothing;
        };
        if self.queue.len() >= QUEUE {
            return Taken::Dropped;
        }
        let content = Content::Mix(MixCopy {
            payload,
            codec,
            ticks,
            marker: self.paused,
            level: packet.level,
            at: now,
        });
        if !self.wait(now, content, on_the_wire(packet.len + FIXED_HEADER_LENGTH)) {
            return Taken::Dropped;
        }
        self.paused = false;
        Taken::Queued
    }

    /// Puts a packet into the queue; false if the pacer has no room for it.
    fn wait(&mut self, now: Timestamp, content: Content, size: DataSize) -> bool {
        let waiting = Waiting {
            handle: self.next_handle,
            size,
            content,
        };
        if self.paces(now)
            && let Err(fault) = self.pacer.enqueue(now, &self.paced(&waiting))
        {
            if fault.code() == FaultCode::State {
                return false;
            }
            self.broke(fault);
        }
        self.next_handle += 1;
        self.queue.push_back(waiting);
        true
    }

    /// What each packet adds to its payload on the wire.
    pub(crate) fn overhead(&self) -> DataSize {
        let headers = match self.media_packets {
            packets if packets > 0 => self.headers.as_bytes() / packets,
            _ => FIXED_HEADER_LENGTH as i64,
        };
        DataSize::bytes(headers + OVERHEAD)
    }

    /// How long a packet of its mix is.
    pub(crate) fn packet_length(&self) -> TimeDelta {
        self.packet_length
    }

    /// The stream gets too little of the target, and nothing is sent until it gets enough again; what waits leaves.
    pub(crate) fn set_starved(&mut self, starved: bool) {
        self.starved = starved;
    }

    /// Gives up what waits.
    pub(crate) fn clear(&mut self, payloads: &mut Payloads) {
        for waiting in self.queue.drain(..) {
            if let Content::Mix(copy) = waiting.content {
                payloads.release(copy.payload);
            }
        }
        self.departures.clear();
    }

    fn negotiated(&self, codec: u32) -> Option<SendCodec> {
        self.codecs.iter().find(|c| c.codec == codec).copied()
    }
}
