//! Traces of rates: what is read, what is refused with which words, and that what was written reads the same.

use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_sim::scenario::RateSpec;
use jackfield_sim::trace::{RateTrace, TraceError, model};
use proptest::prelude::*;

fn refusal(text: &str) -> String {
    RateTrace::parse(text).expect_err(text).to_string()
}

fn steps(trace: &RateTrace) -> Vec<(i64, i64)> {
    match trace {
        RateTrace::Steps(steps) => steps
            .iter()
            .map(|(span, rate)| (span.as_ms(), rate.as_bps()))
            .collect(),
        RateTrace::Slots(_) => Vec::new(),
    }
}

#[test]
fn a_trace_of_mahimahi_is_slots_that_come_again_after_its_last_line() {
    let trace = RateTrace::parse("0\n0\n5\n10\n").expect("a trace");
    let RateTrace::Slots(slots) = &trace else {
        panic!("{trace:?}")
    };
    assert_eq!(
        (slots.period, slots.size),
        (TimeDelta::ms(10), DataSize::bytes(1_504))
    );
    assert_eq!(slots.at, [0, 0, 5, 10].map(TimeDelta::ms));
    assert_eq!(trace.average(), DataRate::bps(4 * 1_504 * 8 * 100));
    assert_eq!(trace.to_mahimahi(), "0\n0\n5\n10\n");
}

#[test]
fn two_columns_hold_until_the_next_line() {
    let trace = RateTrace::parse("# seconds Mbit/s\n10.0 1.0\n10.5\t2.5\n12,0\n").expect("a trace");
    assert_eq!(steps(&trace), [(500, 1_000_000), (1_500, 2_500_000), (1_500, 0)]);
    let again = RateTrace::from_columns(&trace.to_columns()).expect("what was written");
    assert_eq!(again, trace);
}

#[test]
fn a_trace_that_says_nothing_for_days_is_few_steps() {
    let trace = RateTrace::from_mahimahi("100\n908908618\n").expect("a trace");
    let columns = RateTrace::from_columns(&trace.to_columns()).expect("what was written");
    assert_eq!(
        columns.duration(),
        trace.duration(),
        "whose last step is as long as the one before"
    );
    let steps = RateTrace::from_netem(&trace.to_netem()).expect("what was written");
    assert_eq!(steps.duration(), trace.duration());
    let RateTrace::Steps(spans) = steps else {
        panic!("{steps:?}")
    };
    let spans: Vec<_> = spans
        .iter()
        .map(|(span, rate)| (span.as_us() / 1_000, rate.as_bps()))
        .collect();
    assert_eq!(spans, [(200, 60_160), (908_908_400, 0), (18, 668_444)]);
}

#[test]
fn patterns_of_netem_trace_are_read_as_the_crate_writes_them() {
    // From the documentation of netem-trace 0.5, with its feature `human` and without.
    let human = r#"{"RepeatedBwPatternConfig":{"pattern":[{"StaticBwConfig":{"bw":"12Mbps","duration":"1s"}},
        {"StaticBwConfig":{"bw":"24Mbps","duration":"1s"}}],"count":2}}"#;
    let plain = r#"{"RepeatedBwPatternConfig":{"pattern":[{"StaticBwConfig":{"bw":{"gbps":0,"bps":12000000},
        "duration":{"secs":1,"nanos":0}}},{"StaticBwConfig":{"bw":{"gbps":0,"bps":24000000},"duration":{"secs":1,"nanos":0}}}],"count":2}}"#;
    let toml = "[RepeatedBwPatternConfig]\ncount = 2\n[[RepeatedBwPatternConfig.pattern]]\nStaticBwConfig = { bw = \"12Mbps\", duration = \"1s\" }\n\
                [[RepeatedBwPatternConfig.pattern]]\nStaticBwConfig = { bw = \"24Mbps\", duration = \"1s\" }\n";
    let twice = [
        (1_000, 12_000_000),
        (1_000, 24_000_000),
        (1_000, 12_000_000),
        (1_000, 24_000_000),
    ];
    for text in [human, plain, toml] {
        assert_eq!(steps(&RateTrace::parse(text).expect(text)), twice);
    }
    let compact = r#"{"TraceBwConfig":{"pattern":[["1ms",["2Mbps","4Mbps"]],["1s 500ms",["1.5Mbps"]]]}}"#;
    let trace = RateTrace::parse(compact).expect("a trace");
    assert_eq!(
        steps(&trace),
        [(1, 2_000_000), (1, 4_000_000), (1_500, 1_500_000)]
    );
    assert_eq!(
        RateTrace::from_netem(&trace.to_netem()).expect("what was written"),
        trace
    );
}

#[test]
fn traces_of_alphartc_give_their_capacity() {
    let text = r#"{"type":"video","downlink":{},"uplink":{"trace_pattern":[
        {"duration":60000,"capacity":300,"loss":0.1,"rtt":20},{"duration":1500,"capacity":1000.5}]}}"#;
    let trace = RateTrace::parse(text).expect("a trace");
    assert_eq!(steps(&trace), [(60_000, 300_000), (1_500, 1_000_500)]);
}

