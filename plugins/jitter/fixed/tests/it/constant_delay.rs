//! The delay is what it was set to, whatever the network does within it.

use jackfield_jitter_fixed::FixedDelay;
use jackfield_sdk::prelude::*;
use jackfield_testkit::jitter_buffer::{Listener, Stream, network};

fn buffer(target_ms: i32) -> FixedDelay {
    let mut buffer = FixedDelay::create(&Environment::seeded(1)).expect("nothing to miss");
    buffer.parameters().target_ms = target_ms;
    buffer
        .activate(&JitterConfig::new(SampleRate::HZ_48000, 200))
        .expect("a usual setup");
    buffer
}

fn ms(ms: i64) -> TimeDelta {
    TimeDelta::ms(ms)
}

#[test]
fn the_fastest_packets_wait_for_the_target() {
    for target in [0, 20, 60, 150, 500] {
        let (mut buffer, mut listener) = (buffer(target), Listener::new(SampleRate::HZ_48000));
        let arrivals = Stream::new().speak(TimeDelta::seconds(10), |_| Some(ms(33)));
        listener.run(&mut buffer, &arrivals, Timestamp::from_ms(10_000));
        let (least, most) = listener.waits_ms(Timestamp::ZERO);
        let target = f64::from(target);
        assert!(
            least >= target - 5.0 && most <= target + 10.0,
            "target {target}: packets wait {least} to {most} ms"
        );
        assert_eq!(listener.count(Operation::Conceal), 0);
    }
}

#[test]
fn jitter_up_to_the_target_costs_nothing() {
    let (mut buffer, mut listener) = (buffer(60), Listener::new(SampleRate::HZ_48000));
    let arrivals = Stream::new().speak(TimeDelta::seconds(60), network(1, ms(30), ms(50), 0.0));
    listener.run(&mut buffer, &arrivals, Timestamp::from_ms(60_000));
    listener.assert_ordered();
    assert_eq!(listener.concealed_ticks, 0);
    assert_eq!(listener.inserted(Insertion::Late), 0);
    let corrections = listener.count(Operation::Accelerate) + listener.count(Operation::PreemptiveExpand);
    assert!(
        corrections < 20,
        "{corrections} corrections in a minute without drift"
    );
}

#[test]
fn a_single_spike_makes_a_gap_and_the_delay_comes_back() {
    let (mut buffer, mut listener) = (buffer(60), Listener::new(SampleRate::HZ_48000));
    let spike = |n: u64| {
        if (500..508).contains(&n) {
            170 - 20 * (n as i64 - 500)
        } else {
            10
        }
    };
    let arrivals = Stream::new().speak(TimeDelta::seconds(40), |n| Some(ms(spike(n).max(10))));
    listener.run(&mut buffer, &arrivals, Timestamp::from_ms(40_000));
    listener.assert_ordered();
    let gap_ms = listener.concealed_ticks / 48;
    assert!(
        (80..=130).contains(&gap_ms),
        "160 ms more against 60 ms of buffer: {gap_ms} ms are made up"
    );
    let (least, most) = listener.waits_ms(Timestamp::from_ms(30_000));
    assert!(
        least >= 50.0 && most <= 75.0,
        "20 s later packets wait {least} to {most} ms"
    );
    assert!(
        listener.count(Operation::Accelerate) > 0,
        "it caught up by playing faster"
    );
}

#[test]
fn a_new_target_is_reached_by_playing_faster_or_slower() {
    let (mut buffer, mut listener) = (buffer(60), Listener::new(SampleRate::HZ_48000));
    let mut stream = Stream::new();
    for target in [60, 120, 40, 100] {
        buffer.parameters().target_ms = target;
        let arrivals = stream.speak(TimeDelta::seconds(10), |_| Some(ms(10)));
        listener.run(&mut buffer, &arrivals, stream.now());
        let (least, most) = listener.waits_ms(stream.now() - ms(1_000));
        let target = f64::from(target);
        assert!(
            least >= target - 10.0 && most <= target + 15.0,
            "target {target}: packets wait {least} to {most} ms"
        );
    }
    assert_eq!(listener.concealed_ticks, 0);
    assert!(listener.released.is_empty());
}

#[test]
fn after_a_stall_what_is_stale_is_skipped() {
    let (mut buffer, mut listener) = (buffer(60), Listener::new(SampleRate::HZ_48000));
    let stall = |n: u64| {
        if (250..300).contains(&n) {
            (6_000 - n as i64 * 20).max(10)
        } else {
            10
        }
    };
    let arrivals = Stream::new().speak(TimeDelta::seconds(20), |n| Some(ms(stall(n))));
    listener.run(&mut buffer, &arrivals, Timestamp::from_ms(20_000));
    listener.assert_ordered();
    let (_, most) = listener.waits_ms(Timestamp::from_ms(6_500));
    assert!(
        most < 170.0,
        "half a second after a stall of one second packets wait {most} ms"
    );
    assert!(
        listener.released.len() > 20,
        "{} packets were skipped",
        listener.released.len()
    );
}

#[test]
fn statistics_tell_what_happened() {
    let (mut buffer, mut listener) = (buffer(60), Listener::new(SampleRate::HZ_48000));
    let mut stream = Stream {
        redundancy: true,
        ..Stream::new()
    };
    let mut arrivals = stream.speak(TimeDelta::seconds(4), |n| (n % 10 != 5).then_some(ms(10)));
    let copy = PacketArrival {
        handle: 1_000_000,
        ..arrivals[20]
    };
    arrivals.insert(21, copy);
    listener.run(&mut buffer, &arrivals, Timestamp::from_ms(4_000));
    let mut values = [0.0; 11];
    Plugin::statistics(&mut buffer, &mut values);
    let of = |name: &str| {
        values[FixedDelay::STATISTICS
            .iter()
            .position(|s| s.name == name)
            .expect("a statistic")]
    };
    assert_eq!(of("target_ms"), 60.0);
    assert!((50.0..=90.0).contains(&of("current_ms")), "{}", of("current_ms"));
    assert_eq!(of("packets_duplicate"), 1.0);
    assert_eq!(of("packets_played"), listener.played.len() as f64);
    assert_eq!(of("recovered_packets"), listener.count(Operation::Recover) as f64);
    assert_eq!(
        of("concealed_operations"),
        listener.count(Operation::Conceal) as f64
    );
    assert_eq!(
        (of("packets_late"), of("packets_flushed"), of("restarts")),
        (0.0, 0.0, 0.0)
    );
}
