//! A path of one bottleneck for the tests: packets of 1000 bytes at the pacing rate, a queue, feedback every 100 ms.

use jackfield_congestion_nada::Nada;
use jackfield_sdk::prelude::*;

pub(crate) struct NoProbes;

impl ProbeSink for NoProbes {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        panic!("NADA does not probe")
    }
}

/// What one packet met.
#[derive(Clone, Copy)]
struct Travelled {
    feedback: PacketFeedback,
    known: Timestamp,
}

pub(crate) struct Path {
    pub(crate) nada: Nada,
    pub(crate) now: Timestamp,
    pub(crate) capacity: DataRate,
    pub(crate) delay: TimeDelta,
    /// Packets that would wait longer are lost.
    pub(crate) queue: TimeDelta,
    /// With a wait of so long, and 2 ms, every packet would be marked, with none of 2 ms; linear in between.
    pub(crate) marking: TimeDelta,
    mark: f64,
    /// Every so many packets one is lost; 0: none.
    pub(crate) lose_every: i64,
    pub(crate) target: DataRate,
    pub(crate) longest_wait: TimeDelta,
    pub(crate) delivered: DataSize,
    pub(crate) lost: u32,
    free: Timestamp,
    credit: i64,
    number: i64,
    travelled: Vec<Travelled>,
    fed_back: Timestamp,
}

const STEP: TimeDelta = TimeDelta::ms(1);
const PACKET: DataSize = DataSize::bytes(1_000);

impl Path {
    pub(crate) fn new(capacity: DataRate, bounds: &RateConstraints) -> Self {
        let mut nada = Nada::create(&Environment::seeded(1)).unwrap();
        nada.activate(Timestamp::from_ms(1_000), bounds).unwrap();
        let now = Timestamp::from_ms(1_000);
        Self {
            nada,
            now,
            capacity,
            delay: TimeDelta::ms(50),
            queue: TimeDelta::ms(300),
            marking: TimeDelta::INFINITE,
            mark: 0.0,
            lose_every: 0,
            target: bounds.start,
            longest_wait: TimeDelta::ZERO,
            delivered: DataSize::ZERO,
            lost: 0,
            free: now,
            credit: 0,
            number: 0,
            travelled: Vec::new(),
            fed_back: now,
        }
    }

    pub(crate) fn event(&mut self, event: &CongestionEvent, packets: &[PacketFeedback]) -> CongestionUpdate {
        let update = self
            .nada
            .on_event(self.now, event, packets, &mut NoProbes)
            .unwrap();
        self.target = update.target;
        update
    }

    /// Runs for `time`; what was delivered and how long a packet waited at most begins anew.
    pub(crate) fn run(&mut self, time: TimeDelta) {
        (self.longest_wait, self.delivered, self.lost) = (TimeDelta::ZERO, DataSize::ZERO, 0);
        let end = self.now + time;
        while self.now < end {
            self.now += STEP;
            self.credit += (self.target * STEP).as_bytes();
            while self.credit >= PACKET.as_bytes() {
                self.credit -= PACKET.as_bytes();
                self.send();
            }
            if self.now - self.fed_back >= TimeDelta::ms(100) {
                self.fed_back = self.now;
                self.feedback();
            }
        }
    }

    fn send(&mut self) {
        self.number += 1;
        let start = self.free.max(self.now);
        let wait = start - self.now;
        let chance = self.lose_every > 0 && self.number % self.lose_every == 0;
        let lost = wait > self.queue || chance;
        let received = start + PACKET / self.capacity + self.delay;
        if wait <= self.queue {
            self.free = start + PACKET / self.capacity;
        }
        if lost {
            self.lost += 1;
        } else {
            self.longest_wait = self.longest_wait.max(wait);
            self.delivered += PACKET;
        }
        self.mark += (wait - TimeDelta::ms(2)).max(TimeDelta::ZERO) / self.marking;
        let marked = self.mark >= 1.0;
        self.mark -= f64::from(u8::from(marked));
        let feedback = PacketFeedback {
            sequence_number: self.number,
            sent: self.now,
            // Another clock.
            received: if lost {
                Timestamp::NEVER
            } else {
                received + TimeDelta::seconds(-777)
            },
            arrival_offset: TimeDelta::us(-1),
            size: PACKET,
            ecn: if marked { 3 } else { 1 },
            cluster: 0,
            audio: 0,
            recovered: 0,
        };
        self.travelled.push(Travelled {
            feedback,
            known: received + self.delay,
        });
    }

    fn feedback(&mut self) {
        let now = self.now;
        let count = self
            .travelled
            .iter()
            .take_while(|packet| packet.known <= now)
            .count();
        let reports: Vec<_> = self
            .travelled
            .drain(..count)
            .map(|packet| packet.feedback)
            .collect();
        let event = CongestionEvent::new(CongestionEventKind::PacketFeedback, now);
        self.event(&event, &reports);
    }

    pub(crate) fn rate(&self, over: TimeDelta) -> f64 {
        (self.delivered / over).as_kbps_f64()
    }
}
