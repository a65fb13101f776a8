//! The models of encoders: what they make of what they are allowed.

use jackfield_core::units::DataSize;
use jackfield_sim::light::{self, FrameRecord, Observer};
use jackfield_sim::scenario::Scenario;

use crate::light::fixed;

#[derive(Default)]
struct Frames(Vec<DataSize>);

impl Observer for Frames {
    fn frame(&mut self, _: usize, frame: &FrameRecord) {
        self.0.push(frame.size);
    }
}

/// The frames of two seconds of this stream, which is allowed so many kbit/s.
fn frames(stream: &str, kbps: f64) -> Vec<DataSize> {
    let text = format!(
        r#"
        name = "one stream"
        duration = "2 s"
        [links.way]
        [[flows]]
        name = "call"
        path = ["way"]
        rate = {{ minimum = "1 kbit/s", start = "{kbps} kbit/s", maximum = "1 Mbit/s" }}
        streams = [{stream}]
        "#
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut seen = Frames::default();
    light::run(&scenario, 1, &mut fixed(kbps), &mut seen).expect("a run");
    seen.0
}

#[test]
fn e17_3_voice_follows_its_target_between_its_bounds() {
    for (kbps, bytes) in [(10.0, 60), (40.0, 100), (100.0, 130)] {
        let voice = frames(
            r#"{ kind = "audio", minimum = "24 kbit/s", maximum = "52 kbit/s" }"#,
            kbps,
        );
        assert_eq!(voice, [DataSize::bytes(bytes); 100], "{kbps} kbit/s");
    }
    let constant = frames(r#"{ kind = "audio", rate = "40 kbit/s" }"#, 100.0);
    assert_eq!(constant, [DataSize::bytes(100); 100]);
}

#[test]
fn e17_3_an_encoder_that_warms_up_begins_with_half_of_what_it_is_asked_for() {
    let sizes = |special: &str| {
        let stream = format!(r#"{{ kind = "video", model = "steady", minimum = "10 kbit/s", {special} }}"#);
        let frames = frames(&stream, 240.0);
        [0, 15, 30, 45].map(|number| frames[number].as_bytes())
    };
    let near = |sizes: [i64; 4], expected: [i64; 4]| {
        let off = sizes
            .iter()
            .zip(expected)
            .map(|(size, expected)| (size - expected).abs());
        assert!(off.max() <= Some(1), "{sizes:?}");
    };
    near(sizes("frame_rate = 30"), [1_000; 4]);
    near(
        sizes(r#"frame_rate = 30, warm_up = "1 s""#),
        [500, 750, 1_000, 1_000],
    );
}
