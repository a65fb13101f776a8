//! RTP that a participant sends us: which stream it is, numbers without wraps, statistics, and into the ring.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::time::Timestamp;
use jackfield_core::units::{SampleRate, TimeDelta};
use jackfield_rtp::demux::{Criteria, Demuxer, UnsignalledPolicy};
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::extension::{AudioLevel, ExtensionIds, ExtensionKind};
use jackfield_rtp::header::RtpPacketView;
use jackfield_rtp::receive::{ReceiveStream, ReceivedPacket};
use jackfield_rtp::sequence::Continuity;
use rtrb::{Consumer, Producer, PushError};

use crate::media::{InboundPacket, PacketBuffer};

use super::arrivals::Arrivals;
use super::configuration::{MediaConfiguration, ReceiveCodec};
use super::outgoing::on_the_wire;
use super::pictures::{CanonicalName, Newest, Pictures};
use super::stats::NetworkStats;

/// More streams than this are not followed at once; the one silent for longest gives way.
const MAX_STREAMS: usize = 8;
/// After so long without a packet of the newest stream an older one is heard again.
const STREAM_HOLD: TimeDelta = TimeDelta::seconds(1);
/// A stream silent for longer is not reported on any more (RFC 3550 section 6.3.5 times out after five intervals).
const REPORTED_FOR: TimeDelta = TimeDelta::seconds(25);
/// No packet holds more (RFC 7587 section 4.2), on the common clock: whoever sends less often pauses in between.
const LONGEST_PACKET: i64 = 5_760;
/// The clock in which the place of a stream's successor is found.
const COMMON_CLOCK: SampleRate = SampleRate::HZ_48000;

/// What one participant sends us.
pub(crate) struct Incoming {
    inbound: Producer<InboundPacket>,
    demuxer: Demuxer<()>,
    codecs: Vec<ReceiveCodec>,
    discard: Vec<u8>,
    extensions: ExtensionIds,
    pub(crate) arrivals: Arrivals,
    streams: Vec<Stream>,
    pictures: Pictures,
    heard: Option<Heard>,
    /// Losses of streams that are followed no more.
    lost_before: i64,
    /// Samples at 48 kHz that were missing where one stream took over from another.
    lost_at_seams: i64,
}

struct Stream {
    receive: ReceiveStream,
    since: Timestamp,
    last: Timestamp,
    newest: Newest,
    name: Option<CanonicalName>,
    /// Added to extended numbers, so that they go on where the stream heard before left off.
    sequence_offset: i64,
    timestamp_offset: i64,
}

/// Where the receiver stands.
#[derive(Clone, Copy)]
struct Heard {
    ssrc: u32,
    sequence_number: i64,
    /// The newest timestamp on the common clock.
    timestamp: i64,
    /// How far that is from the one before: what a packet holds.
    step: i64,
    clock_rate: SampleRate,
    at: Timestamp,
}

/// Boxes for payloads: what the audio thread has played, else new ones.
pub(crate) struct Boxes {
    used: Consumer<Box<PacketBuffer>>,
    spare: Vec<Box<PacketBuffer>>,
}

impl Boxes {
    pub(crate) fn new(used: Consumer<Box<PacketBuffer>>) -> Self {
        Self {
            used,
            spare: Vec::new(),
        }
    }

    fn take(&mut self) -> Box<PacketBuffer> {
        let spare = self.spare.pop().or_else(|| self.used.pop().ok());
        spare.unwrap_or_else(PacketBuffer::new)
    }
}

impl Incoming {
    pub(crate) fn new(inbound: Producer<InboundPacket>) -> Self {
        Self {
            inbound,
            demuxer: Demuxer::new(UnsignalledPolicy::ByPayloadType),
            codecs: Vec::new(),
            discard: Vec::new(),
            extensions: ExtensionIds::none(),
            arrivals: Arrivals::new(),
            streams: Vec::with_capacity(MAX_STREAMS),
            pictures: Pictures::new(),
            heard: None,
            lost_before: 0,
            lost_at_seams: 0,
        }
    }

    /// Streams that are known already stay known.
    pub(crate) fn configure(&mut self, configuration: &MediaConfiguration) {
        self.codecs.clone_from(&configuration.receive);
        self.discard.clone_from(&configuration.discard);
        self.extensions = configuration.extensions;
        self.arrivals.configure(&configuration.feedback);
        let says_when = self.extensions.id(ExtensionKind::AbsoluteSendTime).is_some();
        self.arrivals.estimator.expect_times(says_when);
        self.demuxer = Demuxer::new(UnsignalledPolicy::ByPayloadType);
        let criteria = Criteria {
            mid: configuration.mid,
            rid: None,
            ssrcs: configuration.remote_ssrcs.clone(),
            payload_types: self.codecs.iter().map(|codec| codec.payload_type).collect(),
        };
        // Without any criteria nothing is let in; that is what a participant that may not speak asks for.
        let _ = self.demuxer.add(&criteria, ());
    }

