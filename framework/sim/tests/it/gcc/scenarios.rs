//! Whole calls over simulated links, with the bounds that libwebrtc's own scenarios assert (`goog_cc_network_control_unittest.cc`), each in
//! thirty weathers. Queues have no end.

use jackfield_sdk::prelude::*;

use super::bench::{Case, Told, camera, case, links, near, within};

/// A call with the camera of libwebrtc's scenarios.
fn call(seconds: f64, links: &str, rate: &str) -> Case {
    special_call(seconds, links, rate, "")
}

fn special_call(seconds: f64, links: &str, rate: &str, special: &str) -> Case {
    let camera = camera("30 kbit/s", "1500 kbit/s");
    case(
        seconds,
        links,
        &format!("rate = {{ {rate} }}\n{special}\n{camera}"),
    )
}

/// Without bounds worth mentioning, from `start` kbit/s.
fn from(start: u32) -> String {
    format!("minimum = \"5 kbit/s\", start = \"{start} kbit/s\", maximum = \"5 Mbit/s\"")
}

/// A link of one rate and one delay, and a way back without delay.
fn link(rate: &str, delay: &str) -> String {
    links(&format!("\"{rate}\""), &format!("\"{delay}\""), "\"0 ms\"")
}

/// The same with the delay both ways.
fn link_and_back(rate: &str, delay: &str) -> String {
    links(
        &format!("\"{rate}\""),
        &format!("\"{delay}\""),
        &format!("\"{delay}\""),
    )
}

/// With something more about the link `up`.
fn with(links: &str, more: &str) -> String {
    links.replace("[links.down]", &format!("{more}\n[links.down]"))
}

#[test]
fn e17_2_the_target_follows_the_capacity() {
    let delay = r#"[{ at = "0 s", delay = "100 ms" }, { at = "45 s", delay = "200 ms" }]"#;
    let rate = r#"[{ at = "0 s", rate = "500 kbit/s" }, { at = "25 s", rate = "800 kbit/s" }, { at = "45 s", rate = "100 kbit/s" }]"#;
    let bounds = r#"minimum = "10 kbit/s", start = "300 kbit/s", maximum = "1500 kbit/s""#;
    call(96.0, &links(rate, delay, delay), bounds).in_all_weathers(|told| {
        near("target at 500 kbit/s", told.target(25.0), 450.0, 100.0)?;
        near("target at 800 kbit/s", told.target(45.0), 750.0, 150.0)?;
        near("target at 100 kbit/s", told.target(95.0), 90.0, 25.0)
    });
}

#[test]
fn e17_2_much_random_loss_lowers_it_modestly() {
    let links = with(&link_and_back("2 Mbit/s", "200 ms"), "loss = \"10 %\"");
    let bounds = r#"minimum = "10 kbit/s", start = "300 kbit/s", maximum = "1500 kbit/s""#;
    call(121.0, &links, bounds).in_all_weathers(|told| within("target", told.target(120.0), 100.0, 1_500.0));
}

/// While nothing is lost the plain rule grows without end: what libwebrtc's far end estimates holds it.
#[test]
fn e17_2_without_feedback_on_packets_receiver_reports_rule() {
    let loss =
        r#"loss = { kind = "random", share = [{ at = "0 s", share = 0 }, { at = "20 s", share = "15 %" }] }"#;
    let links = with(&link("1 Mbit/s", "100 ms"), loss);
    let rate = r#"rate = { minimum = "30 kbit/s", start = "1000 kbit/s", maximum = "3 Mbit/s" }"#;
    let camera = camera("30 kbit/s", "10 Mbit/s");
    case(41.0, &links, &format!("{rate}\nfeedback = \"none\"\n{camera}"))
        .with_an_estimator_at_the_far_end()
        .in_all_weathers(|told| {
            within("target without loss", told.target(20.0), 500.0, 3_000.0)?;
            within("target at 15 % loss", told.target(40.0), 5.0, 300.0)
        });
}

/// A call whose link stands still from the tenth second on.
fn stall(seconds: f64) -> Case {
    let outage = format!("outages = [{{ from = \"10 s\", to = \"{seconds} s\", hold = true }}]");
    let links = with(&link_and_back("1 Mbit/s", "100 ms"), &outage);
    let bounds = r#"minimum = "10 kbit/s", start = "300 kbit/s", maximum = "2000 kbit/s""#;
    call(seconds, &links, bounds)
}

#[test]
fn e17_2_a_full_window_pushes_the_target_back() {
    stall(14.0)
        .tuned(|gcc| {
            gcc.congestion_window = 2;
            gcc.congestion_window_queueing = 800.0;
        })
        .in_all_weathers(|told| within("target", told.target(13.0), 5.0, 40.0));
}

