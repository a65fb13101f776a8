//! The suite of jitter buffers, and a host in virtual time to test one with.

mod listener;
mod stream;

pub use listener::{Listener, Played, Released};
pub use stream::{Stream, network};

use jackfield_sdk::prelude::*;

use crate::Subject;
use crate::module::range;
use crate::real_time;
use crate::signal::Random;

crate::conformance::cases! { $ __jitter_buffer_cases jitter_buffer:
    module::descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::statistics_are_as_many_as_described,
    module::reset_keeps_the_parameters,
    jitter_buffer::calls_before_activation_are_faults,
    jitter_buffer::a_setup_that_cannot_be_is_a_fault,
    jitter_buffer::before_the_first_packet_there_is_silence,
    jitter_buffer::a_steady_stream_is_played_whole_and_in_order,
    jitter_buffer::every_clock_and_packet_length_works,
    jitter_buffer::reordered_packets_are_put_in_order,
    jitter_buffer::duplicates_and_latecomers_are_refused,
    jitter_buffer::a_lost_packet_is_concealed,
    jitter_buffer::a_lost_packet_is_recovered_where_it_can_be,
    jitter_buffer::a_pause_is_silence_and_no_loss,
    jitter_buffer::a_full_buffer_is_flushed,
    jitter_buffer::bounds_are_kept,
    jitter_buffer::a_jump_of_the_numbers_is_survived,
    jitter_buffer::a_stall_is_survived,
    jitter_buffer::a_successor_plays_on_without_a_gap,
    jitter_buffer::a_nonsense_handover_does_no_harm,
    jitter_buffer::a_reset_loses_no_handle,
    jitter_buffer::every_handle_leaves_exactly_once,
    jitter_buffer::extreme_numbers_do_no_harm,
    jitter_buffer::e9_7_clock_drift_of_500_ppm_is_borne,
    jitter_buffer::equal_input_gives_equal_output,
    jitter_buffer::t_3_audio_calls_are_real_time_safe,
}

type Buffers = Subject<dyn JitterBuffer>;

/// Plugin `T` as it is.
pub fn direct<T: Plugin + JitterBuffer>() -> Buffers {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + JitterBuffer>() -> Buffers {
    Subject::new::<T>(|plugin| Box::new(JitterBufferProxy::local(plugin)))
}

/// Without `activate` every call is answered with a fault.
pub fn calls_before_activation_are_faults(subject: &Buffers) {
    let mut buffer = subject.make(1);
    let packet = Stream::new().speak(TimeDelta::ms(20), |_| Some(TimeDelta::ZERO))[0];
    let mut released = Released::default();
    assert!(buffer.insert(Timestamp::ZERO, &packet, &mut released).is_err());
    assert!(
        buffer
            .next(Timestamp::ZERO, &Playout::START, &mut released)
            .is_err()
    );
    assert!(buffer.delay(Timestamp::ZERO).is_err());
    assert!(buffer.hand_over(Timestamp::ZERO).is_err());
    assert!(
        buffer
            .take_over(Timestamp::ZERO, &JitterHandover::default())
            .is_err()
    );
    buffer.activate(&CONFIG).expect("a usual setup mends it");
    assert!(buffer.insert(Timestamp::ZERO, &packet, &mut released).is_ok());
}

/// A clock without a rate and a buffer without room are refused.
pub fn a_setup_that_cannot_be_is_a_fault(subject: &Buffers) {
    for (clock_rate, max_packets) in [(0, 200), (48_000, 0), (48_000, u32::MAX)] {
        let mut buffer = subject.make(1);
        assert!(
            buffer
                .activate(&JitterConfig::new(SampleRate::hz(clock_rate), max_packets))
                .is_err()
        );
        buffer.activate(&CONFIG).expect("a usual setup, afterwards");
    }
}

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

/// Packets that overtake each other within the delay are played in order, and none is lost.
pub fn reordered_packets_are_put_in_order(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    buffer
        .set_bounds(TimeDelta::ms(150), TimeDelta::ms(400))
        .expect("good bounds");
    let arrivals = Stream::new().speak(TimeDelta::seconds(5), |n| {
        Some(TimeDelta::ms(if n % 5 == 3 { 75 } else { 10 }))
    });
    listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(6_000));
    listener.assert_ordered();
    assert_eq!(listener.played.len(), arrivals.len());
    assert_eq!(listener.inserted(Insertion::Late), 0);
}

