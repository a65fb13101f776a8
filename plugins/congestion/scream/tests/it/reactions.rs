//! What single feedbacks do: marks, losses, late packets, long queues, other flows, and a predecessor.

use jackfield_congestion_scream::Scream;
use jackfield_sdk::prelude::*;

use super::driver::{BEGINNING, Driver, MARKS, QUEUE, QUEUE_TARGET, WIDE, WINDOW};
use super::road::Road;

const PACKET: DataSize = DataSize::bytes(1_000);
const STEP: TimeDelta = TimeDelta::ms(25);

fn driver() -> Driver {
    Driver::new(Road::FREE, &WIDE, 0)
}

/// `count` packets that needed half a round trip and were fed back at once; the first is number `first`.
fn packets(now: Timestamp, round_trip: TimeDelta, first: i64, count: i64) -> Vec<PacketFeedback> {
    (first..first + count)
        .map(|number| PacketFeedback {
            sequence_number: number,
            sent: now - round_trip,
            received: now - round_trip + round_trip * 0.5,
            arrival_offset: TimeDelta::us(-1),
            size: PACKET,
            ecn: 1,
            cluster: 0,
            audio: 0,
            recovered: 0,
        })
        .collect()
}

/// Hands in a feedback with `in_flight` packets in flight; time goes on by 25 ms.
fn feed(driver: &mut Driver, packets: &[PacketFeedback], in_flight: i64) -> f64 {
    let event = CongestionEvent {
        in_flight: PACKET * in_flight,
        flag: 1,
        ..CongestionEvent::new(CongestionEventKind::PacketFeedback, driver.traffic.now)
    };
    driver.tell(&event, packets);
    driver.traffic.now += STEP;
    driver.statistic(WINDOW)
}

fn feed_new(driver: &mut Driver, round_trip: i64, change: impl Fn(&mut [PacketFeedback])) -> f64 {
    let now = driver.traffic.now;
    let mut reports = packets(now, TimeDelta::ms(round_trip), now.us(), 20);
    change(&mut reports);
    feed(driver, &reports, 20)
}

#[test]
fn e17_5_when_a_fifth_is_marked_the_mean_says_so_within_two_seconds() {
    let mut driver = driver();
    let mut before = 0.0;
    for _ in 0..80 {
        feed_new(&mut driver, 10, |reports| {
            reports.iter_mut().take(4).for_each(|packet| packet.ecn = 3);
        });
        let mean = driver.statistic(MARKS);
        assert!(mean > before, "{mean}");
        before = mean;
    }
    assert!((before - 20.0).abs() <= 1.0, "{before}");
}

#[test]
fn e17_2_the_window_grows_to_what_is_in_flight_and_little_more() {
    let mut driver = driver();
    let mut window = 0.0;
    for _ in 0..80 {
        let now = driver.traffic.now;
        let reports = packets(now, TimeDelta::ms(10), now.us(), 20);
        window = feed(&mut driver, &reports, 10);
    }
    assert_eq!(window, 1.1 * 10_000.0 + 1_280.0);
}

#[test]
fn e17_2_with_a_short_round_trip_the_window_grows_less_per_feedback() {
    let windows = [100, 1].map(|round_trip| feed_new(&mut driver(), round_trip, |_| {}));
    assert!(windows[0] > windows[1], "{windows:?}");
}

#[test]
fn e17_5_a_mark_makes_the_window_grow_less() {
    let windows = [1, 3].map(|ecn| feed_new(&mut driver(), 10, |reports| reports[0].ecn = ecn));
    assert!(windows[0] > windows[1], "{windows:?}");
}

fn lose_one(reports: &mut [PacketFeedback]) {
    reports[3].received = Timestamp::NEVER;
}

#[test]
fn e17_2_a_single_loss_is_no_congestion_and_three_lossy_rounds_are() {
    let mut driver = driver();
    let mut windows = vec![feed_new(&mut driver, 10, |_| {})];
    windows.push(feed_new(&mut driver, 10, lose_one));
    assert!(windows[1] >= windows[0], "{windows:?}");
    for _ in 0..2 {
        let now = driver.traffic.now;
        let mut reports = packets(now, TimeDelta::ms(10), now.us(), 5);
        lose_one(&mut reports);
        windows.push(feed(&mut driver, &reports, 5));
    }
    assert!(windows[3] < 0.9 * windows[2], "{windows:?}");
}