#[test]
fn e17_2_or_leaves_out_frames_while_the_target_stays() {
    stall(14.0)
        .tuned(|gcc| gcc.congestion_window_queueing = 800.0)
        .in_all_weathers(|told| within("target", told.target(13.0), 300.0, 2_000.0));
}

#[test]
fn e17_2_padding_keeps_to_the_target_while_the_window_pushes_it_back() {
    let outage = "outages = [{ from = \"10 s\", to = \"11 s\", hold = true }]";
    let links = with(&link_and_back("1 Mbit/s", "100 ms"), outage);
    let bounds = r#"minimum = "5 kbit/s", start = "1000 kbit/s", maximum = "2 Mbit/s""#;
    special_call(12.0, &links, bounds, "padding = \"2 Mbit/s\"")
        .tuned(|gcc| {
            gcc.congestion_window = 2;
            gcc.congestion_window_queueing = 200.0;
        })
        .in_all_weathers(|told| {
            for at in [10.0, 10.5, 11.0] {
                let padding = told.at(at).padding.as_kbps_f64();
                near("padding", padding, told.target(at), 1.0)?;
            }
            Ok(())
        });
}

#[test]
fn e17_2_a_round_trip_beyond_the_limit_lowers_it_to_the_floor() {
    let links = link_and_back("100 kbit/s", "100 ms");
    let burst = r#"[[cross_traffic]]
        name = "burst"
        kind = "burst"
        path = ["up"]
        start = "10 s"
        packets = 125
        packet = "1000 B""#;
    let camera = camera("30 kbit/s", "1500 kbit/s");
    case(
        17.0,
        &links,
        &format!("rate = {{ {} }}\n{camera}\n{burst}", from(100)),
    )
    .tuned(|gcc| {
        gcc.round_trip_limit = 2.0;
        gcc.round_trip_floor = 50.0;
    })
    .in_all_weathers(|told| near("target", told.target(16.0), 50.0, 5.0));
}

#[test]
fn d5_7_a_low_rate_stays_low_on_a_new_path() {
    let change = r#"route_changes = [{ at = "500 ms", start = "300 kbit/s" }]"#;
    special_call(1.0, &link("200 kbit/s", "10 ms"), &from(300), change).in_all_weathers(|told| {
        near("estimate before", told.estimate(0.499), 200.0, 50.0)?;
        near("estimate after", told.estimate(0.6), 200.0, 50.0)
    });
}

#[test]
fn d5_7_a_path_that_is_none_for_the_host_changes_nothing_and_a_new_one_starts_anew() {
    let changes =
        r#"route_changes = [{ at = "500 ms", announced = false }, { at = "1050 ms", start = "300 kbit/s" }]"#;
    special_call(1.2, &link("1 Mbit/s", "50 ms"), &from(300), changes).in_all_weathers(|told| {
        near("estimate before", told.estimate(0.5), 1_000.0, 300.0)?;
        near("estimate on the same path", told.estimate(0.55), 1_000.0, 300.0)?;
        near("estimate on a new path", told.estimate(1.1), 300.0, 30.0)
    });
}

#[test]
fn d5_7_a_high_rate_is_cut_on_a_new_path() {
    let change = r#"route_changes = [{ at = "500 ms", start = "300 kbit/s" }]"#;
    special_call(0.7, &link("1 Mbit/s", "50 ms"), &from(300), change).in_all_weathers(|told| {
        near("estimate before", told.estimate(0.499), 1_000.0, 300.0)?;
        near("estimate after", told.estimate(0.55), 300.0, 30.0)
    });
}

#[test]
fn d5_7_what_a_new_path_bears_is_found_within_a_second() {
    let links = format!(
        "{}\n[links.after]\nrate = \"800 kbit/s\"\ndelay = \"50 ms\"\nqueue = \"unlimited\"\n",
        link("200 kbit/s", "50 ms")
    );
    let change = r#"route_changes = [{ at = "2 s", path = ["after"], start = "300 kbit/s" }]"#;
    special_call(3.2, &links, &from(300), change).in_all_weathers(|told| {
        near("estimate before", told.estimate(1.999), 200.0, 50.0)?;
        near("estimate after", told.estimate(2.05), 200.0, 50.0)?;
        within("estimate a second later", told.estimate(3.05), 500.0, 1_000.0)
    });
}

