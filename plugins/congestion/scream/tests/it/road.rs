//! A road for the tests, as libwebrtc's unit tests of SCReAM have one: packets of one size leave evenly at a given rate, wait before one
//! bottleneck, and are reported on every 25 ms as RFC 8888 does.

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

/// What the road is like.
#[derive(Clone, Copy)]
pub(crate) struct Road {
    /// [`DataRate::INFINITE`]: no bottleneck.
    pub(crate) capacity: DataRate,
    pub(crate) delay: TimeDelta,
    /// Standard deviation of the delay; packets overtake each other.
    pub(crate) jitter: TimeDelta,
    /// So many packets may wait; 0: any number.
    pub(crate) queue: usize,
    /// Marks ECT(1) packets that wait 4 to 8 ms with a probability of 0 to 1.
    pub(crate) marks: bool,
    pub(crate) packet: DataSize,
    /// Whether the feedback says how long it was held back, as RFC 8888 does.
    pub(crate) tells_hold: bool,
}

impl Road {
    pub(crate) const FREE: Self = Self {
        capacity: DataRate::INFINITE,
        delay: TimeDelta::ZERO,
        jitter: TimeDelta::ZERO,
        queue: 0,
        marks: true,
        packet: DataSize::bytes(1_000),
        tells_hold: true,
    };
}

const FEEDBACK_INTERVAL: TimeDelta = TimeDelta::ms(25);
const STEP: TimeDelta = TimeDelta::ms(1);
/// The remote clock is elsewhere.
const REMOTE_CLOCK: TimeDelta = TimeDelta::seconds(4_711);

#[derive(Clone, Copy)]
struct Travelling {
    feedback: PacketFeedback,
    /// When it arrives, on our clock; never if it is dropped.
    arrives: Timestamp,
    missed: bool,
}

/// Packets on the road.
pub(crate) struct Traffic {
    pub(crate) road: Road,
    pub(crate) now: Timestamp,
    travelling: Vec<Travelling>,
    /// When those that wait begin to leave the bottleneck.
    waiting: VecDeque<Timestamp>,
    free: Timestamp,
    number: i64,
    acknowledged: i64,
    budget: f64,
    fed_back: Timestamp,
    random: u64,
    /// Packets dropped.
    pub(crate) dropped: u32,
}

impl Traffic {
    pub(crate) fn new(road: Road, now: Timestamp, seed: u64) -> Self {
        Self {
            road,
            now,
            travelling: Vec::new(),
            waiting: VecDeque::new(),
            free: now,
            number: 0,
            acknowledged: 0,
            budget: road.packet.as_bytes() as f64,
            fed_back: now,
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1,
            dropped: 0,
        }
    }

    /// From 0 to 1.
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Near enough to a normal deviate.
    fn deviate(&mut self) -> f64 {
        (0..12).map(|_| self.draw()).sum::<f64>() - 6.0
    }

    pub(crate) fn in_flight(&self) -> DataSize {
        let count = self
            .travelling
            .iter()
            .filter(|packet| packet.feedback.sequence_number > self.acknowledged)
            .count();
        self.road.packet * count as i64
    }

    /// Sends at `rate` until the next feedback comes; tells `sent` of every packet.
    pub(crate) fn until_feedback(
        &mut self,
        rate: DataRate,
        mut sent: impl FnMut(&CongestionEvent),
    ) -> (CongestionEvent, Vec<PacketFeedback>) {
        for _ in 0..5_000 {
            while self.budget >= self.road.packet.as_bytes() as f64 {
                self.budget -= self.road.packet.as_bytes() as f64;
                self.send();
                let event = CongestionEvent {
                    size: self.road.packet,
                    sequence_number: self.number,
                    in_flight: self.in_flight(),
                    ecn: 1,
                    ..CongestionEvent::new(CongestionEventKind::SentPacket, self.now)
                };
                sent(&event);
            }
            if self.now - self.fed_back >= FEEDBACK_INTERVAL {
                let reports = self.reports();
                if !reports.is_empty() {
                    self.fed_back = self.now;
                    let event = CongestionEvent {
                        in_flight: self.in_flight(),
                        flag: 1,
                        ..CongestionEvent::new(CongestionEventKind::PacketFeedback, self.now)
                    };
                    return (event, reports);
                }
            }
            self.now += STEP;
            self.budget += rate.as_bps() as f64 * STEP.as_seconds_f64() / 8.0;
        }
        panic!("no feedback for five seconds");
    }

    fn send(&mut self) {
        let now = self.now;
        self.number += 1;
        while self.waiting.front().is_some_and(|starts| *starts <= now) {
            self.waiting.pop_front();
        }
        let dropped = self.road.queue > 0 && self.waiting.len() >= self.road.queue;
        let starts = self.free.max(now);
        let mut ecn = 1;
        let mut arrives = Timestamp::NEVER;
        if dropped {
            self.dropped += 1;
        } else {
            let takes = if self.road.capacity == DataRate::INFINITE {
                TimeDelta::ZERO
            } else {
                self.road.packet / self.road.capacity
            };
            self.free = starts + takes;
            self.waiting.push_back(starts);
            let share = ((starts - now).as_ms_f64() - 4.0) / 4.0;
            if self.road.marks && self.draw() < share {
                ecn = 3;
            }
            let late = if self.road.jitter > TimeDelta::ZERO {
                self.road.jitter * self.deviate()
            } else {
                TimeDelta::ZERO
            };
            arrives = self.free + (self.road.delay + late).max(TimeDelta::ZERO);
        }
        self.travelling.push(Travelling {
            feedback: PacketFeedback {
                sequence_number: self.number,
                sent: now,
                received: Timestamp::NEVER,
                arrival_offset: TimeDelta::us(-1),
                size: self.road.packet,
                ecn,
                cluster: 0,
                audio: 0,
                recovered: 0,
            },
            arrives,
            missed: false,
        });
    }

    /// What the remote end knew one delay ago, in the order of sending: each packet that came, and once each that is missing.
    fn reports(&mut self) -> Vec<PacketFeedback> {
        let (now, delay, tells) = (self.now, self.road.delay, self.road.tells_hold);
        let came = |packet: &Travelling| !packet.arrives.is_never() && packet.arrives + delay <= now;
        let newest = self.travelling.iter().filter(|packet| came(packet));
        let newest = newest.map(|packet| packet.feedback.sequence_number).max();
        let Some(newest) = newest else { return Vec::new() };
        self.acknowledged = self.acknowledged.max(newest);
        let acknowledged = self.acknowledged;
        let mut reports = Vec::new();
        self.travelling.retain_mut(|packet| {
            if came(packet) {
                packet.feedback.received = packet.arrives + REMOTE_CLOCK;
                packet.feedback.recovered = u32::from(packet.missed);
                if tells {
                    packet.feedback.arrival_offset = now - packet.arrives - delay;
                }
                reports.push(packet.feedback);
                return false;
            }
            let is_missing = packet.feedback.sequence_number < acknowledged;
            if is_missing && !packet.missed {
                packet.missed = true;
                reports.push(packet.feedback);
            }
            !is_missing || now - packet.feedback.sent <= TimeDelta::seconds(2)
        });
        reports
    }
}
