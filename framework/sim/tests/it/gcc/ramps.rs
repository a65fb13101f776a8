//! How fast it finds what a path bears, with the bounds of libwebrtc's tests (`test/scenario/probing_test.cc`, `bwe_ramp_up_test.cc`,
//! `l4s_test.cc`), each in thirty weathers.

use jackfield_sdk::prelude::*;

use super::bench::{Case, camera, case, cases, links, within};

/// A link of this rate and delay both ways; `[links.up]` without a rate bears everything.
fn link(rate: Option<&str>, delay: &str) -> String {
    let links = links(
        &format!("\"{}\"", rate.unwrap_or("1 Mbit/s")),
        &format!("\"{delay}\""),
        &format!("\"{delay}\""),
    );
    match rate {
        Some(_) => links,
        None => links.replace("rate = \"1 Mbit/s\"\n", ""),
    }
}

/// A call from `start` up to `most` kbit/s, whose camera can do with up to `media` kbit/s.
fn call(seconds: f64, links: &str, start: u32, most: u32, media: u32, special: &str) -> Case {
    let camera = camera("30 kbit/s", &format!("{media} kbit/s"));
    let rate = format!("minimum = \"5 kbit/s\", start = \"{start} kbit/s\", maximum = \"{most} kbit/s\"");
    case(
        seconds,
        links,
        &format!("rate = {{ {rate} }}\n{special}\n{camera}"),
    )
}

#[test]
fn d5_5_it_fills_90_percent_of_10_mbps_within_two_seconds() {
    let links = link(Some("10 Mbit/s"), "25 ms").replace("\"unlimited\"", "\"300 ms\"");
    call(21.0, &links, 300, 20_000, 12_000, "").in_all_weathers(|told| {
        within("estimate", told.estimate(2.0), 9_000.0, 20_000.0)?;
        within(
            "received from then on",
            told.received(2.0, 3.0),
            9_000.0,
            10_100.0,
        )?;
        within(
            "received in the long run",
            told.received(5.0, 20.0),
            6_500.0,
            10_100.0,
        )
    });
}

#[test]
fn e18_initial_probes_find_three_times_the_start_within_a_second() {
    call(1.1, &link(Some("2 Mbit/s"), "0 ms"), 300, 5_000, 600, "")
        .in_all_weathers(|told| within("estimate", told.estimate(1.0), 900.0, 2_200.0));
}

#[test]
fn e18_a_bound_that_is_lifted_is_probed_at_once() {
    let bounds = |kbps| CongestionEvent {
        constraints: RateConstraints {
            minimum: DataRate::ZERO,
            maximum: DataRate::kbps(kbps),
            start: DataRate::ZERO,
        },
        ..CongestionEvent::new(CongestionEventKind::TargetRateConstraints, Timestamp::ZERO)
    };
    call(4.1, &link(None, "0 ms"), 300, 3_000, 1_500, "")
        .telling(TimeDelta::seconds(1), bounds(100))
        .telling(TimeDelta::seconds(3), bounds(3_000))
        .in_all_weathers(|told| {
            within("estimate at first", told.estimate(0.999), 1_500.0, 3_000.0)?;
            within("estimate under the bound", told.estimate(2.99), 5.0, 110.0)?;
            within("estimate afterwards", told.estimate(4.0), 1_500.0, 3_000.0)
        });
}

