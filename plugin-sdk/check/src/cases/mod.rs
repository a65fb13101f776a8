//! The cases: what is done to a plugin to find out whether it keeps the rules. Each runs in a process of its own.

mod buffers;
mod endurance;
mod life;
mod processor;
mod real_time;
mod sound;
mod truth;

use jackfield_loader::ModuleInfo;

use crate::child::Bench;
use crate::rule::{self, Rule};
use crate::subject;

/// A case as the validator plans it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) level: u8,
    /// Seconds of processor time that it may take.
    pub(crate) processor_seconds: u64,
    /// It runs in two processes, whose digests must be equal.
    pub(crate) twice: bool,
}

struct Own {
    name: &'static str,
    level: u8,
    /// The area that it is for; all if none.
    area: Option<&'static str>,
    processor_seconds: u64,
    run: fn(&Bench),
    /// What is broken if it fails and does not say so itself.
    rule: &'static Rule,
}

/// The area whose plugins the validator tries itself, beyond the suite.
const PROCESSORS: &str = "jackfield.audio-processor/1";

/// What begins the name of a case that is of the area's conformance suite.
const SUITE: &str = "suite/";
/// The case whose two runs are compared.
const REPEATABLE: &str = "repeatable";
/// The cases without which nothing else makes sense, and the one that tells why a plugin is slow.
pub(crate) const REAL_TIME: &str = "real-time";

const OWN: &[Own] = &[
    own(
        "makes-an-instance",
        1,
        None,
        5,
        life::makes_an_instance,
        &rule::MAKES_AN_INSTANCE,
    ),
    own(
        "first-half-second",
        1,
        Some(PROCESSORS),
        3,
        life::first_half_second,
        &rule::CONFORMANCE,
    ),
    own("sound", 2, Some(PROCESSORS), 20, sound::sound, &rule::CONFORMANCE),
    own(
        "extremes",
        2,
        Some(PROCESSORS),
        20,
        sound::extremes,
        &rule::EXTREMES,
    ),
    own(
        "fenced-buffers",
        2,
        Some(PROCESSORS),
        20,
        buffers::fenced,
        &rule::CONFORMANCE,
    ),
    own(
        REAL_TIME,
        3,
        Some(PROCESSORS),
        20,
        real_time::real_time,
        &rule::CONFORMANCE,
    ),
    own(
        "threads-and-descriptors",
        3,
        None,
        20,
        life::threads_and_descriptors,
        &rule::CONFORMANCE,
    ),
    own(
        REPEATABLE,
        4,
        Some(PROCESSORS),
        20,
        truth::repeatable,
        &rule::CONFORMANCE,
    ),
    own(
        "addresses",
        4,
        Some(PROCESSORS),
        20,
        buffers::addresses,
        &rule::CONFORMANCE,
    ),
    own(
        "clocks",
        4,
        Some(PROCESSORS),
        20,
        truth::clocks,
        &rule::CONFORMANCE,
    ),
    own(
        "handover",
        4,
        Some(PROCESSORS),
        20,
        truth::handover,
        &rule::HANDOVER,
    ),
    own(
        "kept-pointers",
        4,
        Some(PROCESSORS),
        20,
        buffers::kept_pointers,
        &rule::CONFORMANCE,
    ),
    own(
        "growth",
        4,
        Some(PROCESSORS),
        60,
        endurance::growth,
        &rule::CONFORMANCE,
    ),
    own("leaks", 5, None, 60, endurance::leaks, &rule::CONFORMANCE),
    own(
        "deadlines",
        5,
        Some(PROCESSORS),
        120,
        endurance::deadlines,
        &rule::CONFORMANCE,
    ),
    own(
        "other-threads",
        5,
        Some(PROCESSORS),
        60,
        real_time::other_threads,
        &rule::CONFORMANCE,
    ),
];

const fn own(
    name: &'static str,
    level: u8,
    area: Option<&'static str>,
    processor_seconds: u64,
    run: fn(&Bench),
    rule: &'static Rule,
) -> Own {
    Own {
        name,
        level,
        area,
        processor_seconds,
        run,
        rule,
    }
}

/// The cases for a module up to a level, lowest level first.
pub(crate) fn plan(module: &ModuleInfo, level: u8) -> Vec<Case> {
    let own = OWN
        .iter()
        .filter(|own| own.area.is_none_or(|area| area == module.area))
        .map(|own| Case {
            name: own.name.to_owned(),
            level: own.level,
            processor_seconds: own.processor_seconds,
            twice: own.name == REPEATABLE,
        });
    let suite = subject::suite(&module.area).into_iter().map(|name| Case {
        name: format!("{SUITE}{name}"),
        level: suite_rule(name).1,
        processor_seconds: 60,
        twice: false,
    });
    let mut cases: Vec<Case> = own.chain(suite).filter(|case| case.level <= level).collect();
    cases.sort_by_key(|case| case.level);
    cases
}

/// Runs the case that the bench was set up for.
///
/// # Panics
/// If it fails.
pub(crate) fn run(bench: &Bench) {
    let case = &bench.request.case;
    if let Some(name) = case.strip_prefix(SUITE) {
        let location = life::location(bench);
        return subject::run_suite(bench.image, bench.module, &location, name);
    }
    let own = OWN
        .iter()
        .find(|own| own.name == case)
        .expect("a case of the validator");
    (own.run)(bench);
}

/// The rule that is broken when this case fails.
pub(crate) fn rule_of(case: &str) -> &'static Rule {
    if let Some(name) = case.strip_prefix(SUITE) {
        return suite_rule(name).0;
    }
    OWN.iter()
        .find(|own| own.name == case)
        .map_or(&rule::CONFORMANCE, |own| own.rule)
}

/// Where a case of a suite belongs: its rule and its level.
fn suite_rule(name: &str) -> (&'static Rule, u8) {
    let rule = match name {
        "t_2_descriptor_is_complete" | "parameters_and_statistics_are_described" => &rule::DESCRIPTOR,
        "t_2_the_declared_latency_is_true" => &rule::LATENCY,
        name if name.starts_with("equal_") => &rule::DETERMINISM,
        name if name.starts_with("t_2_a_successor") || name.contains("hand") && name.starts_with("t_2_") => {
            &rule::HANDOVER
        }
        name if name.starts_with("t_3_") => return (&rule::CONFORMANCE, 3),
        _ => &rule::CONFORMANCE,
    };
    (rule, rule.level)
}
