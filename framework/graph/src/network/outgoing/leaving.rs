//! Packets that leave: those of the mix when the pacer lets them go, and padding where a probe or the padding rate has room for it.

use jackfield_core::Fault;
use jackfield_core::pacer::DepartureSink;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataSize, TimeDelta};
use jackfield_rtp::RtpError;
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::extension::{AbsoluteSendTime, ExtensionKind, TransportSequence};
use jackfield_rtp::header::{Extension, RtpHeader, append_padding, write_header};
use jackfield_rtp::send::NtpClock;
use jackfield_rtp::twcc::StreamPacket;

use super::{Content, MixCopy, Outgoing, PACKET_ROOM, QUEUE, Waiting, on_the_wire};
use crate::network::payloads::{PayloadKey, Payloads};

/// The bounds of a packet of padding (libwebrtc's `kMinAudioPaddingLength` and `kMaxPaddingLength`; the count is a byte).
const LEAST_PADDING: i64 = 50;
const MOST_PADDING: i64 = 224;
/// A pacer that has nothing to give at its own deadline may reckon anew when it is asked again …
const SOON: TimeDelta = TimeDelta::us(1);
/// … and is left alone for so long if it then has nothing again.
const LATER: TimeDelta = TimeDelta::ms(1);

/// The handles that the pacer let go, the next one last.
#[derive(Default)]
pub(super) struct Departures(pub(super) Vec<u64>);

impl Departures {
    pub(super) fn with_capacity(packets: usize) -> Self {
        Self(Vec::with_capacity(packets))
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl DepartureSink for Departures {
    fn depart(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle);
        Ok(())
    }
}

/// What the pacer lets go at one time.
#[derive(Clone, Copy, Default)]
pub(crate) struct Departing {
    /// The probe that it belongs to; 0 if none.
    pub(crate) cluster: u32,
    /// How much padding is wanted beside it.
    lacks: DataSize,
}

/// A packet whose time has come.
pub(crate) struct Departure {
    /// Of padding there is none.
    pub(crate) payload: Option<PayloadKey>,
    /// Length of the whole packet in the buffer.
    pub(crate) len: usize,
    pub(crate) payload_len: usize,
    /// Bytes of padding.
    pub(crate) padding: u8,
    pub(crate) ssrc: u32,
    pub(crate) sequence_number: u16,
    /// Whether feedback will tell what became of it.
    pub(crate) tracked: bool,
}

impl Departure {
    /// What is remembered of it when it has left with this mark, as part of this probe.
    pub(crate) fn left(&self, mark: EcnMark, cluster: u32) -> StreamPacket {
        StreamPacket {
            ssrc: self.ssrc,
            sequence_number: self.sequence_number,
            size: on_the_wire(self.len),
            cluster,
            audio: self.payload.is_some(),
            mark,
        }
    }
}

/// What a header carries beside its fixed fields.
#[derive(Clone, Copy)]
struct Elements<'a> {
    level: Option<[u8; 1]>,
    number: u16,
    clock: &'a NtpClock,
    now: Timestamp,
}

impl Outgoing {
    /// Asks the pacer which packets may leave; [`Outgoing::depart`] then gives them one by one.
    pub(crate) fn poll(&mut self, now: Timestamp) -> Departing {
        self.departures.clear();
        if self.queue.is_empty() && !self.fills {
            return Departing::default();
        }
        if self.paces(now)
            && let Err(fault) = self.pacer.poll(now, &mut self.departures)
        {
            self.broke(fault);
        }
        if self.is_unpaced() {
            self.departures.clear();
            self.departures
                .0
                .extend(self.queue.iter().map(|waiting| waiting.handle));
        }
        let status = (self.fills && !self.is_unpaced()).then(|| self.pacer.status(now));
        let departing = match status {
            Some(Ok(status)) => Departing {
                cluster: status.cluster,
                lacks: if self.can_pad() {
                    status.padding
                } else {
                    DataSize::ZERO
                },
            },
            _ => Departing::default(),
        };
        self.mind_idleness(now, departing);
        // They are taken off the end.
        self.departures.0.reverse();
        departing
    }

    fn mind_idleness(&mut self, now: Timestamp, departing: Departing) {
        let idle = self.departures.0.is_empty() && departing.lacks <= DataSize::ZERO;
        self.not_before = match (idle, self.stuck) {
            (false, _) => Timestamp::ZERO,
            (true, false) => now + SOON,
            (true, true) => now + LATER,
        };
        self.stuck = idle && self.deadline() == self.not_before;
    }

    /// Padding stands where the packet before it stood, so there must have been one.
    fn can_pad(&self) -> bool {
        self.connected && self.pads() && self.last_payload_type.is_some() && self.queue.len() < QUEUE
    }

