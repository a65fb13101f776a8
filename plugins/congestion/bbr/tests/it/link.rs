//! A sender with BBR and the leaky bucket, one link with a drop-tail queue, and a receiver that reports every 50 ms. Everything is a function
//! of the seed.

use std::collections::VecDeque;

use jackfield_congestion_bbr::Bbr;
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_sdk::prelude::*;

/// What the link is like.
#[derive(Clone)]
pub(crate) struct LinkSpec {
    /// From when on it bears how much, in kbit/s; the first from 0.
    pub(crate) capacity: Vec<(i64, i64)>,
    pub(crate) one_way: TimeDelta,
    /// The most that its queue holds, as time at the present capacity.
    pub(crate) queue: TimeDelta,
    /// The share of packets lost at random, in percent.
    pub(crate) loss: f64,
    /// What else is sent over it, in kbit/s, from when on.
    pub(crate) others: Vec<(i64, i64)>,
    /// From when to when no feedback comes back, ms.
    pub(crate) silence: (i64, i64),
    /// Added to the receiver's clock from when on, ms.
    pub(crate) clock: (i64, i64),
}

impl LinkSpec {
    pub(crate) fn steady(kbps: i64, one_way_ms: i64) -> Self {
        Self {
            capacity: vec![(0, kbps)],
            one_way: TimeDelta::ms(one_way_ms),
            queue: TimeDelta::ms(300),
            loss: 0.0,
            others: Vec::new(),
            silence: (0, 0),
            clock: (0, 0),
        }
    }
}

pub(crate) const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(50),
    maximum: DataRate::kbps(5_000),
    start: DataRate::kbps(300),
};

/// A packet that came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came {
    pub(crate) at: Timestamp,
    pub(crate) size: i64,
    pub(crate) queued: TimeDelta,
    pub(crate) padding: bool,
}

/// What a run gave.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) came: Vec<Came>,
    pub(crate) lost: Vec<Timestamp>,
    pub(crate) targets: Vec<(Timestamp, DataRate)>,
    pub(crate) phases: Vec<(Timestamp, f64)>,
}

impl Record {
    fn between(&self, from: i64, to: i64) -> impl Iterator<Item = &Came> + Clone {
        let (from, to) = (Timestamp::from_ms(from), Timestamp::from_ms(to));
        self.came
            .iter()
            .filter(move |came| came.at >= from && came.at < to)
    }

    /// The rate between two times in ms, in kbit/s, and the share of it that is padding.
    pub(crate) fn rate(&self, from: i64, to: i64) -> (f64, f64) {
        let all: i64 = self.between(from, to).map(|came| came.size).sum();
        let padding: i64 = self
            .between(from, to)
            .filter(|came| came.padding)
            .map(|came| came.size)
            .sum();
        (
            all as f64 * 8.0 / (to - from) as f64,
            padding as f64 / all.max(1) as f64,
        )
    }

    /// A quantile of the time spent in the queue, ms.
    pub(crate) fn queued(&self, from: i64, to: i64, quantile: f64) -> f64 {
        let mut all: Vec<TimeDelta> = self.between(from, to).map(|came| came.queued).collect();
        all.sort_unstable();
        let at = ((all.len() as f64 - 1.0) * quantile).round() as usize;
        all.get(at).map_or(f64::INFINITY, |time| time.as_ms_f64())
    }

    pub(crate) fn lost_between(&self, from: i64, to: i64) -> usize {
        let (from, to) = (Timestamp::from_ms(from), Timestamp::from_ms(to));
        self.lost.iter().filter(|at| **at >= from && **at < to).count()
    }
}

pub(crate) struct NoProbes;

impl ProbeSink for NoProbes {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        Ok(())
    }
}

#[derive(Default)]
struct Gone(Vec<u64>);

impl DepartureSink for Gone {
    fn depart(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle);
        Ok(())
    }
}

struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

pub(crate) struct World {
    pub(crate) bbr: Bbr,
    pacer: LeakyBucket,
    spec: LinkSpec,
    random: Random,
    now: Timestamp,
    next_frame: Timestamp,
    next_tick: Timestamp,
    next_report: Timestamp,
    next_other: Timestamp,
    free: Timestamp,
    sizes: Vec<(i64, bool)>,
    number: i64,
    in_flight: i64,
    forgotten: i64,
    on_the_way: VecDeque<(Timestamp, PacketFeedback)>,
    reports: VecDeque<(Timestamp, Vec<PacketFeedback>)>,
    decided: CongestionUpdate,
    reduction: f64,
    pub(crate) pads: bool,
    pub(crate) record: Record,
}