/// Three layers of a simulcast of 720p with the rates of libwebrtc's, filled from the lowest on. At first it alone is sent.
#[test]
fn e18_layers_of_a_simulcast_that_are_added_are_probed_for() {
    let rate = r#"[{ at = "0 s", rate = "200 kbit/s" }, { at = "2 s", rate = "1 Gbit/s" }]"#;
    let links = links(rate, "\"0 ms\"", "\"0 ms\"");
    let layer = |most: u32, priority: u32| {
        let steady = r#"lag = "0 ms", transient_frames = 0, size_scale = 0.05, interval_scale = 0"#;
        format!(
            r#"{{ name = "{most}", kind = "video", minimum = "5 kbit/s", maximum = "{most} kbit/s", priority = {priority}, {steady} }}"#
        )
    };
    let layers = [layer(200, 10_000), layer(700, 100), layer(2_500, 1)].join(", ");
    let rate = r#"rate = { minimum = "5 kbit/s", start = "50 kbit/s", maximum = "6500 kbit/s" }"#;
    case(6.1, &links, &format!("{rate}\nstreams = [{layers}]"))
        .media(TimeDelta::ZERO, DataRate::kbps(200))
        .media(TimeDelta::seconds(4), DataRate::kbps(3_400))
        .in_all_weathers(|told| {
            within("estimate with one layer", told.estimate(3.99), 5.0, 812.0)?;
            within("estimate with all", told.estimate(6.0), 3_250.0, 6_500.0)
        });
}

#[test]
fn e18_a_capacity_that_grows_is_found() {
    let rate = r#"[{ at = "0 s", rate = "500 kbit/s" }, { at = "3 s", rate = "3 Mbit/s" }]"#;
    call(18.1, &links(rate, "\"0 ms\"", "\"0 ms\""), 300, 5_000, 2_500, "").in_all_weathers(|told| {
        within("estimate at 500 kbit/s", told.estimate(2.0), 300.0, 650.0)?;
        within("estimate at 3 Mbit/s", told.estimate(18.0), 1_000.0, 3_300.0)
    });
}

/// Links of one rate and one delay both ways.
pub(crate) fn narrow_both_ways(rate: &str, delay: &str) -> String {
    link(Some(rate), delay).replace(
        "[links.down]",
        &format!("[links.down]\nrate = \"{rate}\"\nqueue = \"unlimited\""),
    )
}

/// One call there and one back, of up to `media` kbit/s each.
pub(crate) fn calls_both_ways(seconds: f64, links: &str, media: u32, special: &str) -> Case {
    let camera = camera("30 kbit/s", &format!("{media} kbit/s"));
    let rate = r#"rate = { minimum = "5 kbit/s", start = "300 kbit/s", maximum = "5 Mbit/s" }"#;
    let flow = format!("{rate}\n{special}\n{camera}");
    let back = format!("[[flows]]\nname = \"back\"\npath = [\"down\"]\nreturn_path = [\"up\"]\n{flow}");
    case(seconds, links, &format!("{flow}\n{back}"))
}

#[test]
fn e18_without_media_probes_find_the_capacity_both_ways_all_the_same() {
    for (capacity, least, most) in [("3 Mbit/s", 2_500.0, 3_000.0), ("500 kbit/s", 400.0, 500.0)] {
        let pause = r#"pauses = [{ from = "50 ms", to = "2.2 s" }]"#;
        calls_both_ways(2.2, &narrow_both_ways(capacity, "20 ms"), 3_000, pause)
            .media(TimeDelta::ZERO, DataRate::ZERO)
            .probing_without_media()
            .in_all_weathers(|told| {
                within("estimate there", told.estimate_of(0, 2.0), least, most)?;
                within("estimate back", told.estimate_of(1, 2.0), least, most)
            });
    }
}

#[test]
fn e18_a_high_start_rate_is_kept() {
    call(
        1.1,
        &link(Some("100 Mbit/s"), "0 ms"),
        70_000,
        100_000,
        90_000,
        "",
    )
    .in_all_weathers(|told| within("estimate", told.estimate(1.0), 70_000.0, 100_000.0));
}

#[test]
fn e18_streams_that_can_do_with_more_are_probed_for_outside_the_application_limit() {
    let start = TimeDelta::seconds(5);
    let pause = r#"pauses = [{ from = "50 ms", to = "5 s" }]"#;
    call(8.1, &link(Some("5 Mbit/s"), "25 ms"), 300, 5_000, 3_500, pause)
        .media(TimeDelta::ZERO, DataRate::kbps(500))
        .media(start, DataRate::kbps(3_500))
        .without_probes_until(start)
        .in_all_weathers(|told| {
            within("estimate before", told.estimate(4.99), 5.0, 700.0)?;
            within("estimate after", told.estimate(8.0), 3_000.0, 5_000.0)
        });
}