/// A packet that comes twice, waiting or played, and one that comes after its successors were played are refused.
pub fn duplicates_and_latecomers_are_refused(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    let mut arrivals = Stream::new().speak(TimeDelta::seconds(2), |n| {
        Some(TimeDelta::ms(if n == 20 { 1_400 } else { 10 }))
    });
    let copies: Vec<PacketArrival> = arrivals
        .iter()
        .filter(|packet| packet.handle % 10 == 5)
        .map(|packet| PacketArrival {
            arrival: packet.arrival + TimeDelta::ms(1),
            handle: packet.handle + 10_000,
            ..*packet
        })
        .collect();
    arrivals.extend(&copies);
    arrivals.sort_by_key(|packet| packet.arrival);
    listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(4_000));
    listener.assert_ordered();
    assert_eq!(listener.inserted(Insertion::Duplicate), copies.len() as u64);
    assert_eq!(listener.inserted(Insertion::Late), 1);
    assert_eq!(listener.played.len(), 99);
}

/// A packet that never comes is made up, and the next one is joined to that.
pub fn a_lost_packet_is_concealed(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    let arrivals = Stream::new().speak(TimeDelta::seconds(4), |n| {
        (n % 20 != 10).then_some(TimeDelta::ms(10))
    });
    listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(4_000));
    listener.assert_ordered();
    let lost_ms = listener.concealed_ticks as f64 / 48.0;
    assert!(
        (180.0..=320.0).contains(&lost_ms),
        "10 packets of 20 ms are missing, {lost_ms} ms are made up"
    );
    assert!(listener.count(Operation::Merge) >= 9, "what follows is joined");
}

/// A packet that never comes is recovered from the next, if that has redundancy.
pub fn a_lost_packet_is_recovered_where_it_can_be(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    let mut stream = Stream {
        redundancy: true,
        ..Stream::new()
    };
    let arrivals = stream.speak(TimeDelta::seconds(4), |n| {
        (n % 20 != 10).then_some(TimeDelta::ms(10))
    });
    listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(4_000));
    listener.assert_ordered();
    let recovered = listener.count(Operation::Recover);
    assert!(recovered >= 9, "of 10 losses {recovered} are recovered");
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

/// More packets at once than there is room for: the old ones come back, the new ones are played.
pub fn a_full_buffer_is_flushed(subject: &Buffers) {
    let mut buffer = subject.make(1);
    buffer
        .activate(&JitterConfig::new(SampleRate::HZ_48000, 20))
        .expect("a usual setup");
    let mut listener = Listener::new(SampleRate::HZ_48000);
    let mut stream = Stream::new();
    let burst = stream.speak(TimeDelta::ms(700), |n| Some(TimeDelta::ms(700 - 20 * n as i64)));
    listener.run(&mut *buffer, &burst, Timestamp::from_ms(700));
    for packet in &burst {
        listener.insert(&mut *buffer, packet);
    }
    assert!(listener.inserted(Insertion::Flushed) >= 1);
    assert!(listener.waiting() <= 20);
    let arrivals = stream.speak(TimeDelta::seconds(2), |_| Some(TimeDelta::ZERO));
    listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(3_500));
    listener.assert_ordered();
    let last = listener
        .played
        .last()
        .expect("something was played")
        .packet
        .handle;
    assert_eq!(last, arrivals.last().expect("not empty").handle);
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

