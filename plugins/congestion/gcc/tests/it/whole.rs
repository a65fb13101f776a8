//! The controller as a plugin: what it decides on events (`goog_cc_network_control_unittest.cc`), replay, and handover.

use jackfield_congestion_gcc::Gcc;
use jackfield_sdk::prelude::*;

use crate::driver::{Driver, START};

fn kbps(kbps: i64) -> DataRate {
    DataRate::kbps(kbps)
}

#[test]
fn it_begins_with_the_start_rate_and_two_probes_within_the_maximum() {
    let mut driver = Driver::up(123_456);
    let update = driver.process();
    assert_eq!((update.target, update.pacing), (START, START * 2.5));
    assert_eq!(driver.probe_rates(), [START * 3.0, START * 5.0]);
}

#[test]
fn pacing_is_tighter_after_the_first_feedback() {
    let mut driver = Driver::up(123_456);
    driver.process();
    driver.wait(1);
    let update = driver.packet_and_feedback(100, TimeDelta::ZERO);
    assert!(
        update.pacing >= START * 1.1 && update.pacing < kbps(65) * 1.1,
        "{update:?}"
    );
}

#[test]
fn the_streams_can_ask_for_another_pacing_factor() {
    let mut driver = Driver::up(123_456);
    driver.process();
    let streams = CongestionEvent {
        pacing_factor: 10.0,
        ..driver.event(CongestionEventKind::StreamsConfig)
    };
    assert_eq!(driver.tell(&streams).pacing, START * 10.0);
    driver.wait(1);
    let update = driver.packet_and_feedback(100, TimeDelta::ZERO);
    assert!(
        update.pacing >= START * 10.0 && update.pacing < kbps(65) * 10.0,
        "{update:?}"
    );
}

#[test]
fn without_feedback_on_packets_the_remote_end_rules_at_first() {
    let mut driver = Driver::up(123);
    driver.process();
    for rate in [START * 2.0, START] {
        let remote = CongestionEvent {
            rate,
            ..driver.event(CongestionEventKind::RemoteBitrate)
        };
        driver.tell(&remote);
        driver.wait(25);
        let update = driver.process();
        assert_eq!((update.target, update.pacing), (rate, rate * 2.5));
    }
}

#[test]
fn d5_7_a_change_of_the_path_starts_anew() {
    let mut driver = Driver::up(123);
    let update = driver.route(kbps(200), DataRate::ZERO, DataRate::ZERO);
    assert_eq!((update.target, update.pacing), (kbps(200), kbps(500)));
    assert_eq!(driver.probe_rates().len(), 2);
    // Without a start rate it is the smallest that there is.
    let update = driver.route(DataRate::ZERO, DataRate::ZERO, DataRate::ZERO);
    assert_eq!((update.target, update.pacing), (kbps(5), kbps(5) * 2.5));
    assert_eq!(driver.probe_rates().len(), 2);
    assert_eq!(driver.advice().pacing_window, TimeDelta::ms(40));
}

#[test]
fn d5_7_the_new_path_is_probed_at_three_and_six_times_the_start() {
    let mut driver = Driver::up(123);
    driver.wait(3_000);
    let update = driver.route(START * 2.0, DataRate::ZERO, START * 20.0);
    assert_eq!(update.target, START * 2.0);
    assert_eq!(driver.probe_rates(), [START * 6.0, START * 12.0]);
    driver.process();
    assert!(driver.probe_rates().is_empty());
}

#[test]
fn d5_7_or_when_the_network_is_up() {
    let mut driver = Driver::down(123);
    driver.route(START * 2.0, DataRate::ZERO, START * 20.0);
    assert!(driver.probe_rates().is_empty());
    driver.available(true);
    assert_eq!(driver.probe_rates().len(), 2);
}

#[test]
fn a_delay_that_grows_lowers_the_estimate() {
    let mut driver = Driver::up(123);
    let before = driver.run(6_000, TimeDelta::ZERO);
    let after = driver.run(6_000, TimeDelta::ms(50));
    assert!(after < before, "{after:?} after {before:?}");
}

#[test]
fn pacing_can_be_kept_within_what_the_link_is_known_to_bear() {
    let mut driver = Driver::up(123);
    driver.gcc.parameters().pace_within_link = true;
    driver.process();
    driver.wait(100);
    let upper = START * 1.25;
    let known = CongestionEvent {
        upper,
        ..driver.event(CongestionEventKind::NetworkStateEstimate)
    };
    driver.tell(&known);
    let update = driver.process();
    assert_eq!((update.target, update.pacing), (START, upper));
}

#[test]
fn e17_8_it_tells_whether_the_path_or_the_media_is_the_bound() {
    let mut driver = Driver::up(123_456);
    driver.process();
    assert_eq!(driver.advice().limited_by_path, 1);
    driver.send(1_000);
    driver.wait(10_000);
    driver.send(1);
    driver.process();
    assert_eq!(driver.advice().limited_by_path, 0);
    for _ in 0..50 {
        driver.wait(1);
        driver.send(1_000);
    }
    driver.process();
    assert_eq!(driver.advice().limited_by_path, 1);
}

