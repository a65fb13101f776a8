//! The congestion window (`congestion_window_pushback_controller_unittest.cc`).

use jackfield_congestion_gcc::window::CongestionWindow;
use jackfield_sdk::prelude::*;

const LOWEST: DataRate = DataRate::kbps(30);

fn filled(in_flight: i64, window: i64) -> CongestionWindow {
    let mut filled = CongestionWindow::default();
    filled.set_in_flight(DataSize::bytes(in_flight));
    filled.set_window(DataSize::bytes(window));
    filled
}

fn push(window: &mut CongestionWindow, rate: i64) -> i64 {
    window.push_back(DataRate::bps(rate), LOWEST, false).as_bps()
}

#[test]
fn a_window_that_is_overfull_pushes_back_step_by_step() {
    let mut window = filled(100_000, 50_000);
    assert_eq!(push(&mut window, 80_000), 72_000);
    assert_eq!(push(&mut window, 72_000), (72_000.0 * 0.9 * 0.9) as i64);
}

#[test]
fn a_window_that_is_not_full_does_not() {
    assert_eq!(push(&mut filled(199_999, 200_000), 80_000), 80_000);
}

#[test]
fn it_does_not_push_below_the_lowest_rate() {
    let mut window = filled(100_000, 50_000);
    assert_eq!(push(&mut window, 35_000), 31_500);
    window.set_window(DataSize::bytes(20_000));
    assert_eq!(push(&mut window, 31_500), 30_000);
    assert_eq!(push(&mut window, 20_000), 20_000, "unless the rate is below it");
}

#[test]
fn without_a_window_nothing_pushes() {
    let mut window = CongestionWindow::default();
    window.set_in_flight(DataSize::bytes(100_000_000));
    assert_eq!(push(&mut window, 80_000), 80_000);
}

#[test]
fn the_queue_of_the_pacer_counts_if_told_to() {
    let mut window = filled(10_000, 50_000);
    window.set_pacer_queue(DataSize::bytes(100_000));
    let rate = DataRate::kbps(80);
    assert_eq!(window.push_back(rate, LOWEST, false), rate);
    assert!(window.push_back(rate, LOWEST, true) < rate);
}

#[test]
fn it_grows_back_and_is_whole_at_once_when_nothing_is_on_its_way() {
    let mut window = filled(100_000, 50_000);
    for _ in 0..10_000 {
        push(&mut window, 800_000);
    }
    window.set_in_flight(DataSize::bytes(25_000));
    let before = push(&mut window, 800_000_000);
    for _ in 0..20_000 {
        push(&mut window, 800_000_000);
    }
    assert!(push(&mut window, 800_000_000) > before);
    window.set_in_flight(DataSize::bytes(100));
    assert_eq!(push(&mut window, 800_000), 800_000);
}

#[test]
fn its_size_is_what_the_target_fills_in_the_shortest_round_trip_and_the_queueing() {
    let mut window = CongestionWindow::default();
    window.resize(DataRate::kbps(800), TimeDelta::ms(350));
    assert_eq!(window.window(), None, "no feedback yet");
    for ms in [150, 50, 250] {
        window.feedback(TimeDelta::ms(ms));
    }
    window.resize(DataRate::kbps(800), TimeDelta::ms(350));
    assert_eq!(window.window(), Some(DataSize::bytes(40_000)));
    window.resize(DataRate::kbps(400), TimeDelta::ms(350));
    assert_eq!(window.window(), Some(DataSize::bytes(30_000)), "half way");
    for _ in 0..40 {
        window.resize(DataRate::bps(1), TimeDelta::ms(350));
    }
    assert_eq!(window.window(), Some(DataSize::bytes(3_000)), "two packets");
}
