//! Scenarios: the files that we ship can be run, and what cannot be is refused with the key and what to do.

use std::path::Path;

use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_sim::light;
use jackfield_sim::scenario::{QueueSpec, RateSpec, Scenario};
use proptest::prelude::*;

use crate::light::fixed;

/// All scenario files, with their paths.
pub(crate) fn shipped() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/ab/scenarios");
    let mut files = Vec::new();
    for suite in std::fs::read_dir(root)
        .expect("the folder of scenarios")
        .flatten()
    {
        for file in std::fs::read_dir(suite.path()).expect("a suite").flatten() {
            if file.path().extension().is_some_and(|ending| ending == "toml") {
                let text = std::fs::read_to_string(file.path()).expect("a text");
                files.push((file.path().display().to_string(), text));
            }
        }
    }
    files.sort();
    files
}

/// Opens the traces that lie where the file at `path` says.
fn traces(path: &str) -> impl FnMut(&str) -> Result<String, String> {
    let folder = Path::new(path).parent().expect("a folder").to_owned();
    move |name| std::fs::read_to_string(folder.join(name)).map_err(|error| error.to_string())
}

#[test]
fn e17_3_every_scenario_that_we_ship_is_read() {
    let mut names = std::collections::BTreeSet::new();
    let mut count = 0;
    for (path, text) in shipped() {
        let scenarios = Scenario::parse_all_with(&text, &mut traces(&path))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        for scenario in scenarios {
            assert!(!scenario.description.is_empty(), "{path}: say what it is about");
            assert!(
                names.insert(scenario.name.clone()),
                "{path}: `{}` is there twice",
                scenario.name
            );
            count += 1;
        }
    }
    println!("{count} scenarios");
    assert!(count > 120);
    for section in [
        "5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8", "6.1", "6.2", "6.3",
    ] {
        assert!(
            names
                .iter()
                .any(|name| name.starts_with(&format!("rfc8867-{section}"))),
            "RFC 8867 {section}"
        );
    }
    for case in [
        "cellular-varying-load",
        "cellular-varying-load-up",
        "cellular-bad-coverage",
        "cellular-bad-coverage-up",
        "wifi-wired-",
        "wifi-air-",
        "wifi-edca-file-transfers",
        "wifi-edca-media-only",
        "wifi-link-rates",
        "wifi-legacy-station",
    ] {
        assert!(
            names
                .iter()
                .any(|name| name.starts_with(&format!("rfc8869-{case}"))),
            "RFC 8869 {case}"
        );
    }
}

#[test]
fn e17_3_the_first_seconds_of_every_scenario_run() {
    for (path, text) in shipped() {
        let mut scenario = Scenario::parse_with(&text, &mut traces(&path)).expect("a scenario");
        let most = TimeDelta::seconds(3).min(scenario.duration);
        // The weather of the first seconds is enough to see that everything is there.
        scenario.segments.clear();
        let cut = |at: TimeDelta| at.min(most);
        for flow in &mut scenario.flows {
            flow.pauses.clear();
            flow.route_changes.retain(|change| change.at < most);
            flow.stop = cut(flow.stop);
        }
        scenario.flows.retain(|flow| flow.start < TimeDelta::seconds(1));
        scenario.cross_traffic.retain(|cross| cross.start < most);
        for cross in &mut scenario.cross_traffic {
            cross.stop = cut(cross.stop);
            if let jackfield_sim::scenario::CrossKind::Constant { rate, .. } = &mut cross.kind {
                rate.retain(|(at, _)| *at < most);
            }
        }
        for link in scenario.links.values_mut() {
            link.outages.clear();
            link.delay.retain(|(at, _)| *at < most);
            if let RateSpec::Steps(steps) = &mut link.rate {
                steps.retain(|(at, _)| *at < most);
            }
            if let jackfield_sim::scenario::LossSpec::Random { share } = &mut link.loss {
                share.retain(|(at, _)| *at < most);
            }
        }
        scenario.duration = most;
        if scenario.flows.is_empty() {
            continue;
        }
        let summary = light::run(&scenario, 1, &mut fixed(300.0), &mut ())
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(
            summary.flows.iter().all(|flow| flow.arrived > 10),
            "{path}: {summary:?}"
        );
    }
}