impl World {
    pub(crate) fn new(spec: LinkSpec, seed: u64) -> Self {
        let now = Timestamp::from_ms(0);
        let mut bbr = Bbr::create(&Environment::seeded(seed)).unwrap();
        bbr.activate(now, &BOUNDS).unwrap();
        Self::with(bbr, spec, seed)
    }

    pub(crate) fn with(bbr: Bbr, spec: LinkSpec, seed: u64) -> Self {
        let now = Timestamp::from_ms(0);
        let mut random = Random(seed);
        let phase = |random: &mut Random, ms: f64| now + TimeDelta::seconds_f64(random.unit() * ms / 1e3);
        let next_frame = phase(&mut random, 33.0);
        let next_report = phase(&mut random, 50.0);
        let next_other = phase(&mut random, 10.0);
        Self {
            bbr,
            pacer: LeakyBucket::create(&Environment::seeded(seed)).unwrap(),
            spec,
            random,
            now,
            next_frame,
            next_tick: now,
            next_report,
            next_other,
            free: now,
            sizes: Vec::new(),
            number: 0,
            in_flight: 0,
            forgotten: 0,
            on_the_way: VecDeque::new(),
            reports: VecDeque::new(),
            decided: CongestionUpdate::default(),
            reduction: 0.0,
            pads: true,
            record: Record::default(),
        }
    }

    fn at_this_time(&self, schedule: &[(i64, i64)]) -> DataRate {
        let past = schedule
            .iter()
            .rev()
            .find(|(from, _)| Timestamp::from_ms(*from) <= self.now);
        past.map_or(DataRate::ZERO, |(_, kbps)| DataRate::kbps(*kbps))
    }

    fn tell(&mut self, event: &CongestionEvent, packets: &[PacketFeedback]) {
        let update = self
            .bbr
            .on_event(self.now, event, packets, &mut NoProbes)
            .unwrap();
        let advice = self.bbr.advice(self.now).unwrap();
        self.reduction = f64::from(advice.reduction);
        if update.target != self.decided.target {
            self.record.targets.push((self.now, update.target));
        }
        let padding = if self.pads { update.padding } else { DataRate::ZERO };
        self.pacer.set_rates(self.now, update.pacing, padding).unwrap();
        let config = PacerConfig {
            window: advice.pacing_window,
            ..PacerConfig::DEFAULT
        };
        self.pacer.configure(self.now, &config).unwrap();
        self.decided = update;
        let congested = self.in_flight >= update.window.as_bytes();
        self.pacer.set_congested(self.now, u32::from(congested)).unwrap();
    }

    fn push(&mut self, size: i64, padding: bool) {
        self.sizes.push((size, padding));
        let packet = PacedPacket {
            handle: self.sizes.len() as u64 - 1,
            size: DataSize::bytes(size),
            priority: if padding {
                PacketPriority::Padding
            } else {
                PacketPriority::Video
            },
            ssrc: 1,
        };
        self.pacer.enqueue(self.now, &packet).unwrap();
    }

    fn frame(&mut self) {
        let target = self.decided.target.as_bps() as f64 * (1.0 - self.reduction);
        let size = target / 8.0 / 30.0 * (0.7 + 0.6 * self.random.unit());
        let mut left = size as i64;
        while left > 0 {
            self.push(left.clamp(60, 1_200), false);
            left -= 1_200;
        }
        self.next_frame += TimeDelta::us(33_333);
    }

    /// Into the queue of the link; gives when the last byte comes out at the other end, if it is not dropped.
    fn transmit(&mut self, size: i64) -> Option<(Timestamp, TimeDelta)> {
        let queued = self.free.since(self.now);
        if queued > self.spec.queue || self.random.unit() * 100.0 < self.spec.loss {
            return None;
        }
        let capacity = self.at_this_time(&self.spec.capacity);
        self.free = self.free.max(self.now) + DataSize::bytes(size) / capacity;
        Some((self.free + self.spec.one_way, queued))
    }

