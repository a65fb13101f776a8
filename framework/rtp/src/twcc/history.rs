use jackfield_core::congestion_controller::PacketFeedback;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataSize, TimeDelta};

use super::streams::SentStreams;
use super::{ReferenceTime, TransportFeedback};
use crate::ecn::EcnMark;
use crate::rtcp::{CongestionFeedback, CongestionMetric};
use crate::sequence::{SequenceExtender, TimestampExtender};

/// The sending end: numbers packets, remembers when they left, and turns feedback into what a congestion controller takes: transport-wide
/// feedback, and congestion control feedback (RFC 8888), which names packets by their streams.
#[derive(Clone, Debug)]
pub struct SendHistory {
    /// A ring: packet n stands at n modulo its length.
    packets: Box<[Option<SentPacket>]>,
    next: i64,
    in_flight: DataSize,
    /// Every packet below has been acknowledged, given up or forgotten.
    oldest_in_flight: i64,
    reported: SequenceExtender,
    reference: ReferenceTime,
    streams: SentStreams,
    /// The remote clock by which reports of RFC 8888 are dated, in 1/65536 s.
    reports: TimestampExtender,
    /// The first packet on the path as it is.
    first_of_path: i64,
    carries_ecn: bool,
}

/// A packet of a stream that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPacket {
    /// Its stream.
    pub ssrc: u32,
    /// Its RTP sequence number.
    pub sequence_number: u16,
    /// Its size, headers included.
    pub size: DataSize,
    /// Probe cluster that it belongs to; 0 if none.
    pub cluster: u32,
    /// Whether it is audio.
    pub audio: bool,
    /// With which mark it leaves.
    pub mark: EcnMark,
}

/// What is remembered of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentPacket {
    /// When it left.
    pub sent: Timestamp,
    /// Its size, headers included.
    pub size: DataSize,
    /// Probe cluster that it belongs to; 0 if none.
    pub cluster: u32,
    /// Whether it is audio.
    pub audio: bool,
    /// With which mark it left.
    pub mark: EcnMark,
    number: i64,
    state: State,
}

/// What feedback tells of a packet that came.
#[derive(Clone, Copy)]
struct Arrival {
    at: Timestamp,
    /// How long the remote end waited with its feedback; negative if that is not told.
    hold: TimeDelta,
    ecn: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    InFlight,
    /// In flight no more although nothing was said of it: a newer one was acknowledged.
    GivenUp,
    ReportedLost,
    Acknowledged,
}

impl SendHistory {
    /// Remembers the last 4,096 packets.
    pub fn new() -> Self {
        Self::with_capacity(4_096)
    }

    /// Remembers the last `packets` (1 to 32,768).
    pub fn with_capacity(packets: usize) -> Self {
        Self {
            packets: vec![None; packets.clamp(1, 32_768)].into_boxed_slice(),
            streams: SentStreams::new(packets.clamp(1, 32_768)),
            reports: TimestampExtender::new(),
            first_of_path: 0,
            carries_ecn: false,
            next: 0,
            in_flight: DataSize::ZERO,
            oldest_in_flight: 0,
            reported: SequenceExtender::new(),
            reference: ReferenceTime::default(),
        }
    }

    /// A packet leaves: its extended transport-wide sequence number, whose low 16 bits it carries. Allocation-free.
    pub fn sent(&mut self, now: Timestamp, size: DataSize, cluster: u32, audio: bool) -> i64 {
        self.remember(SentPacket {
            sent: now,
            size,
            cluster,
            audio,
            mark: EcnMark::NotCapable,
            number: self.next,
            state: State::InFlight,
        })
    }

    /// A packet leaves of which congestion control feedback may tell too: as [`SendHistory::sent`]. Allocates with the first packet of a stream.
    pub fn sent_in_stream(&mut self, now: Timestamp, packet: &StreamPacket) -> i64 {
        self.streams.sent(packet.ssrc, packet.sequence_number, self.next);
        self.remember(SentPacket {
            sent: now,
            size: packet.size,
            cluster: packet.cluster,
            audio: packet.audio,
            mark: packet.mark,
            number: self.next,
            state: State::InFlight,
        })
    }

