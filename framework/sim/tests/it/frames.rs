//! Video whose frames are as big as those of an encoder were (RFC 8593 sections 5.2 and 5.3).

use std::path::Path;

use jackfield_core::units::DataRate;
use jackfield_sim::light::{self, FrameRecord};
use jackfield_sim::scenario::Scenario;
use jackfield_sim::trace::{FrameLadder, FrameTrace, LadderError};
use proptest::prelude::*;

use crate::light::{Seen, fixed};

/// A trace at 30 frames per second.
fn trace(sizes: &[u32]) -> FrameTrace {
    FrameTrace::parse(&text(sizes)).expect("a trace")
}

fn text(sizes: &[u32]) -> String {
    let line = |(n, size): (usize, &u32)| format!("{n} P 0. {:.6} {size}\n", n as f64 / 30.0);
    let lines: String = sizes.iter().enumerate().map(line).collect();
    format!("% number, type, unused, seconds, bytes\n{lines}")
}

fn ladder(skip: u32) -> FrameLadder {
    let rungs = [
        (DataRate::kbps(200), trace(&[4_000, 800, 700, 900])),
        (DataRate::kbps(400), trace(&[9_000, 1_600, 1_500, 2_000])),
    ];
    FrameLadder::new(&rungs, skip, 30.0).expect("a ladder")
}

/// A call whose video holds `kbps`, with `video` for the rest of its stream and these traces.
fn call(kbps: &[(i64, i64)], video: &str, traces: &[(&str, String)]) -> Result<Vec<FrameRecord>, String> {
    let text = format!(
        r#"
        name = "call"
        duration = "20 s"
        [links.up]
        delay = "10 ms"
        [[flows]]
        name = "call"
        path = ["up"]
        rate = {{ minimum = "50 kbit/s", start = "{} kbit/s", maximum = "3 Mbit/s" }}
        streams = [{{ kind = "video", minimum = "50 kbit/s", maximum = "3 Mbit/s", {video} }}]
        "#,
        kbps[0].1
    );
    let mut open = |name: &str| {
        let found = traces.iter().find(|(own, _)| *own == name);
        found
            .map(|(_, text)| text.clone())
            .ok_or_else(|| "there is no such file".to_owned())
    };
    let scenario = Scenario::parse_with(&text, &mut open).map_err(|error| error.to_string())?;
    let mut seen = Seen::default();
    light::run(&scenario, 1, &mut fixed(kbps[0].1 as f64), &mut seen).expect("a run");
    Ok(seen.frames)
}

fn sizes(frames: &[FrameRecord]) -> Vec<i64> {
    frames.iter().map(|frame| frame.size.as_bytes()).collect()
}

const LADDER: &str =
    r#"ladder = [{ rate = "200 kbit/s", trace = "low" }, { rate = "400 kbit/s", trace = "high" }]"#;

