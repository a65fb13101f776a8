//! The receiving end of a flow: notes what came and says so.

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_rtp::twcc::{USUAL_FEEDBACK, feedback_interval_of};

use crate::clock::VirtualTime;
use crate::node_clock::NodeClock;
use crate::packet::{Ecn, PacketRecord};
use crate::scenario::{FeedbackFormat, FlowSpec};

use super::history::Said;

/// What IP and UDP, SRTCP, and the header of RTCP feedback with both SSRCs take.
pub(super) const AROUND: i64 = 28 + 14 + 12;
/// A receiver report with one block, in the same packaging.
pub(super) const REPORT: DataSize = DataSize::bytes(28 + 14 + 8 + 24);
const SHORTEST: TimeDelta = TimeDelta::ms(50);

#[derive(Clone, Copy, Debug)]
struct Arrival {
    number: u64,
    at: VirtualTime,
    ecn: Ecn,
}

/// What one feedback packet says, until it is where it is read.
#[derive(Default, Debug)]
pub(super) struct Message {
    pub(super) said: Vec<Said>,
    pub(super) carries_ecn: bool,
    /// Packets that are to be sent again: the stream, and the number in it.
    pub(super) asked: Vec<(u16, u64)>,
    /// A receiver report: packets lost and received since the last, when the newest packet was sent, and how long ago it came.
    pub(super) report: Option<Reception>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Reception {
    pub(super) lost: u32,
    pub(super) received: u32,
    pub(super) newest_sent: VirtualTime,
    pub(super) held: TimeDelta,
}

/// What feedback may take a share of.
#[derive(Clone, Copy, Debug)]
pub(super) enum ShareOf {
    /// What is received: nothing is known of the way back.
    Received,
    /// What the sender at the receiver's end aims at, once it has begun.
    Sent(Option<DataRate>),
}

pub(super) struct Receiver {
    format: FeedbackFormat,
    clock: NodeClock,
    longest: TimeDelta,
    share: f64,
    arrivals: Vec<Arrival>,
    /// The first number that has not been spoken of.
    unspoken: u64,
    bytes: i64,
    since: VirtualTime,
    /// Bits per second, smoothed.
    rate: f64,
    /// Bytes of a feedback packet, smoothed.
    size: f64,
    highest: u64,
    received: u64,
    reported: (u64, u64),
    newest: Option<(VirtualTime, VirtualTime)>,
    capable: bool,
}

impl Receiver {
    pub(super) fn new(spec: &FlowSpec) -> Self {
        Self {
            format: spec.feedback,
            clock: NodeClock::new(&spec.clock),
            longest: spec.feedback_interval,
            share: spec.feedback_share,
            arrivals: Vec::with_capacity(1_024),
            unspoken: 0,
            bytes: 0,
            since: VirtualTime::ZERO,
            rate: 0.0,
            size: 0.0,
            highest: 0,
            received: 0,
            reported: (0, 0),
            newest: None,
            capable: false,
        }
    }

    pub(super) fn begin(&mut self, now: VirtualTime) {
        self.since = now;
    }

    pub(super) fn arrived(&mut self, now: VirtualTime, packet: &PacketRecord) {
        if self.format != FeedbackFormat::None {
            self.arrivals.push(Arrival {
                number: packet.number,
                at: now,
                ecn: packet.ecn,
            });
        }
        self.capable |= packet.ecn.is_capable();
        self.bytes += packet.size.as_bytes();
        self.received += 1;
        self.highest = self.highest.max(packet.number + 1);
        self.newest = Some((packet.sent, now));
    }

