//! When the media is less than the path would bear, and when it is more than the pacer can send: application limit, padding, pushback.

use jackfield_sdk::prelude::*;

use super::driver::{BEGINNING, Driver, LIMITED, WIDE};
use super::road::{Road, Traffic};

fn is_limited(driver: &mut Driver) -> bool {
    let by_path = driver.scream.advice(driver.traffic.now).unwrap().limited_by_path;
    let limited = driver.statistic(LIMITED) == 1.0;
    assert_eq!(by_path == 0, limited);
    limited
}

#[test]
fn e17_8_padding_finds_a_path_that_got_wider_while_the_media_was_small() {
    for seed in 0..30 {
        let narrow = Road {
            capacity: DataRate::kbps(2_000),
            delay: TimeDelta::ms(50),
            ..Road::FREE
        };
        let bounds = RateConstraints {
            maximum: DataRate::kbps(10_000),
            start: DataRate::kbps(300),
            ..WIDE
        };
        let mut driver = Driver::new(narrow, &bounds, seed);
        driver.open(DataRate::kbps(10_000));
        driver.run(TimeDelta::seconds(10), |_| {});
        let found = driver.last.target.as_kbps_f64();
        assert!((1_300.0..2_400.0).contains(&found), "seed {seed}: {found}");
        assert!(!is_limited(&mut driver));

        let mut limited = false;
        let end = driver.traffic.now + TimeDelta::seconds(1);
        while !limited && driver.traffic.now < end {
            driver.send(DataRate::kbps(100));
            limited = is_limited(&mut driver);
        }
        assert!(
            limited,
            "seed {seed}: a twentieth of the rate is sent, and it does not notice"
        );

        let wide = Road {
            capacity: DataRate::kbps(10_000),
            delay: TimeDelta::ms(5),
            ..Road::FREE
        };
        driver.traffic = Traffic::new(wide, driver.traffic.now, seed);
        let mut recovered = false;
        let end = driver.traffic.now + TimeDelta::seconds(5);
        while driver.traffic.now < end {
            let padded = driver.last.padding.max(DataRate::kbps(100));
            driver.send(padded);
            recovered |= !is_limited(&mut driver);
        }
        let found = driver.last.target;
        assert!(
            recovered && found >= DataRate::kbps(9_800),
            "seed {seed}: {found:?}"
        );
    }
}

/// Begins and ends of padding within `time`, while 50 kbit/s of media are sent.
fn padding(driver: &mut Driver, time: TimeDelta) -> Vec<(Timestamp, bool)> {
    let mut changes = Vec::new();
    let end = driver.traffic.now + time;
    let mut padding = false;
    while driver.traffic.now < end {
        let update = driver.send(DataRate::kbps(50));
        // A bit per second says that there is none.
        let now = update.padding > DataRate::kbps(1);
        if now != padding {
            changes.push((driver.traffic.now, now));
        }
        padding = now;
    }
    changes
}

#[test]
fn e17_8_padding_comes_and_goes_every_three_seconds() {
    let road = Road {
        capacity: DataRate::kbps(15_000),
        delay: TimeDelta::ms(10),
        ..Road::FREE
    };
    let start = DataRate::kbps(300);
    let mut driver = Driver::new(road, &RateConstraints { start, ..WIDE }, 0);
    driver.open(DataRate::kbps(1_000));
    let changes = padding(&mut driver, TimeDelta::seconds(30));
    assert!(changes.len() >= 8, "{changes:?}");
    for pair in changes.windows(2) {
        let span = pair[1].0 - pair[0].0;
        assert!(
            (TimeDelta::ms(2_500)..=TimeDelta::ms(3_300)).contains(&span),
            "{changes:?}"
        );
    }
    driver.scream.parameters().padding = false;
    assert_eq!(
        driver.send(DataRate::kbps(50)).padding,
        DataRate::bps(1),
        "the end is told"
    );
}