#[test]
fn receiver_reports_alone_lower_and_raise_it() {
    let mut driver = Driver::up(1_000);
    driver.process();
    driver.route(kbps(1_000), kbps(100), kbps(1_500));
    let report = |driver: &mut Driver, lost, received| {
        driver.wait(1_000);
        let event = CongestionEvent {
            lost,
            received,
            ..driver.event(CongestionEventKind::TransportLoss)
        };
        driver.tell(&event);
        driver.process().target
    };
    let lowered = report(&mut driver, 50, 50);
    assert_eq!(lowered, kbps(750));
    assert_eq!(driver.advice().loss, 0.5);
    driver.wait(1_000);
    assert_eq!(driver.process().target, lowered, "each report counts once");
    let grown = report(&mut driver, 0, 100);
    assert!(grown > lowered && grown <= lowered * 1.09, "{grown:?}");
    assert_eq!(
        report(&mut driver, 5, 95),
        driver.last.target,
        "between 2 and 10 percent it stays"
    );
}

#[test]
fn a_round_trip_of_seconds_lowers_it_step_by_step_to_the_floor() {
    let mut driver = Driver::up(1_000);
    driver.gcc.parameters().round_trip_limit = 2.0;
    driver.gcc.parameters().round_trip_floor = 50.0;
    driver.route(kbps(300), kbps(10), kbps(1_000));
    driver.send(1_000);
    let mut targets = Vec::new();
    for _ in 0..12 {
        driver.wait(1_000);
        driver.send(1_000);
        targets.push(driver.process().target);
    }
    assert_eq!(targets[0], kbps(300));
    assert_eq!(targets[3], kbps(300) * 0.8 * 0.8, "{targets:?}");
    assert_eq!(targets.last(), Some(&kbps(50)));
}

#[test]
fn padding_fills_up_to_what_the_streams_want_and_ends_when_they_want_none() {
    let mut driver = Driver::up(1_000);
    driver.process();
    for (wanted, given) in [(40, kbps(40)), (500, START), (0, DataRate::bps(1))] {
        let streams = CongestionEvent {
            padding: kbps(wanted),
            ..driver.event(CongestionEventKind::StreamsConfig)
        };
        assert_eq!(driver.tell(&streams).padding, given);
    }
}

#[test]
fn a_full_window_leaves_out_frames_or_pushes_the_target_back_or_goes_to_the_pacer() {
    for (choice, pushed, reduced, given) in [
        (0, false, false, false),
        (1, false, false, true),
        (2, true, false, false),
        (3, false, true, false),
    ] {
        let mut driver = Driver::up(1_000);
        driver.gcc.parameters().congestion_window = choice;
        driver.run(3_000, TimeDelta::ZERO);
        driver.in_flight = 1_000_000;
        let before = driver.last.target;
        for _ in 0..20 {
            driver.wait(5);
            driver.send(1_000);
        }
        let update = driver.process();
        assert_eq!(update.target < before, pushed, "{choice}: {update:?}");
        assert_eq!(driver.advice().reduction > 0.1, reduced, "{choice}");
        assert_eq!(update.window > DataSize::ZERO, given, "{choice}");
    }
}

#[test]
fn e17_1_recorded_events_replay_to_the_same_decisions() {
    let mut first = Driver::up(500);
    first.record = Some(Vec::new());
    first.run(4_000, TimeDelta::ZERO);
    first.run(2_000, TimeDelta::ms(30));
    first.route(kbps(90), kbps(10), kbps(2_000));
    first.run(4_000, TimeDelta::ZERO);
    let record = first.record.take().expect("a record");
    assert!(record.len() > 300);

    let mut again = Driver::up(500);
    for (now, event, packets, update) in &record {
        again.now = *now;
        assert_eq!(&again.tell_with(event, packets), update, "{event:?}");
    }
}

#[test]
fn e17_6_a_successor_goes_on_without_a_jump_and_without_the_first_probes() {
    let mut old = Driver::up(500);
    old.route(START, kbps(10), kbps(2_000));
    old.run(8_000, TimeDelta::ZERO);
    let state = old.gcc.hand_over(old.now).expect("what it believes");
    assert!(state.target > START, "{state:?}");

    let mut young = Driver::down(old.now.us() / 1_000);
    young.route_bounds(kbps(10), kbps(2_000));
    young.gcc.take_over(young.now, &state).expect("it takes over");
    young.available(true);
    let update = young.process();
    assert!(young.probe_rates().is_empty());
    let ratio = update.target / state.target;
    assert!((0.8..=1.2).contains(&ratio), "{update:?} after {state:?}");
    assert_eq!(update.pacing, update.target * 1.1, "feedback flows already");
    let mut last = update.target;
    for _ in 0..40 {
        let next = young.run(50, TimeDelta::ZERO);
        assert!((next / last - 1.0).abs() <= 0.2, "{next:?} after {last:?}");
        last = next;
    }
}

#[test]
fn e17_6_a_predecessor_that_thought_the_path_far_better_than_it_used_it_makes_no_jump_either() {
    let mut young = Driver::down(500);
    young.route_bounds(kbps(10), kbps(5_000));
    let state = CongestionHandover {
        estimate: kbps(4_000),
        target: kbps(500),
        round_trip: TimeDelta::ms(80),
        ..CongestionHandover::default()
    };
    young.gcc.take_over(young.now, &state).expect("it takes over");
    let update = young.process();
    assert_eq!(update.target, kbps(550));
    assert_eq!(young.advice().round_trip, TimeDelta::ms(80));
}

#[test]
fn its_parameters_begin_as_libwebrtc_is() {
    let mut gcc = Gcc::create(&Environment::seeded(1)).expect("a plugin");
    let parameters = gcc.parameters();
    assert_eq!((parameters.backoff, parameters.trend_window), (0.85, 20));
    assert_eq!((parameters.first_probe, parameters.second_probe), (3.0, 6.0));
    assert_eq!(
        (
            parameters.congestion_window,
            parameters.congestion_window_queueing
        ),
        (3, 350.0)
    );
}
