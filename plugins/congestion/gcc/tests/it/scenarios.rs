//! Whole calls over simulated links, with the bounds that libwebrtc's own scenarios assert (`goog_cc_network_control_unittest.cc`), each in
//! thirty weathers.

use crate::scenario_bench::{Case, camera, case, links, near, within};

/// The camera of libwebrtc's scenarios.
fn default_camera() -> String {
    camera("30 kbit/s", "600 kbit/s")
}

fn call(seconds: f64, links: &str, rate: &str) -> Case {
    case(seconds, links, &format!("rate = {{ {rate} }}\n{}", default_camera()))
}

#[test]
fn e17_2_the_target_follows_the_capacity() {
    let links = links(
        r#"[{ at = "0 s", rate = "500 kbit/s" }, { at = "25 s", rate = "800 kbit/s" }, { at = "45 s", rate = "100 kbit/s" }]"#,
        r#"[{ at = "0 s", delay = "100 ms" }, { at = "45 s", delay = "200 ms" }]"#,
        r#"[{ at = "0 s", delay = "100 ms" }, { at = "45 s", delay = "200 ms" }]"#,
    );
    call(96.0, &links, r#"minimum = "10 kbit/s", start = "300 kbit/s", maximum = "1500 kbit/s""#).in_all_weathers(
        |told| {
            near("target at 500 kbit/s", told.target(25.0), 450.0, 100.0)?;
            near("target at 800 kbit/s", told.target(45.0), 750.0, 150.0)?;
            near("target at 100 kbit/s", told.target(95.0), 90.0, 25.0)
        },
    );
}

#[test]
fn e17_2_much_random_loss_lowers_it_modestly() {
    let links = links(r#""2 Mbit/s""#, r#""200 ms""#, r#""200 ms""#).replace("[links.down]", "loss = \"10 %\"\n[links.down]");
    call(121.0, &links, r#"minimum = "10 kbit/s", start = "300 kbit/s", maximum = "1500 kbit/s""#)
        .in_all_weathers(|told| within("target", told.target(120.0), 100.0, 1_500.0));
}