/// A sender that begins anew with other numbers is heard within a second; a single stray is not followed.
pub fn a_jump_of_the_numbers_is_survived(subject: &Buffers) {
    for (sequence_number, timestamp) in [
        (30_000, -5_000_000),
        (-20_000, 900_000_000),
        (100, 0),
        (7_000, 123_456_789),
    ] {
        let (mut buffer, mut listener) = start(subject);
        let mut stream = Stream::new();
        let mut arrivals = stream.speak(TimeDelta::seconds(2), |_| Some(TimeDelta::ms(10)));
        let stray = PacketArrival {
            handle: 9_999,
            sequence_number: sequence_number - 3,
            timestamp,
            ..arrivals[50]
        };
        arrivals.insert(50, stray);
        stream.sequence_number = sequence_number;
        stream.timestamp = timestamp;
        let anew = stream.speak(TimeDelta::seconds(2), |_| Some(TimeDelta::ms(10)));
        arrivals.extend(&anew);
        listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(5_000));
        let before = listener
            .played
            .iter()
            .filter(|played| played.packet.handle <= 100)
            .count();
        assert!(
            before >= 80,
            "jump to {sequence_number}: of 100 packets before {before} were played"
        );
        let after = listener
            .played
            .iter()
            .filter(|played| (101..9_999).contains(&played.packet.handle))
            .count();
        assert!(
            after >= anew.len() - 50,
            "jump to {sequence_number}: of 100 packets after {after} were played"
        );
        assert!(listener.played.windows(2).all(|pair| pair[1].at >= pair[0].at));
        assert!(
            listener.played.iter().all(|played| played.packet.handle != 9_999) || sequence_number == 7_000
        );
    }
}

/// The network holds everything up for two seconds: silence sets in, and afterwards the delay is soon bearable again.
pub fn a_stall_is_survived(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    let arrivals = Stream::new().speak(TimeDelta::seconds(40), |n| {
        let leaves = n as i64 * 20;
        Some(TimeDelta::ms(if (5_000..7_000).contains(&leaves) {
            7_010 - leaves
        } else {
            10
        }))
    });
    listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(40_000));
    listener.assert_ordered();
    assert!(
        listener.count(Operation::Silence) > 100,
        "a long gap is silence, not an endless vowel"
    );
    let (_, most) = listener.waits_ms(Timestamp::from_ms(30_000));
    assert!(most < 500.0, "23 s after the stall packets still wait {most} ms");
}

/// A newcomer takes over in mid-stream: no packet is lost, none is played twice, nothing is made up, the timing stays.
pub fn a_successor_plays_on_without_a_gap(subject: &Buffers) {
    let (mut old, mut listener) = start(subject);
    let arrivals = Stream::new().speak(
        TimeDelta::seconds(20),
        network(3, TimeDelta::ms(10), TimeDelta::ms(15), 0.0),
    );
    let at = |ms| Timestamp::from_ms(ms);
    let between = |from, to| -> Vec<PacketArrival> {
        arrivals
            .iter()
            .filter(|p| p.arrival > at(from) && p.arrival <= at(to))
            .copied()
            .collect()
    };
    listener.run(&mut *old, &between(-1, 3_000), at(3_000));
    for swap in 0..16 {
        let (from, to) = (3_000 + swap * 1_010, 4_010 + swap * 1_010);
        let mut new = subject.make(swap as u64);
        new.activate(&CONFIG).expect("a usual setup");
        listener.swap(&mut *old, &mut *new);
        old = new;
        listener.run(&mut *old, &between(from, to), at(to));
    }
    listener.assert_ordered();
    assert_eq!(listener.count(Operation::Conceal), 0);
    assert!(listener.released.is_empty());
    let played = listener
        .played
        .windows(2)
        .all(|pair| pair[1].packet.sequence_number == pair[0].packet.sequence_number + 1);
    assert!(played, "a packet is missing");
}

