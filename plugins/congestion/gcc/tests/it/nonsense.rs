//! What happens on bad days: clocks that are set, silence, feedback twice, out of order and from nowhere, and numbers that make no sense.

use jackfield_congestion_gcc::Gcc;
use jackfield_sdk::prelude::*;

const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(30),
    maximum: DataRate::kbps(2_000),
    start: DataRate::kbps(300),
};

struct NoProbes;

impl ProbeSink for NoProbes {
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
        assert!(cluster.id > 0 && cluster.rate > DataRate::ZERO, "{cluster:?}");
        assert!(cluster.rate <= BOUNDS.maximum, "{cluster:?}");
        Ok(())
    }
}

/// A generator of odd numbers.
struct Odd(u64);

impl Odd {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

struct Call {
    gcc: Gcc,
    now: Timestamp,
    remote: TimeDelta,
    sequence_number: i64,
    waiting: Vec<PacketFeedback>,
}

fn call() -> Call {
    let mut gcc = Gcc::create(&Environment::seeded(1)).expect("a plugin");
    gcc.activate(Timestamp::ZERO, &BOUNDS).expect("sane bounds");
    let mut call = Call {
        gcc,
        now: Timestamp::ZERO,
        remote: TimeDelta::ZERO,
        sequence_number: 0,
        waiting: Vec::new(),
    };
    let up = CongestionEvent {
        flag: 1,
        ..CongestionEvent::new(CongestionEventKind::NetworkAvailability, call.now)
    };
    call.tell(&up, &[]);
    call
}

impl Call {
    fn tell(&mut self, event: &CongestionEvent, packets: &[PacketFeedback]) -> CongestionUpdate {
        let update = self
            .gcc
            .on_event(self.now, event, packets, &mut NoProbes)
            .expect("an update");
        let bounds = BOUNDS.minimum..=BOUNDS.maximum;
        assert!(bounds.contains(&update.target), "{update:?} at {:?}", self.now);
        assert!(update.pacing >= update.target, "{update:?}");
        update
    }

    fn event(&self, kind: CongestionEventKind) -> CongestionEvent {
        CongestionEvent::new(kind, self.now)
    }

    fn send(&mut self, size: i64) {
        self.sequence_number += 1;
        let event = CongestionEvent {
            size: DataSize::bytes(size),
            sequence_number: self.sequence_number,
            untracked: DataSize::bytes(size / 10),
            ..self.event(CongestionEventKind::SentPacket)
        };
        self.tell(&event, &[]);
        self.waiting.push(PacketFeedback {
            sequence_number: self.sequence_number,
            sent: self.now,
            received: self.now + self.remote + TimeDelta::ms(30),
            arrival_offset: TimeDelta::us(-1),
            size: DataSize::bytes(size),
            ecn: 0,
            cluster: (self.sequence_number % 9) as u32,
            audio: 0,
            recovered: 0,
        });
    }

    fn hear(&mut self) -> CongestionUpdate {
        let packets = std::mem::take(&mut self.waiting);
        self.tell(&self.event(CongestionEventKind::PacketFeedback), &packets)
    }

