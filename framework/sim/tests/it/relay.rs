//! Real datagrams treated as a scenario's links would.

use std::net::SocketAddr;

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_sim::scenario::Scenario;
use jackfield_sim::{
    Datagram, Direction, Ecn, Network, Node, Outbox, Relay, Relayed, VirtualExecutor, VirtualTime,
};

fn scenario() -> Scenario {
    Scenario::parse(
        r#"
        name = "relayed"
        duration = "60 min"
        [links.up]
        rate = "1 Mbit/s"
        delay = "30 ms"
        queue = "100 ms"
        jitter = { deviation = "5 ms" }
        loss = "2 %"
        [links.down]
        delay = "10 ms"
        [[flows]]
        name = "call"
        path = ["up"]
        return_path = ["down"]
        rate = { minimum = "150 kbit/s", start = "300 kbit/s", maximum = "1.5 Mbit/s" }
        streams = [{ kind = "video" }]
        "#,
    )
    .unwrap_or_else(|error| panic!("{error}"))
}

/// One and a half times what the link bears: 125 packets of 1500 bytes per second.
const EVERY_NS: u64 = 8_000_000;

fn payload(number: u32) -> Vec<u8> {
    let mut bytes = vec![0; 1_472];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .take(4)
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// What came when through the relay, if its owner wakes up so late each time.
fn relayed(late_ns: u64) -> Vec<(u64, u32)> {
    let mut relay = Relay::new(&scenario(), 5, Some("call")).expect("a relay");
    let mut came = Vec::new();
    let mut next = 0_u32;
    loop {
        let sends = (next < 500).then(|| VirtualTime::from_ns(u64::from(next) * EVERY_NS));
        let Some(now) = [sends, relay.deadline().map(|at| at.later(late_ns))]
            .into_iter()
            .flatten()
            .min()
        else {
            return came;
        };
        if sends == Some(now) {
            relay.datagram(now, Direction::There, 0, Ecn::NotEct, &payload(next));
            next += 1;
        }
        while let Some(Relayed { direction, bytes, .. }) = relay.poll(now) {
            assert_eq!(direction, Direction::There);
            came.push((now.ns(), number(&bytes)));
        }
    }
}

/// What came when in the simulation of the same scenario.
fn simulated() -> Vec<(u64, u32)> {
    struct Talker(u32, [SocketAddr; 2]);
    impl Node for Talker {
        fn deadline(&self) -> Timestamp {
            if self.0 < 500 {
                Timestamp::from_us(i64::from(self.0) * (EVERY_NS / 1_000) as i64)
            } else {
                Timestamp::NEVER
            }
        }
        fn handle_timeout(&mut self, _: Timestamp, outbox: &mut Outbox<'_>) {
            outbox.send(self.1[0], self.1[1], &payload(self.0));
            self.0 += 1;
        }
    }
    struct Listener(std::rc::Rc<std::cell::RefCell<Vec<(u64, u32)>>>);
    impl Node for Listener {
        fn receive(&mut self, now: Timestamp, datagram: &Datagram, _: &mut Outbox<'_>) {
            self.0
                .borrow_mut()
                .push((now.us() as u64, number(&datagram.bytes)));
        }
    }
    let ends: [SocketAddr; 2] = ["10.0.0.1:1", "10.0.0.2:1"].map(|text| text.parse().expect("an address"));
    let mut network = Network::of(&scenario(), 5).expect("a network");
    network
        .route(ends[0].ip(), ends[1].ip(), &["up"])
        .expect("a route");
    let mut executor = VirtualExecutor::new(network);
    let came = std::rc::Rc::<std::cell::RefCell<Vec<(u64, u32)>>>::default();
    executor.add_node(Box::new(Talker(0, ends)), &[ends[0]]);
    executor.add_node(Box::new(Listener(std::rc::Rc::clone(&came))), &[ends[1]]);
    executor.run_for(TimeDelta::seconds(60));
    came.take()
}

#[test]
fn a_relay_delays_and_loses_exactly_what_the_simulation_does() {
    let relayed: Vec<(u64, u32)> = relayed(0)
        .iter()
        .map(|(at, number)| (at / 1_000, *number))
        .collect();
    assert!((300..400).contains(&relayed.len()), "{} of 500", relayed.len());
    assert_eq!(relayed, simulated());
}

#[test]
fn an_owner_who_wakes_up_late_delays_what_he_sends_and_nothing_else() {
    let (punctual, late) = (relayed(0), relayed(3_000_000));
    assert_eq!(punctual.len(), late.len());
    for ((at, number), (later, same)) in punctual.iter().zip(&late) {
        assert_eq!(number, same);
        assert!((*at..=at + 3_000_000).contains(later), "{number}: {at} {later}");
    }
}

#[test]
fn both_ways_have_links_of_their_own() {
    let mut relay = Relay::new(&scenario(), 5, Some("call")).expect("a relay");
    relay.datagram(VirtualTime::ZERO, Direction::Back, 7, Ecn::Ect1, b"back");
    assert_eq!(relay.poll(VirtualTime::from_ns(9_999_999)), None);
    let due = relay.deadline().expect("it is under way");
    assert_eq!(due, VirtualTime::from_ns(10_000_000));
    let back = Relayed {
        direction: Direction::Back,
        caller: 7,
        ecn: Ecn::Ect1,
        bytes: b"back"[..].into(),
    };
    assert_eq!(relay.poll(due), Some(back));
    assert_eq!(relay.stats(Direction::Back).delivered, 1);
    assert_eq!(relay.deadline(), None);
    let error = Relay::new(&scenario(), 5, Some("talk"))
        .err()
        .map(|error| error.to_string());
    let words = "`flows`: there is no flow `talk` to stand in for; use one of: call";
    assert_eq!(error.as_deref(), Some(words));
}