/// A state that makes no sense is taken or refused, and playing goes on.
pub fn a_nonsense_handover_does_no_harm(subject: &Buffers) {
    let extremes = [i64::MIN, -1, 0, 1, i64::MAX];
    for number in extremes {
        for target in extremes {
            let (mut buffer, mut listener) = start(subject);
            let state = JitterHandover {
                started: 1,
                reserved: 0,
                next_sequence_number: number,
                next_timestamp: number,
                target: TimeDelta::us(target),
            };
            let _ = buffer.take_over(Timestamp::ZERO, &state);
            let arrivals = Stream::new().speak(TimeDelta::seconds(6), |_| Some(TimeDelta::ms(10)));
            listener.run(&mut *buffer, &arrivals, Timestamp::from_ms(6_000));
            assert!(
                listener.played.len() > 150,
                "{number}, {target}: {} packets played",
                listener.played.len()
            );
        }
    }
}

/// A reset in mid-stream keeps what waits and goes on.
pub fn a_reset_loses_no_handle(subject: &Buffers) {
    let (mut buffer, mut listener) = start(subject);
    let arrivals = Stream::new().speak(TimeDelta::seconds(4), |_| Some(TimeDelta::ms(10)));
    let (first, second) = arrivals.split_at(100);
    listener.run(&mut *buffer, first, Timestamp::from_ms(2_000));
    buffer
        .reset(ResetReason::Stream)
        .expect("a reset is always possible");
    listener.run(&mut *buffer, second, Timestamp::from_ms(7_000));
    listener.assert_ordered();
    assert_eq!(listener.waiting(), 0);
    assert_eq!(listener.played.len() + listener.released.len(), arrivals.len());
}

/// Whatever the network does, each packet taken in leaves once: played, given back, or at the end still waiting. The listener watches.
pub fn every_handle_leaves_exactly_once(subject: &Buffers) {
    for seed in 1..=40 {
        let (mut buffer, mut listener) = start(subject);
        let mut random = Random::new(seed);
        let mut stream = Stream {
            redundancy: seed % 2 == 0,
            ..Stream::new()
        };
        let mut arrivals = Vec::new();
        for _ in 0..8 {
            let jitter = TimeDelta::ms([0, 30, 120, 600, 3_000][random.below(5) as usize]);
            let loss = [0.0, 0.05, 0.5][random.below(3) as usize];
            arrivals.extend(stream.speak(
                TimeDelta::seconds(1),
                network(random.bits(), TimeDelta::ms(10), jitter, loss),
            ));
            match random.below(5) {
                0 => arrivals
                    .extend(stream.pause(TimeDelta::ms(random.below(3_000) as i64 + 20), TimeDelta::ms(20))),
                1 => stream.be_silent(TimeDelta::ms(random.below(1_000) as i64)),
                2 => stream.sequence_number += random.below(8_000) as i64 - 4_000,
                3 => stream.timestamp += random.below(1_000_000) as i64 - 500_000,
                _ => {}
            }
        }
        let twice: Vec<PacketArrival> = arrivals
            .iter()
            .filter(|_| random.below(10) == 0)
            .copied()
            .collect();
        arrivals.extend(twice.iter().map(|p| PacketArrival {
            handle: p.handle + 1_000_000,
            arrival: p.arrival + TimeDelta::ms(7),
            ..*p
        }));
        arrivals.sort_by_key(|packet| packet.arrival);
        listener.run(&mut *buffer, &arrivals, stream.now() + TimeDelta::seconds(4));
        let refused = listener.inserted(Insertion::Late) + listener.inserted(Insertion::Duplicate);
        let left = listener.played.len() + listener.released.len() + listener.waiting() + refused as usize;
        assert_eq!(left, arrivals.len(), "seed {seed}");
    }
}

