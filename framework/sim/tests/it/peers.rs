//! Two flows that make a call: each end gives feedback as its own sender can afford it, as libwebrtc's does.

use jackfield_congestion_fixed::Fixed;
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::units::{DataSize, TimeDelta};
use jackfield_pacing_null::Null;
use jackfield_sim::VirtualTime;
use jackfield_sim::light::{self, FlowModules, Observer};
use jackfield_sim::scenario::{FlowSpec, Scenario};
use proptest::prelude::*;

use crate::light::fixed;

/// Feedback and reports on the first flow, from the second second on.
#[derive(Default)]
struct Feedback {
    times: Vec<VirtualTime>,
    bytes: i64,
}

/// What a receiver report takes, once a second. No feedback here is of this size.
const REPORT: DataSize = DataSize::bytes(74);

impl Observer for Feedback {
    fn feedback(&mut self, at: VirtualTime, flow: usize, size: DataSize) {
        if flow == 0 && size != REPORT && at >= VirtualTime::from_ns(1_000_000_000) {
            self.times.push(at);
            self.bytes += size.as_bytes();
        }
    }
}

impl Feedback {
    fn intervals(&self) -> impl Iterator<Item = TimeDelta> {
        self.times
            .windows(2)
            .map(|pair| TimeDelta::us((pair[1].ns() - pair[0].ns()) as i64 / 1_000))
    }
}

/// A call of 1 Mbit/s there and `back` kbit/s back; `special` is about its first flow.
fn feedback_on_much(back: f64, special: &str) -> Feedback {
    feedback_beside(back, special, "")
}