    /// Numbers that were given to packets: the next one.
    pub const fn next_sequence_number(&self) -> i64 {
        self.next
    }

    /// What left and is neither acknowledged nor given up.
    pub const fn in_flight(&self) -> DataSize {
        self.in_flight
    }

    /// Takes a feedback packet and appends what is new in it to `out`, in the order of the numbers: packets that came, packets that are first
    /// said to be lost, and packets that came although they had been. Allocates only if `out` has no room.
    pub fn feedback(&mut self, feedback: &TransportFeedback<'_>, out: &mut Vec<PacketFeedback>) {
        if self.next == 0 {
            return;
        }
        if self.reported.last().is_none() {
            // The first report is on packets that were sent, so not on numbers beyond the last of them.
            self.reported = SequenceExtender::starting_at(self.next - 1);
        }
        let reference = self.reference.extend(feedback);
        let base = self.reported.peek(feedback.base_sequence_number());
        let mut newest_acknowledged = None;
        for (index, status) in feedback.packets().enumerate() {
            let number = base + index as i64;
            let arrival = status.arrival.map(|arrival| Arrival {
                at: Timestamp::ZERO + reference + arrival,
                hold: TimeDelta::us(-1),
                ecn: 0,
            });
            if self.learn(number, arrival, out) && arrival.is_some() {
                newest_acknowledged = Some(number);
            }
        }
        if let Some(newest) = newest_acknowledged {
            self.reported = SequenceExtender::starting_at(newest);
            self.give_up_before(newest);
        }
    }

    /// Takes congestion control feedback (RFC 8888) as [`SendHistory::feedback`] does. Of streams and packets that are not known nothing is said.
    /// An arrival longer ago than can be told counts as the 8 s that can; one without a time as that of the report, with no hold.
    /// Allocates only if `out` has no room.
    pub fn congestion_feedback(&mut self, feedback: &CongestionFeedback<'_>, out: &mut Vec<PacketFeedback>) {
        let report = self.report_time(feedback.timestamp);
        let start = out.len();
        let mut newest_acknowledged = None;
        let mut marks = MarksSeen::default();
        for block in feedback.blocks() {
            let first = block.first_sequence_number;
            for (index, (_, metric)) in block.packets().enumerate() {
                let number = self.streams.numbers(block.ssrc, first).and_then(|at| at(index));
                let Some(number) = number else { continue };
                let arrival = metric.map(|metric| arrival(report, metric));
                let sent_with = self.mark_of(number);
                if !self.learn(number, arrival, out) {
                    continue;
                }
                if let Some(arrival) = arrival {
                    marks.see(sent_with, arrival.ecn);
                    newest_acknowledged = newest_acknowledged.max(Some(number));
                }
            }
        }
        self.carries_ecn = marks.verdict().unwrap_or(self.carries_ecn);
        out[start..].sort_unstable_by_key(|packet| packet.sequence_number);
        if let Some(newest) = newest_acknowledged {
            self.give_up_before(newest);
        }
    }

    /// Whether the path carries ECN marks: of the packets that were sent with one and told of in the last feedback that told of any, none came
    /// without. Only congestion control feedback tells.
    pub const fn path_carries_ecn(&self) -> bool {
        self.carries_ecn
    }

    /// The path is another from the next packet on, or there has been none for a while: what left before is in flight no more, and feedback on
    /// it says nothing any more.
    pub fn begin_path(&mut self) {
        self.first_of_path = self.next;
        self.oldest_in_flight = self.next;
        self.in_flight = DataSize::ZERO;
        self.carries_ecn = false;
    }

    fn remember(&mut self, packet: SentPacket) -> i64 {
        let number = packet.number;
        self.next = number + 1;
        let index = self.index(number);
        if let Some(SentPacket {
            state: State::InFlight,
            size: forgotten,
            number: old,
            ..
        }) = self.packets[index]
            && old >= self.first_of_path
        {
            self.in_flight -= forgotten;
        }
        self.in_flight += packet.size;
        self.packets[index] = Some(packet);
        number
    }

