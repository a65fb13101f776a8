use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use super::status::{ChunkPacker, Status};
use super::{FIXED_BODY, REFERENCE_STEP, TICK};
use crate::RtpError;
use crate::rtcp::{RtcpWriter, packet_type};
use crate::sequence::SequenceExtender;

/// The receiving end: notes when packets come and writes the feedback.
#[derive(Clone, Debug)]
pub struct ArrivalRecorder {
    numbers: SequenceExtender,
    /// A ring: the arrival of number n stands at n modulo its length.
    arrivals: Box<[Timestamp]>,
    /// Numbers `begin..end` are in the ring.
    begin: i64,
    end: i64,
    /// The first number that the next feedback reports on.
    next: i64,
    feedback_count: u8,
}

/// A packet that comes so far behind the newest is not reported any more.
const MAX_LATE: i64 = 250;

impl ArrivalRecorder {
    /// Remembers the arrivals of at most 2,048 packets between two feedbacks.
    pub fn new() -> Self {
        Self::with_capacity(2_048)
    }

    /// Remembers the arrivals of at most `packets` (1 to 32,768) packets between two feedbacks: at 100 ms, 1,000 suffice for 100 Mbit/s.
    pub fn with_capacity(packets: usize) -> Self {
        let arrivals = vec![Timestamp::NEVER; packets.clamp(1, 32_768)].into_boxed_slice();
        Self {
            numbers: SequenceExtender::new(),
            arrivals,
            begin: 0,
            end: 0,
            next: 0,
            feedback_count: 0,
        }
    }

    /// A packet with this transport-wide sequence number came at `now`. Allocation-free.
    pub fn receive(&mut self, now: Timestamp, sequence_number: u16) {
        let number = self.numbers.peek(sequence_number);
        let capacity = self.arrivals.len() as i64;
        if self.begin == self.end || number - self.end >= capacity {
            (self.begin, self.end, self.next) = (number, number, number);
        }
        if number < self.end - MAX_LATE.min(capacity) {
            return;
        }
        self.numbers.extend(sequence_number);
        while self.begin > number {
            self.begin -= 1;
            *self.slot(self.begin) = Timestamp::NEVER;
        }
        while self.end <= number {
            *self.slot(self.end) = Timestamp::NEVER;
            self.end += 1;
        }
        self.begin = self.begin.max(self.end - capacity);
        let slot = self.slot(number);
        if slot.is_never() {
            *slot = now;
            // A late one is reported too, with those after it once more: the sender knows which are new.
            self.next = self.next.min(number);
        }
        self.next = self.next.max(self.begin);
    }

    /// Whether there is something to report.
    pub const fn has_feedback(&self) -> bool {
        self.next < self.end
    }

    /// Writes one feedback packet on what came since the last, at most `max_length` bytes long. Call it while
    /// [`ArrivalRecorder::has_feedback`] says so. Allocation-free.
    ///
    /// # Errors
    /// If the buffer has less room than 28 bytes, or `max_length` is less.
    pub fn write_feedback(
        &mut self,
        writer: &mut RtcpWriter<'_>,
        sender_ssrc: u32,
        media_ssrc: u32,
        max_length: usize,
    ) -> Result<(), RtpError> {
        if !self.has_feedback() {
            return Ok(());
        }
        writer.append(|out| {
            let limit = out.len().min(max_length) & !3;
            let needed = (4 + FIXED_BODY + 2 * ChunkPacker::MOST_PENDING + 2).next_multiple_of(4);
            if limit < needed {
                return Err(RtpError::BufferTooSmall {
                    available: limit,
                    needed,
                });
            }
            let length = self.write(&mut out[..limit]);
            out[4..8].copy_from_slice(&sender_ssrc.to_be_bytes());
            out[8..12].copy_from_slice(&media_ssrc.to_be_bytes());
            Ok(length)
        })
    }

