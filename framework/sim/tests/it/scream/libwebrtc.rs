//! The calls in which libwebrtc tries SCReAM as it tries Google congestion control, with its bounds (`bwe_ramp_up_test.cc`, `l4s_test.cc`), each
//! in thirty weathers.

use jackfield_core::units::{DataRate, TimeDelta};

use crate::gcc::bench::{cases, within};
use crate::gcc::ramps::{calls_both_ways, narrow_both_ways};

#[test]
fn e18_without_media_padding_finds_the_capacity_of_l4s_links_both_ways() {
    for (capacity, least, most) in [("3 Mbit/s", 1_500.0, 3_600.0), ("500 kbit/s", 200.0, 600.0)] {
        let pause = "feedback = \"ccfb\"\npauses = [{ from = \"50 ms\", to = \"2.2 s\" }]";
        let links = narrow_both_ways(capacity, "20 ms");
        let links = links.replace("\"unlimited\"", "{ kind = \"dual-pi2\", target = \"25 ms\" }");
        calls_both_ways(2.2, &links, 3_000, pause)
            .media(TimeDelta::ZERO, DataRate::ZERO)
            .probing_without_media()
            .by_scream()
            .in_all_weathers(|told| {
                within("estimate there", told.estimate_of(0, 2.0), least, most)?;
                within("estimate back", told.estimate_of(1, 2.0), least, most)
            });
    }
}

#[test]
fn e17_4_feedback_leaves_a_narrow_way_to_the_media() {
    let file = include_str!("../../../../../benches/ab/scenarios/libwebrtc/feedback-on-narrow-path.toml");
    for case in cases(file) {
        case.by_scream().in_all_weathers(|told| {
            within("estimate there", told.estimate_of(0, 10.0), 20.0, 80.0)?;
            within("estimate back", told.estimate_of(1, 10.0), 500.0, 5_000.0)?;
            let feedback = told.feedback_on(1, 10.0, 20.0);
            within("percent of the way there", feedback / 0.5, 1.0, 15.0)
        });
    }
}
