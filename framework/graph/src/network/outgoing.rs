//! The RTP stream of mixes that one participant is sent: numbering, the queue before the pacer, headers.

mod away;

use std::collections::VecDeque;

use jackfield_core::pacer::{DepartureSink, PacedPacket, Pacer, PacketPriority};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_core::{Fault, FaultCode};
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::extension::{
    AbsoluteSendTime, AudioLevel, ExtensionIds, ExtensionKind, StreamName, TransportSequence,
};
use jackfield_rtp::header::{Extension, FIXED_HEADER_LENGTH, write_header};
use jackfield_rtp::send::{NtpClock, SendStream};
use jackfield_rtp::twcc::StreamPacket;

use crate::media::{Mix, PacketBuffer};

use super::configuration::{MediaConfiguration, SendCodec};
use super::payloads::{PayloadKey, Payloads};

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
    rates: Option<(DataRate, DataRate)>,
    queue: VecDeque<Waiting>,
    next_handle: u64,
    departures: Departures,
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
    payload: PayloadKey,
    codec: SendCodec,
    ticks: i64,
    marker: bool,
    level: AudioLevel,
    /// When it was made: its timestamp belongs to this moment, whenever it leaves.
    at: Timestamp,
    size: DataSize,
}

#[derive(Default)]
struct Departures(Vec<u64>);

impl DepartureSink for Departures {
    fn depart(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle);
        Ok(())
    }
}

/// A packet whose time has come.
pub(crate) struct Departure {
    pub(crate) payload: PayloadKey,
    /// Length of the whole packet in the buffer.
    pub(crate) len: usize,
    pub(crate) payload_len: usize,
    pub(crate) ssrc: u32,
    pub(crate) sequence_number: u16,
    /// Whether feedback will tell what became of it.
    pub(crate) tracked: bool,
}

