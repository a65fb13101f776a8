//! Paths on which one signal or another says nothing: a policer, behind which no delay tells that there is too much; losses that are nobody's
//! fault; round trips from short to very long.

use jackfield_congestion_bbr::Bbr;
use jackfield_congestion_gcc::Gcc;
use jackfield_congestion_nada::Nada;
use jackfield_congestion_scream::Scream;
use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_sim::Source;
use jackfield_sim::light::{self, FlowModules};
use jackfield_sim::scenario::{FlowSpec, Scenario};

use crate::watch::Watch;

/// What the policer, or the link, lets through, kbit/s.
const BEARS: f64 = 1_000.0;
/// The least that a call is sent, kbit/s.
const MINIMUM: f64 = 170.0;
/// "Converged", as libwebrtc's scenarios have it.
const FULL: f64 = 0.7;
/// From this share of losses on even draft-ietf-rmcat-gcc-02 (section 6) gives way.
const TOLERATED: f64 = 0.1;

type Make = fn(u64) -> Result<Box<dyn CongestionController>, Fault>;

fn make<T: Plugin + CongestionController>(seed: u64) -> Result<Box<dyn CongestionController>, Fault> {
    Ok(Box::new(T::create(&Environment::seeded(seed))?))
}

fn run(scenario: &Scenario, controller: Make, seed: u64) -> Watch {
    let mut modules = |_: usize, _: &FlowSpec, seed: u64| {
        Ok(FlowModules {
            controller: controller(seed)?,
            pacer: Box::new(LeakyBucket::create(&Environment::seeded(seed))?),
            knows_truth: false,
        })
    };
    let mut watch = Watch::default();
    light::run(scenario, seed, &mut modules, &mut watch).expect("a run");
    watch
}

const ALL: [(&str, Make); 4] = [
    ("gcc", make::<Gcc>),
    ("scream", make::<Scream>),
    ("nada", make::<Nada>),
    ("bbr", make::<Bbr>),
];

/// What comes of the last minute with each controller in three weathers, in kbit/s, and which share of it is lost.
fn last_minute(scenario: &Scenario, judge: impl Fn(f64, f64) -> bool) {
    let (mut wrong, end) = (Vec::new(), scenario.duration.as_us() / 1_000);
    for (name, controller) in ALL {
        for seed in 1..=3 {
            let watch = run(scenario, controller, seed);
            let (flow, from) = (Source::Flow(0), end - 60_000);
            let (rate, loss) = (watch.rate(flow, from, end), watch.loss(flow, from, end));
            if !judge(rate, loss) {
                wrong.push(format!(
                    "{}, {name}, seed {seed}: {rate:.0} kbit/s, {:.1} % lost",
                    scenario.name,
                    loss * 100.0
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn e17_3_behind_a_policer_every_controller_finds_its_rate_by_what_is_lost() {
    let file = include_str!("../../../../benches/ab/scenarios/jackfield/policer.toml");
    for scenario in Scenario::parse_all(file).expect("a scenario") {
        last_minute(&scenario, |rate, loss| rate >= FULL * BEARS && loss < TOLERATED);
    }
}

/// A call over 1 Mbit/s with this way there.
fn over(name: &str, one_way: &str, more: &str) -> Scenario {
    let text = format!(
        r#"
        name = "{name}"
        duration = "120 s"
        [links.access]
        rate = "1 Mbit/s"
        delay = "{one_way}"
        queue = "300 ms"
        {more}
        [links.back]
        delay = "{one_way}"
        [[flows]]
        name = "call"
        path = ["access"]
        return_path = ["back"]
        rate = {{ minimum = "170 kbit/s", start = "300 kbit/s" }}
        streams = [{{ kind = "audio", rate = "20 kbit/s" }}, {{ kind = "video", minimum = "150 kbit/s", maximum = "2.5 Mbit/s" }}]
        "#
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn e17_3_round_trips_of_10_to_500_ms_are_filled() {
    for one_way in ["5 ms", "50 ms", "250 ms"] {
        last_minute(&over(one_way, one_way, ""), |rate, _| rate >= FULL * BEARS);
    }
}

/// Who goes by losses cannot tell those of chance from others. With one in a hundred the link is full all the same, and with one in ten nobody
/// falls below the minimum, of which a tenth is lost.
#[test]
fn e17_3_where_up_to_a_tenth_is_lost_by_chance_nobody_falls_below_the_minimum() {
    for (share, least) in [
        ("0 %", FULL * BEARS),
        ("1 %", FULL * BEARS),
        ("5 %", 0.9 * MINIMUM),
        ("10 %", 0.9 * MINIMUM),
    ] {
        let loss = format!("loss = {{ kind = \"random\", share = \"{share}\" }}");
        last_minute(&over(share, "30 ms", &loss), |rate, _| rate >= least);
    }
}
