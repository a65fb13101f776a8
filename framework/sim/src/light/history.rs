//! What was sent and what is known of it: the counterpart of the live stack's history, without sequence numbers that wrap.

use jackfield_core::congestion_controller::PacketFeedback;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataSize, TimeDelta};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    InFlight,
    GivenUp,
    ReportedLost,
    Acknowledged,
}

#[derive(Clone, Copy, Debug)]
struct SentPacket {
    sent: Timestamp,
    size: DataSize,
    number: u64,
    cluster: u32,
    audio: bool,
    state: State,
}

pub(super) struct History {
    packets: Box<[SentPacket]>,
    pub(super) next: u64,
    in_flight: DataSize,
    oldest_in_flight: u64,
}

/// What a receiver says of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) number: u64,
    /// [`Timestamp::NEVER`] if it did not come.
    pub(super) received: Timestamp,
    pub(super) offset: TimeDelta,
    pub(super) ecn: u32,
}

impl History {
    /// Remembers the last `packets`, a power of two.
    pub(super) fn new(packets: usize) -> Self {
        let nothing = SentPacket {
            sent: Timestamp::ZERO,
            size: DataSize::ZERO,
            number: u64::MAX,
            cluster: 0,
            audio: false,
            state: State::Acknowledged,
        };
        Self {
            packets: vec![nothing; packets].into_boxed_slice(),
            next: 0,
            in_flight: DataSize::ZERO,
            oldest_in_flight: 0,
        }
    }

    fn index(&self, number: u64) -> usize {
        number as usize & (self.packets.len() - 1)
    }

    pub(super) fn sent(&mut self, now: Timestamp, size: DataSize, cluster: u32, audio: bool) -> u64 {
        let number = self.next;
        self.next += 1;
        let index = self.index(number);
        let old = &mut self.packets[index];
        if old.state == State::InFlight {
            self.in_flight -= old.size;
        }
        *old = SentPacket {
            sent: now,
            size,
            number,
            cluster,
            audio,
            state: State::InFlight,
        };
        self.in_flight += size;
        number
    }

    pub(super) fn in_flight(&self) -> DataSize {
        self.in_flight
    }

    /// Appends what is new in `said` to `out`, in its order.
    pub(super) fn feedback(&mut self, said: impl Iterator<Item = Said>, out: &mut Vec<PacketFeedback>) {
        let mut newest = None;
        for said in said {
            let index = self.index(said.number);
            let packet = &mut self.packets[index];
            if packet.number != said.number {
                continue;
            }
            let came = !said.received.is_never();
            if packet.state == State::Acknowledged || (packet.state == State::ReportedLost && !came) {
                continue;
            }
            let recovered = packet.state == State::ReportedLost;
            if packet.state == State::InFlight {
                self.in_flight -= packet.size;
            }
            packet.state = if came {
                State::Acknowledged
            } else {
                State::ReportedLost
            };
            if came {
                newest = newest.max(Some(said.number));
            }
            out.push(PacketFeedback {
                sequence_number: said.number as i64,
                sent: packet.sent,
                received: said.received,
                arrival_offset: said.offset,
                size: packet.size,
                ecn: said.ecn,
                cluster: packet.cluster,
                audio: u32::from(packet.audio),
                recovered: u32::from(recovered),
            });
        }
        if let Some(newest) = newest {
            self.give_up_before(newest);
        }
    }

    /// Packets older than one that came and not reported on at all are in flight no more: their report was lost.
    fn give_up_before(&mut self, newest: u64) {
        let capacity = self.packets.len() as u64;
        self.oldest_in_flight = self.oldest_in_flight.max(self.next.saturating_sub(capacity));
        while self.oldest_in_flight < newest {
            let index = self.index(self.oldest_in_flight);
            let packet = &mut self.packets[index];
            if packet.number == self.oldest_in_flight && packet.state == State::InFlight {
                packet.state = State::GivenUp;
                self.in_flight -= packet.size;
            }
            self.oldest_in_flight += 1;
        }
    }

    /// Nothing that was sent is in flight any more: it went another way.
    pub(super) fn forget(&mut self) {
        for packet in &mut self.packets {
            if packet.state == State::InFlight {
                packet.state = State::GivenUp;
            }
        }
        self.in_flight = DataSize::ZERO;
        self.oldest_in_flight = self.next;
    }
}
