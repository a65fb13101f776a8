//! Streams as they should be: whole, in time, for long.

use jackfield_sdk::prelude::*;

use super::{Buffers, Listener, Released, Stream, network, start};

/// While nothing has come, silence is asked for, and nothing is concealed.
pub fn before_the_first_packet_there_is_silence(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    listener.run(&mut *buffer, &[], Timestamp::from_ms(5_000));
    assert_eq!(
        listener.operations.keys().copied().collect::<Vec<_>>(),
        [Operation::Silence.0]
    );
}

/// On a network without jitter every packet is played once, in order, as it is, and nothing is made up.
pub fn a_steady_stream_is_played_whole_and_in_order(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    let arrivals = Stream::new().speak(TimeDelta::seconds(10), |_| Some(TimeDelta::ms(30)));
    listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(12_500));
    listener.assert_ordered();
    let played = listener
        .played
        .iter()
        .filter(|played| played.packet.dtx == 0)
        .count();
    assert_eq!(played, arrivals.len());
    let first = listener.played[0].at;
    let end = Timestamp::from_ms(10_000);
    assert!(first < Timestamp::from_ms(1_000), "it begins within a second");
    let gaps = listener
        .played
        .windows(2)
        .filter(|pair| pair[1].at < end && pair[1].at - pair[0].at > TimeDelta::ms(45));
    assert_eq!(gaps.count(), 0, "no hole while the stream runs");
}

/// Clocks from 8 to 90 kHz, packets from 2.5 to 120 ms.
pub fn every_clock_and_packet_length_works(subject: &Buffers) {
    for hz in [8_000, 16_000, 48_000, 90_000] {
        for packet_us in [2_500, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000] {
            let clock_rate = SampleRate::hz(hz);
            let mut buffer = subject.make(1);
            buffer
                .activate(&JitterConfig::new(clock_rate, 200))
                .expect("a usual setup");
            let mut listener = Listener::new(clock_rate);
            let mut stream = Stream {
                clock_rate,
                packet: TimeDelta::us(packet_us),
                ..Stream::new()
            };
            let arrivals = stream.speak(TimeDelta::seconds(3), |_| Some(TimeDelta::ms(30)));
            listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(6_000));
            listener.assert_ordered();
            assert_eq!(listener.played.len(), arrivals.len(), "{hz} Hz, {packet_us} µs");
        }
    }
}

/// While the sender says that it is silent nothing is concealed, however long that lasts, and what it says next is played whole.
pub fn a_pause_is_silence_and_no_loss(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    let mut stream = Stream::new();
    let mut arrivals = Vec::new();
    for length_ms in [100, 400, 3_000, 90_000] {
        arrivals.extend(stream.speak(TimeDelta::ms(1_000), |_| Some(TimeDelta::ms(10))));
        arrivals.extend(stream.pause(TimeDelta::ms(length_ms), TimeDelta::ms(10)));
    }
    arrivals.extend(stream.speak(TimeDelta::ms(1_000), |_| Some(TimeDelta::ms(10))));
    listener.run(&mut *buffer, &arrivals, stream.now() - TimeDelta::ms(20));
    assert_eq!(listener.count(Operation::Conceal), 0);
    listener.run(&mut *buffer, &[], stream.now() + TimeDelta::ms(2_000));
    listener.assert_ordered();
    assert_eq!(listener.played.len(), arrivals.len());
}

/// To a host that knows the first seven operations only, a pause is silence and a delay that is far too long is played off all the same. The
/// listener refuses what it does not know.
pub fn t_1_a_host_of_before_is_asked_for_nothing_that_it_does_not_know(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    listener.playout.greatest = Operation::Silence;
    let mut stream = Stream::new();
    let mut arrivals = stream.speak(TimeDelta::seconds(5), |n| {
        Some(TimeDelta::ms(if n < 50 { 300 } else { 10 }))
    });
    arrivals.extend(stream.pause(TimeDelta::seconds(1), TimeDelta::ms(10)));
    arrivals.extend(stream.speak(TimeDelta::seconds(1), |_| Some(TimeDelta::ms(10))));
    listener.run(&mut *buffer, &arrivals, stream.now());
    listener.assert_ordered();
    assert_eq!(listener.count(Operation::FastAccelerate), 0);
    assert_eq!(listener.count(Operation::ComfortNoise), 0);
}