    /// Header to deltas but for the two SSRCs.
    fn write(&mut self, out: &mut [u8]) -> usize {
        let base = self.next;
        // The newest number has always come, so there is a first.
        let first = (base..self.end)
            .map(|n| self.arrival(n))
            .find(|t| !t.is_never())
            .unwrap_or_default();
        let reference = (first - Timestamp::ZERO)
            .as_us()
            .div_euclid(REFERENCE_STEP.as_us());

        let mut at = 4 + FIXED_BODY;
        let mut packer = ChunkPacker::new();
        let mut delta_length = 0;
        let mut clock = DeltaClock::starting_at(reference);
        let mut count = 0;
        for number in base..self.end {
            let Some((status, _)) = clock.status(self.arrival(number)) else {
                break;
            };
            if at + 2 * ChunkPacker::MOST_PENDING + delta_length + status.delta_length() > out.len() {
                break;
            }
            delta_length += status.delta_length();
            count += 1;
            if let Some(chunk) = packer.push(status) {
                out[at..at + 2].copy_from_slice(&chunk.to_be_bytes());
                at += 2;
            }
        }
        while let Some(chunk) = packer.finish() {
            out[at..at + 2].copy_from_slice(&chunk.to_be_bytes());
            at += 2;
        }
        let mut clock = DeltaClock::starting_at(reference);
        for number in base..base + count {
            match clock.status(self.arrival(number)) {
                Some((Status::SmallDelta, ticks)) => {
                    out[at] = ticks as u8;
                    at += 1;
                }
                Some((Status::LargeDelta, ticks)) => {
                    out[at..at + 2].copy_from_slice(&(ticks as i16).to_be_bytes());
                    at += 2;
                }
                _ => {}
            }
        }
        let padding = (4 - at % 4) % 4;
        out[at..at + padding].fill(0);
        at += padding;
        out[0] = 0x80 | super::TransportFeedback::FORMAT;
        if padding != 0 {
            out[0] |= 0x20;
            out[at - 1] = padding as u8;
        }
        out[1] = packet_type::TRANSPORT_FEEDBACK;
        out[2..4].copy_from_slice(&((at / 4 - 1) as u16).to_be_bytes());
        out[12..14].copy_from_slice(&(base as u16).to_be_bytes());
        out[14..16].copy_from_slice(&(count as u16).to_be_bytes());
        out[16..20]
            .copy_from_slice(&(((reference as u32) << 8) | u32::from(self.feedback_count)).to_be_bytes());
        self.feedback_count = self.feedback_count.wrapping_add(1);
        self.next = base + count;
        at
    }

    fn slot(&mut self, number: i64) -> &mut Timestamp {
        let index = number.rem_euclid(self.arrivals.len() as i64) as usize;
        &mut self.arrivals[index]
    }

    fn arrival(&self, number: i64) -> Timestamp {
        self.arrivals[number.rem_euclid(self.arrivals.len() as i64) as usize]
    }
}

impl Default for ArrivalRecorder {
    fn default() -> Self {
        Self::new()
    }
}

/// Turns arrivals into differences of whole ticks, so that rounding never adds up.
struct DeltaClock {
    ticks: i64,
}

impl DeltaClock {
    const fn starting_at(reference: i64) -> Self {
        Self {
            ticks: reference * (REFERENCE_STEP.as_us() / TICK.as_us()),
        }
    }

    /// How an arrival is told, and in ticks; `None` if it lies too far from the one before.
    fn status(&mut self, arrival: Timestamp) -> Option<(Status, i64)> {
        if arrival.is_never() {
            return Some((Status::Missing, 0));
        }
        let ticks = (arrival.us() + TICK.as_us() / 2).div_euclid(TICK.as_us());
        let delta = ticks - self.ticks;
        let status = match delta {
            0..=255 => Status::SmallDelta,
            -32_768..=32_767 => Status::LargeDelta,
            _ => return None,
        };
        self.ticks = ticks;
        Some((status, delta))
    }
}

/// What feedback takes of what its own end can send, unless somebody says otherwise.
pub const FEEDBACK_SHARE: f64 = 0.05;
/// What transport-wide feedback of usual length takes: IP, UDP, SRTP and the feedback itself.
pub const USUAL_FEEDBACK: DataSize = DataSize::bytes(20 + 8 + 10 + 30);

/// How often feedback is due so that it takes about 5 % of `estimate`: 50 to 250 ms; 100 ms while nothing is known (E19.3).
pub fn feedback_interval(estimate: Option<DataRate>) -> TimeDelta {
    feedback_interval_of(USUAL_FEEDBACK, FEEDBACK_SHARE, TimeDelta::ms(50), estimate)
}

/// How often feedback of this `size` is due so that it takes this `share` of `estimate`: `shortest` to 250 ms; 100 ms while nothing is known. Shares
/// are told apart to a millionth.
pub fn feedback_interval_of(
    size: DataSize,
    share: f64,
    shortest: TimeDelta,
    estimate: Option<DataRate>,
) -> TimeDelta {
    const LONGEST: TimeDelta = TimeDelta::ms(250);
    const MILLION: i128 = 1_000_000;
    let Some(rate) = estimate else {
        return TimeDelta::ms(100).max(shortest);
    };
    let millionths = i128::from(rate.as_bps()) * (share * MILLION as f64).round() as i128;
    if millionths <= 0 {
        return LONGEST.max(shortest);
    }
    let us = i128::from(size.as_bytes()) * 8 * MILLION * MILLION / millionths;
    TimeDelta::us(us.clamp(0, i128::from(LONGEST.as_us())) as i64).max(shortest)
}