#[test]
fn e17_2_a_single_loss_with_a_queue_is_congestion() {
    let mut driver = driver();
    feed_new(&mut driver, 10, |_| {});
    for _ in 0..3 {
        feed_new(&mut driver, 170, |_| {});
    }
    let before = driver.statistic(WINDOW);
    let after = feed_new(&mut driver, 170, lose_one);
    assert!(after < 0.9 * before, "{before} to {after}");
}

#[test]
fn e17_2_losses_that_turn_out_to_be_late_packets_are_forgiven_and_then_waited_for() {
    let mut driver = driver();
    feed_new(&mut driver, 10, |_| {});
    let mut windows = Vec::new();
    for round in 0..40 {
        windows.push(feed_new(&mut driver, 10, |reports| {
            lose_one(reports);
            if round > 0 {
                // The one that was missing last time.
                reports[0].sequence_number = reports[3].sequence_number - STEP.as_us();
                reports[0].recovered = 1;
            }
        }));
    }
    assert!(
        windows.windows(2).all(|pair| pair[1] >= pair[0]),
        "no reduction: {windows:?}"
    );
}

#[test]
fn e17_2_a_packet_that_comes_after_all_says_nothing_of_the_queue_that_there_is_now() {
    let mut driver = driver();
    feed_new(&mut driver, 10, |_| {});
    for _ in 0..20 {
        feed_new(&mut driver, 70, |_| {});
    }
    let before = driver.statistic(QUEUE);
    assert!(before > 20.0, "5 ms one way became 35: {before}");
    feed_new(&mut driver, 70, |reports| {
        // It left before the queue had grown, and nobody knew that it had come.
        reports[0].sent -= TimeDelta::ms(200);
        reports[0].received = reports[0].sent + TimeDelta::ms(5);
        reports[0].recovered = 1;
    });
    let after = driver.statistic(QUEUE);
    assert!(after >= before, "{before} to {after}");
}

#[test]
fn e17_5_without_l4s_a_mark_costs_a_fifth_once_per_round_trip_and_ect_1_is_not_asked_for() {
    let mut driver = driver();
    driver.scream.parameters().l4s = false;
    driver.scream.parameters().multiplicative_increase = 0.0;
    for _ in 0..40 {
        feed_new(&mut driver, 100, |_| {});
    }
    assert_eq!(driver.last.ecn, 0);
    let mark = |reports: &mut [PacketFeedback]| reports[0].ecn = 3;
    let before = driver.statistic(WINDOW);
    let after = feed_new(&mut driver, 100, mark);
    let left = after / before;
    // What is acknowledged lets it grow a little in the same breath.
    assert!((0.8..0.86).contains(&left), "{left}");
    for _ in 0..2 {
        let again = feed_new(&mut driver, 100, mark);
        assert!(again >= after, "25 and 50 ms later is the same round trip");
    }
}

#[test]
fn e17_3_the_queue_delay_to_stay_below_rises_against_those_who_heed_only_loss_and_falls_again() {
    let mut driver = driver();
    feed_new(&mut driver, 10, |_| {});
    assert_eq!(driver.statistic(QUEUE_TARGET), 60.0);
    // A queue of 120 ms that somebody else keeps full: 10 ms of round trip were 5 one way.
    for round in 0..400 {
        feed_new(&mut driver, 250, |reports| {
            if round % 100 == 50 {
                lose_one(reports);
            }
        });
    }
    let raised = driver.statistic(QUEUE_TARGET);
    assert!((120.0..=400.0).contains(&raised), "{raised}");
    driver.scream.parameters().competing_flows = false;
    assert_eq!(driver.statistic(QUEUE_TARGET), 60.0, "off is off");
    driver.scream.parameters().competing_flows = true;
    for _ in 0..800 {
        feed_new(&mut driver, 10, |_| {});
    }
    assert_eq!(driver.statistic(QUEUE_TARGET), 60.0);
}

#[test]
fn e17_2_delays_count_of_the_last_burst_of_a_long_feedback_alone() {
    // The first half left 60 ms before the second; all of it came when it came, but some had been under way for 20 ms longer.
    let grown = |slow: std::ops::Range<usize>| {
        let mut driver = driver();
        let mut window = 0.0;
        for _ in 0..40 {
            let now = driver.traffic.now;
            let mut reports = packets(now, TimeDelta::ms(50), now.us(), 20);
            for report in &mut reports[..10] {
                report.sent -= TimeDelta::ms(60);
                report.received -= TimeDelta::ms(60);
            }
            for report in &mut reports[slow.clone()] {
                report.sent -= TimeDelta::ms(20);
            }
            window = feed(&mut driver, &reports, 2_000);
        }
        window
    };
    let quiet = grown(0..0);
    assert_eq!(grown(0..5), quiet, "jitter of long ago");
    let queued = grown(10..15);
    assert!(queued < 0.9 * quiet, "a burst that queues: {queued} of {quiet}");
}