#[test]
fn a_sweep_makes_every_combination() {
    let text = r#"
        name = "base"
        duration = "10 s"
        [links.forward]
        delay = "50 ms"
        queue = "300 ms"
        rate = "1 Mbit/s"
        [[flows]]
        name = "call"
        path = ["forward"]
        streams = [{ kind = "video" }]
        [sweep.owd]
        keys = ["links.*.delay"]
        values = ["50 ms", "100 ms"]
        [sweep.queue]
        choices = [
            { label = "tail", set = {} },
            { label = "codel", set = { "links.forward.queue" = { kind = "codel" }, "flows.*.feedback" = "ccfb" } },
            { label = "pie", set = { "links.forward.queue" = { kind = "pie" } } },
        ]
    "#;
    let scenarios = Scenario::parse_all(text).unwrap();
    let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "base/owd=50ms,queue=tail",
            "base/owd=50ms,queue=codel",
            "base/owd=50ms,queue=pie",
            "base/owd=100ms,queue=tail",
            "base/owd=100ms,queue=codel",
            "base/owd=100ms,queue=pie",
        ]
    );
    let fifth = &scenarios[4];
    assert_eq!(
        fifth.links["forward"].delay,
        [(TimeDelta::ZERO, TimeDelta::ms(100))]
    );
    assert!(matches!(fifth.links["forward"].queue, QueueSpec::CoDel { .. }));
    assert_eq!(
        fifth.flows[0].feedback,
        jackfield_sim::scenario::FeedbackFormat::Ccfb
    );
}

/// A scenario that is fine, with one line replaced.
fn with(old: &str, new: &str) -> String {
    let text = r#"
        name = "fine"
        duration = "60 s"
        [links.uplink]
        rate = "1 Mbit/s"
        delay = "50 ms"
        queue = "300 ms"
        loss = "0 %"
        [media.air]
        overhead = "1 ms"
        turn = "4 ms"
        packets = 32
        [[flows]]
        name = "call"
        path = ["uplink"]
        start = "0 s"
        stop = "60 s"
        rate = { minimum = "30 kbit/s", start = "300 kbit/s", maximum = "2 Mbit/s" }
        streams = [{ kind = "video" }]
        [[cross_traffic]]
        name = "other"
        kind = "cbr"
        path = ["uplink"]
        rate = "100 kbit/s"
        [[segments]]
        name = "all"
        from = "0 s"
        to = "60 s"
    "#;
    assert!(text.contains(old), "{old}");
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    text.replace(old, new)
}