    /// An undisturbed call; gives the last decision.
    fn run(&mut self, seconds: i64) -> CongestionUpdate {
        let mut last = CongestionUpdate::default();
        for tick in 0..seconds * 40 {
            self.now += TimeDelta::ms(25);
            self.send(1_000);
            if tick % 3 == 2 {
                last = self.hear();
            }
            self.tell(&self.event(CongestionEventKind::ProcessInterval), &[]);
        }
        last
    }
}

#[test]
fn clocks_that_are_set_and_counters_that_wrap_are_got_over() {
    let mut call = call();
    let before = call.run(20).target;
    for by in [30_000, -30_000, 64_000, -64_000, 3_600_000] {
        call.remote += TimeDelta::ms(by);
        call.run(5);
    }
    call.sequence_number += 1 << 40;
    let after = call.run(60).target;
    assert!(after >= before * 0.7, "{after:?} after {before:?}");
}

#[test]
fn after_an_hour_of_silence_it_goes_on() {
    let mut call = call();
    call.run(10);
    call.now += TimeDelta::seconds(3_600);
    call.hear();
    assert!(call.run(20).target >= DataRate::kbps(200));
}

#[test]
fn feedback_twice_and_out_of_order_does_no_harm() {
    let mut call = call();
    call.run(5);
    for _ in 0..200 {
        call.now += TimeDelta::ms(25);
        call.send(1_000);
        call.send(200);
        let mut packets = call.waiting.clone();
        packets.reverse();
        call.tell(&call.event(CongestionEventKind::PacketFeedback), &packets);
        call.hear();
    }
}

#[test]
fn a_report_on_more_packets_than_there_is_room_for_is_taken_in_pieces() {
    let mut call = call();
    for _ in 0..20_000 {
        call.now += TimeDelta::us(100);
        call.send(1_000);
    }
    assert!(call.hear().target > DataRate::kbps(300));
}

#[test]
fn whatever_comes_the_decisions_make_sense() {
    let mut call = call();
    let mut odd = Odd(0x9e37_79b9_7f4a_7c15);
    let numbers = [0, 1, -1, 999, 1 << 20, 1 << 41, i64::MAX, i64::MIN, i64::MAX - 1];
    for n in 0..60_000_u32 {
        call.now += TimeDelta::us(odd.below(20_000) as i64);
        let mut pick = |usual: i64| {
            if odd.below(4) == 0 {
                numbers[odd.below(numbers.len() as u64) as usize]
            } else {
                usual
            }
        };
        let kind = CongestionEventKind(n % 13);
        let now = call.now.us();
        let event = CongestionEvent {
            at: Timestamp::from_us(pick(now)),
            time: TimeDelta::us(pick(50_000)),
            rate: DataRate::bps(pick(400_000)),
            size: DataSize::bytes(pick(1_000)),
            in_flight: DataSize::bytes(pick(10_000)),
            sequence_number: pick(i64::from(n)),
            constraints: BOUNDS,
            lost: pick(1) as u32,
            received: pick(30) as u32,
            flag: pick(1) as u32,
            untracked: DataSize::bytes(pick(100)),
            padding: DataRate::bps(pick(0)),
            lower: DataRate::bps(pick(100_000)),
            upper: DataRate::bps(pick(900_000)),
            pacing_factor: if n % 7 == 0 { f32::NAN } else { 0.0 },
            ..CongestionEvent::new(kind, call.now)
        };
        let packets: Vec<_> = (0..n % 30)
            .map(|_| PacketFeedback {
                sequence_number: pick(i64::from(n)),
                sent: Timestamp::from_us(pick(now - 60_000)),
                received: Timestamp::from_us(pick(now - 30_000)),
                arrival_offset: TimeDelta::us(pick(-1)),
                size: DataSize::bytes(pick(1_000)),
                ecn: pick(0) as u32,
                cluster: pick(3) as u32,
                audio: 0,
                recovered: 0,
            })
            .collect();
        let update = call
            .gcc
            .on_event(call.now, &event, &packets, &mut Anything)
            .expect("an update");
        let bounds = BOUNDS.minimum..=BOUNDS.maximum;
        assert!(bounds.contains(&update.target), "{update:?} after {event:?}");
        assert!(update.pacing >= update.target, "{update:?} after {event:?}");
        let mut values = vec![f64::NAN; Gcc::STATISTICS.len()];
        call.gcc.statistics(&mut values);
        assert!(
            values.iter().all(|value| value.is_finite()),
            "{values:?} after {event:?}"
        );
        let advice = call.gcc.advice(call.now).expect("advice");
        assert!(
            (0.0..=1.0).contains(&advice.reduction) && (0.0..=1.0).contains(&advice.loss),
            "{advice:?}"
        );
    }
}

struct Anything;

impl ProbeSink for Anything {
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
        assert!(cluster.id > 0 && cluster.rate > DataRate::ZERO, "{cluster:?}");
        Ok(())
    }
}
