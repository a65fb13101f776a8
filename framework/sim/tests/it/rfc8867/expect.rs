//! Runs a scenario with every controller, and holds the expectations against what came of it.

use std::collections::BTreeSet;
use std::path::Path;

use jackfield_congestion_bbr::Bbr;
use jackfield_congestion_gcc::Gcc;
use jackfield_congestion_nada::Nada;
use jackfield_congestion_scream::Scream;
use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::units::TimeDelta;
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_sim::light::{self, FlowModules};
use jackfield_sim::scenario::{FlowSpec, Scenario};

use super::exceptions::{EXCEPTIONS, Exception};
use super::rare::RARE;
use super::seen::Seen;
use crate::watch::Watch;

/// In so many weathers each scenario is run, and in one less if it lasts five minutes.
const SEEDS: u64 = 3;
const LONG: TimeDelta = TimeDelta::seconds(150);
/// In so many if this is set, as `make rfc8867` does it; ...
const MANY_SEEDS: u64 = 30;
const MANY: &str = "JACKFIELD_RFC8867_MANY";
/// ... then a sentence is to hold in so many of them, but those of [`RARE`].
const OF_MANY: u64 = 27;

/// A controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Gcc,
    Scream,
    Nada,
    Bbr,
}

/// Whether controllers that know of ECN ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ecn {
    /// Who does so by default.
    Default,
    /// All that can.
    Asked,
    /// None: by delay and losses alone.
    Without,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Gcc, Self::Scream, Self::Nada, Self::Bbr];

    fn knows_ecn(self) -> bool {
        matches!(self, Self::Scream | Self::Nada)
    }

    /// With the flow's weight, if it knows of these.
    fn modules(self, ecn: Ecn, flow: &FlowSpec, seed: u64) -> Result<FlowModules, Fault> {
        let environment = Environment::seeded(seed);
        let controller: Box<dyn CongestionController> = match self {
            Self::Gcc => Box::new(Gcc::create(&environment)?),
            Self::Bbr => Box::new(Bbr::create(&environment)?),
            Self::Scream => {
                let mut scream = Scream::create(&environment)?;
                scream.parameters().l4s = ecn != Ecn::Without;
                Box::new(scream)
            }
            Self::Nada => {
                let mut nada = Nada::create(&environment)?;
                nada.parameters().priority = flow.priority;
                nada.parameters().ecn = ecn == Ecn::Asked;
                Box::new(nada)
            }
        };
        Ok(FlowModules {
            controller,
            pacer: Box::new(LeakyBucket::create(&environment)?),
            knows_truth: false,
        })
    }

    fn run(self, ecn: Ecn, scenario: &Scenario, seed: u64) -> Seen {
        let mut watch = Watch::default();
        let mut modules = |_: usize, flow: &FlowSpec, seed: u64| self.modules(ecn, flow, seed);
        let summary = light::run(scenario, seed, &mut modules, &mut watch).expect("a run");
        for flow in &summary.flows {
            assert_eq!((&flow.controller_fault, &flow.pacer_fault), (&None, &None));
        }
        Seen {
            watch,
            flows: summary.flows.len(),
            reference: None,
        }
    }
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

/// A scenario file, behind every queue and beside every TCP that it has, and what is expected of it.
pub(crate) struct Case {
    scenarios: Vec<Scenario>,
    /// Each sentence with its controller and its scenario: in which weathers it does not hold, and why.
    judged: Vec<(Kind, String, &'static str, Vec<String>)>,
}

impl Case {
    pub(crate) fn of(file: &str) -> Self {
        Self {
            scenarios: Scenario::parse_all(file).unwrap_or_else(|error| panic!("{error}")),
            judged: Vec::new(),
        }
    }

    /// Changes each scenario.
    pub(crate) fn with(mut self, change: impl FnMut(&mut Scenario)) -> Self {
        self.scenarios.iter_mut().for_each(change);
        self
    }

    /// These sentences are to hold for every controller.
    pub(crate) fn expects(mut self, expectations: &[Expectation]) -> Self {
        for scenario in self.scenarios.clone() {
            for kind in Kind::ALL {
                self.judge(kind, &scenario, expectations, |seed| {
                    kind.run(Ecn::Default, &scenario, seed)
                });
            }
        }
        self
    }

    /// These are to hold where scenarios have `these` in their names, of which the RFC compares them with the scenario that has `others` there
    /// ([`Seen::reference`]).
    pub(crate) fn expects_beside(mut self, [these, others]: [&str; 2], expectations: &[Expectation]) -> Self {
        for scenario in self.scenarios.clone() {
            let name = scenario.name.replace(these, others);
            let reference = self.scenarios.iter().find(|one| one.name == name).cloned();
            let reference = reference.expect("a scenario to compare with");
            if reference.name == scenario.name {
                continue;
            }
            for kind in Kind::ALL {
                self.judge(kind, &scenario, expectations, |seed| {
                    let reference = kind.run(Ecn::Default, &reference, seed);
                    kind.run(Ecn::Default, &scenario, seed).beside(reference)
                });
            }
        }
        self
    }