#[test]
fn what_cannot_be_is_refused_with_the_key_and_what_to_do() {
    let codel = |keys: &str| format!("queue = {{ kind = \"codel\", {keys} }}");
    let cases: &[(&str, &str, &str, &str)] = &[
        (
            "queue = \"300 ms\"",
            "queue = \"0 ms\"",
            "links.uplink.queue",
            "a queue of 0",
        ),
        (
            "queue = \"300 ms\"",
            "queue = \"0 packets\"",
            "links.uplink.queue",
            "a queue of 0",
        ),
        (
            "queue = \"300 ms\"",
            "queue = { kind = \"lifo\" }",
            "links.uplink.queue.kind",
            "no queue of kind `lifo`",
        ),
        (
            "queue = \"300 ms\"",
            "queue = { kind = \"pie\", step = \"1 ms\" }",
            "links.uplink.queue.step",
            "has no such key",
        ),
        (
            "queue = \"300 ms\"",
            &codel("target = \"0 ms\""),
            "links.uplink.queue.target",
            "cannot be",
        ),
        (
            "queue = \"300 ms\"",
            "queue = { kind = \"red\" }",
            "links.uplink.queue.minimum",
            "needs it",
        ),
        (
            "queue = \"300 ms\"",
            "queue = { kind = \"dual-pi2\", classic_share = 1 }",
            "links.uplink.queue.classic_share",
            "leaves one",
        ),
        (
            "delay = \"50 ms\"",
            "delay = \"-1 ms\"",
            "links.uplink.delay",
            "cannot be",
        ),
        (
            "delay = \"50 ms\"",
            "delay = [{ at = \"1 s\", delay = \"5 ms\" }]",
            "links.uplink.delay",
            "about the beginning",
        ),
        (
            "rate = \"1 Mbit/s\"",
            "rate = \"0 bit/s\"",
            "links.uplink.rate",
            "never sends",
        ),
        (
            "rate = \"1 Mbit/s\"",
            "rate = { slots = [], period = \"1 s\" }",
            "links.uplink.rate.slots",
            "nothing is ever delivered",
        ),
        (
            "rate = \"1 Mbit/s\"",
            "rate = { slots = [\"2 s\"], period = \"1 s\" }",
            "links.uplink.rate.period",
            "beyond it",
        ),
        (
            "rate = \"1 Mbit/s\"",
            "rate = [{ at = \"0 s\", rate = \"1 Mbit/s\" }, { at = \"90 s\", rate = \"2 Mbit/s\" }]",
            "links.uplink.rate",
            "outside the duration",
        ),
        (
            "loss = \"0 %\"",
            "loss = \"101 %\"",
            "links.uplink.loss",
            "cannot be",
        ),
        (
            "loss = \"0 %\"",
            "loss = { kind = \"gilbert-elliott\", good = \"1 s\" }",
            "links.uplink.loss.bad",
            "needs it",
        ),
        (
            "loss = \"0 %\"",
            "loss = { kind = \"sometimes\" }",
            "links.uplink.loss.kind",
            "no loss of kind",
        ),
        (
            "loss = \"0 %\"",
            "outages = [{ from = \"5 s\", to = \"4 s\" }]",
            "links.uplink.outages[0].to",
            "before it begins",
        ),
        (
            "loss = \"0 %\"",
            "medium = \"ether\"",
            "links.uplink.medium",
            "no medium `ether`",
        ),
        (
            "loss = \"0 %\"",
            "category = \"voice\"",
            "links.uplink.category",
            "nobody contends with this link",
        ),
        (
            "loss = \"0 %\"",
            "category = \"urgent\"",
            "links.uplink.category",
            "no access category `urgent`",
        ),
        (
            "loss = \"0 %\"",
            "policer = { rate = \"0 bit/s\", burst = \"1 kB\" }",
            "links.uplink.policer",
            "nothing through",
        ),
        (
            "path = [\"uplink\"]\n        start",
            "path = [\"downlink\"]\n        start",
            "flows[0].path",
            "no link `downlink`",
        ),
        (
            "path = [\"uplink\"]\n        rate",
            "path = []\n        rate",
            "cross_traffic[0].path",
            "empty",
        ),
        (
            "stop = \"60 s\"",
            "stop = \"0 s\"",
            "flows[0].stop",
            "before it starts",
        ),
        (
            "stop = \"60 s\"",
            "stop = \"61 s\"",
            "flows[0].stop",
            "outside the duration",
        ),
        (
            "start = \"0 s\"",
            "start = \"60 s\"",
            "flows[0].start",
            "outside the duration",
        ),
        (
            "start = \"0 s\"",
            "pauses = [{ from = \"2 s\", to = \"70 s\" }]",
            "flows[0].pauses[0].to",
            "outside the duration",
        ),
        (
            "start = \"0 s\"",
            "pauses = [{ from = \"20 s\", to = \"30 s\" }, { from = \"5 s\", to = \"10 s\" }]",
            "flows[0].pauses[1].from",
            "in the pause before",
        ),
        (
            "start = \"300 kbit/s\"",
            "start = \"3 Mbit/s\"",
            "flows[0].rate.start",
            "lies outside",
        ),
        (
            "start = \"0 s\"",
            "feedback_share = \"0 %\"",
            "flows[0].feedback_share",
            "no share for feedback",
        ),
        (
            "start = \"0 s\"",
            "feedback_share = nan",
            "flows[0].feedback_share",
            "no share for feedback",
        ),
        (
            "start = \"0 s\"",
            "peer = \"call\"",
            "flows[0].peer",
            "`call` is a peer of itself",
        ),
        (
            "start = \"0 s\"",
            "peer = \"other\"",
            "flows[0].peer",
            "there is no flow `other`",
        ),
        (
            "minimum = \"30 kbit/s\"",
            "minimum = \"3 Mbit/s\"",
            "flows[0].rate",
            "no range of rates",
        ),
        (
            "{ kind = \"video\" }",
            "{ kind = \"smell\" }",
            "flows[0].streams[0].kind",
            "no stream of kind",
        ),
        (
            "{ kind = \"video\" }",
            "{ kind = \"video\", frame_rate = 0 }",
            "flows[0].streams[0].frame_rate",
            "no video",
        ),
        (
            "{ kind = \"video\" }",
            "{ kind = \"video\", warm_up = \"-1 s\" }",
            "flows[0].streams[0].warm_up",
            "to warm up",
        ),
        ("{ kind = \"video\" }", "", "flows[0].streams", "there are none"),
        (
            "kind = \"cbr\"",
            "kind = \"abr\"",
            "cross_traffic[0].kind",
            "no cross traffic of kind",
        ),
        (
            "name = \"other\"",
            "name = \"call\"",
            "cross_traffic[0].name",
            "there twice",
        ),
        (
            "to = \"60 s\"",
            "to = \"61 s\"",
            "segments[0].to",
            "outside the duration",
        ),
        (
            "from = \"0 s\"",
            "from = \"60 s\"",
            "segments[0].to",
            "before it begins",
        ),
        (
            "duration = \"60 s\"",
            "duration = \"0 s\"",
            "duration",
            "no duration",
        ),
        ("packets = 32", "packets = 0", "media.air", "nobody could send"),
    ];
    for (old, new, key, message) in cases {
        let error = Scenario::parse(&with(old, new)).expect_err(new);
        assert_eq!(error.key(), *key, "{new}: {error}");
        assert!(error.message().contains(message), "{new}: {error}");
        assert!(!error.advice().is_empty());
        let text = error.to_string();
        assert!(text.contains(key) && text.contains(error.advice()), "{text}");
    }
}

