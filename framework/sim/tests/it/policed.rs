//! Behind a policer no delay tells that there is too much: controllers have to go by what is lost.

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

/// What the policer lets through, kbit/s.
const POLICED: f64 = 1_000.0;
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

#[test]
fn e17_3_behind_a_policer_every_controller_finds_its_rate_by_what_is_lost() {
    let file = include_str!("../../../../benches/ab/scenarios/jackfield/policer.toml");
    for scenario in Scenario::parse_all(file).expect("a scenario") {
        for (name, controller) in [
            ("gcc", make::<Gcc> as Make),
            ("scream", make::<Scream>),
            ("nada", make::<Nada>),
            ("bbr", make::<Bbr>),
        ] {
            for seed in 1..=3 {
                let watch = run(&scenario, controller, seed);
                let flow = Source::Flow(0);
                let rate = watch.rate(flow, 30_000, 90_000);
                let loss = watch.loss(flow, 30_000, 90_000);
                let said = format!(
                    "{}, {name}, seed {seed}: {rate:.0} kbit/s, {:.1} % lost",
                    scenario.name,
                    loss * 100.0
                );
                assert!(rate >= FULL * POLICED, "{said}");
                assert!(loss < TOLERATED, "{said}");
            }
        }
    }
}
