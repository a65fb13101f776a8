//! Runs a scenario with every controller, and holds the expectations against what came of it.

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
use jackfield_sim::scenario::{FeedbackFormat, FlowSpec, Scenario};

use super::bounds::{FAIR, FULL, MOST, SHORT_WAIT};
use super::exceptions::EXCEPTIONS;
use crate::watch::Watch;

/// In so many weathers each scenario is run.
const SEEDS: u64 = 5;

/// A controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Gcc,
    Scream,
    Nada,
    Bbr,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Gcc, Self::Scream, Self::Nada, Self::Bbr];

    /// With the flow's weight, and with ECN where feedback tells of marks, if it knows of these.
    fn modules(self, flow: &FlowSpec, seed: u64) -> Result<FlowModules, Fault> {
        let environment = Environment::seeded(seed);
        let controller: Box<dyn CongestionController> = match self {
            Self::Gcc => Box::new(Gcc::create(&environment)?),
            Self::Scream => Box::new(Scream::create(&environment)?),
            Self::Bbr => Box::new(Bbr::create(&environment)?),
            Self::Nada => {
                let mut nada = Nada::create(&environment)?;
                nada.parameters().priority = flow.priority;
                nada.parameters().ecn = flow.feedback == FeedbackFormat::Ccfb;
                Box::new(nada)
            }
        };
        Ok(FlowModules {
            controller,
            pacer: Box::new(LeakyBucket::create(&environment)?),
            knows_truth: false,
        })
    }

    fn run(self, scenario: &Scenario, seed: u64) -> Seen {
        let mut watch = Watch::default();
        let mut modules = |_: usize, flow: &FlowSpec, seed: u64| self.modules(flow, seed);
        let summary = light::run(scenario, seed, &mut modules, &mut watch).expect("a run");
        for flow in &summary.flows {
            assert_eq!((&flow.controller_fault, &flow.pacer_fault), (&None, &None));
        }
        Seen {
            watch,
            seed,
            reference: None,
        }
    }
}

/// The scenarios of a file whose names have all of these parts in them.
pub(crate) fn variants(file: &str, parts: &[&str]) -> Vec<Scenario> {
    let mut scenarios = Scenario::parse_all(file).unwrap_or_else(|error| panic!("{error}"));
    scenarios.retain(|scenario| parts.iter().all(|part| scenario.name.contains(part)));
    assert!(!scenarios.is_empty(), "no variant {parts:?}");
    scenarios
}

/// The text of a scenario file.
macro_rules! file {
    ($name:literal) => {
        include_str!(concat!(
            "../../../../../benches/ab/scenarios/rfc8867/",
            $name,
            ".toml"
        ))
    };
}
pub(crate) use file;

