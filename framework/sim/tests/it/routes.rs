//! E29.2: datagrams over the links of a scenario: bursts of losses, ECN, queues, and whole calls over them.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::audio::level_dbov;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_sim::scenario::Scenario;
use jackfield_sim::{Datagram, Ecn, Network, Node, Outbox, VirtualExecutor};

use crate::call::{By, Call, heard};

fn address(host: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, host], 5_000))
}

/// Sends a datagram of 972 bytes (1,000 with its headers) every so often.
struct Talker {
    next: Timestamp,
    every: TimeDelta,
    ecn: Ecn,
    sent: u32,
}

impl Node for Talker {
    fn deadline(&self) -> Timestamp {
        self.next
    }
    fn handle_timeout(&mut self, _: Timestamp, outbox: &mut Outbox<'_>) {
        let mut bytes = [0; 972];
        bytes[..4].copy_from_slice(&self.sent.to_le_bytes());
        outbox.send_with_ecn(address(1), address(2), &bytes, self.ecn);
        self.sent += 1;
        self.next += self.every;
    }
}

type Came = Rc<RefCell<Vec<(Timestamp, u32, Ecn)>>>;

struct Listener(Came);

impl Node for Listener {
    fn receive(&mut self, now: Timestamp, datagram: &Datagram, _: &mut Outbox<'_>) {
        let number = u32::from_le_bytes([
            datagram.bytes[0],
            datagram.bytes[1],
            datagram.bytes[2],
            datagram.bytes[3],
        ]);
        self.0.borrow_mut().push((now, number, datagram.ecn));
    }
}

