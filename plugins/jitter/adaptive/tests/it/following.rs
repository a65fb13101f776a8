//! The delay goes up with the jitter, comes down again, and is worth what it costs.

use jackfield_jitter_adaptive::AdaptiveDelay;
use jackfield_jitter_fixed::FixedDelay;
use jackfield_sdk::prelude::*;
use jackfield_testkit::jitter_buffer::{Listener, Stream, network};

fn buffer() -> AdaptiveDelay {
    let mut buffer = AdaptiveDelay::create(&Environment::seeded(1)).expect("nothing to miss");
    buffer
        .activate(&JitterConfig::new(SampleRate::HZ_48000, 200))
        .expect("a usual setup");
    buffer
}

fn fixed(target_ms: i32) -> FixedDelay {
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

/// Plays on and returns the concealed ms and the mean wait of the last ten seconds.
fn listen(
    buffer: &mut dyn JitterBuffer,
    listener: &mut Listener,
    arrivals: &[PacketArrival],
    until: Timestamp,
) -> (u64, f64) {
    let before = listener.concealed_ticks;
    listener.run(buffer, arrivals, until);
    let last = listener
        .played
        .iter()
        .filter(|played| played.at > until - ms(10_000));
    let waits: Vec<f64> = last.map(|played| played.waited().as_ms_f64()).collect();
    (
        (listener.concealed_ticks - before) / 48,
        waits.iter().sum::<f64>() / waits.len() as f64,
    )
}

#[test]
fn e9_4_the_delay_follows_the_jitter_up_and_down() {
    let (mut buffer, mut listener) = (buffer(), Listener::new(SampleRate::HZ_48000));
    let mut stream = Stream::new();
    let calm = stream.speak(TimeDelta::seconds(30), |_| Some(ms(20)));
    let (_, quiet) = listen(&mut buffer, &mut listener, &calm, stream.now());
    let rough = stream.speak(TimeDelta::seconds(60), network(2, ms(20), ms(150), 0.0));
    let (_, loud) = listen(&mut buffer, &mut listener, &rough, stream.now());
    let target = buffer.delay(stream.now()).expect("a running stream").target;
    let calm = stream.speak(TimeDelta::seconds(150), |_| Some(ms(20)));
    let (made_up, later) = listen(&mut buffer, &mut listener, &calm, stream.now());
    listener.assert_ordered();
    assert!(quiet < 45.0, "on a calm network packets wait {quiet} ms");
    assert!(
        (ms(120)..=ms(200)).contains(&target),
        "the target for 150 ms of jitter is {target:?}"
    );
    assert!(loud > quiet + 30.0, "on a rough one {loud} ms");
    assert!(later < 45.0, "and when it is calm again {later} ms");
    assert_eq!(made_up, 0, "coming down costs nothing");
}

#[test]
fn e9_4_it_beats_fixed_delays_on_a_network_that_changes() {
    let network = || {
        let mut stream = Stream::new();
        let mut arrivals = Vec::new();
        for (seed, jitter) in [(1, 5), (2, 120), (3, 20), (4, 200), (5, 5)] {
            arrivals.extend(stream.speak(TimeDelta::seconds(60), network(seed, ms(20), ms(jitter), 0.0)));
        }
        arrivals.sort_by_key(|packet| packet.arrival);
        (arrivals, stream.now())
    };
    let run = |buffer: &mut dyn JitterBuffer| {
        let (arrivals, end) = network();
        let mut listener = Listener::new(SampleRate::HZ_48000);
        listener.run(buffer, &arrivals, end);
        let waits: Vec<f64> = listener
            .played
            .iter()
            .map(|played| played.waited().as_ms_f64())
            .collect();
        (
            listener.concealed_ticks / 48,
            waits.iter().sum::<f64>() / waits.len() as f64,
        )
    };
    let (made_up, wait) = run(&mut buffer());
    let (short_made_up, _) = run(&mut fixed(40));
    let (_, long_wait) = run(&mut fixed(200));
    assert!(
        made_up * 3 < short_made_up,
        "{made_up} ms made up, {short_made_up} ms with 40 ms fixed"
    );
    assert!(
        wait < 0.75 * long_wait,
        "packets wait {wait} ms, {long_wait} ms with 200 ms fixed"
    );
}

#[test]
fn a_longer_path_is_accepted_and_not_learnt_as_jitter() {
    let (mut buffer, mut listener) = (buffer(), Listener::new(SampleRate::HZ_48000));
    let mut stream = Stream::new();
    let arrivals = stream.speak(TimeDelta::seconds(30), |n| {
        Some(ms(if n < 500 { 20 } else { 120 }))
    });
    listener.run(&mut buffer, &arrivals, Timestamp::from_ms(30_000));
    listener.assert_ordered();
    let made_up = listener.concealed_ticks / 48;
    assert!(
        (60..=150).contains(&made_up),
        "a path longer by 100 ms: {made_up} ms made up, once"
    );
    let (_, most) = listener.waits_ms(Timestamp::from_ms(25_000));
    assert!(most < 130.0, "packets wait {most} ms");
    let first_gap = listener
        .played
        .windows(2)
        .filter(|pair| pair[1].at - pair[0].at > ms(45))
        .count();
    assert!(first_gap <= 3, "{first_gap} gaps");
}

#[test]
fn bursts_of_loss_are_filled_to_the_tick() {
    let (mut buffer, mut listener) = (buffer(), Listener::new(SampleRate::HZ_48000));
    let mut stream = Stream {
        redundancy: true,
        ..Stream::new()
    };
    let burst = |n: u64| (n % 100 < 97).then_some(ms(20));
    let arrivals = stream.speak(TimeDelta::seconds(60), burst);
    listener.run(&mut buffer, &arrivals, Timestamp::from_ms(59_000));
    listener.assert_ordered();
    let lost = 29 * 3 * 20;
    let recovered = listener.count(Operation::Recover) * 20;
    let filled = listener.concealed_ticks / 48 + recovered;
    assert!(filled.abs_diff(lost) <= 120, "{lost} ms lost, {filled} ms filled");
    assert!(
        recovered >= 20 * 20,
        "the last of three is recovered: {recovered} ms"
    );
}

#[test]
fn a_talkspurt_is_the_time_to_change_the_delay() {
    let (mut buffer, mut listener) = (buffer(), Listener::new(SampleRate::HZ_48000));
    let mut stream = Stream::new();
    for _ in 0..40 {
        let mut arrivals = stream.speak(ms(1_500), network(stream.handle, ms(20), ms(90), 0.0));
        arrivals.extend(stream.pause(ms(500), ms(110)));
        listener.run(&mut buffer, &arrivals, stream.now());
    }
    listener.assert_ordered();
    let corrections = listener.count(Operation::Accelerate) + listener.count(Operation::PreemptiveExpand);
    assert!(
        corrections < 400,
        "{corrections} audible corrections for 40 talkspurts"
    );
    let (made_up, speech) = (listener.concealed_ticks / 48, 40 * 1_500);
    assert!(made_up * 50 < speech, "{made_up} ms made up of {speech} ms");
}

#[test]
fn parameters_bound_the_target_and_the_quantile_moves_it() {
    // A queue holds everything up for 100 ms, once in five seconds.
    let held_up = |n: u64| ms(20 + (100 - (n % 250) as i64 * 20).max(0));
    let arrivals = Stream::new().speak(TimeDelta::seconds(60), |n| Some(held_up(n)));
    let target = |minimum_ms, maximum_ms, quantile| {
        let mut buffer = buffer();
        *buffer.parameters() = jackfield_jitter_adaptive::AdaptiveDelayParameters {
            minimum_ms,
            maximum_ms,
            quantile,
        };
        let mut listener = Listener::new(SampleRate::HZ_48000);
        listener.run(&mut buffer, &arrivals, Timestamp::from_ms(60_000));
        buffer
            .delay(listener.now)
            .expect("a running stream")
            .target
            .as_ms()
    };
    assert_eq!(target(300, 1_000, 0.95), 300);
    assert_eq!(target(0, 60, 0.95), 60);
    assert_eq!(target(300, 100, 0.95), 100, "the most wins");
    assert_eq!((target(0, 1_000, 0.999), target(0, 1_000, 0.5)), (120, 20));
}

#[test]
fn t_1_a_delay_that_is_far_too_long_is_played_off_as_fast_as_can_be_borne() {
    let mut buffer = buffer();
    let mut listener = Listener::new(SampleRate::HZ_48000);
    // Everything is 400 ms late for a while and comes at once; then the network is as good as new.
    let arrivals = Stream::new().speak(TimeDelta::seconds(12), |n| {
        let leaves = n as i64 * 20;
        Some(ms(if (4_000..4_400).contains(&leaves) {
            4_410 - leaves
        } else {
            10
        }))
    });
    listener.run(&mut buffer, &arrivals, Timestamp::from_ms(12_000));
    assert!(
        listener.count(Operation::FastAccelerate) > 0,
        "{:?}",
        listener.count(Operation::Accelerate)
    );
    assert!(listener.count(Operation::FastAccelerate) < 100);
    listener.assert_ordered();
}

#[test]
fn t_1_comfort_noise_goes_on_while_the_sender_is_silent() {
    let mut buffer = buffer();
    let mut listener = Listener::new(SampleRate::HZ_48000);
    let mut stream = Stream::new();
    let mut arrivals = stream.speak(TimeDelta::seconds(2), |_| Some(ms(10)));
    arrivals.extend(stream.pause(TimeDelta::seconds(3), ms(10)));
    arrivals.extend(stream.speak(TimeDelta::seconds(1), |_| Some(ms(10))));
    listener.run(&mut buffer, &arrivals, stream.now());
    let noise = listener.count(Operation::ComfortNoise);
    assert!(
        (200..=300).contains(&noise),
        "3 s of a pause, {noise} times 10 ms of noise"
    );
    assert_eq!(listener.count(Operation::Conceal), 0);
}
