//! A relay puts a scenario's network between two ends, whoever keeps the time.

use jackfield_core::units::TimeDelta;
use jackfield_sim::scenario::Scenario;
use jackfield_sim::{Ecn, Relay, RelayStats, VirtualTime, Way};

const NARROW: &str = r#"
    name = "narrow"
    duration = "10 s"
    [links.there]
    rate = [{ at = "0 s", rate = "1 Mbit/s" }, { at = "2 s", rate = "500 kbit/s" }]
    delay = "50 ms"
    queue = "100 ms"
    [links.back]
    delay = "20 ms"
    [[flows]]
    name = "call"
    path = ["there"]
    return_path = ["back"]
    streams = [{ kind = "audio", rate = "20 kbit/s" }]
"#;

fn ms(ms: u64) -> VirtualTime {
    VirtualTime::from_ns(ms * 1_000_000)
}

fn relay() -> Relay {
    Relay::new(&Scenario::parse(NARROW).unwrap(), None, 1).unwrap()
}

/// When each datagram came out, in microseconds, with its tag.
fn drained(relay: &mut Relay) -> Vec<(u64, u64)> {
    let mut out = Vec::new();
    while relay.deadline() < ms(60_000) {
        let now = relay.deadline();
        while let Some(datagram) = relay.poll(now) {
            out.push((now.ns() / 1_000, datagram.tag));
        }
    }
    out
}

#[test]
fn a_datagram_takes_its_time_and_keeps_its_bytes() {
    let mut relay = relay();
    // 1,000 bytes with IP and UDP around them: 8 ms on this link.
    relay.datagram(ms(100), Way::Forward, 7, Ecn::Ect1, &[9; 972]);
    assert_eq!(relay.poll(ms(157)), None);
    let out = relay.poll(ms(158)).unwrap();
    assert_eq!((out.way, out.tag, out.ecn), (Way::Forward, 7, Ecn::Ect1));
    assert_eq!(&*out.bytes, &[9; 972]);
    relay.datagram(ms(200), Way::Backward, 8, Ecn::NotEct, &[1]);
    assert_eq!(drained(&mut relay), [(220_000, 8)]);
}

#[test]
fn e29_2_what_the_queue_cannot_hold_is_dropped_and_the_rest_comes_at_the_rate_of_the_link() {
    let mut relay = relay();
    for tag in 0..100 {
        relay.datagram(ms(0), Way::Forward, tag, Ecn::NotEct, &[0; 972]);
    }
    let out = drained(&mut relay);
    // One is being sent, 100 ms wait.
    assert!((12..=14).contains(&out.len()), "{}", out.len());
    for (place, (at, tag)) in out.iter().enumerate() {
        assert_eq!((*at, *tag), (50_000 + 8_000 * (place as u64 + 1), place as u64));
    }
    let stats = relay.stats();
    assert_eq!(stats.carried + stats.dropped, 100);
    assert_eq!((stats.lost, stats.marked), (0, 0));
}

#[test]
fn the_same_calls_at_coarse_times_carry_the_same() {
    // A program that looks once a millisecond, and one that looks at every deadline.
    let carried = |step: Option<u64>| {
        let mut relay = relay();
        let mut tags = Vec::new();
        for n in 0..2_000_u64 {
            relay.datagram(ms(2 * n), Way::Forward, n, Ecn::NotEct, &[0; 272]);
            let until = ms(2 * n + 2);
            let mut now = ms(2 * n);
            while now < until {
                while let Some(datagram) = relay.poll(now) {
                    tags.push(datagram.tag);
                }
                now = step.map_or(relay.deadline().min(until), |step| now.later(step));
            }
        }
        (tags, relay.stats())
    };
    let (coarse, fine): ((Vec<u64>, RelayStats), _) = (carried(Some(1_000_000)), carried(None));
    assert!(coarse.1.dropped > 0 && coarse.1.carried > 500, "{:?}", coarse.1);
    assert_eq!(coarse, fine);
}

#[test]
fn what_a_relay_cannot_do_is_said() {
    let scenario = Scenario::parse(NARROW).unwrap();
    let error = Relay::new(&scenario, Some("video"), 1).err().unwrap();
    assert!(
        error.to_string().contains("video") && error.advice().contains("call"),
        "{error}"
    );
    let text = include_str!("../../../../benches/ab/scenarios/rfc8867/5.6-long-tcp.toml");
    let crowded = Scenario::parse(text).unwrap();
    let error = Relay::new(&crowded, None, 1).err().unwrap();
    assert_eq!(error.key(), "cross_traffic");
    assert_eq!(TimeDelta::ms(50), scenario.links["there"].delay[0].1);
}
