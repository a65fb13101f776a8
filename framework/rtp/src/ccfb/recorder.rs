use jackfield_core::time::Timestamp;

use crate::RtpError;
use crate::ecn::EcnMark;
use crate::rtcp::{CongestionFeedback, CongestionMetric, RtcpWriter, packet_type};
use crate::sequence::{Continuity, SequenceTracker};

/// Header of RTCP, and who reports.
const HEAD: usize = 8;
/// What stands before the packets of a stream: SSRC, first number, count.
const BLOCK_HEAD: usize = 8;
/// The time of the report.
const TAIL: usize = 4;
/// More packets of one stream a report must not tell of (RFC 8888 section 3.1).
const MOST_OF_A_STREAM: usize = 16_384;

/// Notes when packets come and with which mark, and writes the feedback. It allocates when it is made and then no more.
///
/// ```
/// use jackfield_core::time::{NtpTime, Timestamp};
/// use jackfield_rtp::ccfb::CongestionRecorder;
/// use jackfield_rtp::ecn::EcnMark;
/// use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket, RtcpWriter};
///
/// let mut recorder = CongestionRecorder::with_capacity(1, 64);
/// recorder.receive(Timestamp::from_ms(10), 0x1234, 7, EcnMark::Capable1);
/// recorder.receive(Timestamp::from_ms(35), 0x1234, 9, EcnMark::Congested);
///
/// let mut buffer = [0; 100];
/// let mut writer = RtcpWriter::new(&mut buffer);
/// let now = Timestamp::from_ms(60);
/// recorder.write_feedback(&mut writer, now, NtpTime::from_unix_us(60_000), 1, 100)?;
/// let datagram = RtcpDatagram::parse(writer.written())?;
/// let Some(Ok(RtcpPacket::CongestionFeedback(feedback))) = datagram.packets().next() else { panic!() };
/// let block = feedback.blocks().next().unwrap();
/// let told: Vec<_> = block.packets().map(|(number, metric)| (number, metric.map(|m| (m.ecn, m.arrival_offset)))).collect();
/// // 50 ms and 25 ms in steps of 1/1024 s.
/// assert_eq!(told, [(7, Some((1, 51))), (8, None), (9, Some((3, 25)))]);
/// # Ok::<(), jackfield_rtp::RtpError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CongestionRecorder {
    streams: Box<[StreamArrivals]>,
    /// The stream with which the next report begins, so that a crowded one does not always leave out the same.
    turn: usize,
}

#[derive(Clone, Debug)]
struct StreamArrivals {
    ssrc: Option<u32>,
    numbers: SequenceTracker,
    /// A ring: the arrival of number n stands at n modulo its length.
    arrivals: Box<[Arrival]>,
    /// Numbers `begin..end` are in the ring.
    begin: i64,
    end: i64,
    /// The first number that the next report tells of.
    next: i64,
    heard: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Arrival {
    at: Timestamp,
    mark: EcnMark,
}

const MISSING: Arrival = Arrival {
    at: Timestamp::NEVER,
    mark: EcnMark::NotCapable,
};

impl CongestionRecorder {
    /// Remembers the arrivals of at most `packets` (1 to 16,384) packets of each of at most `streams` (at least 1) streams between two
    /// reports. Of more streams those heard last count.
    pub fn with_capacity(streams: usize, packets: usize) -> Self {
        let packets = packets.clamp(1, MOST_OF_A_STREAM);
        Self {
            streams: (0..streams.max(1))
                .map(|_| StreamArrivals::new(packets))
                .collect(),
            turn: 0,
        }
    }

    /// A packet of the stream `ssrc` came at `now`. Of a packet that comes twice the first arrival is told, and the mark of congestion if
    /// either bears it (RFC 8888 section 3.1).
    pub fn receive(&mut self, now: Timestamp, ssrc: u32, sequence_number: u16, mark: EcnMark) {
        let place = self.streams.iter().position(|stream| stream.ssrc == Some(ssrc));
        let place = place.unwrap_or_else(|| self.begin_stream(ssrc));
        self.streams[place].receive(now, sequence_number, mark);
    }

    /// Whether there is something to report.
    pub fn has_feedback(&self) -> bool {
        self.streams.iter().any(StreamArrivals::has_feedback)
    }

    /// Writes one report on what came since the last, at most `max_length` bytes long; what finds no room is left for the next. `ntp` is what
    /// the clock of our sender reports shows at `now`. Call it while [`CongestionRecorder::has_feedback`] says so.
    ///
    /// # Errors
    /// If the buffer has less room than 24 bytes, or `max_length` is less.
    pub fn write_feedback(
        &mut self,
        writer: &mut RtcpWriter<'_>,
        now: Timestamp,
        ntp: jackfield_core::time::NtpTime,
        sender_ssrc: u32,
        max_length: usize,
    ) -> Result<(), RtpError> {
        if !self.has_feedback() {
            return Ok(());
        }
        writer.append(|out| {
            let limit = out.len().min(max_length) & !3;
            let needed = HEAD + BLOCK_HEAD + 4 + TAIL;
            if limit < needed {
                return Err(RtpError::BufferTooSmall {
                    available: limit,
                    needed,
                });
            }
            let end = HEAD + self.write_blocks(now, &mut out[HEAD..limit - TAIL]);
            let length = end + TAIL;
            out[end..length].copy_from_slice(&ntp.compact().to_be_bytes());
            out[0] = 0x80 | CongestionFeedback::FORMAT;
            out[1] = packet_type::TRANSPORT_FEEDBACK;
            // A datagram is far shorter than what the field holds; a longer buffer is not filled.
            out[2..4].copy_from_slice(&((length / 4 - 1) as u16).to_be_bytes());
            out[4..8].copy_from_slice(&sender_ssrc.to_be_bytes());
            Ok(length)
        })
    }