    /// Writes what is to be said of what came since the last time into `message`; its size, if there is anything to say.
    pub(super) fn feedback(&mut self, now: VirtualTime, message: &mut Message) -> Option<DataSize> {
        let passed = (now.ns() - self.since.ns()) as f64 / 1e9;
        if passed > 0.0 {
            let rate = self.bytes as f64 * 8.0 / passed;
            self.rate += 0.3 * (rate - self.rate);
        }
        (self.bytes, self.since) = (0, now);
        if self.arrivals.is_empty() {
            return None;
        }
        self.arrivals.sort_unstable_by_key(|arrival| arrival.number);
        let report_time = self.clock.shows(now);
        message.said.clear();
        message.report = None;
        message.carries_ecn = self.capable && self.format == FeedbackFormat::Ccfb;
        let mut next = self.unspoken;
        for arrival in &self.arrivals {
            // What has been spoken of and comes late after all stands alone; gaps in what is new are losses.
            while next < arrival.number {
                message.said.push(Said {
                    number: next,
                    received: Timestamp::NEVER,
                    offset: TimeDelta::us(-1),
                    ecn: 0,
                });
                next += 1;
            }
            next = next.max(arrival.number + 1);
            message.said.push(said(
                self.format,
                self.clock.shows(arrival.at),
                report_time,
                arrival,
            ));
        }
        self.unspoken = next;
        self.arrivals.clear();
        let packets = message.said.len() as i64;
        let came = message
            .said
            .iter()
            .filter(|said| !said.received.is_never())
            .count() as i64;
        let size = match self.format {
            // Base, count, reference time; a chunk of two bytes for seven packets; a byte of delta for each that came.
            FeedbackFormat::TransportCc => AROUND + 8 + (packets + 6) / 7 * 2 + came,
            // SSRC and range for one stream, two bytes for each packet, and the time of the report.
            FeedbackFormat::Ccfb => AROUND + 8 + (packets + 1) / 2 * 4 + 4,
            FeedbackFormat::None => return None,
        };
        let weight = if self.size == 0.0 { 1.0 } else { 0.1 };
        self.size += weight * (size as f64 - self.size);
        Some(DataSize::bytes(size))
    }

    /// How long until the next feedback: as often as the controller wants (zero: it has no wish), else so that feedback takes its share. At an end
    /// that sends, it takes no more than its share, as far as the longest interval allows.
    pub(super) fn interval(&self, wanted: TimeDelta, of: ShareOf) -> TimeDelta {
        let wish = wanted.max(TimeDelta::ms(5)).min(TimeDelta::seconds(1));
        let has_wish = wanted > TimeDelta::ZERO;
        if let ShareOf::Sent(target) = of {
            let shortest = if has_wish { wish } else { SHORTEST };
            return feedback_interval_of(self.counted_size(), self.share, shortest, target)
                .min(self.longest.max(shortest));
        }
        if has_wish {
            return wish;
        }
        if self.rate <= 0.0 || self.size <= 0.0 {
            return SHORTEST.min(self.longest);
        }
        let share = TimeDelta::seconds_f64((self.size * 8.0 / (self.share * self.rate)).min(10.0));
        share.max(SHORTEST).min(self.longest)
    }

    /// The size by which feedback is told to take its share: as in libwebrtc, transport-wide feedback counts with its usual size, RFC 8888 with
    /// its real one.
    fn counted_size(&self) -> DataSize {
        if self.format == FeedbackFormat::Ccfb && self.size > 0.0 {
            DataSize::bytes(self.size.round() as i64)
        } else {
            USUAL_FEEDBACK
        }
    }

    /// What a receiver report says now, if anything has come.
    pub(super) fn report(&mut self, now: VirtualTime) -> Option<Reception> {
        let (newest_sent, at) = self.newest?;
        let (highest, received) = self.reported;
        self.reported = (self.highest, self.received);
        let expected = self.highest - highest;
        let came = self.received - received;
        Some(Reception {
            lost: expected.saturating_sub(came) as u32,
            received: expected.min(came) as u32,
            newest_sent,
            held: TimeDelta::us(((now.ns() - at.ns()) / 1_000) as i64),
        })
    }
}

/// What the format can say of an arrival.
fn said(format: FeedbackFormat, at: Timestamp, report_time: Timestamp, arrival: &Arrival) -> Said {
    let (received, offset, ecn) = if format == FeedbackFormat::Ccfb {
        // The report's time has 16 bits of fraction, the offset 10.
        let offset = (report_time.us() - at.us()).max(0) * 1_024 / 1_000_000;
        let offset = TimeDelta::us(offset.min(8_189) * 1_000_000 / 1_024);
        let time = (i128::from(report_time.us()) * 65_536).div_euclid(1_000_000) * 1_000_000;
        let time = Timestamp::from_us(time.div_euclid(65_536) as i64);
        (time - offset, offset, arrival.ecn as u32)
    } else {
        (
            Timestamp::from_us(at.us().div_euclid(250) * 250),
            TimeDelta::us(-1),
            0,
        )
    };
    Said {
        number: arrival.number,
        received,
        offset,
        ecn,
    }
}
