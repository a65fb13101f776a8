//! BBR over simulated links, with the encoder model of RFC 8593 and feedback that crosses the network.

use jackfield_congestion_bbr::Bbr;
use jackfield_congestion_oracle::Oracle;
use jackfield_core::Fault;
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_sim::Source;
use jackfield_sim::light::{self, FlowModules};
use jackfield_sim::scenario::{FlowSpec, Scenario};

use crate::watch::Watch;

const SEEDS: u64 = 30;

pub(crate) fn bbr(_: usize, _: &FlowSpec, seed: u64) -> Result<FlowModules, Fault> {
    Ok(FlowModules {
        controller: Box::new(Bbr::create(&Environment::seeded(seed))?),
        pacer: Box::new(LeakyBucket::create(&Environment::seeded(seed))?),
        knows_truth: false,
    })
}

fn oracle(_: usize, _: &FlowSpec, seed: u64) -> Result<FlowModules, Fault> {
    Ok(FlowModules {
        controller: Box::new(Oracle::create(&Environment::seeded(seed))?),
        pacer: Box::new(LeakyBucket::create(&Environment::seeded(seed))?),
        knows_truth: true,
    })
}

/// Flows of voice and video over one link, and whatever else.
pub(crate) fn scenario(seconds: u32, link: &str, flows: &[&str], rest: &str) -> Scenario {
    let mut text = format!(
        "name = \"test\"\nduration = \"{seconds} s\"\n[links.forward]\n{link}\n[links.backward]\ndelay = \"50 ms\"\n"
    );
    for flow in flows {
        text.push_str(&format!(
            r#"
            [[flows]]
            name = "{flow}"
            path = ["forward"]
            return_path = ["backward"]
            rate = {{ minimum = "50 kbit/s", start = "300 kbit/s", maximum = "5 Mbit/s" }}
            streams = [{{ kind = "audio", rate = "20 kbit/s" }}, {{ kind = "video", maximum = "5 Mbit/s" }}]
            "#
        ));
    }
    text.push_str(rest);
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn each(scenario: &Scenario, check: impl Fn(&Watch, u64)) {
    for seed in 0..SEEDS {
        let mut watch = Watch::default();
        let summary = light::run(scenario, seed, &mut bbr, &mut watch).expect("a run");
        assert_eq!(summary.flows[0].controller_fault, None);
        assert_eq!(summary.flows[0].pacer_fault, None);
        check(&watch, seed);
    }
}

#[test]
fn e17_3_bbr_fills_a_link_of_2_mbit_with_little_queue() {
    let link = "rate = \"2 Mbit/s\"\ndelay = \"50 ms\"\nqueue = \"300 ms\"";
    each(&scenario(30, link, &["call"], ""), |watch, seed| {
        let rate = watch.rate(Source::Flow(0), 2_000, 30_000);
        assert!(rate >= 1_700.0, "seed {seed}: {rate:.0} kbit/s");
        let media = watch.media(0, 2_000, 30_000);
        assert!(media >= 1_600.0, "seed {seed}: {media:.0} kbit/s of media");
        let queue = watch.queueing(0, 0, 30_000, 0.95);
        assert!(queue <= 100.0, "seed {seed}: {queue:.1} ms in the queue");
    });
}

#[test]
fn e17_3_bbr_follows_the_capacity_down_and_up() {
    let link = "rate = [{ at = \"0 s\", rate = \"1 Mbit/s\" }, { at = \"20 s\", rate = \"400 kbit/s\" }, \
                { at = \"40 s\", rate = \"1500 kbit/s\" }]\ndelay = \"50 ms\"\nqueue = \"300 ms\"";
    each(&scenario(60, link, &["call"], ""), |watch, seed| {
        for (from, to, capacity) in [
            (3_000, 20_000, 1_000.0),
            (23_000, 40_000, 400.0),
            (46_000, 60_000, 1_500.0),
        ] {
            let rate = watch.rate(Source::Flow(0), from, to);
            assert!(
                rate >= capacity * 0.85,
                "seed {seed}: {rate:.0} of {capacity} kbit/s"
            );
            let queue = watch.queueing(0, from, to, 0.95);
            assert!(
                queue <= 120.0,
                "seed {seed}: {queue:.1} ms in the queue of {capacity} kbit/s"
            );
        }
    });
}

#[test]
fn e17_3_two_flows_of_bbr_share_a_link() {
    let link = "rate = \"3 Mbit/s\"\ndelay = \"50 ms\"\nqueue = \"300 ms\"";
    each(&scenario(60, link, &["one", "two"], ""), |watch, seed| {
        let [one, two] = [0, 1].map(|flow| watch.rate(Source::Flow(flow), 20_000, 60_000));
        let ratio = one / two;
        assert!(
            (1.0 / 3.0..=3.0).contains(&ratio),
            "seed {seed}: {one:.0} and {two:.0} kbit/s"
        );
        assert!(one + two > 2_400.0, "seed {seed}: {one:.0} and {two:.0} kbit/s");
    });
}

#[test]
fn e17_3_bbr_shares_with_constant_traffic() {
    let link = "rate = \"2 Mbit/s\"\ndelay = \"50 ms\"\nqueue = \"300 ms\"";
    let cross = r#"
        [[cross_traffic]]
        name = "other"
        kind = "cbr"
        path = ["forward"]
        rate = "1200 kbit/s"
        start = "15 s"
        stop = "35 s"
        "#;
    each(&scenario(50, link, &["call"], cross), |watch, seed| {
        let beside = watch.rate(Source::Flow(0), 18_000, 35_000);
        assert!(beside > 560.0, "seed {seed}: {beside:.0} of 800 kbit/s");
        let alone = watch.rate(Source::Flow(0), 42_000, 50_000);
        assert!(alone > 1_700.0, "seed {seed}: {alone:.0} of 2,000 kbit/s");
    });
}

#[test]
fn e17_3_the_oracle_shows_what_there_was_to_be_had() {
    let link = "rate = [{ at = \"0 s\", rate = \"2 Mbit/s\" }, { at = \"10 s\", rate = \"500 kbit/s\" }]\n\
                delay = \"50 ms\"\nqueue = \"300 ms\"";
    let scenario = scenario(20, link, &["call"], "");
    let mut watch = Watch::default();
    light::run(&scenario, 1, &mut oracle, &mut watch).expect("a run");
    for (from, to, capacity) in [(1_000, 10_000, 2_000.0), (11_000, 20_000, 500.0)] {
        let rate = watch.rate(Source::Flow(0), from, to);
        assert!(
            (0.9..=1.0).contains(&(rate / capacity)),
            "{rate:.0} of {capacity} kbit/s"
        );
    }
    assert!(watch.loss(Source::Flow(0), 0, 20_000) < 0.01);
}

/// A third of the fair share is the least that RFC 8868 calls fair between equals; in a queue of a second a loss-based flow that fills it is
/// no equal, so that there the bound is half of that.
#[test]
fn e17_3_bbr_does_not_starve_beside_a_tcp_nor_starve_it() {
    for (queue, least) in [(300, 1_000.0 / 3.0), (1_000, 1_000.0 / 6.0)] {
        let link = format!("rate = \"2 Mbit/s\"\ndelay = \"50 ms\"\nqueue = \"{queue} ms\"");
        let cross = r#"
            [[cross_traffic]]
            name = "download"
            kind = "tcp"
            path = ["forward"]
            return_path = ["backward"]
            algorithm = "cubic"
            "#;
        each(&scenario(90, &link, &["call"], cross), |watch, seed| {
            let media = watch.media(0, 15_000, 90_000);
            let tcp = watch.rate(Source::CrossTraffic(0), 15_000, 90_000);
            assert!(
                media >= least && tcp >= 1_000.0 / 3.0,
                "seed {seed}, queue of {queue} ms: {media:.0} kbit/s of media beside {tcp:.0} kbit/s of TCP"
            );
        });
    }
}