#[test]
fn what_is_no_scenario_is_refused_with_its_line() {
    for (old, new, says) in [
        ("delay = \"50 ms\"", "delay = 50", "with its unit"),
        ("delay = \"50 ms\"", "delay = \"50\"", "with its unit"),
        ("rate = \"1 Mbit/s\"", "rate = \"fast\"", "with its unit"),
        (
            "queue = \"300 ms\"",
            "queues = \"300 ms\"",
            "unknown field `queues`",
        ),
        ("duration = \"60 s\"", "", "missing field `duration`"),
        ("name = \"fine\"", "name = ", "string"),
    ] {
        let error = Scenario::parse(&with(old, new)).expect_err(new);
        assert!(error.to_string().contains(says), "{new}: {error}");
        assert!(error.advice().contains("docs/reference/scenarios.md"));
        assert!(error.line().is_some(), "{new}: {error}");
    }
}

#[test]
fn sweeps_that_lead_nowhere_are_refused() {
    for (sweep, key, says) in [
        ("keys = []\nvalues = [1]", "sweep.x.keys", "there are none"),
        (
            "keys = [\"links.uplink.delay\"]\nvalues = []",
            "sweep.x.values",
            "there are none",
        ),
        (
            "keys = [\"links.nowhere.delay\"]\nvalues = [\"1 ms\"]",
            "sweep.x",
            "leads nowhere",
        ),
        (
            "keys = [\"flows.7.start\"]\nvalues = [\"1 ms\"]",
            "sweep.x",
            "leads nowhere",
        ),
        (
            "keys = [\"links.uplink.delay\"]\nvalues = [\"1 ms\"]\nlabels = []",
            "sweep.x.labels",
            "as many",
        ),
        ("choices = [1]", "sweep.x.choices", "no list of choices"),
        (
            "keys = [\"links.uplink.delay\"]\nvalues = [\"-1 ms\"]",
            "links.uplink.delay",
            "in the variant `x=-1ms`",
        ),
    ] {
        let text = format!("{}\n[sweep.x]\n{sweep}", with("loss = \"0 %\"", ""));
        let error = Scenario::parse_all(&text).expect_err(sweep);
        assert_eq!(error.key(), key, "{sweep}: {error}");
        assert!(error.to_string().contains(says), "{sweep}: {error}");
    }
}