fn traces() -> [(&'static str, String); 2] {
    let of = |mean: u32| -> String {
        let rest = (1..60).map(|n| mean + (n * 37 % 101) * mean / 500 - mean / 10);
        text(&std::iter::once(8 * mean).chain(rest).collect::<Vec<_>>())
    };
    [("low", of(833)), ("high", of(1_667))]
}

#[test]
fn e17_3_between_rungs_sizes_are_interpolated_and_beyond_the_ends_scaled() {
    let ladder = ladder(1);
    let at = |kbps: i64| [0, 1, 3].map(|frame| ladder.size(frame, DataRate::kbps(kbps)));
    assert_eq!(at(200), [4_000.0, 800.0, 900.0]);
    assert_eq!(at(400), [9_000.0, 1_600.0, 2_000.0]);
    assert_eq!(at(300), [6_500.0, 1_200.0, 1_450.0]);
    assert_eq!(at(100), [2_000.0, 400.0, 450.0]);
    assert_eq!(at(800), [18_000.0, 3_200.0, 4_000.0]);
    assert_eq!(at(0), [10.0; 3], "no frame is smaller than 10 bytes");
    assert_eq!(at(400_000)[0], 1_000_000.0, "nor larger than 1 MB");
}

#[test]
fn e17_3_a_video_that_is_over_begins_anew_without_its_first_frames() {
    let ladder = ladder(1);
    let played: Vec<f64> = (0..8)
        .map(|frame| ladder.size(frame, DataRate::kbps(200)))
        .collect();
    assert_eq!(played, [4_000.0, 800.0, 700.0, 900.0, 800.0, 700.0, 900.0, 800.0]);
}

#[test]
fn e17_3_a_video_of_another_frame_rate_keeps_its_bit_rate() {
    let slow = "0 I 0 0 2000\n1 P 0 0.1 1000\n2 P 0 0.2 1000\n3 P 0 0.3 1000\n";
    let rungs = [(DataRate::kbps(80), FrameTrace::parse(slow).expect("a trace"))];
    let ladder = FrameLadder::new(&rungs, 1, 20.0).expect("a ladder");
    assert_eq!(ladder.size(1, DataRate::kbps(80)), 500.0);
}

#[test]
fn e17_3_frames_follow_the_trace_and_hang_on_nothing_but_number_and_rate() {
    let low = [(0, 200)];
    let frames = call(&low, &format!("model = \"trace\", {LADDER}"), &traces()).expect("frames");
    let read = FrameTrace::parse(&traces()[0].1).expect("a trace");
    let made = sizes(&frames);
    assert_eq!(made.len(), 600);
    let rungs = [(DataRate::kbps(200), read)];
    let ladder = FrameLadder::new(&rungs, 20, 30.0).expect("a ladder");
    let expected: Vec<i64> = (0..600)
        .map(|n| ladder.size(n, DataRate::kbps(200)) as i64)
        .collect();
    assert_eq!(made, expected, "20 frames are skipped if nothing else is said");
    let other = call(&[(0, 300)], &format!("model = \"trace\", {LADDER}"), &traces()).expect("frames");
    for (one, other) in made.iter().zip(sizes(&other)) {
        let ratio = other as f64 / *one as f64;
        assert!(
            (1.45..1.55).contains(&ratio),
            "the same picture at 1.5 times the rate: {ratio}"
        );
    }
}

#[test]
fn e17_3_the_hybrid_model_has_the_transients_of_the_statistical_one_and_then_the_trace() {
    let video = format!("model = \"hybrid\", size_scale = 0.0, {LADDER}");
    let frames = call(&[(0, 400)], &video, &traces()).expect("frames");
    let pure = call(&[(0, 400)], &format!("model = \"trace\", {LADDER}"), &traces()).expect("frames");
    let (hybrid, pure) = (sizes(&frames), sizes(&pure));
    assert_eq!(hybrid[8..], pure[8..], "the trace goes on where it would be");
    // 400 kbit/s are 1667 B a frame: 8 of them together, the first at most six tenths of that.
    assert!((7_999..=8_000).contains(&hybrid[0]), "{}", hybrid[0]);
    assert!(
        hybrid[1..8].iter().all(|size| (750..=765).contains(size)),
        "{:?}",
        &hybrid[..8]
    );
    let sum: i64 = hybrid[..8].iter().sum();
    assert!(
        (sum - 8 * 1_667).abs() < 20,
        "the rate is kept over the transient: {sum}"
    );
}

#[test]
fn e17_3_what_is_no_ladder_is_refused_with_stream_trace_and_line() {
    let (good, [low, high]) = (traces(), traces());
    let refused = |video: &str, traces: &[(&str, String)]| call(&[(0, 200)], video, traces).expect_err(video);
    let traced = |ladder: &str| format!("model = \"trace\", {ladder}");
    let bent = [
        (low.0, low.1.replacen("1 P 0. 0.033333", "1 P 0. -0.1", 1)),
        high.clone(),
    ];
    for (error, key, says) in [
        (
            refused("model = \"trace\"", &good),
            "ladder",
            "there are no traces to take the sizes of frames from",
        ),
        (
            refused(&traced("ladder = []"), &good),
            "ladder",
            "there are no traces",
        ),
        (
            refused(LADDER, &good),
            "ladder",
            "nothing is read from traces here",
        ),
        (
            refused("skip_frames = 3", &good),
            "skip_frames",
            "nothing is read from traces here",
        ),
        (
            refused(&traced(&LADDER.replace("400", "200")), &good),
            "ladder[1].rate",
            "is not above the rate of the rung before",
        ),
        (
            refused(&traced(&LADDER.replace("200 k", "0 k")), &good),
            "ladder[0].rate",
            "or above 0",
        ),
        (
            refused(&traced(&format!("{LADDER}, skip_frames = 60")), &good),
            "ladder[0].trace",
            "the trace `low` has 60 frames",
        ),
        (
            refused(&traced(LADDER), &good[..1]),
            "ladder[1].trace",
            "the trace `high` cannot be had: there is no such file; put it there",
        ),
        (
            refused(&traced(LADDER), &bent),
            "ladder[0].trace",
            "the trace `low` cannot be used: line 3: expected a number of seconds in the fourth column, found \"1 P 0. -0.1",
        ),
        (
            refused(&traced(LADDER), &[(low.0, String::new()), high.clone()]),
            "ladder[0].trace",
            "the trace is empty",
        ),
    ] {
        assert!(
            error.starts_with(&format!("`flows[0].streams[0].{key}`: ")),
            "{error}"
        );
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(FrameLadder::new(&[], 0, 30.0), Err(LadderError::Empty));
}

#[test]
fn e17_3_a_line_that_is_no_frame_is_named() {
    for (text, says) in [
        (
            "0 I 0 0.0 100\n1 P 0.03 90\n",
            "line 2: expected five columns: number, type, an unused one, seconds, bytes, found \"1 P 0.03 90\"",
        ),
        (
            "% a\n0 I 0 0.0 100\n0 P 0 0.03 90\n",
            "line 3: expected a higher number of a frame than on the line before",
        ),
        (
            "0 I 0 0.5 100\n1 P 0 0.4 90\n",
            "line 2: expected no earlier a time than on the line before",
        ),
        (
            "0 I 0 0.5 1e9\n",
            "line 1: expected a whole number of bytes in the fifth column",
        ),
        (
            "x I 0 0.5 10\n",
            "line 1: expected the whole number of a frame in the first column",
        ),
        (
            "0 I 0 0.5 10\n",
            "line 1: expected a frame that comes later than the first",
        ),
        ("% nothing\n", "the trace is empty"),
    ] {
        let error = FrameTrace::parse(text).expect_err(text).to_string();
        assert!(error.starts_with(says), "{error}");
    }
}

/// Made by `scripts/frame-traces.sh`.
#[test]
fn the_traces_of_the_repository_have_the_rates_that_they_were_made_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/ab/traces/frames");
    for kbps in (200..=1_600).step_by(200) {
        let name = format!("life-360p-{kbps}.txt");
        let trace =
            FrameTrace::parse(&std::fs::read_to_string(folder.join(&name)).expect(&name)).expect(&name);
        assert_eq!(trace.frames(), 450, "{name}");
        assert!(
            (trace.frame_rate() - 30.0).abs() < 0.1,
            "{name}: {}",
            trace.frame_rate()
        );
        let off = trace.average().as_bps() as f64 / (f64::from(kbps) * 1e3) - 1.0;
        assert!(off.abs() < 0.05, "{name}: {off:+.3}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_trace_of_frames_or_refused(text in "\\PC*|([0-9]{1,3} [IP] 0 [0-9]{1,2}\\.[0-9] [0-9]{1,9}\n)*") {
        match FrameTrace::parse(&text) {
            Ok(trace) => prop_assert!(trace.frames() > 1 && trace.frame_rate() > 0.0),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn a_ladder_gives_more_for_more_and_never_what_cannot_be(
        frames in prop::collection::vec((0_u32..2_000_000, 0_u32..100_000), 2..40), skip in 0_u32..50, number: u64, kbps in 0_i64..1_000_000,
    ) {
        let low: Vec<u32> = frames.iter().map(|(size, _)| *size).collect();
        let high: Vec<u32> = frames.iter().map(|(size, more)| size + more).collect();
        let rungs = [(DataRate::kbps(200), trace(&low)), (DataRate::kbps(400), trace(&high))];
        match FrameLadder::new(&rungs, skip, 30.0) {
            Ok(ladder) => {
                let size = ladder.size(number, DataRate::kbps(kbps));
                prop_assert!((10.0..=1e6).contains(&size));
                // The upper rung scaled is steeper than the way up to it, or not: only within the ladder is more certain to be more.
                if kbps < 399 {
                    prop_assert!(ladder.size(number, DataRate::kbps(kbps + 1)) >= size);
                }
            }
            Err(error) => prop_assert_eq!(error, LadderError::TooShort(0), "{} frames, {} skipped", frames.len(), skip),
        }
    }
}