/// A tone that somebody dials is turned down, or its handle leaves exactly once.
pub fn t_1_a_telephone_event_is_refused_or_leaves_once(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    let arrivals = Stream::new().speak(TimeDelta::ms(200), |_| Some(TimeDelta::ms(10)));
    listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(200));
    let event = EventArrival {
        size: size_of::<EventArrival>() as u32,
        event: 5,
        arrival: listener.now,
        handle: 99_999,
        sequence_number: arrivals.len() as i64 + 4_711,
        timestamp: 123_456_789 + 9_600,
        ticks: 4_800,
        ended: 1,
    };
    let mut released = Released::default();
    let taken = buffer
        .insert_event(listener.now, &event, &mut released)
        .expect("a good event");
    let mut gone = released
        .0
        .iter()
        .filter(|handle| **handle == event.handle)
        .count();
    for _ in 0..200 {
        let mut released = Released::default();
        let action = buffer
            .next(listener.now, &Playout::START, &mut released)
            .expect("a running stream");
        gone += usize::from(action.operation == Operation::Tone && action.handle == event.handle);
        gone += released
            .0
            .iter()
            .filter(|handle| **handle == event.handle)
            .count();
        listener.now += TimeDelta::ms(10);
    }
    match taken {
        Insertion::Late | Insertion::Duplicate => assert_eq!(gone, 0, "a refused handle stays with the host"),
        _ => assert!(gone >= 1, "the event was taken and never given out"),
    }
}

/// The delay aimed for stays within the bounds, and the delay that is kept is the one aimed for.
pub fn bounds_are_kept(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    for (minimum, maximum) in [(-1, 100), (200, 100)] {
        assert!(
            buffer
                .set_bounds(TimeDelta::ms(minimum), TimeDelta::ms(maximum))
                .is_err()
        );
    }
    buffer
        .set_bounds(TimeDelta::ms(200), TimeDelta::ms(200))
        .expect("good bounds");
    assert_eq!(
        buffer.delay(Timestamp::ZERO).expect("a running stream").target,
        TimeDelta::ms(200)
    );
    let arrivals = Stream::new().speak(TimeDelta::seconds(10), |_| Some(TimeDelta::ms(10)));
    listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(10_000));
    let (least, most) = listener.waits_ms(Timestamp::from_ms(1_000));
    assert!(least > 180.0 && most < 230.0, "packets wait {least} to {most} ms");
    let delay = buffer.delay(listener.now).expect("a running stream");
    assert_eq!(delay.target, TimeDelta::ms(200));
    assert!(
        (delay.current - TimeDelta::ms(210)).abs() < TimeDelta::ms(40),
        "{delay:?}"
    );
}

/// Half an hour of a sender whose clock is 500 ppm fast or slow: the delay neither grows nor shrinks, nothing is lost or made up.
pub fn e9_7_clock_drift_of_500_ppm_is_borne(subject: &Buffers) {
    for drift_ppm in [-500.0, 500.0] {
        let (mut buffer, mut listener) = start(subject);
        let mut stream = Stream {
            drift_ppm,
            ..Stream::new()
        };
        let arrivals = stream.speak(
            TimeDelta::seconds(1_800),
            network(9, TimeDelta::ms(20), TimeDelta::ms(10), 0.0),
        );
        let end = stream.now();
        listener.run(&mut *buffer, &arrivals, end);
        listener.assert_ordered();
        let settled = Timestamp::from_ms(30_000);
        let early = listener
            .played
            .iter()
            .filter(|p| (settled..settled + TimeDelta::seconds(60)).contains(&p.at));
        let late = listener
            .played
            .iter()
            .filter(|p| p.at > end - TimeDelta::seconds(60));
        let mean = |waits: Vec<f64>| waits.iter().sum::<f64>() / waits.len() as f64;
        let early = mean(early.map(|p| p.waited().as_ms_f64()).collect());
        let late = mean(late.map(|p| p.waited().as_ms_f64()).collect());
        assert!(
            (early - late).abs() < 20.0,
            "{drift_ppm} ppm: packets waited {early} ms, half an hour later {late} ms"
        );
        assert!(
            listener.concealed_ticks < 4_800,
            "{drift_ppm} ppm: {} ticks made up",
            listener.concealed_ticks
        );
        assert!(
            listener.released.is_empty() && listener.inserted(Insertion::Late) == 0,
            "{drift_ppm} ppm"
        );
        let corrected = listener.count(Operation::Accelerate) + listener.count(Operation::PreemptiveExpand);
        assert!(
            (50..1_500).contains(&corrected),
            "{drift_ppm} ppm: {corrected} corrections, 150 of 6 ms would do"
        );
    }
}

/// Two instances with the same input do the same.
pub fn equal_input_gives_equal_output(subject: &Buffers) {
    let run = || {
        let (mut buffer, mut listener) = start(subject);
        let arrivals = Stream::new().speak(
            TimeDelta::seconds(20),
            network(5, TimeDelta::ms(10), TimeDelta::ms(80), 0.1),
        );
        listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(20_000));
        (listener.played, listener.operations)
    };
    assert_eq!(run(), run());
}
