use jackfield_core::congestion_controller::PacketFeedback;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataSize, TimeDelta};

use super::{ReferenceTime, TransportFeedback};
use crate::sequence::SequenceExtender;

/// The sending end: numbers packets, remembers when they left, and turns feedback into what a congestion controller takes.
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
    number: i64,
    state: State,
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
            next: 0,
            in_flight: DataSize::ZERO,
            oldest_in_flight: 0,
            reported: SequenceExtender::new(),
            reference: ReferenceTime::default(),
        }
    }

    /// A packet leaves: its extended transport-wide sequence number, whose low 16 bits it carries. Allocation-free.
    pub fn sent(&mut self, now: Timestamp, size: DataSize, cluster: u32, audio: bool) -> i64 {
        let number = self.next;
        self.next += 1;
        let index = self.index(number);
        if let Some(SentPacket {
            state: State::InFlight,
            size: forgotten,
            ..
        }) = self.packets[index]
        {
            self.in_flight -= forgotten;
        }
        self.packets[index] = Some(SentPacket {
            sent: now,
            size,
            cluster,
            audio,
            number,
            state: State::InFlight,
        });
        self.in_flight += size;
        number
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
            let slot = self.index(number);
            let Some(packet) = self.packets[slot]
                .as_mut()
                .filter(|packet| packet.number == number)
            else {
                continue;
            };
            let state = if status.arrival.is_some() {
                State::Acknowledged
            } else {
                State::ReportedLost
            };
            let known = matches!(
                (packet.state, state),
                (State::Acknowledged, _) | (State::ReportedLost, State::ReportedLost)
            );
            if known {
                continue;
            }
            let recovered = packet.state == State::ReportedLost;
            if packet.state == State::InFlight {
                self.in_flight -= packet.size;
            }
            packet.state = state;
            if state == State::Acknowledged {
                newest_acknowledged = Some(number);
            }
            out.push(PacketFeedback {
                sequence_number: number,
                sent: packet.sent,
                received: status
                    .arrival
                    .map_or(Timestamp::NEVER, |arrival| Timestamp::ZERO + reference + arrival),
                arrival_offset: TimeDelta::us(-1),
                size: packet.size,
                ecn: 0,
                cluster: packet.cluster,
                audio: u32::from(packet.audio),
                recovered: u32::from(recovered),
            });
        }
        if let Some(newest) = newest_acknowledged {
            self.reported = SequenceExtender::starting_at(newest);
            self.give_up_before(newest);
        }
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

impl Default for SendHistory {
    fn default() -> Self {
        Self::new()
    }
}
