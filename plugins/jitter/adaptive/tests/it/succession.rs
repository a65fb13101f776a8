//! One policy takes over from the other while packets wait: nothing is lost, nothing is made up.

use jackfield_jitter_adaptive::AdaptiveDelay;
use jackfield_jitter_fixed::FixedDelay;
use jackfield_sdk::prelude::*;
use jackfield_testkit::jitter_buffer::{Listener, Stream, network};

fn make<T: Plugin + JitterBuffer>() -> Box<dyn JitterBuffer> {
    let mut buffer = T::create(&Environment::seeded(1)).expect("nothing to miss");
    buffer
        .activate(&JitterConfig::new(SampleRate::HZ_48000, 200))
        .expect("a usual setup");
    Box::new(buffer)
}

/// Swaps every 990 ms, so at ever other places between packets, and returns the listener.
fn swapping(jitter: TimeDelta, loss: f64, redundancy: bool) -> (Listener, usize) {
    let mut stream = Stream {
        redundancy,
        ..Stream::new()
    };
    let arrivals = stream.speak(
        TimeDelta::seconds(60),
        network(6, TimeDelta::ms(20), jitter, loss),
    );
    let mut listener = Listener::new(SampleRate::HZ_48000);
    let mut buffer = make::<AdaptiveDelay>();
    let mut coming = &arrivals[..];
    for swap in 1..=60 {
        let until = Timestamp::from_ms(swap * 990);
        let (now, later) = coming.split_at(coming.partition_point(|packet| packet.arrival <= until));
        coming = later;
        listener.run(&mut *buffer, now, until);
        let mut next = if swap % 2 == 1 {
            make::<FixedDelay>()
        } else {
            make::<AdaptiveDelay>()
        };
        listener.swap(&mut *buffer, &mut *next);
        buffer = next;
    }
    listener.run(&mut *buffer, coming, stream.now() + TimeDelta::seconds(3));
    listener.assert_ordered();
    (listener, arrivals.len())
}

#[test]
fn a_swap_with_packets_waiting_loses_nothing_and_makes_nothing_up() {
    let (listener, sent) = swapping(TimeDelta::ms(30), 0.0, false);
    assert_eq!(listener.played.len(), sent);
    assert!(listener.released.is_empty());
    let during = listener
        .played
        .iter()
        .filter(|p| p.at < Timestamp::from_ms(59_900));
    let gaps = during
        .clone()
        .zip(during.skip(1))
        .filter(|(a, b)| b.at - a.at > TimeDelta::ms(30))
        .count();
    assert_eq!(gaps, 0, "one packet follows the other");
}

#[test]
fn a_swap_during_losses_changes_nothing_about_them() {
    let (listener, sent) = swapping(TimeDelta::ms(30), 0.1, true);
    assert_eq!(listener.played.len(), sent);
    let missing = 3_000 - sent as u64;
    let filled = listener.count(Operation::Recover) + listener.concealed_ticks / 960;
    assert!(
        filled <= missing + 25,
        "{missing} packets are missing, {filled} were filled in"
    );
}

#[test]
fn a_swap_in_a_pause_is_silent() {
    let mut stream = Stream::new();
    let mut listener = Listener::new(SampleRate::HZ_48000);
    let mut buffer = make::<FixedDelay>();
    let mut arrivals = stream.speak(TimeDelta::seconds(2), |_| Some(TimeDelta::ms(10)));
    arrivals.extend(stream.pause(TimeDelta::seconds(2), TimeDelta::ms(10)));
    listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(3_000));
    let mut next = make::<AdaptiveDelay>();
    listener.swap(&mut *buffer, &mut *next);
    let arrivals = stream.speak(TimeDelta::seconds(2), |_| Some(TimeDelta::ms(10)));
    listener.run(&mut *next, &arrivals, Timestamp::from_ms(5_900));
    assert_eq!(listener.count(Operation::Conceal), 0);
    let (least, most) = listener.waits_ms(Timestamp::from_ms(4_000));
    assert!(
        least >= 20.0 && most < 110.0,
        "after the pause packets wait {least} to {most} ms"
    );
}

#[test]
fn the_delay_that_was_found_is_handed_on() {
    let mut stream = Stream::new();
    let mut listener = Listener::new(SampleRate::HZ_48000);
    let mut old = make::<AdaptiveDelay>();
    let arrivals = stream.speak(
        TimeDelta::seconds(60),
        network(2, TimeDelta::ms(20), TimeDelta::ms(150), 0.0),
    );
    listener.run(&mut *old, &arrivals, stream.now());
    let found = old.delay(listener.now).expect("a running stream").target;
    let mut new = make::<AdaptiveDelay>();
    listener.swap(&mut *old, &mut *new);
    assert_eq!(new.delay(listener.now).expect("a running stream").target, found);
}

#[test]
fn a_long_delay_is_brought_down_to_the_fixed_one_without_dropping() {
    let mut stream = Stream::new();
    let mut listener = Listener::new(SampleRate::HZ_48000);
    let mut old = make::<AdaptiveDelay>();
    old.set_bounds(TimeDelta::ms(400), TimeDelta::ms(400))
        .expect("good bounds");
    let arrivals = stream.speak(TimeDelta::seconds(10), |_| Some(TimeDelta::ms(10)));
    listener.run(&mut *old, &arrivals, stream.now());
    let mut new = make::<FixedDelay>();
    listener.swap(&mut *old, &mut *new);
    let arrivals = stream.speak(TimeDelta::seconds(30), |_| Some(TimeDelta::ms(10)));
    listener.run(&mut *new, &arrivals, stream.now());
    assert!(listener.released.is_empty() && listener.concealed_ticks == 0);
    let (_, most) = listener.waits_ms(stream.now() - TimeDelta::seconds(1));
    assert!(most < 75.0, "half a minute later packets wait {most} ms");
}