/// The same, with something about its second flow.
fn feedback_beside(back: f64, special: &str, beside: &str) -> Feedback {
    let text = format!(
        r#"
        name = "a call"
        duration = "11 s"
        [links.there]
        delay = "20 ms"
        [links.back]
        delay = "20 ms"
        [[flows]]
        name = "much"
        path = ["there"]
        return_path = ["back"]
        {special}
        streams = [{{ kind = "video", model = "steady", minimum = "10 kbit/s", frame_rate = 60, packet = "5 kB" }}]
        [[flows]]
        name = "little"
        path = ["back"]
        return_path = ["there"]
        {beside}
        streams = [{{ kind = "audio", minimum = "10 kbit/s", maximum = "900 kbit/s" }}]
        "#
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut modules = |flow: usize, _: &FlowSpec, seed: u64| {
        let mut controller = Fixed::create(&Environment::seeded(seed))?;
        controller.parameters().rate = [1_000.0, back][flow];
        Ok(FlowModules {
            controller: Box::new(controller),
            pacer: Box::new(Null::create(&Environment::seeded(seed))?),
            knows_truth: false,
        })
    };
    let mut seen = Feedback::default();
    light::run(&scenario, 1, &mut modules, &mut seen).expect("a run");
    seen
}

fn assert_every(feedback: &Feedback, expected: TimeDelta) {
    assert!(feedback.times.len() > 30);
    for interval in feedback.intervals() {
        assert!(
            (interval - expected).abs() <= TimeDelta::us(1),
            "{interval:?}, not {expected:?}"
        );
    }
}

#[test]
fn e19_3_without_a_peer_feedback_goes_by_what_is_received() {
    assert_every(&feedback_on_much(50.0, ""), TimeDelta::ms(50));
}

#[test]
fn e19_3_with_a_peer_it_goes_by_the_target_of_the_sender_beside_the_receiver() {
    // 5 % of 108.8 kbit/s is ten reports of 544 bits per second.
    for (back, expected) in [(20.0, 250), (108.8, 100), (900.0, 50)] {
        let feedback = feedback_on_much(back, "peer = \"little\"");
        assert_every(&feedback, TimeDelta::ms(expected));
    }
}

#[test]
fn e19_3_the_share_and_the_longest_interval_can_be_set() {
    let feedback = feedback_on_much(108.8, "peer = \"little\"\nfeedback_share = \"2.5 %\"");
    assert_every(&feedback, TimeDelta::ms(200));
    let feedback = feedback_on_much(20.0, "peer = \"little\"\nfeedback_interval = \"80 ms\"");
    assert_every(&feedback, TimeDelta::ms(80));
}

#[test]
fn e19_3_feedback_of_rfc_8888_takes_its_share_with_what_it_really_is() {
    let feedback = feedback_on_much(
        40.0,
        "peer = \"little\"\nfeedback = \"ccfb\"\nfeedback_share = \"10 %\"",
    );
    let share = feedback.bytes as f64 * 8.0 / 10.0 / 40_000.0;
    assert!((0.095..0.105).contains(&share), "{share}");
}

/// As libwebrtc's receiver does before there is a target.
#[test]
fn e19_3_while_the_peer_sends_nothing_feedback_comes_ten_times_a_second() {
    let peer = "peer = \"little\"";
    let late = feedback_beside(20.0, peer, "start = \"10.9 s\"");
    assert_every(&late, TimeDelta::ms(100));
}

/// Flows of these names, each with its peer.
fn flows(peers: &[(&str, &str)]) -> String {
    let flows = peers.iter().map(|(name, peer)| {
        format!(
            "[[flows]]\nname = \"{name}\"\npath = [\"way\"]\npeer = \"{peer}\"\nstreams = [{{ kind = \"audio\" }}]\n"
        )
    });
    let flows: String = flows.collect();
    format!("name = \"peers\"\nduration = \"1 s\"\n[links.way]\n{flows}")
}

#[test]
fn e17_3_two_flows_are_a_call_though_one_alone_says_so() {
    for peers in [
        [("a", "b"), ("b", "a"), ("c", "")],
        [("a", "b"), ("b", ""), ("c", "")],
        [("a", ""), ("b", "a"), ("c", "")],
    ] {
        let scenario = Scenario::parse(&flows(&peers)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            [0, 1, 2, 3].map(|n| scenario.peer_of(n)),
            [Some(1), Some(0), None, None]
        );
    }
}

#[test]
fn e17_3_peers_that_do_not_agree_are_refused_by_name() {
    for (peers, key, says) in [
        (
            [("a", "b"), ("b", "c"), ("c", "b")],
            "flows[0].peer",
            "the peer of `b` is `c`, not `a`",
        ),
        (
            [("a", "b"), ("b", ""), ("c", "b")],
            "flows[2].peer",
            "`b` is the peer of `a` already",
        ),
        (
            [("a", "b"), ("b", ""), ("c", "a")],
            "flows[2].peer",
            "the peer of `a` is `b`, not `c`",
        ),
    ] {
        let error = Scenario::parse(&flows(&peers)).expect_err(says);
        assert_eq!((error.key(), error.message()), (key, says));
        assert!(!error.advice().is_empty());
    }
}

proptest! {
    /// Whoever is a peer has one, and no pair of them makes a run panic.
    #[test]
    fn two_flows_are_a_call_or_are_refused(
        peers in prop::collection::vec(prop::sample::select(vec!["", "0", "1", "2", "3"]), 1..4),
        format in prop::sample::select(vec!["ccfb", "transport-cc", "none"]),
        share in -1_i64..120, start in 0_u32..900, seed: u64,
    ) {
        let named: Vec<_> = ["0", "1", "2"].into_iter().zip(peers).collect();
        let text = flows(&named).replace("streams", &format!(
            "feedback = \"{format}\"\nfeedback_share = \"{share} %\"\nstart = \"{start} ms\"\nstreams",
        ));
        if let Ok(scenario) = Scenario::parse(&text) {
            for n in 0..scenario.flows.len() {
                if let Some(peer) = scenario.peer_of(n) {
                    prop_assert_eq!(scenario.peer_of(peer), Some(n));
                    prop_assert_ne!(peer, n);
                } else {
                    prop_assert_eq!(&scenario.flows[n].peer, "");
                }
            }
            light::run(&scenario, seed, &mut fixed(50.0), &mut ()).expect("a run");
        }
    }
}