    fn send(&mut self, handle: u64) {
        let (size, padding) = self.sizes[handle as usize];
        self.number += 1;
        self.in_flight += size;
        let event = CongestionEvent {
            size: DataSize::bytes(size),
            sequence_number: self.number,
            in_flight: DataSize::bytes(self.in_flight),
            ..CongestionEvent::new(CongestionEventKind::SentPacket, self.now)
        };
        self.tell(&event, &[]);
        let through = self.transmit(size);
        let clock = if self.spec.clock.0 > 0 && self.now >= Timestamp::from_ms(self.spec.clock.0) {
            TimeDelta::ms(self.spec.clock.1)
        } else {
            TimeDelta::ZERO
        };
        match through {
            Some((at, queued)) => self.record.came.push(Came {
                at,
                size,
                queued,
                padding,
            }),
            None => self.record.lost.push(self.now),
        }
        let feedback = PacketFeedback {
            sequence_number: self.number,
            sent: self.now,
            received: through.map_or(Timestamp::NEVER, |(at, _)| at + TimeDelta::seconds(7) + clock),
            arrival_offset: TimeDelta::us(-1),
            size: DataSize::bytes(size),
            ecn: 0,
            cluster: 0,
            audio: 0,
            recovered: 0,
        };
        // A loss is known when what came behind it has come.
        let known = through.map_or(self.free.max(self.now) + self.spec.one_way, |(at, _)| at);
        self.on_the_way.push_back((known, feedback));
    }

    fn report(&mut self) {
        let due = self
            .on_the_way
            .iter()
            .take_while(|(at, _)| *at <= self.now)
            .count();
        let packets: Vec<PacketFeedback> = self.on_the_way.drain(..due).map(|(_, packet)| packet).collect();
        let (from, to) = self.spec.silence;
        let silent = self.now >= Timestamp::from_ms(from) && self.now < Timestamp::from_ms(to);
        if silent {
            self.forgotten += packets.iter().map(|packet| packet.size.as_bytes()).sum::<i64>();
        } else if !packets.is_empty() {
            self.reports.push_back((self.now + self.spec.one_way, packets));
        }
        self.next_report += TimeDelta::ms(50);
    }

    fn hear(&mut self, packets: &[PacketFeedback]) {
        // What feedback that was lost spoke of is in flight no longer.
        self.in_flight -= std::mem::take(&mut self.forgotten);
        for packet in packets {
            self.in_flight -= packet.size.as_bytes();
        }
        let event = CongestionEvent {
            in_flight: DataSize::bytes(self.in_flight),
            ..CongestionEvent::new(CongestionEventKind::PacketFeedback, self.now)
        };
        self.tell(&event, packets);
    }

    fn tick(&mut self) {
        let event = CongestionEvent {
            size: self.pacer.queue().unwrap().size,
            ..CongestionEvent::new(CongestionEventKind::ProcessInterval, self.now)
        };
        self.tell(&event, &[]);
        let mut values = [0.0; 9];
        self.bbr.statistics(&mut values);
        self.record.phases.push((self.now, values[7]));
        self.next_tick += TimeDelta::ms(25);
    }

    fn poll(&mut self) {
        loop {
            let mut gone = Gone::default();
            self.pacer.poll(self.now, &mut gone).unwrap();
            let status = self.pacer.status(self.now).unwrap();
            for handle in gone.0 {
                self.send(handle);
            }
            let mut lacking = status.padding.as_bytes();
            if lacking == 0 || !self.pads {
                break;
            }
            while lacking > 0 {
                self.push(lacking.clamp(100, 1_200), true);
                lacking -= 1_200;
            }
        }
    }

    /// What others send; their gaps are random.
    fn other(&mut self) {
        let rate = self.at_this_time(&self.spec.others);
        if rate > DataRate::ZERO {
            self.transmit(1_200);
            let gap = DataSize::bytes(1_200) / rate;
            self.next_other = self.now + gap * (0.2 + 1.6 * self.random.unit());
        } else {
            self.next_other = self.now + TimeDelta::ms(20);
        }
    }

    pub(crate) fn run_until(&mut self, ms: i64) {
        let end = Timestamp::from_ms(ms);
        loop {
            let pacer = self.pacer.deadline().unwrap();
            let heard = self.reports.front().map_or(Timestamp::NEVER, |(at, _)| *at);
            let next = [
                self.next_tick,
                self.next_frame,
                self.next_report,
                self.next_other,
                heard,
                pacer,
            ];
            let at = next.into_iter().min().unwrap();
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            match next.iter().position(|time| *time == at).unwrap() {
                0 => self.tick(),
                1 => self.frame(),
                2 => self.report(),
                3 => self.other(),
                4 => {
                    let (_, packets) = self.reports.pop_front().unwrap();
                    self.hear(&packets);
                }
                _ => self.poll(),
            }
        }
        self.now = end;
    }
}