    /// These are to hold for every controller with ECN, if it knows of it; and `gains` of what it gains by it, beside itself by delay and losses
    /// alone.
    pub(crate) fn expects_with_ecn(mut self, expectations: &[Expectation], gains: &[Expectation]) -> Self {
        let both = [expectations, gains].concat();
        for scenario in self.scenarios.clone() {
            for kind in Kind::ALL {
                if kind.knows_ecn() {
                    self.judge(kind, &scenario, &both, |seed| {
                        let without = kind.run(Ecn::Without, &scenario, seed);
                        kind.run(Ecn::Asked, &scenario, seed).beside(without)
                    });
                } else {
                    self.judge(kind, &scenario, expectations, |seed| {
                        kind.run(Ecn::Asked, &scenario, seed)
                    });
                }
            }
        }
        self
    }

    fn judge(
        &mut self,
        kind: Kind,
        scenario: &Scenario,
        expectations: &[Expectation],
        run: impl Fn(u64) -> Seen,
    ) {
        let mut broken = vec![Vec::new(); expectations.len()];
        for seed in 1..=seeds(scenario) {
            let seen = run(seed);
            for ((_, holds), broken) in expectations.iter().zip(&mut broken) {
                broken.extend(holds(&seen).err().map(|why| format!("seed {seed}: {why}")));
            }
        }
        let name = scenario.name.trim_start_matches(SUITE);
        for ((sentence, _), broken) in expectations.iter().zip(broken) {
            self.judged.push((kind, name.to_owned(), *sentence, broken));
        }
    }

    /// Asserts all that was expected, in every weather, but what is known not to hold: of that, that it does not.
    pub(crate) fn holds(self) {
        let mut wrong = Vec::new();
        for (kind, scenario, sentence, broken) in &self.judged {
            let find = |list: &'static [Exception]| list.iter().find(|row| row.is(*kind, scenario, sentence));
            let known = find(EXCEPTIONS);
            let rare = find(RARE).filter(|_| many());
            let what = format!("{kind:?}, {scenario}, {sentence}");
            let times = broken.len() as u64;
            match known.or(rare) {
                Some(_) if broken.is_empty() => {
                    wrong.push(format!("{what}: holds by now, so it is no exception"));
                }
                Some(_) if known.is_none() && times <= unknown_failures() => {
                    wrong.push(format!(
                        "{what}: does not hold in {times} weathers alone, so it is no exception"
                    ));
                }
                Some(row) => println!("{what}: not in {times} weathers: {}", row.because),
                None if times > unknown_failures() => {
                    wrong.push(format!("{what}:\n    {}", broken.join("\n    ")));
                }
                None if times > 0 => println!("{what}: not in {times} weathers"),
                None => {}
            }
        }
        for known in rows() {
            for scenario in known.scenarios {
                let mut own = self
                    .judged
                    .iter()
                    .filter(|(_, name, _, _)| name == scenario)
                    .peekable();
                if own.peek().is_some()
                    && !own.any(|(kind, name, sentence, _)| known.is(*kind, name, sentence))
                {
                    wrong.push(format!(
                        "{scenario}: nobody expects of {:?} `{}`",
                        known.kind, known.sentence
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// The rows of both lists.
fn rows() -> impl Iterator<Item = &'static Exception> {
    EXCEPTIONS.iter().chain(RARE)
}

/// What the names of all scenarios begin with.
const SUITE: &str = "rfc8867-";

/// In so many weathers the scenario is run.
fn seeds(scenario: &Scenario) -> u64 {
    if many() {
        return MANY_SEEDS;
    }
    SEEDS - u64::from(scenario.duration > LONG)
}

/// In so many weathers a sentence may fail that is not known to.
fn unknown_failures() -> u64 {
    if many() { MANY_SEEDS - OF_MANY } else { 0 }
}

fn many() -> bool {
    std::env::var_os(MANY).is_some()
}

#[test]
fn e17_3_every_scenario_of_the_rfc_is_asserted() {
    let sources = [
        include_str!("basic.rs"),
        include_str!("ecn.rs"),
        include_str!("extended.rs"),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/ab/scenarios/rfc8867");
    for file in std::fs::read_dir(folder).expect("the scenarios").flatten() {
        let path = file.path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        let asserted = format!("Case::of(file!(\"{name}\"))");
        assert!(
            sources.iter().any(|source| source.contains(&asserted)),
            "nothing asserts {name}.toml: write a test with {asserted}"
        );
    }
}

#[test]
fn every_exception_stands_there_once_and_is_of_a_scenario_that_is_there() {
    let names = names();
    let mut seen = BTreeSet::new();
    for known in rows() {
        for scenario in known.scenarios {
            assert!(
                names.contains(&format!("{SUITE}{scenario}")),
                "there is no {scenario}"
            );
            let new = seen.insert((format!("{:?}", known.kind), *scenario, known.sentence));
            assert!(
                new,
                "{:?}, {scenario}, {}: stands there twice",
                known.kind, known.sentence
            );
        }
    }
}

/// Of all scenarios of the folder.
fn names() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/ab/scenarios/rfc8867");
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let paths = files.map(|file| file.expect("it can be listed").path());
    let scenarios = paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    scenarios
        .flat_map(|path| {
            Scenario::parse_all(&std::fs::read_to_string(path).expect("text")).expect("scenarios")
        })
        .map(|scenario| scenario.name)
        .collect()
}