impl Departure {
    /// What is remembered of it when it has left with this mark.
    pub(crate) fn left(&self, mark: EcnMark) -> StreamPacket {
        StreamPacket {
            ssrc: self.ssrc,
            sequence_number: self.sequence_number,
            size: on_the_wire(self.len),
            cluster: 0,
            audio: true,
            mark,
        }
    }
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
            packet_length: USUAL_PACKET,
            taken_at: None,
            ticks: 0,
            paused: true,
            pacer,
            pacer_broken: false,
            pacer_away: false,
            concealed: 0,
            congested: false,
            rates: None,
            queue: VecDeque::with_capacity(QUEUE),
            next_handle: 1,
            departures: Departures(Vec::with_capacity(QUEUE)),
            fault: None,
        }
    }

    /// Applies what was negotiated. A codec that is in use and still negotiated stays in use until the first packet of the next.
    pub(crate) fn configure(&mut self, configuration: &MediaConfiguration) {
        self.codecs.clone_from(&configuration.send);
        self.extensions = configuration.extensions;
        self.mid = configuration.mid;
        self.per_stream = configuration.feedback.congestion_control;
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

    pub(crate) fn pacer(&mut self) -> &mut dyn Pacer {
        &mut *self.pacer
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

    /// Takes a packet of its mix. The media clock moves on whether or not there is something to send.
    pub(crate) fn enqueue(
        &mut self,
        now: Timestamp,
        packet: MixPacket,
        payload: PayloadKey,
        connected: bool,
    ) -> Taken {
        let ticks = self.ticks;
        self.ticks += i64::from(packet.ticks);
        self.taken_at = Some(now);
        let codec = self.negotiated(packet.codec);
        if let Some(codec) = codec.filter(|_| packet.ticks > 0) {
            self.packet_length = codec.clock_rate.duration(i64::from(packet.ticks));
        }
        let Some(codec) = codec.filter(|_| connected && packet.len > 0) else {
            self.paused = true;
            return Taken::Nothing;
        };
        if self.queue.len() >= QUEUE {
            return Taken::Dropped;
        }
        let waiting = Waiting {
            handle: self.next_handle,
            payload,
            codec,
            ticks,
            marker: self.paused,
            level: packet.level,
            at: now,
            size: DataSize::bytes(packet.len as i64 + FIXED_HEADER_LENGTH as i64 + OVERHEAD),
        };
        if self.paces(now)
            && let Err(fault) = self.pacer.enqueue(now, &self.paced(&waiting))
        {
            if fault.code() == FaultCode::State {
                return Taken::Dropped;
            }
            self.broke(fault);
        }
        self.next_handle += 1;
        self.paused = false;
        self.queue.push_back(waiting);
        Taken::Queued
    }

    /// What each packet adds to its payload on the wire.
    pub(crate) fn overhead(&self) -> DataSize {
        let sent = self.stream.statistics();
        let headers = match i64::try_from(sent.packets_sent) {
            Ok(packets) if packets > 0 => sent.overhead_sent.as_bytes() / packets,
            _ => FIXED_HEADER_LENGTH as i64,
        };
        DataSize::bytes(headers + OVERHEAD)
    }

    /// How long a packet of its mix is.
    pub(crate) fn packet_length(&self) -> TimeDelta {
        self.packet_length
    }

    /// Tells the pacer when the congestion controller's window fills up and when it empties.
    pub(crate) fn set_congested(&mut self, now: Timestamp, congested: bool) {
        if congested == self.congested {
            return;
        }
        self.congested = congested;
        if self.paces(now)
            && let Err(fault) = self.pacer.set_congested(now, u32::from(congested))
        {
            self.broke(fault);
        }
    }

    /// Asks the pacer which packets may leave; [`Outgoing::depart`] then gives them one by one.
    pub(crate) fn poll(&mut self, now: Timestamp) {
        self.departures.0.clear();
        if self.queue.is_empty() {
            return;
        }
        if self.paces(now)
            && let Err(fault) = self.pacer.poll(now, &mut self.departures)
        {
            self.broke(fault);
        }
        if self.is_unpaced() {
            self.departures.0.clear();
            self.departures
                .0
                .extend(self.queue.iter().map(|waiting| waiting.handle));
        }
        // They are taken off the end.
        self.departures.0.reverse();
    }

    /// Builds the next packet that may leave in `buffer`, with `number` as its transport-wide sequence number if that was negotiated.
    pub(crate) fn depart(
        &mut self,
        now: Timestamp,
        payloads: &Payloads,
        number: u16,
        clock: &NtpClock,
        buffer: &mut [u8; PACKET_ROOM],
    ) -> Option<Departure> {
        let waiting = loop {
            let handle = self.departures.0.pop()?;
            // A handle that there is not is the pacer's mistake, and harmless.
            if let Some(at) = self.queue.iter().position(|waiting| waiting.handle == handle)
                && let Some(waiting) = self.queue.remove(at)
            {
                break waiting;
            }
        };
        self.stream
            .set_clock_rate(waiting.codec.clock_rate, waiting.ticks);
        let header = self.stream.next_header(
            waiting.at,
            waiting.codec.payload_type,
            waiting.marker,
            waiting.ticks,
        );
        let level = waiting.level.to_bytes();
        let sequence = TransportSequence::to_bytes(number);
        let time = AbsoluteSendTime::from_ntp(clock.ntp(now)).to_bytes();
        let mid = self.mid.as_ref().map_or(&[][..], |mid| mid.as_bytes());
        let mut extensions = [Extension::new(0, &[]); 4];
        let mut count = 0;
        let mut numbered = false;
        for (kind, data) in [
            (ExtensionKind::AudioLevel, &level[..]),
            (ExtensionKind::TransportSequence, &sequence[..]),
            (ExtensionKind::Mid, mid),
            (ExtensionKind::AbsoluteSendTime, &time[..]),
        ] {
            let superfluous = self.per_stream && kind == ExtensionKind::TransportSequence;
            let written = !data.is_empty() && !superfluous;
            if let Some(id) = self.extensions.id(kind).filter(|_| written) {
                extensions[count] = Extension::new(id, data);
                count += 1;
                numbered |= kind == ExtensionKind::TransportSequence;
            }
        }
        let payload = payloads.bytes(waiting.payload);
        // Extensions that cannot be written (an id that negotiation should have refused) are left out rather than the voice.
        let start = write_header(buffer, &header, &[], &extensions[..count])
            .or_else(|_| write_header(buffer, &header, &[], &[]))
            .unwrap_or(0);
        let len = start + payload.len();
        buffer[start..len].copy_from_slice(payload);
        Some(Departure {
            payload: waiting.payload,
            len,
            payload_len: payload.len(),
            ssrc: header.ssrc,
            sequence_number: header.sequence_number,
            tracked: numbered || self.per_stream,
        })
    }

    /// A packet has left.
    pub(crate) fn sent(&mut self, departure: &Departure) {
        self.stream.sent(
            DataSize::bytes(departure.payload_len as i64),
            DataSize::bytes((departure.len - departure.payload_len) as i64),
        );
    }

    /// When [`Outgoing::poll`] is worth calling.
    pub(crate) fn deadline(&mut self) -> Timestamp {
        if self.queue.is_empty() {
            return Timestamp::NEVER;
        }
        if !self.is_unpaced() {
            match self.pacer.deadline() {
                Ok(deadline) => return deadline,
                Err(fault) => self.broke(fault),
            }
        }
        Timestamp::ZERO
    }

    /// The rates at which packets may leave.
    pub(crate) fn set_rates(&mut self, now: Timestamp, pacing: DataRate, padding: DataRate) {
        self.rates = Some((pacing, padding));
        if self.paces(now)
            && let Err(fault) = self.pacer.set_rates(now, pacing, padding)
        {
            self.broke(fault);
        }
    }

    /// Gives up what waits.
    pub(crate) fn clear(&mut self, payloads: &mut Payloads) {
        for waiting in self.queue.drain(..) {
            payloads.release(waiting.payload);
        }
        self.departures.0.clear();
    }

    /// Puts another pacer in with all that waits, in the same order. On failure it comes back, and the old one has its queue again.
    pub(crate) fn swap_pacer(
        &mut self,
        now: Timestamp,
        mut newcomer: Box<dyn Pacer>,
        pacing: DataRate,
        padding: DataRate,
    ) -> Result<Box<dyn Pacer>, (Box<dyn Pacer>, Fault)> {
        self.departures.0.clear();
        let handed = self.pacer.hand_over(&mut self.departures);
        if handed.is_err() {
            self.departures.0.clear();
        }
        // The order is the old pacer's; what it has forgotten is sent all the same.
        let order = std::mem::take(&mut self.departures.0);
        let place = |handle| order.iter().position(|h| *h == handle).unwrap_or(usize::MAX);
        self.queue
            .make_contiguous()
            .sort_by_key(|waiting| place(waiting.handle));
        self.departures.0 = order;
        self.departures.0.clear();
        let entered = newcomer.set_rates(now, pacing, padding).and_then(|()| {
            self.queue
                .iter()
                .try_for_each(|waiting| newcomer.enqueue(now, &self.paced(waiting)))
        });
        if let Err(fault) = entered {
            for waiting in &self.queue {
                let paced = PacedPacket {
                    handle: waiting.handle,
                    size: waiting.size,
                    priority: PacketPriority::Audio,
                    ssrc: self.stream.ssrc(),
                };
                if let Err(fault) = self.pacer.enqueue(now, &paced) {
                    self.broke(fault);
                    break;
                }
            }
            return Err((newcomer, fault));
        }
        self.pacer_broken = false;
        self.pacer_away = false;
        Ok(std::mem::replace(&mut self.pacer, newcomer))
    }

    fn paced(&self, waiting: &Waiting) -> PacedPacket {
        PacedPacket {
            handle: waiting.handle,
            size: waiting.size,
            priority: PacketPriority::Audio,
            ssrc: self.stream.ssrc(),
        }
    }

    fn negotiated(&self, codec: u32) -> Option<SendCodec> {
        self.codecs.iter().find(|c| c.codec == codec).copied()
    }
}
