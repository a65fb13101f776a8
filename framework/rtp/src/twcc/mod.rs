//! Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): the receiver says of every packet of
//! the transport whether and when it came; the sender gets from it what a congestion controller eats.

mod history;
mod recorder;
mod status;
mod streams;

pub use history::{SendHistory, SentPacket, StreamPacket};
pub use recorder::{
    ArrivalRecorder, FEEDBACK_SHARE, USUAL_FEEDBACK, feedback_interval, feedback_interval_of,
};

use jackfield_core::units::TimeDelta;

use crate::RtpError;
use crate::header::{u16_at, u32_at};
use crate::rtcp::require;
use status::{Status, Statuses};

/// Arrival times count in these steps.
const TICK: TimeDelta = TimeDelta::us(250);
/// The reference time counts in these steps.
const REFERENCE_STEP: TimeDelta = TimeDelta::ms(64);
/// Body before the status chunks.
const FIXED_BODY: usize = 16;

/// A feedback packet that was received. Parsing checks all lengths once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportFeedback<'a> {
    body: &'a [u8],
    deltas_start: usize,
}

/// What a feedback packet says of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketStatus {
    /// Transport-wide sequence number.
    pub sequence_number: u16,
    /// When it came, counted from the packet's reference time; `None` if it has not.
    pub arrival: Option<TimeDelta>,
}

impl<'a> TransportFeedback<'a> {
    pub(crate) const FORMAT: u8 = 15;

    /// Reads the body of an RTCP packet of type 205, format 15: what follows its four bytes of header, without padding.
    ///
    /// # Errors
    /// If the statuses or the arrival times that they announce are cut off.
    pub fn parse(body: &'a [u8]) -> Result<Self, RtpError> {
        require(body, FIXED_BODY)?;
        let count = u16_at(body, 10);
        let mut statuses = Statuses::new(&body[FIXED_BODY..], count);
        let mut delta_bytes = 0;
        let mut seen = 0;
        for status in &mut statuses {
            delta_bytes += status.delta_length();
            seen += 1;
        }
        if seen < count {
            return Err(RtpError::Malformed(
                "transport feedback announces more statuses than it holds",
            ));
        }
        let deltas_start = body.len() - statuses.rest().len();
        require(body, deltas_start + delta_bytes)?;
        Ok(Self { body, deltas_start })
    }

    /// Who reports.
    pub fn sender_ssrc(&self) -> u32 {
        u32_at(self.body, 0)
    }

    /// One of the streams reported on.
    pub fn media_ssrc(&self) -> u32 {
        u32_at(self.body, 4)
    }

    /// The first packet reported on.
    pub fn base_sequence_number(&self) -> u16 {
        u16_at(self.body, 8)
    }

    /// On how many packets it reports.
    pub fn status_count(&self) -> u16 {
        u16_at(self.body, 10)
    }

    /// The receiver's time from which arrivals count, in steps of 64 ms, 24 bits.
    pub fn reference_time(&self) -> u32 {
        u32_at(self.body, 12) >> 8
    }

    /// Counts feedback packets, so that a lost one is noticed.
    pub fn feedback_count(&self) -> u8 {
        self.body[15]
    }

    /// What it says of each packet, in the order of their numbers.
    pub fn packets(&self) -> impl Iterator<Item = PacketStatus> + Clone + use<'a> {
        let base = self.base_sequence_number();
        let statuses = Statuses::new(&self.body[FIXED_BODY..], self.status_count());
        let mut deltas = &self.body[self.deltas_start..];
        let mut time = TimeDelta::ZERO;
        statuses.enumerate().map(move |(index, status)| {
            let ticks = match (status, deltas) {
                (Status::SmallDelta, [delta, rest @ ..]) => {
                    deltas = rest;
                    Some(i64::from(*delta))
                }
                (Status::LargeDelta, [high, low, rest @ ..]) => {
                    deltas = rest;
                    Some(i64::from(i16::from_be_bytes([*high, *low])))
                }
                _ => None,
            };
            let arrival = ticks.map(|ticks| {
                time += TICK * ticks;
                time
            });
            PacketStatus {
                sequence_number: base.wrapping_add(index as u16),
                arrival,
            }
        })
    }

    pub(crate) const fn body(&self) -> &'a [u8] {
        self.body
    }
}

/// Extends the reference time of successive feedback packets beyond its 24 bits, which last twelve days.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceTime {
    last: Option<i64>,
}

impl ReferenceTime {
    /// The reference time of `feedback` on the receiver's clock, whose origin is unknown but does not move.
    pub fn extend(&mut self, feedback: &TransportFeedback<'_>) -> TimeDelta {
        let raw = feedback.reference_time();
        let steps = match self.last {
            None => i64::from(raw),
            Some(last) => last + i64::from((raw.wrapping_sub(last as u32) << 8) as i32 >> 8),
        };
        self.last = Some(steps);
        REFERENCE_STEP * steps
    }
}