#[test]
fn e17_8_padding_goes_no_further_than_the_streams_can() {
    let road = Road {
        capacity: DataRate::kbps(15_000),
        delay: TimeDelta::ms(10),
        ..Road::FREE
    };
    let start = DataRate::kbps(300);
    let mut driver = Driver::new(road, &RateConstraints { start, ..WIDE }, 0);
    driver.open(DataRate::kbps(1_000));
    let end = driver.traffic.now + TimeDelta::seconds(2);
    let mut most = DataRate::ZERO;
    while driver.traffic.now < end {
        let padded = driver.last.padding.max(DataRate::kbps(50));
        most = most.max(padded);
        driver.send(padded);
    }
    assert!(
        (DataRate::kbps(700)..DataRate::kbps(1_000)).contains(&most),
        "{most:?}"
    );
    assert!(
        driver.last.target >= DataRate::kbps(1_000),
        "what is needed has been found"
    );
    assert!(driver.last.target < DataRate::kbps(1_500), "and not much more");
}

#[test]
fn e17_2_before_there_is_media_the_start_is_probed_with_padding_for_six_seconds() {
    let bounds = RateConstraints {
        maximum: DataRate::kbps(1_000),
        ..WIDE
    };
    let mut driver = Driver::new(Road::FREE, &bounds, 0);
    driver.event(CongestionEventKind::StreamsConfig, |event| {
        event.probe_repeatedly = 1;
    });
    driver.event(CongestionEventKind::NetworkAvailability, |event| event.flag = 1);
    assert_eq!(driver.last.padding, bounds.start);
    let probes: Vec<_> = driver
        .probes
        .0
        .iter()
        .map(|probe| (probe.id, probe.minimum_packets))
        .collect();
    assert_eq!(probes, [(1, 2)]);
    driver.traffic.now += TimeDelta::seconds(7);
    driver.event(CongestionEventKind::ProcessInterval, |_| {});
    assert_eq!(driver.last.padding, DataRate::bps(1));
}

#[test]
fn e17_2_a_queue_in_the_pacer_pushes_the_encoders_back_until_it_is_gone() {
    let start = DataRate::kbps(1_000);
    let mut driver = Driver::new(Road::FREE, &RateConstraints { start, ..WIDE }, 0);
    driver.event(CongestionEventKind::NetworkAvailability, |event| event.flag = 1);
    assert_eq!(driver.last.pacing, DataRate::kbps(1_300));
    // 300 ms at 1300 kbit/s.
    driver.event(CongestionEventKind::ProcessInterval, |event| {
        event.size = DataSize::bytes(48_750);
    });
    let reduction = driver.scream.advice(BEGINNING).unwrap().reduction;
    assert!((reduction - 0.5).abs() <= 0.05, "{reduction}");
    driver.event(CongestionEventKind::ProcessInterval, |_| {});
    assert_eq!(driver.scream.advice(BEGINNING).unwrap().reduction, 0.0);
}

#[test]
fn e17_2_a_full_window_stops_the_encoders() {
    let start = DataRate::kbps(1_000);
    let mut driver = Driver::new(Road::FREE, &RateConstraints { start, ..WIDE }, 0);
    driver.event(CongestionEventKind::SentPacket, |event| {
        event.in_flight = DataSize::bytes(100_000);
    });
    assert_eq!(driver.scream.advice(BEGINNING).unwrap().reduction, 1.0);
    assert!(
        driver.last.window < DataSize::bytes(100_000),
        "the pacer learns of it"
    );
}

#[test]
fn e17_2_bursts_are_small_after_congestion_tiny_after_marks_and_large_long_after_both() {
    for (marks, small) in [(false, TimeDelta::ms(10)), (true, TimeDelta::us(500))] {
        let road = Road {
            capacity: DataRate::kbps(900),
            marks,
            ..Road::FREE
        };
        let start = DataRate::kbps(500);
        let mut driver = Driver::new(road, &RateConstraints { start, ..WIDE }, 0);
        driver.open(DataRate::kbps(1_000));
        let burst = |driver: &mut Driver| {
            let now = driver.traffic.now;
            driver.scream.advice(now).unwrap().pacing_window
        };
        assert_eq!(burst(&mut driver), TimeDelta::ms(40));
        driver.run(TimeDelta::seconds(2), |_| {});
        assert_eq!(burst(&mut driver), small);
        driver.traffic.now += TimeDelta::seconds(16);
        assert_eq!(burst(&mut driver), TimeDelta::ms(40));
    }
}
