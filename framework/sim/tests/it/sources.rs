//! The statistical model of a video encoder (RFC 8593 section 5.1), and voice: what a target that moves makes of them.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionAdvice, CongestionController, CongestionEvent, CongestionHandover, CongestionUpdate,
    PacketFeedback, ProbeSink, RateConstraints,
};
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Plugin};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_pacing_null::Null;
use jackfield_sim::light::{self, FlowModules, FrameRecord};
use jackfield_sim::scenario::{FlowSpec, Scenario};

use crate::light::Seen;

/// Aims at each rate from its instant on, in ms and kbit/s, and looks at the clock each 5 ms.
struct Steps(Vec<(i64, i64)>, ());

impl Plugin for Steps {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.steps", "Steps", "0.1.0");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self(Vec::new(), ()))
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.1
    }
}

impl CongestionController for Steps {
    fn activate(&mut self, _: Timestamp, _: &RateConstraints) -> Result<(), Fault> {
        Ok(())
    }
    fn on_event(
        &mut self,
        now: Timestamp,
        _: &CongestionEvent,
        _: &[PacketFeedback],
        _: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        let current = self.0.iter().rev().find(|(at, _)| Timestamp::from_ms(*at) <= now);
        Ok(CongestionUpdate {
            target: DataRate::kbps(current.map_or(300, |(_, kbps)| *kbps)),
            pacing: DataRate::kbps(100_000),
            ..CongestionUpdate::default()
        })
    }
    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(TimeDelta::ms(5))
    }
    fn hand_over(&mut self, _: Timestamp) -> Result<CongestionHandover, Fault> {
        Ok(CongestionHandover::default())
    }
    fn take_over(&mut self, _: Timestamp, _: &CongestionHandover) -> Result<(), Fault> {
        Ok(())
    }
    fn advice(&mut self, _: Timestamp) -> Result<CongestionAdvice, Fault> {
        Ok(CongestionAdvice::NONE)
    }
}

/// The frames of a stream while the target takes these steps.
fn frames(stream: &str, steps: &[(i64, i64)]) -> Vec<FrameRecord> {
    let scenario = Scenario::parse(&format!(
        r#"
        name = "sources"
        duration = "10 s"
        [links.up]
        delay = "10 ms"
        [[flows]]
        name = "call"
        path = ["up"]
        rate = {{ minimum = "10 kbit/s", start = "300 kbit/s", maximum = "3 Mbit/s" }}
        streams = [{{ {stream} }}]
        "#
    ))
    .unwrap_or_else(|error| panic!("{error}"));
    let mut modules = |_: usize, _: &FlowSpec, seed: u64| {
        Ok(FlowModules {
            controller: Box::new(Steps(steps.to_vec(), ())),
            pacer: Box::new(Null::create(&Environment::seeded(seed))?),
            knows_truth: false,
        })
    };
    let mut seen = Seen::default();
    light::run(&scenario, 1, &mut modules, &mut seen).expect("a run");
    seen.frames
}

/// The sizes of the frames captured from one instant to another, in ms.
fn sizes(frames: &[FrameRecord], from: i64, to: i64) -> Vec<i64> {
    let captured = |frame: &&FrameRecord| (from..to).contains(&((frame.captured.ns() / 1_000_000) as i64));
    frames
        .iter()
        .filter(captured)
        .map(|frame| frame.size.as_bytes())
        .collect()
}

/// Without noise, so that every size is what the model says.
const STILL: &str =
    r#"kind = "video", minimum = "50 kbit/s", maximum = "3 Mbit/s", interval_scale = 0, size_scale = 0"#;

#[test]
fn e17_3_a_video_begins_with_a_large_frame_and_makes_up_for_it() {
    let frames = frames(STILL, &[(0, 1_000)]);
    let first = sizes(&frames, 0, 250);
    assert_eq!(
        (first.len(), first[0]),
        (8, 13_500),
        "K_d frames, the first of K_B"
    );
    let mean = 1e6 / 8.0 / 30.0;
    let sum: i64 = first.iter().sum();
    assert!((sum as f64 - 8.0 * mean).abs() < 16.0, "the rate is kept: {sum}");
    assert!(
        sizes(&frames, 300, 10_000)
            .iter()
            .all(|size| (*size as f64 - mean).abs() < 2.0)
    );
}

#[test]
fn e17_3_a_large_change_makes_a_transient_and_a_small_one_none() {
    let frames = frames(STILL, &[(0, 1_000), (3_000, 1_050), (5_980, 2_000)]);
    let small = sizes(&frames, 3_010, 5_970);
    assert!(
        small.iter().all(|size| (4_370..=4_380).contains(size)),
        "{small:?}"
    );
    let large = sizes(&frames, 5_980, 6_250);
    assert_eq!(large[0], 13_500, "{large:?}");
    assert!(large[1..8].iter().all(|size| *size < 8_333), "{large:?}");
    assert!(
        sizes(&frames, 6_400, 10_000)
            .iter()
            .all(|size| (8_330..=8_335).contains(size))
    );
}

#[test]
fn e17_3_an_encoder_takes_up_no_new_rate_for_a_while_after_one() {
    // Down by a third at 3 s, back at 3.05 s: it holds the lower rate for 200 ms.
    let steps = [(0, 900), (3_000, 600), (3_050, 900)];
    let quiet = format!("{STILL}, transient_frames = 0");
    let frames = frames(&quiet, &steps);
    let (low, high) = (600e3 / 8.0 / 30.0, 900e3 / 8.0 / 30.0);
    let near = |size: &i64, mean: f64| (*size as f64 - mean).abs() < 2.0;
    assert!(
        sizes(&frames, 3_040, 3_195).iter().all(|size| near(size, low)),
        "{:?}",
        sizes(&frames, 3_000, 3_300)
    );
    assert!(sizes(&frames, 3_250, 9_000).iter().all(|size| near(size, high)));
}

#[test]
fn e17_3_sizes_and_times_scatter_around_their_means() {
    let video = r#"kind = "video", minimum = "50 kbit/s", maximum = "3 Mbit/s""#;
    let frames = frames(video, &[(0, 1_000)]);
    let steady: Vec<f64> = sizes(&frames, 1_000, 10_000)
        .iter()
        .map(|size| *size as f64)
        .collect();
    let mean = steady.iter().sum::<f64>() / steady.len() as f64;
    assert!((mean / (1e6 / 8.0 / 30.0) - 1.0).abs() < 0.05, "{mean}");
    let variance = steady.iter().map(|size| (size / mean - 1.0).powi(2)).sum::<f64>() / steady.len() as f64;
    // A Laplace distribution of scale 0.15 has a deviation of 0.21.
    assert!((0.15..0.27).contains(&variance.sqrt()), "{}", variance.sqrt());
    assert!((295..=302).contains(&frames.len()), "{}", frames.len());
    let apart = |pair: &[FrameRecord]| (pair[1].captured.ns() - pair[0].captured.ns()) / 1_000_000;
    assert!(frames.windows(2).any(|pair| apart(pair) > 38) && frames.windows(2).any(|pair| apart(pair) < 28));
}

#[test]
fn e17_3_voice_holds_its_rate_whatever_the_target() {
    let voice = r#"kind = "audio", rate = "20 kbit/s", frame = "20 ms""#;
    let frames = frames(voice, &[(0, 1_000), (5_000, 10)]);
    assert!((499..=500).contains(&frames.len()), "{}", frames.len());
    assert!(
        frames
            .iter()
            .all(|frame| frame.audio && frame.size.as_bytes() == 50)
    );
}