    /// Takes an RTP packet, whose datagram came with this mark.
    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        mark: EcnMark,
        packet: &[u8],
        boxes: &mut Boxes,
        stats: &NetworkStats,
    ) {
        if !self.take(now, mark, packet, boxes, stats) {
            stats.discarded.fetch_add(1, Relaxed);
        }
    }

    /// False if the packet is no good.
    fn take(
        &mut self,
        now: Timestamp,
        mark: EcnMark,
        packet: &[u8],
        boxes: &mut Boxes,
        stats: &NetworkStats,
    ) -> bool {
        let size = on_the_wire(packet.len());
        let Ok(packet) = RtpPacketView::parse(packet) else {
            return false;
        };
        self.arrivals.receive(now, &packet, &self.extensions, mark, size);
        if self.discard.contains(&packet.payload_type()) {
            stats.measured_packets.fetch_add(1, Relaxed);
            let length = packet.payload().len() as u64;
            stats.measured_bytes.fetch_add(length, Relaxed);
            self.pictures.receive(now, &packet);
            return true;
        }
        if self.demuxer.demux(&packet, &self.extensions).is_none() {
            return false;
        }
        let codec = self
            .codecs
            .iter()
            .find(|codec| codec.payload_type == packet.payload_type())
            .copied();
        let at = self.stream(now, packet.ssrc(), codec);
        let stream = &mut self.streams[at];
        if let Some(codec) = codec {
            stream.receive.set_clock_rate(codec.clock_rate);
        }
        let received = stream.receive.receive(now, &packet);
        if received.continuity == Continuity::Suspect {
            return false;
        }
        stream.last = now;
        stream.newest.take(now, &packet);
        stats.packets_received.fetch_add(1, Relaxed);
        stats
            .bytes_received
            .fetch_add(packet.payload().len() as u64, Relaxed);
        self.publish(at, stats);
        let Some(codec) = codec else { return false };
        // Padding alone keeps the path warm and carries no voice.
        if packet.payload().is_empty() {
            return true;
        }
        self.hear(now, at, codec, &packet, received, boxes, stats)
    }

    /// The streams to report on, as report blocks; begins the next interval of each.
    pub(crate) fn report_blocks(
        &mut self,
        now: Timestamp,
        blocks: &mut Vec<jackfield_rtp::rtcp::ReportBlock>,
    ) {
        blocks.clear();
        for stream in &mut self.streams {
            if now.since(stream.last) < REPORTED_FOR {
                blocks.extend(stream.receive.report_block(now));
            }
        }
    }

    /// A sender report on one of the streams came.
    pub(crate) fn sender_report(
        &mut self,
        now: Timestamp,
        ssrc: u32,
        info: &jackfield_rtp::rtcp::SenderInfo,
    ) {
        if let Some(stream) = self.streams.iter_mut().find(|s| s.receive.ssrc() == ssrc) {
            stream.receive.sender_report(now, info);
        }
        self.pictures.sender_report(now, ssrc, info);
    }

    /// Names of the participant's sources came.
    pub(crate) fn description(&mut self, description: &jackfield_rtp::rtcp::SourceDescription<'_>) {
        for stream in &mut self.streams {
            let name = CanonicalName::of(description, stream.receive.ssrc());
            stream.name = name.or(stream.name);
        }
        self.pictures.description(description);
    }

    /// How much later than the voice that is heard its pictures come (libwebrtc `video/stream_synchronization.cc`); none if it has none that are
    /// received, or not yet known.
    pub(crate) fn pictures_behind(&self, now: Timestamp) -> Option<TimeDelta> {
        let ssrc = self.heard?.ssrc;
        let voice = self.streams.iter().find(|stream| stream.receive.ssrc() == ssrc)?;
        let standing = voice.newest.standing(&voice.receive)?;
        self.pictures.behind(now, voice.name, &standing)
    }

    /// The remote end has ended a stream; whether it was one of these.
    pub(crate) fn goodbye(&mut self, ssrc: u32) -> bool {
        self.pictures.goodbye(ssrc);
        let Some(at) = self.streams.iter().position(|s| s.receive.ssrc() == ssrc) else {
            return false;
        };
        let stream = self.streams.swap_remove(at);
        self.lost_before += stream.receive.statistics().packets_lost;
        true
    }

    /// Samples at 48 kHz that were missing where one stream took over from another since this was asked last.
    pub(crate) fn take_lost_at_seams(&mut self) -> i64 {
        std::mem::take(&mut self.lost_at_seams)
    }

    /// One of the streams, for feedback that must name one; 0 if there is none.
    pub(crate) fn media_ssrc(&self) -> u32 {
        self.heard.map_or(0, |heard| heard.ssrc)
    }

    /// The place of the stream with this SSRC, made if it is new.
    fn stream(&mut self, now: Timestamp, ssrc: u32, codec: Option<ReceiveCodec>) -> usize {
        if let Some(at) = self.streams.iter().position(|s| s.receive.ssrc() == ssrc) {
            return at;
        }
        if self.streams.len() >= MAX_STREAMS
            && let Some(oldest) = (0..self.streams.len()).min_by_key(|at| self.streams[*at].last)
        {
            let gone = self.streams.swap_remove(oldest);
            self.lost_before += gone.receive.statistics().packets_lost;
        }
        let clock_rate = codec.map_or(COMMON_CLOCK, |codec| codec.clock_rate);
        self.streams.push(Stream {
            receive: ReceiveStream::new(ssrc, clock_rate),
            since: now,
            last: now,
            newest: Newest::default(),
            name: None,
            sequence_offset: 0,
            timestamp_offset: 0,
        });
        self.streams.len() - 1
    }

    /// Hands a packet to the receiver if its stream is the one to be heard: the newest, or an older one while the newest is silent.
    #[allow(
        clippy::too_many_arguments,
        reason = "the second half of `take`, split off for reading"
    )]
    fn hear(
        &mut self,
        now: Timestamp,
        at: usize,
        codec: ReceiveCodec,
        packet: &RtpPacketView<'_>,
        received: ReceivedPacket,
        boxes: &mut Boxes,
        stats: &NetworkStats,
    ) -> bool {
        let since = self.streams[at].since;
        let ssrc = packet.ssrc();
        let elder = self.heard.is_some_and(|heard| {
            heard.ssrc != ssrc
                && now.since(heard.at) < STREAM_HOLD
                && self
                    .streams
                    .iter()
                    .any(|other| other.receive.ssrc() == heard.ssrc && other.since > since)
        });
        if elder {
            return false;
        }
        let stream = &mut self.streams[at];
        let clock = i64::from(codec.clock_rate.as_hz().max(1));
        let common = i64::from(COMMON_CLOCK.as_hz());
        if let Some(heard) = self.heard
            && (heard.ssrc != ssrc
                || heard.clock_rate != codec.clock_rate
                || received.continuity == Continuity::Restarted)
        {
            // The receiver sees one stream: the next number, and as much later on the media clock as time has passed, but behind what it
            // has. The two may overlap by as much as a packet holds, because each has packets of its own: that much is played twice.
            let passed = COMMON_CLOCK.samples(now - heard.at).max(1);
            // One packet's worth is what jitter may hold back.
            if passed > 2 * heard.step {
                self.lost_at_seams += passed - heard.step;
            }
            let next = heard.timestamp + passed.max(heard.step);
            stream.sequence_offset = heard.sequence_number + 1 - received.sequence_number;
            stream.timestamp_offset = next * clock / common - received.timestamp;
        }
        let sequence_number = received.sequence_number + stream.sequence_offset;
        let timestamp = received.timestamp + stream.timestamp_offset;
        let on_common = timestamp * common / clock;
        let newest = self
            .heard
            .is_none_or(|heard| heard.ssrc != ssrc || sequence_number > heard.sequence_number);
        if newest {
            let step = match self.heard {
                Some(heard) if heard.sequence_number + 1 == sequence_number && heard.ssrc == ssrc => {
                    (on_common - heard.timestamp).clamp(0, LONGEST_PACKET)
                }
                Some(heard) => heard.step,
                None => 0,
            };
            self.heard = Some(Heard {
                ssrc,
                sequence_number,
                timestamp: on_common,
                step,
                clock_rate: codec.clock_rate,
                at: now,
            });
        }
        let mut payload = boxes.take();
        if !payload.fill(packet.payload()) {
            boxes.spare.push(payload);
            return false;
        }
        let level = self
            .extensions
            .id(ExtensionKind::AudioLevel)
            .and_then(|id| packet.extension(id))
            .and_then(AudioLevel::parse);
        let inbound = InboundPacket {
            payload,
            arrival: now,
            sequence_number,
            timestamp,
            payload_type: packet.payload_type(),
            marker: packet.marker(),
            level_dbov: level.map(AudioLevel::dbov),
        };
        if let Err(PushError::Full(inbound)) = self.inbound.push(inbound) {
            boxes.spare.push(inbound.payload);
            stats.dropped_inbound.fetch_add(1, Relaxed);
        }
        true
    }

    fn publish(&self, at: usize, stats: &NetworkStats) {
        let lost: i64 = self
            .streams
            .iter()
            .map(|stream| stream.receive.statistics().packets_lost)
            .sum();
        stats.packets_lost.store(self.lost_before + lost, Relaxed);
        stats.set_jitter(self.streams[at].receive.statistics().jitter);
    }
}