#[test]
fn a_refusal_names_line_or_place_and_what_is_expected() {
    let refusals = [
        (
            "5\n3\n",
            "line 2: expected no less than on the line before, found \"3\"",
        ),
        (
            "1\n-2\n",
            "line 2: expected a whole number of milliseconds, found \"-2\"",
        ),
        (
            "",
            "the trace is empty: give it at least one line or step that lasts some time",
        ),
        (
            "0 1\n0 2\n",
            "line 2: expected an instant after that of the line before, found \"0 2\"",
        ),
        (
            "0 fast\n",
            "line 1: expected 0 to 1000000 Mbit/s in the second column, found \"0 fast\"",
        ),
        (
            "0 1\n1 2 3\n",
            "line 2: expected two columns, seconds and Mbit/s, found \"1 2 3\"",
        ),
        (
            r#"{"uplink":{"trace_pattern":[{"duration":1,"capacity":2},{"capacity":3}]}}"#,
            "uplink.trace_pattern[1].duration: expected a number of ms above 0",
        ),
        (
            r#"{"TraceBwConfig":{"pattern":[["1ms",["2Mbps","fast"]]]}}"#,
            "TraceBwConfig.pattern[0][1][1]: expected a rate such as \"12Mbps\" or { gbps = 0, bps = 12000000 }",
        ),
    ];
    for (text, words) in refusals {
        assert_eq!(refusal(text), words);
    }
    assert!(refusal("{\n\"a\": ]").starts_with("line 2: no JSON"));
    assert!(refusal(r#"{"NormalizedBwConfig":{"seed":1}}"#).contains("StaticBwConfig"));
    let bomb =
        r#"{"RepeatedBwPatternConfig":{"pattern":[{"StaticBwConfig":{}}],"count":18446744073709551615}}"#;
    assert_eq!(RateTrace::parse(bomb), Err(TraceError::TooLong));
}

#[test]
fn steps_are_repeated_for_as_long_as_the_run_lasts() {
    let trace = RateTrace::from_columns("0 1\n1 2\n").expect("a trace");
    let RateSpec::Steps(schedule) = trace.schedule(TimeDelta::ms(3_500)) else {
        panic!("steps")
    };
    let expected: Vec<_> = (0..4)
        .map(|second| {
            (
                TimeDelta::seconds(second),
                DataRate::kbps(1_000 + second % 2 * 1_000),
            )
        })
        .collect();
    assert_eq!(schedule, expected);
}

#[test]
fn a_rate_becomes_as_many_slots_as_it_fills() {
    let trace = RateTrace::from_columns("0 12.032\n10 12.032\n").expect("a trace");
    let slots = RateTrace::from_mahimahi(&trace.to_mahimahi()).expect("what was written");
    assert_eq!(slots.duration(), TimeDelta::seconds(20));
    assert_eq!(slots.average(), DataRate::bps(12_032_000));
}

/// Held by `cargo run -p jackfield-sim --example traces`.
#[test]
fn the_traces_of_the_repository_are_what_their_models_make() {
    let minutes = |minutes: i64| TimeDelta::seconds(60 * minutes);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/ab/traces/");
    let made = [
        (
            "lte-driving-1.txt",
            model::lte_driving(1, minutes(2), 1.0).to_columns(),
        ),
        (
            "lte-driving-up-1.mahimahi",
            model::lte_driving(2, minutes(1), 0.25).to_mahimahi(),
        ),
        ("wifi-1.txt", model::wifi(1, minutes(2)).to_columns()),
        ("starlink-1.json", model::starlink(1, minutes(2)).to_netem()),
    ];
    for (name, text) in made {
        let file = std::fs::read_to_string(format!("{folder}{name}")).expect(name);
        assert!(
            file == text,
            "{name} is not what its model makes: make it anew with the example `traces`"
        );
        let trace = RateTrace::parse(&file).expect(name);
        assert!(
            trace.average() > DataRate::kbps(500),
            "{name} {:?}",
            trace.average()
        );
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*|([0-9]{1,5}\n)*|([0-9.]{1,6} [0-9.e+-]{1,6}\n)*|\\{.*\\}|\\[.*\\]\n.*=.*") {
        match RateTrace::parse(&text) {
            Ok(trace) => prop_assert!(trace.duration() > TimeDelta::ZERO),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn what_is_written_reads_the_same(rates in proptest::collection::vec((1_i64..5_000, 0_i64..100_000), 1..50)) {
        let steps: Vec<_> = rates.iter().map(|(ms, kbps)| (TimeDelta::ms(*ms), DataRate::kbps(*kbps))).collect();
        let trace = RateTrace::Steps(steps);
        prop_assert_eq!(&RateTrace::parse(&trace.to_netem()).expect("netem"), &trace);
        if let Ok(slots) = RateTrace::from_mahimahi(&trace.to_mahimahi()) {
            let RateTrace::Slots(slots) = slots else { panic!("slots") };
            let bits = slots.at.len() as f64 * 1_504.0 * 8.0;
            let sent = trace.average().as_bps() as f64 * trace.duration().as_seconds_f64();
            prop_assert!((sent - bits).abs() <= 1_504.0 * 8.0 + trace.duration().as_seconds_f64(), "{} {}", sent, bits);
        }
    }
}