/// Cross traffic presses the estimate down; when it and the media have stopped, the estimator is started anew.
#[test]
fn e18_after_a_new_start_without_media_it_finds_what_there_is() {
    let pause = r#"pauses = [{ from = "8 s", to = "11.1 s" }]"#;
    let cross = r#"[[cross_traffic]]
        name = "others"
        kind = "cbr"
        path = ["up"]
        start = "1 s"
        stop = "7.5 s"
        rate = "700 kbit/s"
        packet = "1200 B""#;
    let camera = camera("30 kbit/s", "600 kbit/s");
    let rate = r#"rate = { minimum = "5 kbit/s", start = "300 kbit/s", maximum = "5000 kbit/s" }"#;
    let anew = CongestionEvent {
        constraints: RateConstraints {
            minimum: DataRate::ZERO,
            maximum: DataRate::kbps(5_000),
            start: DataRate::kbps(300),
        },
        ..CongestionEvent::new(CongestionEventKind::RouteChange, Timestamp::ZERO)
    };
    case(
        11.1,
        &link(Some("1 Mbit/s"), "0 ms"),
        &format!("{rate}\n{pause}\n{camera}\n{cross}"),
    )
    .media(TimeDelta::ZERO, DataRate::kbps(600))
    .media(TimeDelta::seconds(8), DataRate::ZERO)
    .probing_without_media()
    .telling(TimeDelta::seconds(10), anew)
    .in_all_weathers(|told| {
        let before = told.estimate(9.99);
        within("estimate", told.estimate(11.0), before + 300.0, 1_000.0)
    });
}

#[test]
fn e17_4_both_formats_of_feedback_serve() {
    for format in ["ccfb", "transport-cc"] {
        let feedback = format!("feedback = \"{format}\"");
        let links = link(Some("250 kbit/s"), "25 ms");
        call(5.1, &links, 300, 5_000, 1_000, &feedback).in_all_weathers(|told| {
            within(format, told.estimate(5.0), 150.0, 300.0)?;
            // The way back is idle.
            let round_trip = told.mean_delay(0, 0.0, 5.0).as_ms_f64() + 25.0;
            within("mean round trip", round_trip, 50.0, 250.0)
        });
    }
}

/// The queues of both ways make the round trip.
#[test]
fn e17_4_both_formats_of_feedback_serve_a_call() {
    let file = include_str!("../../../../../benches/ab/scenarios/libwebrtc/l4s-both-ways.toml");
    for case in cases(file) {
        case.in_all_weathers(|told| {
            within("estimate there", told.estimate_of(0, 5.0), 150.0, 300.0)?;
            within("estimate back", told.estimate_of(1, 5.0), 150.0, 300.0)?;
            let round_trip = told.mean_delay(0, 0.0, 5.0) + told.mean_delay(1, 0.0, 5.0);
            within("mean round trip", round_trip.as_ms_f64(), 0.0, 250.0)
        });
    }
}

/// The receiver of much media makes feedback rarer as the target of the sender beside it falls.
#[test]
fn e17_4_feedback_leaves_a_narrow_way_to_the_media() {
    let file = include_str!("../../../../../benches/ab/scenarios/libwebrtc/feedback-on-narrow-path.toml");
    for case in cases(file) {
        case.in_all_weathers(|told| {
            within("estimate there", told.estimate_of(0, 10.0), 20.0, 80.0)?;
            within("estimate back", told.estimate_of(1, 10.0), 500.0, 5_000.0)?;
            let feedback = told.feedback_on(1, 10.0, 20.0);
            within("percent of the way there", feedback / 0.5, 1.0, 15.0)
        });
    }
}

#[test]
fn e17_4_feedback_with_arrival_times_in_1024ths_fills_the_link() {
    let links = link(Some("600 kbit/s"), "25 ms");
    call(3.1, &links, 300, 5_000, 1_000, "feedback = \"ccfb\"")
        .in_all_weathers(|told| within("estimate", told.estimate(3.0), 500.0, 610.0));
}