/// A scenario with one link `there` and one `back`.
pub(crate) fn links(there: &str) -> Scenario {
    let text = format!(
        "name = \"routes\"\nduration = \"120 s\"\n[links.there]\ndelay = \"20 ms\"\n{there}\n[links.back]\ndelay = \"20 ms\"\n\
         [[cross_traffic]]\nname = \"none\"\nkind = \"cbr\"\npath = [\"there\"]\nrate = \"0 bit/s\"\n"
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

/// What came within 60 s, and the network's count.
fn come(
    there: &str,
    every: TimeDelta,
    ecn: Ecn,
    seed: u64,
) -> (Vec<(Timestamp, u32, Ecn)>, jackfield_sim::LinkStats, u64) {
    let mut network = Network::of(&links(there), seed).expect("a network");
    network
        .route(address(1).ip(), address(2).ip(), &["there"])
        .expect("a route");
    let mut executor = VirtualExecutor::new(network);
    let came = Came::default();
    let talker = Talker {
        next: Timestamp::ZERO,
        every,
        ecn,
        sent: 0,
    };
    executor.add_node(Box::new(talker), &[address(1)]);
    executor.add_node(Box::new(Listener(Rc::clone(&came))), &[address(2)]);
    executor.run_for(TimeDelta::seconds(60));
    let stats = executor.network().stats(address(1).ip(), address(2).ip());
    let digest = executor.digest();
    (came.take(), stats, digest)
}

#[test]
fn e29_2_losses_come_in_bursts_as_long_as_the_chain_says() {
    let chain = "loss = { kind = \"gilbert-elliott\", good = \"900 ms\", bad = \"100 ms\" }";
    let (came, stats, digest) = come(chain, TimeDelta::ms(2), Ecn::NotEct, 1);
    let share = stats.lost as f64 / 30_000.0;
    assert!(
        (0.05..0.15).contains(&share),
        "a tenth of the time is bad: {share}"
    );
    let gaps: Vec<u32> = came
        .windows(2)
        .map(|pair| pair[1].1 - pair[0].1 - 1)
        .filter(|gap| *gap > 0)
        .collect();
    let mean = f64::from(gaps.iter().sum::<u32>()) / gaps.len() as f64;
    assert!(
        (25.0..100.0).contains(&mean),
        "a burst of 100 ms is 50 packets: {mean} in {} bursts",
        gaps.len()
    );
    assert_eq!(digest, come(chain, TimeDelta::ms(2), Ecn::NotEct, 1).2);
    // The chain is one in time: with half as many packets, the very same spans are bad.
    let (sparse, ..) = come(chain, TimeDelta::ms(4), Ecn::NotEct, 1);
    let dense: std::collections::BTreeSet<Timestamp> = came.iter().map(|one| one.0).collect();
    let same = sparse.iter().filter(|one| dense.contains(&one.0)).count();
    assert_eq!(same, sparse.len(), "what came of the half came of the whole");
}

#[test]
fn e29_2_queues_mark_what_can_be_marked_and_drop_the_rest() {
    // 1,000 bytes each 2 ms are 4 Mbit/s, over 3.6.
    let codel = "rate = \"3.6 Mbit/s\"\nqueue = { kind = \"codel\", ecn = true, limit = \"100 ms\" }";
    let (came, stats, _) = come(codel, TimeDelta::ms(2), Ecn::Ect0, 1);
    let marked = came.iter().filter(|one| one.2 == Ecn::Ce).count() as u64;
    assert!(marked > 100 && stats.marked >= marked, "{marked} of {stats:?}");
    let (came, stats, _) = come(codel, TimeDelta::ms(2), Ecn::NotEct, 1);
    assert!(came.iter().all(|one| one.2 == Ecn::NotEct));
    assert!(stats.dropped > 100 && stats.marked == 0, "{stats:?}");
    let (came, ..) = come("ecn = { bleach = true }", TimeDelta::ms(2), Ecn::Ect1, 1);
    assert!(
        came.iter().all(|one| one.2 == Ecn::NotEct),
        "the codepoint is washed away"
    );
}

#[test]
fn e29_2_a_queue_in_time_adds_its_delay_and_drops_beyond() {
    let (came, stats, _) = come(
        "rate = \"2 Mbit/s\"\nqueue = \"300 ms\"",
        TimeDelta::ms(2),
        Ecn::NotEct,
        1,
    );
    let delay = |one: &(Timestamp, u32, Ecn)| {
        (one.0 - (Timestamp::ZERO + TimeDelta::ms(2) * i64::from(one.1))).as_ms_f64()
    };
    assert_eq!(delay(&came[0]), 24.0, "4 ms to send and 20 to travel");
    let last = came.last().map(delay).expect("something came");
    assert!((316.0..=324.0).contains(&last), "{last}");
    let share = stats.dropped as f64 / 30_000.0;
    assert!((share - 0.5).abs() < 0.01, "half is too much: {share}");
}

#[test]
fn an_outage_loses_or_holds() {
    let (came, stats, _) = come(
        "outages = [{ from = \"10 s\", to = \"20 s\" }]",
        TimeDelta::ms(10),
        Ecn::NotEct,
        1,
    );
    assert_eq!(
        (stats.lost, came.len()),
        (1_000, 4_999),
        "two are on their way at the end"
    );
    let held = "rate = \"10 Mbit/s\"\noutages = [{ from = \"10 s\", to = \"20 s\", hold = true }]";
    let (came, stats, _) = come(held, TimeDelta::ms(10), Ecn::NotEct, 1);
    assert_eq!(stats.lost, 0);
    assert!(
        !came
            .iter()
            .any(|one| (Timestamp::from_ms(10_021)..Timestamp::from_ms(20_020)).contains(&one.0))
    );
}

#[test]
fn slots_deliver_what_fits_and_waste_what_is_not_used() {
    // A slot of 1,504 bytes each 4 ms: one packet of 1,000 and a part of the next.
    let slots = "rate = { slots = [\"4 ms\"], period = \"4 ms\" }\nqueue = \"unlimited\"";
    let (came, ..) = come(slots, TimeDelta::ms(10), Ecn::NotEct, 1);
    let first: Vec<i64> = came.iter().take(3).map(|one| one.0.us()).collect();
    assert_eq!(
        first,
        [24_000, 32_000, 40_000],
        "the next slot after it came, and 20 ms"
    );
    let (came, ..) = come(slots, TimeDelta::ms(2), Ecn::NotEct, 1);
    let rate = came.len() as f64 * 8_000.0 / 60.0 / 1e6;
    assert!(
        (rate - 3.008).abs() < 0.02,
        "{rate} Mbit/s when there is always something to send"
    );
}

#[test]
fn a_route_over_no_link_is_refused() {
    let mut network = Network::of(&links(""), 1).expect("a network");
    let error = network
        .route(address(1).ip(), address(2).ip(), &["nowhere"])
        .expect_err("no such link");
    assert_eq!(
        error.to_string(),
        "`links.nowhere`: there is no link `nowhere` to route over; use one of: back, there"
    );
}

#[test]
fn e29_2_a_whole_call_runs_over_a_scenario_with_bursts_queues_and_ecn() {
    let run = |seed| {
        let scenario = links(
            "rate = \"200 kbit/s\"\nqueue = { kind = \"codel\", ecn = true, limit = \"300 ms\" }\njitter = { deviation = \"5 ms\" }\n\
             loss = { kind = \"gilbert-elliott\", good = \"2 s\", bad = \"60 ms\", loss_bad = \"50 %\" }",
        );
        let network = Network::of(&scenario, seed).expect("a network");
        let mut call = Call::over(By::Loopback, network, &["there"], &["back"]);
        call.run_for(TimeDelta::seconds(20));
        let lost = call
            .stats
            .each_ref()
            .map(|stats| stats.packets_lost.load(Relaxed));
        (call.executor.digest(), lost, [0, 1].map(heard))
    };
    let (digest, lost, sounds) = run(3);
    assert!(lost.iter().any(|lost| *lost > 2), "the bursts are felt: {lost:?}");
    for sound in &sounds {
        let loud = sound
            .chunks_exact(480)
            .filter(|block| level_dbov(block) > -50.0)
            .count();
        assert!(loud > 300, "and the other is heard all the same: {loud} blocks");
    }
    assert_eq!(run(3).0, digest, "the same in every run");
}

#[test]
fn e29_2_datagrams_share_their_links_with_the_cross_traffic_of_the_scenario() {
    let with = |traffic: &str| {
        let text = format!(
            "name = \"shared\"\nduration = \"60 s\"\n[links.there]\nrate = \"5 Mbit/s\"\ndelay = \"20 ms\"\nqueue = \"200 ms\"\n\
             [links.back]\ndelay = \"20 ms\"\n[[cross_traffic]]\nname = \"other\"\npath = [\"there\"]\nreturn_path = [\"back\"]\n{traffic}"
        );
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let mut network = Network::of(&scenario, 1).expect("a network");
        network
            .route(address(1).ip(), address(2).ip(), &["there"])
            .expect("a route");
        let mut executor = VirtualExecutor::new(network);
        let came = Came::default();
        let talker = Talker {
            next: Timestamp::ZERO,
            every: TimeDelta::ms(20),
            ecn: Ecn::NotEct,
            sent: 0,
        };
        executor.add_node(Box::new(talker), &[address(1)]);
        executor.add_node(Box::new(Listener(Rc::clone(&came))), &[address(2)]);
        executor.run_for(TimeDelta::seconds(60));
        let delays: Vec<f64> = came
            .take()
            .iter()
            .map(|one| (one.0 - (Timestamp::ZERO + TimeDelta::ms(20) * i64::from(one.1))).as_ms_f64())
            .collect();
        delays.iter().sum::<f64>() / delays.len() as f64
    };
    let (light, heavy) = (
        with("kind = \"cbr\"\nrate = \"1 Mbit/s\""),
        with("kind = \"tcp\"\nalgorithm = \"cubic\""),
    );
    assert!((21.0..25.0).contains(&light), "{light} ms");
    assert!(
        (100.0..225.0).contains(&heavy),
        "a download fills the queue: {heavy} ms"
    );
}
