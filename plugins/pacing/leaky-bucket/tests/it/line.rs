//! A pacer with a host that polls it at each deadline and makes the padding that it asks for.

use std::collections::BTreeMap;

use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_sdk::prelude::*;

/// Something that left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Left {
    pub(crate) at: Timestamp,
    pub(crate) packet: PacedPacket,
    pub(crate) came: Timestamp,
    pub(crate) cluster: u32,
}

#[derive(Default)]
struct Gone(Vec<u64>);

impl DepartureSink for Gone {
    fn depart(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle);
        Ok(())
    }
}

pub(crate) struct Line {
    pub(crate) pacer: LeakyBucket,
    pub(crate) now: Timestamp,
    /// Whether the host makes padding.
    pub(crate) pads: bool,
    pub(crate) left: Vec<Left>,
    /// Each demand for padding, with its time.
    pub(crate) wanted: Vec<(Timestamp, DataSize)>,
    waiting: BTreeMap<u64, (PacedPacket, Timestamp)>,
    next: u64,
}

impl Line {
    pub(crate) fn new(pacing: DataRate, padding: DataRate) -> Self {
        let now = Timestamp::from_ms(1_000);
        let mut pacer = LeakyBucket::create(&Environment::seeded(1)).unwrap();
        pacer.set_rates(now, pacing, padding).unwrap();
        Self {
            pacer,
            now,
            pads: true,
            left: Vec::new(),
            wanted: Vec::new(),
            waiting: BTreeMap::new(),
            next: 1,
        }
    }

    pub(crate) fn push(&mut self, size: i64, priority: PacketPriority, ssrc: u32) -> u64 {
        let packet = PacedPacket {
            handle: self.next,
            size: DataSize::bytes(size),
            priority,
            ssrc,
        };
        self.next += 1;
        self.pacer.enqueue(self.now, &packet).unwrap();
        self.waiting.insert(packet.handle, (packet, self.now));
        packet.handle
    }

    pub(crate) fn video(&mut self, packets: usize, size: i64) {
        for _ in 0..packets {
            self.push(size, PacketPriority::Video, 1);
        }
    }

    /// Polls, and makes the padding that is wanted until nothing more leaves.
    pub(crate) fn poll(&mut self) {
        for _ in 0..1_000 {
            let mut gone = Gone::default();
            self.pacer.poll(self.now, &mut gone).unwrap();
            let status = self.pacer.status(self.now).unwrap();
            for handle in gone.0 {
                let (packet, came) = self.waiting.remove(&handle).expect("each leaves once");
                self.left.push(Left {
                    at: self.now,
                    packet,
                    came,
                    cluster: status.cluster,
                });
            }
            if status.padding == DataSize::ZERO {
                return;
            }
            self.wanted.push((self.now, status.padding));
            if !self.pads {
                return;
            }
            let mut lacking = status.padding.as_bytes();
            while lacking > 0 {
                self.push(lacking.min(250), PacketPriority::Padding, 9);
                lacking -= 250;
            }
        }
        panic!("a poll at {:?} never ends", self.now);
    }

    pub(crate) fn run_until(&mut self, end: Timestamp) {
        let mut polls = 0;
        loop {
            let deadline = self.pacer.deadline().unwrap();
            if deadline > end {
                break;
            }
            self.now = self.now.max(deadline);
            self.poll();
            polls += 1;
            assert!(polls < 1_000_000, "the host spins at {:?}", self.now);
        }
        self.now = end;
    }

    pub(crate) fn run_for(&mut self, time: TimeDelta) {
        self.run_until(self.now + time);
    }

    /// What still waits, in the order of a handover.
    pub(crate) fn handed_over(&mut self) -> Vec<u64> {
        let mut gone = Gone::default();
        self.pacer.hand_over(&mut gone).unwrap();
        gone.0
    }

    pub(crate) fn bytes(&self, of: impl Fn(&Left) -> bool) -> i64 {
        let these = self.left.iter().filter(|left| of(left));
        these.map(|left| left.packet.size.as_bytes()).sum()
    }
}

pub(crate) fn is_padding(left: &Left) -> bool {
    left.packet.priority == PacketPriority::Padding
}