/// A sentence, and whether it holds of a run; if not, why.
pub(crate) type Expectation = (&'static str, fn(&Seen) -> Result<(), String>);

/// Asserts the expectations in every weather for every controller, those that are known not to hold excepted: of these, that they do not.
pub(crate) fn expect(scenarios: &[Scenario], expectations: &[Expectation]) {
    all_hold(scenarios, None, expectations);
}

/// The same, where the RFC compares with another case: what was seen of it, in the same weather, is in [`Seen::reference`].
pub(crate) fn expect_beside(scenarios: &[Scenario], reference: &[Scenario], expectations: &[Expectation]) {
    assert_eq!(reference.len(), 1, "one case to compare with");
    all_hold(scenarios, Some(&reference[0]), expectations);
}

fn all_hold(scenarios: &[Scenario], reference: Option<&Scenario>, expectations: &[Expectation]) {
    let wrong: Vec<String> = scenarios
        .iter()
        .flat_map(|scenario| unexpected(scenario, reference, expectations))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn unexpected(
    scenario: &Scenario,
    reference: Option<&Scenario>,
    expectations: &[Expectation],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = &scenario.name;
    for kind in Kind::ALL {
        let runs: Vec<Seen> = (1..=SEEDS)
            .map(|seed| Seen {
                reference: reference.map(|reference| Box::new(kind.run(reference, seed))),
                ..kind.run(scenario, seed)
            })
            .collect();
        for (sentence, holds) in expectations {
            let broken: Vec<String> = runs
                .iter()
                .filter_map(|seen| holds(seen).err().map(|why| format!("seed {}: {why}", seen.seed)))
                .collect();
            let known = EXCEPTIONS.iter().any(|known| known.is(kind, name, sentence));
            if known && broken.is_empty() {
                wrong.push(format!(
                    "{name}, {kind:?}, {sentence}: holds by now, so it is no exception"
                ));
            } else if !known && !broken.is_empty() {
                wrong.push(format!(
                    "{name}, {kind:?}, {sentence}:\n    {}",
                    broken.join("\n    ")
                ));
            }
        }
    }
    for known in EXCEPTIONS.iter().filter(|known| known.scenario == *name) {
        let stated = expectations
            .iter()
            .any(|(sentence, _)| *sentence == known.sentence);
        assert!(stated, "{name}: nobody expects `{}`", known.sentence);
    }
    wrong
}

/// What was seen of a run. Times are in seconds, rates in kbit/s.
pub(crate) struct Seen {
    watch: Watch,
    seed: u64,
    reference: Option<Box<Seen>>,
}

fn ms(seconds: f64) -> i64 {
    (seconds * 1e3) as i64
}

impl Seen {
    /// What was seen of the case to compare with.
    pub(crate) fn reference(&self) -> &Seen {
        self.reference.as_ref().expect("a case to compare with")
    }

    /// What arrived of a flow.
    pub(crate) fn rate(&self, flow: usize, from: f64, to: f64) -> f64 {
        self.watch.rate(Source::Flow(flow), ms(from), ms(to))
    }

    /// What arrived of all these flows.
    pub(crate) fn sum(&self, flows: &[usize], from: f64, to: f64) -> f64 {
        flows.iter().map(|flow| self.rate(*flow, from, to)).sum()
    }

    /// What arrived of the TCP connection.
    pub(crate) fn tcp(&self, from: f64, to: f64) -> f64 {
        self.watch.rate(Source::CrossTraffic(0), ms(from), ms(to))
    }

    /// The share of a flow's packets that were lost.
    pub(crate) fn loss(&self, flow: usize, from: f64, to: f64) -> f64 {
        self.watch.loss(Source::Flow(flow), ms(from), ms(to))
    }

    /// How long 95 % of a flow's packets waited at most, ms.
    pub(crate) fn wait(&self, flow: usize, from: f64, to: f64) -> f64 {
        self.watch.queueing(flow, ms(from), ms(to), 0.95)
    }

    /// The flow has converged to this capacity, or to the most that it can make use of.
    pub(crate) fn fills(&self, flow: usize, capacity: f64, from: f64, to: f64) -> Result<(), String> {
        at_least("rate", self.rate(flow, from, to), FULL * capacity.min(MOST), from)
    }

    /// Together the flows fill this capacity.
    pub(crate) fn fill(&self, flows: &[usize], capacity: f64, from: f64, to: f64) -> Result<(), String> {
        at_least("sum", self.sum(flows, from, to), FULL * capacity, from)
    }

    /// In each span of so many seconds the flows get fair shares.
    pub(crate) fn is_fair(&self, flows: &[usize], from: f64, to: f64, span: f64) -> Result<(), String> {
        let mut at = from;
        while at + span <= to {
            let rates: Vec<f64> = flows.iter().map(|flow| self.rate(*flow, at, at + span)).collect();
            let most = rates.iter().copied().fold(0.0, f64::max);
            let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
            if most > FAIR * least {
                return Err(format!("from {at} s on {most:.0} beside {least:.0} kbit/s"));
            }
            at += span;
        }
        Ok(())
    }

    /// The flow's packets wait but shortly.
    pub(crate) fn is_quick(&self, flow: usize, from: f64, to: f64) -> Result<(), String> {
        let wait = self.wait(flow, from, to);
        if wait <= SHORT_WAIT {
            Ok(())
        } else {
            Err(format!("from {from} s on p95 of the wait is {wait:.0} ms"))
        }
    }

    /// The least and the greatest target at the ends of these seconds.
    pub(crate) fn targets(&self, flow: usize, from: f64, to: f64) -> (f64, f64) {
        let seconds = (from as i64 + 1)..=(to as i64);
        let targets = seconds.map(|second| self.watch.target(flow, second * 1_000).as_kbps_f64());
        targets.fold((f64::INFINITY, 0.0), |(least, most), target| {
            (least.min(target), most.max(target))
        })
    }
}

/// `value` kbit/s are at least `least`.
pub(crate) fn at_least(what: &str, value: f64, least: f64, from: f64) -> Result<(), String> {
    if value >= least {
        Ok(())
    } else {
        Err(format!(
            "from {from} s on the {what} is {value:.0} kbit/s, not {least:.0}"
        ))
    }
}

#[test]
fn every_exception_is_of_a_scenario_that_is_there() {
    let files = [
        file!("5.1-single-flow"),
        file!("5.2-multiple-flows"),
        file!("5.3-congested-feedback"),
        file!("5.4-same-controller"),
        file!("5.5-rtt-fairness"),
        file!("5.6-long-tcp"),
        file!("5.7-short-tcp"),
        file!("5.8-pause-resume"),
        file!("6.1-priority"),
        file!("6.2-ecn-single-flow"),
        file!("6.2-ecn-same-controller"),
        file!("6.2-ecn-long-tcp"),
        file!("6.3-multiple-bottlenecks"),
    ];
    let names: Vec<String> = files
        .iter()
        .flat_map(|file| Scenario::parse_all(file).expect("scenarios"))
        .map(|scenario| scenario.name)
        .collect();
    for known in EXCEPTIONS {
        assert!(
            names.iter().any(|name| name == known.scenario),
            "{} is no scenario",
            known.scenario
        );
    }
}