    /// Gives the pacer the padding that it lacks; false if it lacks none.
    pub(crate) fn pad(&mut self, now: Timestamp, departing: Departing) -> bool {
        let mut lacks = departing.lacks.as_bytes();
        // As of the media before it, extensions included.
        let around = self.overhead().as_bytes();
        let mut padded = false;
        while lacks > 0 && self.queue.len() < QUEUE {
            let length = (lacks - around).clamp(LEAST_PADDING, MOST_PADDING);
            let content = Content::Padding(length as u8);
            if !self.wait(now, content, DataSize::bytes(around + length)) {
                break;
            }
            padded = true;
            lacks -= around + length;
        }
        padded
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
        loop {
            let waiting = self.next_to_leave()?;
            let elements = Elements {
                level: None,
                number,
                clock,
                now,
            };
            match waiting.content {
                Content::Mix(copy) => return Some(self.write_mix(&copy, payloads, elements, buffer)),
                Content::Padding(length) => {
                    // Before the first packet there is no place for it: the pacer was not asked for any then.
                    if let Some(departure) = self.write_padding(length, elements, buffer) {
                        return Some(departure);
                    }
                }
            }
        }
    }

    fn next_to_leave(&mut self) -> Option<Waiting> {
        loop {
            let handle = self.departures.0.pop()?;
            // A handle that there is not is the pacer's mistake, and harmless.
            if let Some(at) = self.queue.iter().position(|waiting| waiting.handle == handle)
                && let Some(waiting) = self.queue.remove(at)
            {
                return Some(waiting);
            }
        }
    }

    fn write_mix(
        &mut self,
        copy: &MixCopy,
        payloads: &Payloads,
        elements: Elements<'_>,
        buffer: &mut [u8; PACKET_ROOM],
    ) -> Departure {
        let codec = copy.codec;
        self.stream.set_clock_rate(codec.clock_rate, copy.ticks);
        let header = self
            .stream
            .next_header(copy.at, codec.payload_type, copy.marker, copy.ticks);
        self.last_payload_type = Some(codec.payload_type);
        let elements = Elements {
            level: Some(copy.level.to_bytes()),
            ..elements
        };
        let (start, numbered) = self.write_header(&header, elements, buffer);
        let payload = payloads.bytes(copy.payload);
        let len = start + payload.len();
        buffer[start..len].copy_from_slice(payload);
        Departure {
            payload: Some(copy.payload),
            len,
            payload_len: payload.len(),
            padding: 0,
            ssrc: header.ssrc,
            sequence_number: header.sequence_number,
            tracked: numbered || self.per_stream,
        }
    }

    fn write_padding(
        &mut self,
        length: u8,
        elements: Elements<'_>,
        buffer: &mut [u8; PACKET_ROOM],
    ) -> Option<Departure> {
        let header = self.stream.next_padding_header(self.last_payload_type?)?;
        let (start, numbered) = self.write_header(&header, elements, buffer);
        let padded: Result<usize, RtpError> = append_padding(buffer, start, length);
        Some(Departure {
            payload: None,
            len: padded.unwrap_or(start),
            payload_len: 0,
            padding: length,
            ssrc: header.ssrc,
            sequence_number: header.sequence_number,
            tracked: numbered || self.per_stream,
        })
    }

    /// Writes a header with the extensions that were negotiated; gives its length, and whether it carries a transport-wide number.
    fn write_header(
        &self,
        header: &RtpHeader,
        elements: Elements<'_>,
        buffer: &mut [u8; PACKET_ROOM],
    ) -> (usize, bool) {
        let sequence = TransportSequence::to_bytes(elements.number);
        let time = AbsoluteSendTime::from_ntp(elements.clock.ntp(elements.now)).to_bytes();
        let mid = self.mid.as_ref().map_or(&[][..], |mid| mid.as_bytes());
        let level = elements.level.as_ref().map_or(&[][..], |level| &level[..]);
        let mut extensions = [Extension::new(0, &[]); 4];
        let mut count = 0;
        let mut numbered = false;
        for (kind, data) in [
            (ExtensionKind::AudioLevel, level),
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
        // Extensions that cannot be written (an id that negotiation should have refused) are left out rather than the voice.
        let start = write_header(buffer, header, &[], &extensions[..count])
            .or_else(|_| write_header(buffer, header, &[], &[]))
            .unwrap_or(0);
        (start, numbered)
    }

    /// A packet has left.
    pub(crate) fn sent(&mut self, departure: &Departure) {
        let around = DataSize::bytes((departure.len - departure.payload_len) as i64);
        self.stream
            .sent(DataSize::bytes(departure.payload_len as i64), around);
        if departure.payload.is_some() {
            self.headers += around;
            self.media_packets += 1;
        }
    }

    /// When [`Outgoing::poll`] is worth calling.
    pub(crate) fn deadline(&mut self) -> Timestamp {
        if self.queue.is_empty() && !(self.fills && self.connected) {
            return Timestamp::NEVER;
        }
        if !self.is_unpaced() {
            match self.pacer.deadline() {
                Ok(deadline) => return deadline.max(self.not_before),
                Err(fault) => self.broke(fault),
            }
        }
        if self.queue.is_empty() {
            Timestamp::NEVER
        } else {
            Timestamp::ZERO
        }
    }
}
