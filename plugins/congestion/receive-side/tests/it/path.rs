//! What it tells a sender that does as it is told, over a link with a queue.

use jackfield_congestion_receive_side::ReceiveSide;
use jackfield_sdk::prelude::*;

const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(50),
    maximum: DataRate::kbps(5_000),
    start: DataRate::kbps(300),
};
/// Bytes of a packet.
const PACKET: i64 = 1_000;
const PROPAGATION: TimeDelta = TimeDelta::ms(50);

struct NoProbes;

impl ProbeSink for NoProbes {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        Ok(())
    }
}

/// A sender, a link and the estimator behind it, which the sender obeys a round trip later.
struct Path {
    estimator: ReceiveSide,
    /// By how much the sender's clock is ahead, and every how many µs it begins anew.
    clock: (i64, i64),
    link: DataRate,
    now: Timestamp,
    /// When the link is free again.
    free: Timestamp,
    rate: DataRate,
    told: Vec<(Timestamp, DataRate)>,
    /// The longest time that a packet waited, since this was set to zero.
    queue: TimeDelta,
}

impl Path {
    fn new(link: DataRate) -> Self {
        let mut estimator = ReceiveSide::create(&Environment::seeded(1)).unwrap();
        estimator.activate(Timestamp::ZERO, &BOUNDS).unwrap();
        Self {
            estimator,
            clock: (0, i64::MAX),
            link,
            now: Timestamp::ZERO,
            free: Timestamp::ZERO,
            rate: BOUNDS.start,
            told: Vec::new(),
            queue: TimeDelta::ZERO,
        }
    }

    /// Lets so much time pass, with media that may have at most so much. The mean of what was told in the last second.
    fn run(&mut self, time: TimeDelta, most: DataRate) -> DataRate {
        let end = self.now + time;
        let mut last = Vec::new();
        while self.now < end {
            let size = DataSize::bytes(PACKET);
            let begins = self.free.max(self.now);
            self.queue = self.queue.max(begins - self.now);
            self.free = begins + size / self.link;
            let came = self.free + PROPAGATION;
            let (ahead, anew) = self.clock;
            let left = Timestamp::from_us((self.now.us() + ahead).rem_euclid(anew));
            let event = CongestionEvent {
                size,
                ..CongestionEvent::new(CongestionEventKind::ReceivedPacket, left)
            };
            let update = self.estimator.on_event(came, &event, &[], &mut NoProbes).unwrap();
            self.told.push((came + PROPAGATION, update.target));
            if end - self.now < TimeDelta::seconds(1) {
                last.push(update.target.as_bps());
            }
            let heard = self.told.iter().take_while(|(at, _)| *at <= self.now).count();
            if let Some((_, rate)) = self.told.drain(..heard).next_back() {
                self.rate = rate;
            }
            self.now += size / self.rate.min(most);
        }
        DataRate::bps(last.iter().sum::<i64>() / last.len().max(1) as i64)
    }
}

fn between(rate: DataRate, low: i64, high: i64) {
    assert!(
        rate >= DataRate::kbps(low) && rate <= DataRate::kbps(high),
        "{rate:?}"
    );
}

#[test]
fn e19_5_a_sender_without_feedback_on_packets_finds_the_rate_of_the_link_with_a_short_queue() {
    let mut path = Path::new(DataRate::kbps(1_000));
    path.run(TimeDelta::seconds(30), BOUNDS.maximum);
    path.queue = TimeDelta::ZERO;
    for _ in 0..6 {
        between(path.run(TimeDelta::seconds(10), BOUNDS.maximum), 600, 1_100);
    }
    assert!(path.queue < TimeDelta::ms(300), "{:?}", path.queue);
}

#[test]
fn e19_5_a_link_that_shrinks_is_followed_within_seconds_and_one_that_grows_within_a_minute() {
    let mut path = Path::new(DataRate::kbps(1_000));
    path.run(TimeDelta::seconds(60), BOUNDS.maximum);
    path.link = DataRate::kbps(400);
    between(path.run(TimeDelta::seconds(10), BOUNDS.maximum), 200, 480);
    path.link = DataRate::kbps(2_000);
    between(path.run(TimeDelta::seconds(60), BOUNDS.maximum), 900, 2_200);
}

#[test]
fn e19_5_neither_a_clock_that_is_days_off_nor_one_that_begins_anew_every_64_seconds_matters() {
    let run = |clock| {
        let mut path = Path::new(DataRate::kbps(1_000));
        path.clock = clock;
        (0..20)
            .map(|_| path.run(TimeDelta::seconds(10), BOUNDS.maximum))
            .collect::<Vec<_>>()
    };
    let right = run((0, i64::MAX));
    assert_eq!(right, run((3 * 86_400_000_000, i64::MAX)));
    assert_eq!(right, run((0, 64_000_000)));
    assert_eq!(right, run((63_000_000, 64_000_000)));
}

#[test]
fn e19_5_media_that_needs_little_does_not_make_it_believe_in_much() {
    let mut path = Path::new(DataRate::kbps(10_000));
    let told = path.run(TimeDelta::seconds(60), DataRate::kbps(200));
    // Half as much again and 10 kbit/s, of what came in half a second: there a packet more or less is 16 kbit/s.
    between(told, 285, 335);
}

#[test]
fn e19_5_where_there_is_room_the_maximum_is_reached() {
    let mut path = Path::new(DataRate::kbps(20_000));
    let told = path.run(TimeDelta::seconds(60), BOUNDS.maximum);
    assert_eq!(told, BOUNDS.maximum);
}