    /// Feedback tells of the packet `number` that it came, or that it has not; whether that is news.
    fn learn(&mut self, number: i64, arrival: Option<Arrival>, out: &mut Vec<PacketFeedback>) -> bool {
        let slot = self.index(number);
        let Some(packet) = self.packets[slot]
            .as_mut()
            .filter(|packet| packet.number == number && number >= self.first_of_path)
        else {
            return false;
        };
        let state = if arrival.is_some() {
            State::Acknowledged
        } else {
            State::ReportedLost
        };
        let known = matches!(
            (packet.state, state),
            (State::Acknowledged, _) | (State::ReportedLost, State::ReportedLost)
        );
        if known {
            return false;
        }
        let recovered = packet.state == State::ReportedLost;
        if packet.state == State::InFlight {
            self.in_flight -= packet.size;
        }
        packet.state = state;
        out.push(PacketFeedback {
            sequence_number: number,
            sent: packet.sent,
            received: arrival.map_or(Timestamp::NEVER, |arrival| arrival.at),
            arrival_offset: arrival.map_or(TimeDelta::us(-1), |arrival| arrival.hold),
            size: packet.size,
            ecn: arrival.map_or(0, |arrival| u32::from(arrival.ecn)),
            cluster: packet.cluster,
            audio: u32::from(packet.audio),
            recovered: u32::from(recovered),
        });
        true
    }

    fn mark_of(&self, number: i64) -> EcnMark {
        let packet = self.packets[self.index(number)].as_ref();
        packet.map_or(EcnMark::NotCapable, |packet| packet.mark)
    }

    /// When a report was made, on the remote clock in 1/65536 s. Its origin is unknown but does not move; it lies so far back that no arrival
    /// comes before it.
    fn report_time(&mut self, timestamp: u32) -> i64 {
        if self.reports.last().is_none() {
            self.reports = TimestampExtender::starting_at(i64::from(timestamp) + (1 << 32));
        }
        self.reports.extend(timestamp)
    }

    /// Packets older than one that was acknowledged and not reported on at all are in flight no more: their report was lost.
    fn give_up_before(&mut self, number: i64) {
        let first = self.oldest_in_flight.max(self.next - self.packets.len() as i64);
        for older in first..number {
            let slot = self.index(older);
            if let Some(packet) = self.packets[slot].as_mut()
                && packet.number == older
                && packet.state == State::InFlight
            {
                packet.state = State::GivenUp;
                self.in_flight -= packet.size;
            }
        }
        self.oldest_in_flight = self.oldest_in_flight.max(number);
    }

    fn index(&self, number: i64) -> usize {
        number.rem_euclid(self.packets.len() as i64) as usize
    }
}

/// What of one report tells whether marks come through.
#[derive(Default)]
struct MarksSeen {
    kept: bool,
    lost: bool,
}

impl MarksSeen {
    fn see(&mut self, sent: EcnMark, came: u8) {
        if sent.is_capable() {
            let came = EcnMark::from_bits(came).is_capable();
            self.kept |= came;
            self.lost |= !came;
        }
    }

    fn verdict(&self) -> Option<bool> {
        (self.kept || self.lost).then_some(!self.lost)
    }
}

/// What a report at `report` (1/65536 s) tells of a packet that came.
fn arrival(report: i64, metric: CongestionMetric) -> Arrival {
    let ticks = match metric.arrival_offset {
        CongestionMetric::UNKNOWN => 0,
        offset => i64::from(offset.min(CongestionMetric::OVER_RANGE)),
    };
    // A step of 1/1024 s is 64 of the clock's.
    let us = (i128::from(report - 64 * ticks) * 1_000_000) >> 16;
    // Whoever sends absurd reports gets absurd times, but none that means something else.
    let us = us.clamp(i128::from(i64::MIN), i128::from(i64::MAX - 1)) as i64;
    Arrival {
        at: Timestamp::from_us(us),
        hold: match metric.arrival_offset {
            CongestionMetric::UNKNOWN => TimeDelta::us(-1),
            _ => TimeDelta::us((ticks * 1_000_000) >> 10),
        },
        ecn: metric.ecn,
    }
}

impl Default for SendHistory {
    fn default() -> Self {
        Self::new()
    }
}