#[test]
fn traces_are_opened_by_whoever_reads_the_scenario() {
    let text = with("rate = \"1 Mbit/s\"", "rate = { trace = \"drive.trace\" }");
    let error = Scenario::parse(&text).expect_err("nobody opens it");
    assert_eq!(error.key(), "links.uplink.rate.trace");
    let opened = std::cell::Cell::new(0);
    let mut open = |name: &str| match name {
        "drive.trace" => {
            opened.set(opened.get() + 1);
            Ok("0.0 0.7\n25.0 0.4\n50.0 0.9\n".to_owned())
        }
        _ => Err("there is no such file".to_owned()),
    };
    let swept =
        format!("{text}\n[sweep.delay]\nkeys = [\"links.uplink.delay\"]\nvalues = [\"1 ms\", \"2 ms\"]\n");
    let scenarios = Scenario::parse_all_with(&swept, &mut open).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (scenarios.len(), opened.get()),
        (2, 1),
        "opened once for all variants"
    );
    let step = |at, kbps| (TimeDelta::seconds(at), DataRate::kbps(kbps));
    assert_eq!(
        scenarios[0].links["uplink"].rate,
        RateSpec::Steps(vec![step(0, 700), step(25, 400), step(50, 900)])
    );
    assert_eq!(scenarios[0].segments.len(), 1, "steps of a trace are no segments");

    let refused = |name: &str, text: &str| {
        let mut open = |_: &str| Ok(text.to_owned());
        Scenario::parse_all_with(
            &with("rate = \"1 Mbit/s\"", &format!("rate = {{ trace = \"{name}\" }}")),
            &mut open,
        )
        .expect_err(name)
        .to_string()
    };
    for (name, trace, says) in [
        (
            "bent",
            "10\n20\nthirty\n",
            "the trace `bent` cannot be used: line 3: expected a whole number of milliseconds, found \"thirty\"; mend it",
        ),
        (
            "bare",
            "",
            "the trace `bare` cannot be used: the trace is empty: give it at least one line",
        ),
        ("json", "{ \"uplink\": 3 }", "the trace `json` cannot be used: "),
    ] {
        let error = refused(name, trace);
        assert!(
            error.starts_with("`links.uplink.rate.trace`: ") && error.contains(says),
            "{error}"
        );
    }
    let error =
        Scenario::parse_all_with(&text.replace("drive", "walk"), &mut open).expect_err("no such trace");
    assert!(
        error
            .to_string()
            .contains("the trace `walk.trace` cannot be had: there is no such file; put it there"),
        "{error}"
    );
}

#[test]
fn e17_1_a_scenario_made_by_hand_is_looked_at_before_it_runs() {
    let mut scenario = Scenario::parse(&with("loss = \"0 %\"", "")).unwrap();
    scenario.flows[0].start_rate = DataRate::kbps(1);
    let error = light::run(&scenario, 1, &mut fixed(300.0), &mut ()).expect_err("no run");
    assert!(error.to_string().contains("flows[0].rate.start"), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-z\\[\\]=\"0-9 .{}\\n]{0,300}") {
        if let Err(error) = Scenario::parse_all(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// Whatever is accepted can be run without a panic.
    #[test]
    fn what_is_accepted_can_be_run(
        delay in -5_i64..200, kbps in 0_i64..3_000, queue in prop::sample::select(vec![
            "\"0 ms\"", "\"20 ms\"", "\"2 packets\"", "\"3000 B\"", "\"unlimited\"", "{ kind = \"codel\" }", "{ kind = \"fq-codel\", queues = 3 }",
            "{ kind = \"pie\" }", "{ kind = \"dual-pi2\" }", "{ kind = \"red\", minimum = \"5 kB\", maximum = \"15 kB\" }",
        ]),
        loss in -1_i64..120, seed: u64,
    ) {
        let text = with("delay = \"50 ms\"", &format!("delay = \"{delay} ms\""))
            .replace("rate = \"1 Mbit/s\"", &format!("rate = \"{kbps} kbit/s\""))
            .replace("queue = \"300 ms\"", &format!("queue = {queue}"))
            .replace("loss = \"0 %\"", &format!("loss = \"{loss} %\""))
            .replace("60 s", "2 s");
        if let Ok(scenario) = Scenario::parse(&text) {
            light::run(&scenario, seed, &mut fixed(500.0), &mut ()).expect("a run");
        }
    }
}