    /// The blocks of as many streams as find room, and their length.
    fn write_blocks(&mut self, now: Timestamp, out: &mut [u8]) -> usize {
        let room = out.len().min(4 * usize::from(u16::MAX) - HEAD - TAIL);
        let out = &mut out[..room];
        let count = self.streams.len();
        let first = self.turn;
        let mut at = 0;
        for place in (0..count).map(|step| (first + step) % count) {
            let stream = &mut self.streams[place];
            if !stream.has_feedback() {
                continue;
            }
            if at + BLOCK_HEAD + 4 > out.len() {
                self.turn = place;
                break;
            }
            at += stream.write(now, &mut out[at..]);
            if stream.has_feedback() {
                self.turn = place;
                break;
            }
        }
        at
    }

    /// The place of a stream that is new: a free one, or that of the stream silent for longest.
    fn begin_stream(&mut self, ssrc: u32) -> usize {
        let heard = |place: &usize| {
            let stream = &self.streams[*place];
            stream.ssrc.map_or(Timestamp::from_us(i64::MIN), |_| stream.heard)
        };
        let place = (0..self.streams.len()).min_by_key(heard).unwrap_or(0);
        let stream = &mut self.streams[place];
        stream.ssrc = Some(ssrc);
        stream.numbers = SequenceTracker::new();
        stream.restart(0);
        place
    }
}

impl StreamArrivals {
    fn new(packets: usize) -> Self {
        Self {
            ssrc: None,
            numbers: SequenceTracker::new(),
            arrivals: vec![MISSING; packets].into_boxed_slice(),
            begin: 0,
            end: 0,
            next: 0,
            heard: Timestamp::ZERO,
        }
    }

    fn receive(&mut self, now: Timestamp, sequence_number: u16, mark: EcnMark) {
        self.heard = now;
        let (number, continuity) = self.numbers.track(sequence_number);
        let capacity = self.arrivals.len() as i64;
        match continuity {
            Continuity::Suspect => return,
            Continuity::First | Continuity::Restarted => self.restart(number),
            // What was skipped does not fit the ring: it stays unreported, as if the report were lost.
            _ if number - self.end >= capacity => self.restart(number),
            _ if number < self.end - capacity => return,
            _ => {}
        }
        while self.begin > number {
            self.begin -= 1;
            *self.slot(self.begin) = MISSING;
        }
        while self.end <= number {
            *self.slot(self.end) = MISSING;
            self.end += 1;
        }
        self.begin = self.begin.max(self.end - capacity);
        let slot = self.slot(number);
        let fresh = slot.at.is_never();
        let marked = mark == EcnMark::Congested && slot.mark != EcnMark::Congested;
        if fresh {
            *slot = Arrival { at: now, mark };
        } else if marked {
            slot.mark = mark;
        }
        if fresh || marked {
            // A late one is told too, with those after it once more: the sender knows which are new.
            self.next = self.next.min(number);
        }
        self.next = self.next.max(self.begin);
    }

    fn restart(&mut self, number: i64) {
        (self.begin, self.end, self.next) = (number, number, number);
    }

    const fn has_feedback(&self) -> bool {
        self.next < self.end
    }

    /// Writes a block that fills `out` at most, which has room for one packet at least, and gives its length.
    fn write(&mut self, now: Timestamp, out: &mut [u8]) -> usize {
        // Two packets fill a word.
        let room = (out.len() - BLOCK_HEAD) / 4 * 2;
        let count = ((self.end - self.next) as usize).min(room).min(MOST_OF_A_STREAM);
        out[..4].copy_from_slice(&self.ssrc.unwrap_or(0).to_be_bytes());
        out[4..6].copy_from_slice(&(self.next as u16).to_be_bytes());
        out[6..8].copy_from_slice(&(count as u16).to_be_bytes());
        let mut at = BLOCK_HEAD;
        for number in self.next..self.next + count as i64 {
            let arrival = self.arrivals[number.rem_euclid(self.arrivals.len() as i64) as usize];
            let word = if arrival.at.is_never() {
                0
            } else {
                CongestionMetric::new(arrival.mark.bits(), now - arrival.at).to_word()
            };
            out[at..at + 2].copy_from_slice(&word.to_be_bytes());
            at += 2;
        }
        if count % 2 == 1 {
            out[at..at + 2].fill(0);
            at += 2;
        }
        self.next += count as i64;
        at
    }

    fn slot(&mut self, number: i64) -> &mut Arrival {
        let index = number.rem_euclid(self.arrivals.len() as i64) as usize;
        &mut self.arrivals[index]
    }
}