#[test]
fn e17_2_a_feedback_by_which_nothing_came_changes_nothing() {
    let mut driver = driver();
    let before = driver.last.target;
    feed_new(&mut driver, 10, |reports| {
        reports
            .iter_mut()
            .for_each(|packet| packet.received = Timestamp::NEVER);
    });
    assert_eq!(driver.last.target, before);
}

#[test]
fn e17_4_what_the_remote_end_says_it_can_take_is_not_exceeded() {
    let start = DataRate::kbps(1_000);
    let mut driver = Driver::new(Road::FREE, &RateConstraints { start, ..WIDE }, 0);
    driver.event(CongestionEventKind::RemoteBitrate, |event| {
        event.rate = DataRate::kbps(500);
    });
    assert_eq!(driver.last.target, DataRate::kbps(500));
    feed_new(&mut driver, 10, |_| {});
    assert_eq!(driver.last.target, DataRate::kbps(500));
}

#[test]
fn e17_6_a_successor_goes_on_where_the_predecessor_was() {
    let road = Road {
        capacity: DataRate::kbps(2_000),
        delay: TimeDelta::ms(25),
        marks: false,
        ..Road::FREE
    };
    for inherited in [300, 1_000, 1_900, 2_500] {
        let mut driver = Driver::new(road, &WIDE, 0);
        let inherited = DataRate::kbps(inherited);
        driver.last.target = inherited;
        for _ in 0..40 {
            // Somebody else drives.
            driver.traffic.until_feedback(inherited, |_| {});
        }
        let now = driver.traffic.now;
        let mut young = Scream::create(&Environment::seeded(2)).unwrap();
        young.activate(now, &WIDE).unwrap();
        let state = CongestionHandover {
            estimate: inherited,
            target: inherited,
            round_trip: TimeDelta::ms(60),
            minimum_round_trip: TimeDelta::ms(54),
            ..CongestionHandover::default()
        };
        young.take_over(now, &state).unwrap();
        driver.scream = young;
        driver.event(CongestionEventKind::ProcessInterval, |_| {});
        assert_eq!(driver.last.target, inherited, "at once");
        let mut before = inherited;
        driver.run(TimeDelta::seconds(1), |driver| {
            let target = driver.last.target;
            let (jump, drift) = (target / before, target / inherited);
            assert!(
                (0.8..=1.2).contains(&jump) && (0.8..=1.2).contains(&drift),
                "{before:?} to {target:?}"
            );
            before = target;
        });
        // Nor does it jump when the landing is over.
        driver.run(TimeDelta::ms(500), |driver| {
            let jump = driver.last.target / before;
            assert!(
                (0.75..=1.2).contains(&jump),
                "{before:?} to {:?}",
                driver.last.target
            );
            before = driver.last.target;
        });
    }
}

#[test]
fn e17_2_a_queue_that_does_not_drain_is_given_room_and_then_taken_for_the_path() {
    let mut driver = driver();
    driver.scream.parameters().competing_flows = false;
    driver.scream.parameters().padding = false;
    feed_new(&mut driver, 50, |_| {});
    let mut targets = Vec::new();
    // 10 ms one way more than ever before.
    for _ in 0..1_000 {
        feed_new(&mut driver, 70, |_| {});
        targets.push(driver.last.target.as_kbps_f64());
    }
    let halved = targets.windows(2).filter(|pair| pair[1] < 0.6 * pair[0]).count();
    let doubled = targets.windows(2).filter(|pair| pair[1] > 1.7 * pair[0]).count();
    assert_eq!((halved, doubled), (1, 1), "once, and then it is the base delay");
}

#[test]
fn e17_2_feedback_is_wanted_more_often_the_higher_the_rate() {
    let intervals = [100, 1_000, 50_000].map(|kbps| {
        let start = DataRate::kbps(kbps);
        let mut driver = Driver::new(Road::FREE, &RateConstraints { start, ..WIDE }, 0);
        driver.traffic.now = BEGINNING;
        driver.event(CongestionEventKind::ProcessInterval, |_| {});
        driver.last.feedback_interval
    });
    assert_eq!(
        intervals,
        [TimeDelta::ms(100), TimeDelta::ms(40), TimeDelta::ms(5)]
    );
}