/// The camera makes what it is allowed, so that the pacer's queue can grow.
#[test]
fn e17_2_a_queue_in_the_pacer_lowers_it() {
    let camera = camera("30 kbit/s", "2 Mbit/s");
    let flow = format!("rate = {{ {} }}\npacing_factor = 1.0\n{camera}", from(1_000));
    let case = case(5.5, &link("1 Mbit/s", "50 ms"), &flow);
    let without = case.clone().tuned(|gcc| gcc.congestion_window = 0);
    case.tuned(|gcc| {
        gcc.congestion_window = 2;
        gcc.congestion_window_queueing = 100.0;
        gcc.congestion_window_counts_pacer = true;
    })
    .in_all_weathers(|told| {
        // Of the frames of the last two tenths before 5 s.
        let delay = |told: &Told| told.pacer_delay(4.8, 5.0).as_ms_f64();
        let longest = delay(&without.run(told.seed)).min(150.0);
        within("delay in the pacer", delay(told), 0.0, longest)
    });
}

/// Dips of the estimate by more than 100 kbit/s from the first of these to which it returned.
fn dips(estimates: &[f64]) -> usize {
    let first = estimates[0];
    let (mut dips, mut high) = (0, true);
    for estimate in &estimates[1..] {
        if estimate + 100.0 < first && high {
            dips += 1;
            high = false;
        } else if *estimate == first {
            high = true;
        } else if *estimate > first {
            high = false;
        }
    }
    dips
}

#[test]
fn e17_2_under_much_loss_it_does_not_go_up_and_down() {
    let links = with(&link("2 Mbit/s", "10 ms"), "loss = \"20 %\"");
    let steady = |told: &Told| {
        let estimates: Vec<f64> = (1..=40)
            .map(|n| told.estimate(0.25 + 0.05 * f64::from(n)))
            .collect();
        let most = estimates.windows(10).map(dips).max().unwrap_or(0);
        within("number of dips in half a second", most as f64, 0.0, 1.0)
    };
    call(2.3, &links, &from(300)).in_all_weathers(steady);
}

#[test]
fn e17_2_a_cap_of_the_remote_end_holds_and_is_recovered_from() {
    let cap = |kbps| CongestionEvent {
        rate: DataRate::kbps(kbps),
        ..CongestionEvent::new(CongestionEventKind::RemoteBitrate, Timestamp::ZERO)
    };
    let camera = camera("30 kbit/s", "2 Mbit/s");
    case(
        22.0,
        &link_and_back("2 Mbit/s", "50 ms"),
        &format!("rate = {{ {} }}\n{camera}", from(1_000)),
    )
    .telling(TimeDelta::seconds(10), cap(250))
    .telling(TimeDelta::seconds(11), cap(10_000))
    .in_all_weathers(|told| {
        within("estimate before", told.estimate(9.99), 1_500.0, 3_200.0)?;
        near("estimate under the cap", told.estimate(10.9), 250.0, 0.5)?;
        within("estimate afterwards", told.estimate(21.0), 1_500.0, 3_200.0)
    });
}

#[test]
fn e17_2_when_the_media_stops_the_silence_is_not_taken_for_a_bad_path() {
    let pause = r#"pauses = [{ from = "1 s", to = "5 s" }]"#;
    special_call(5.1, &link("2 Mbit/s", "100 ms"), &from(1_000), pause)
        .tuned(|gcc| gcc.round_trip_limit = 2.0)
        .in_all_weathers(|told| within("estimate", told.estimate(5.0), 1_000.0, 5_000.0));
}

#[test]
fn e17_1_equal_seeds_give_equal_runs() {
    let links = with(&link_and_back("1 Mbit/s", "50 ms"), "loss = \"2 %\"");
    let case = call(10.0, &links, &from(300));
    assert_eq!(case.run(7).hash, case.run(7).hash);
    assert_ne!(case.run(7).hash, case.run(8).hash);
}

#[test]
fn e17_2_feedback_that_comes_minutes_late_is_no_feedback() {
    let late = "outages = [{ from = \"5 s\", to = \"305 s\", hold = true }]";
    let links = format!("{}{late}\n", link("1 Mbit/s", "0 ms"));
    let pause = r#"pauses = [{ from = "5.2 s", to = "304 s" }]"#;
    special_call(312.0, &links, &from(300), pause)
        .in_all_weathers(|told| within("estimate", told.estimate(311.0), 300.0, 1_600.0));
}

#[test]
fn e17_3_it_leaves_room_for_tcp() {
    let tcp = r#"[[cross_traffic]]
        name = "download"
        kind = "tcp"
        algorithm = "reno"
        path = ["up"]
        return_path = ["down"]"#;
    let camera = camera("30 kbit/s", "1500 kbit/s");
    let links = link_and_back("1 Mbit/s", "50 ms");
    case(
        10.5,
        &links,
        &format!("rate = {{ {} }}\n{camera}\n{tcp}", from(1_000)),
    )
    .in_all_weathers(|told| within("estimate", told.estimate(10.0), 5.0, 750.0));
}
