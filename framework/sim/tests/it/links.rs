//! What links do to packets: policers, jitter, reordering, lists of losses, marks, shared airtime, and the wrong clocks of nodes.

use jackfield_core::units::TimeDelta;
use jackfield_sim::light::{self, Observer};
use jackfield_sim::scenario::{ClockSpec, Scenario};
use jackfield_sim::{DropReason, NodeClock, PacketRecord, VirtualTime};

use crate::light::fixed;

/// What became of the packets of each cross traffic.
#[derive(Default)]
struct Packets {
    arrived: Vec<(f64, PacketRecord)>,
    dropped: Vec<(u64, DropReason)>,
    marked: u64,
}

impl Observer for Packets {
    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, _: TimeDelta) {
        self.arrived.push((at.ns() as f64 / 1e6, *packet));
    }
    fn dropped(&mut self, _: VirtualTime, packet: &PacketRecord, why: DropReason) {
        self.dropped.push((packet.number, why));
    }
    fn marked(&mut self, _: VirtualTime, _: &PacketRecord) {
        self.marked += 1;
    }
}

/// Packets of 1,000 bytes at 800 kbit/s, one each 10 ms, for 20 s over this link.
fn over(link: &str, more: &str) -> Packets {
    let text = format!(
        r#"
        name = "link"
        duration = "20 s"
        [links.link]
        {link}
        [[cross_traffic]]
        name = "packets"
        kind = "cbr"
        path = ["link"]
        rate = "800 kbit/s"
        packet = "1000 B"
        {more}
        "#
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut packets = Packets::default();
    light::run(&scenario, 3, &mut fixed(100.0), &mut packets).expect("a run");
    packets
}

impl Packets {
    /// How late each was, in ms.
    fn delays(&self) -> Vec<f64> {
        let late = |(at, packet): &(f64, PacketRecord)| at - packet.sent.ns() as f64 / 1e6;
        self.arrived.iter().map(late).collect()
    }
}

#[test]
fn e29_2_a_policer_lets_its_burst_and_its_rate_through() {
    let packets = over("policer = { rate = \"400 kbit/s\", burst = \"10 kB\" }", "");
    let passed = packets.arrived.len();
    assert!(
        (1_005..=1_020).contains(&passed),
        "half of 2,000, and the burst: {passed}"
    );
    assert!(packets.dropped.iter().all(|(_, why)| *why == DropReason::Policed));
    assert!(
        packets.dropped[0].0 >= 18,
        "the first burst passes: {:?}",
        packets.dropped[0]
    );
    assert!(
        packets.delays().iter().all(|delay| *delay == 0.0),
        "nothing waits"
    );
}

#[test]
fn e29_2_jitter_is_cut_and_keeps_the_order() {
    let packets = over(
        "delay = \"10 ms\"\njitter = { deviation = \"5 ms\", limit = 3 }",
        "",
    );
    let delays = packets.delays();
    assert!(delays.iter().all(|delay| (10.0..=25.001).contains(delay)));
    let mean = delays.iter().sum::<f64>() / delays.len() as f64 - 10.0;
    assert!(
        (3.5..4.7).contains(&mean),
        "the mean of a half normal distribution is 0.8 deviations: {mean}"
    );
    assert!(
        packets
            .arrived
            .windows(2)
            .all(|pair| pair[0].0 <= pair[1].0 && pair[0].1.number < pair[1].1.number)
    );
}

#[test]
fn e29_2_some_packets_are_overtaken() {
    let packets = over(
        "delay = \"10 ms\"\nreorder = { share = \"5 %\", delay = \"25 ms\" }",
        "",
    );
    let held = packets.delays().iter().filter(|delay| **delay > 34.9).count();
    assert!((60..150).contains(&held), "{held} of 2,000");
    assert!(
        packets
            .arrived
            .windows(2)
            .any(|pair| pair[0].1.number > pair[1].1.number)
    );
}

#[test]
fn e29_2_the_packets_of_a_list_are_lost() {
    let packets = over("loss = { kind = \"list\", packets = [700, 3, 3, 5] }", "");
    assert_eq!(
        packets.dropped,
        [3, 5, 700].map(|number| (number, DropReason::Lost))
    );
}

#[test]
fn e29_2_capable_packets_are_marked_at_random_and_when_they_have_waited() {
    let packets = over("ecn = { share = \"10 %\" }", "l4s = true");
    assert!((150..250).contains(&packets.marked), "{}", packets.marked);
    assert_eq!(
        over("ecn = { share = \"10 %\" }", "").marked,
        0,
        "not what is not capable"
    );
    let slow = "rate = \"790 kbit/s\"\nqueue = \"1 s\"\necn = { above = \"50 ms\" }";
    let packets = over(slow, "l4s = true");
    assert!(packets.marked > 1_000, "{}", packets.marked);
    assert!(
        packets
            .arrived
            .iter()
            .filter(|(at, _)| *at < 1_000.0)
            .all(|(_, packet)| packet.ecn as u8 == 1)
    );
}

#[test]
fn a_slower_route_does_not_reorder_and_delays_change_when_they_are_said_to() {
    let packets = over(
        "delay = [{ at = \"0 s\", delay = \"80 ms\" }, { at = \"10 s\", delay = \"10 ms\" }]",
        "",
    );
    assert!(
        packets
            .arrived
            .windows(2)
            .all(|pair| pair[0].1.number < pair[1].1.number)
    );
    let delays = packets.delays();
    assert_eq!((delays[0], delays[1_500]), (80.0, 10.0));
}

#[test]
fn those_who_share_the_air_take_turns() {
    // Each direction alone would have 10 Mbit/s; with 1 ms before each turn of up to 4 packets, together they have 4 x 8,000 bits in 4.2 ms.
    let text = r#"
        name = "air"
        duration = "20 s"
        [media.air]
        overhead = "1 ms"
        turn = "10 ms"
        packets = 4
        [links.up]
        rate = "10 Mbit/s"
        medium = "air"
        queue = "50 packets"
        [links.down]
        rate = "10 Mbit/s"
        medium = "air"
        queue = "50 packets"
        [[cross_traffic]]
        name = "up"
        kind = "cbr"
        path = ["up"]
        rate = "9 Mbit/s"
        packet = "1000 B"
        [[cross_traffic]]
        name = "down"
        kind = "cbr"
        path = ["down"]
        rate = "9 Mbit/s"
        packet = "1000 B"
    "#;
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let mut packets = Packets::default();
    light::run(&scenario, 3, &mut fixed(100.0), &mut packets).expect("a run");
    let rate = |number| {
        let of = |packet: &PacketRecord| packet.source == jackfield_sim::Source::CrossTraffic(number);
        packets.arrived.iter().filter(|(_, packet)| of(packet)).count() as f64 * 8_000.0 / 20e6
    };
    let (up, down) = (rate(0), rate(1));
    assert!((7.5..7.7).contains(&(up + down)), "{up} {down}");
    assert!((up - down).abs() < 0.1, "{up} {down}");
}

#[test]
fn clocks_of_nodes_are_ahead_and_drift() {
    let clock = NodeClock::new(&ClockSpec {
        offset: TimeDelta::ms(-250),
        drift_ppm: 100.0,
    });
    let at = |seconds: u64| clock.shows(VirtualTime::from_ns(seconds * 1_000_000_000)).us();
    assert_eq!((at(0), at(10), at(1_000)), (-250_000, 9_751_000, 999_850_000));
}

#[test]
fn on_and_off_and_poisson_traffic_have_their_rates() {
    let half = over(
        "delay = \"1 ms\"",
        "on_off = { on = \"1 s\", off = \"3 s\", starts_on = false }",
    );
    let count = half.arrived.len();
    assert!((498..=505).contains(&count), "a quarter of the time: {count}");
    assert!(half.arrived[0].0 >= 3_000.0);
    let text = r#"
        name = "poisson"
        duration = "60 s"
        [links.link]
        [[cross_traffic]]
        name = "packets"
        kind = "poisson"
        path = ["link"]
        rate = "8 Mbit/s"
        packet = "1000 B"
    "#;
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let mut packets = Packets::default();
    light::run(&scenario, 3, &mut fixed(100.0), &mut packets).expect("a run");
    let gaps: Vec<f64> = packets
        .arrived
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
    assert!(
        (0.98..1.02).contains(&mean) && (0.97..1.03).contains(&deviation),
        "{mean} {deviation}"
    );
}