/// Numbers at the ends of their types neither panic nor hang it.
pub fn extreme_numbers_do_no_harm(subject: &Buffers) {
    let extremes = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
    let (mut buffer, mut listener) = start(subject);
    let mut released = Released::default();
    let mut handle = 1_000_000;
    for sequence_number in extremes {
        for timestamp in extremes {
            for (ticks, now) in [(0, 0), (960, 10), (u32::MAX, i64::MAX), (48_000, i64::MIN)] {
                handle += 1;
                let now = Timestamp::from_us(now);
                let packet = PacketArrival {
                    arrival: now,
                    handle,
                    sequence_number,
                    timestamp,
                    ticks,
                    redundancy: u32::MAX,
                    dtx: ticks % 2,
                    marker: 7,
                };
                let _ = buffer.insert(now, &packet, &mut released);
                let playout = Playout {
                    ready_ticks: ticks,
                    last: Operation(sequence_number as u32),
                    ..Playout::START
                };
                let _ = buffer.next(now, &playout, &mut released);
                let _ = buffer.delay(now);
                let _ = buffer.hand_over(now);
            }
        }
    }
    let mut young = subject.make(1);
    young.activate(&CONFIG).expect("a usual setup");
    let arrivals = Stream::new().speak(TimeDelta::seconds(2), |_| Some(TimeDelta::ms(10)));
    listener.run(&mut *young, &arrivals, Timestamp::from_ms(2_000));
    assert!(listener.played.len() > 80);
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

/// Inserting, asking, turning parameters and handing over allocate nothing, free nothing and make no system call.
pub fn t_3_audio_calls_are_real_time_safe(subject: &Buffers) {
    let (mut buffer, _) = start(subject);
    let mut stream = Stream {
        redundancy: true,
        ..Stream::new()
    };
    let arrivals = stream.speak(
        TimeDelta::seconds(20),
        network(5, TimeDelta::ms(10), TimeDelta::ms(120), 0.1),
    );
    let mut released = Released(Vec::with_capacity(arrivals.len()));
    let mut values = vec![0.0; subject.statistics.len()];
    let (mut playout, mut coming) = (Playout::START, arrivals.iter().peekable());
    for block in 0..2_000 {
        let now = Timestamp::from_ms(block * 10);
        let (_, seen) = real_time::section(|| {
            while let Some(packet) = coming.next_if(|packet| packet.arrival <= now) {
                let _ = buffer.insert(now, packet, &mut released);
            }
            while playout.ready_ticks < 480 {
                let Ok(action) = buffer.next(now, &playout, &mut released) else {
                    break;
                };
                playout.last = action.operation;
                playout.ready_ticks += if action.ticks > 0 { action.ticks } else { 960 };
            }
            let _ = (buffer.delay(now), buffer.stats(&mut values));
            if block % 100 == 50 {
                for (index, parameter) in (0..).zip(subject.parameters) {
                    let (min, max) = range(parameter);
                    let _ = buffer.set_parameter(index, if block % 200 == 50 { min } else { max });
                    let _ = buffer.set_parameter(index, parameter.default);
                }
                let _ = buffer.set_bounds(TimeDelta::ms(40), TimeDelta::ms(400));
                if let Ok(state) = buffer.hand_over(now) {
                    let _ = buffer.take_over(now, &state);
                }
            }
            if block == 1_500 {
                let _ = buffer.reset(ResetReason::Stream);
            }
        });
        playout.ready_ticks = playout.ready_ticks.saturating_sub(480);
        seen.assert_clean(&format!("block {block}"));
    }
}

const CONFIG: JitterConfig = JitterConfig::new(SampleRate::HZ_48000, 200);

fn start(subject: &Buffers) -> (Box<dyn JitterBuffer>, Listener) {
    let mut buffer = subject.make(1);
    buffer.activate(&CONFIG).expect("a usual setup");
    (buffer, Listener::new(CONFIG.clock_rate))
}
