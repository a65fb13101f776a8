//! What networks do to streams.

use jackfield_sdk::prelude::*;

use super::{Buffers, CONFIG, Listener, Released, Stream, network, start};
use crate::signal::Random;

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

/// Packets near where the stream stands and now and then anywhere, with any flags, through a buffer of any size and delay that is reset in between: each that it
/// takes leaves once, and after a while nothing waits.
pub fn whatever_comes_leaves_exactly_once(subject: &Buffers) {
    for seed in 1..=200 {
        let mut random = Random::new(seed);
        let mut any = |from: i64, below: i64| from + random.below((below - from) as u64) as i64;
        let mut buffer = subject.make(seed);
        let max_packets = any(1, 60) as u32;
        buffer
            .activate(&JitterConfig::new(CONFIG.clock_rate, max_packets))
            .expect("a usual setup");
        let least = any(0, 300);
        buffer
            .set_bounds(TimeDelta::ms(least), TimeDelta::ms(least + 400))
            .expect("good bounds");
        let (count, reset_at) = (any(1, 300), any(0, 300));
        let mut listener = Listener::new(CONFIG.clock_rate);
        let (mut arrival, mut accepted) = (Timestamp::ZERO, 0);
        for n in 0..count {
            arrival += TimeDelta::ms(any(0, 60));
            listener.run(&mut *buffer, &[], arrival);
            let reach = if any(0, 20) == 0 { 40_000 } else { 20 };
            let sequence_number = n + any(-reach, reach);
            let off = if any(0, 20) == 0 {
                any(-100_000, 100_000)
            } else {
                0
            };
            let ticks = if any(0, 20) == 0 { any(1, 5_760) } else { 960 };
            let packet = PacketArrival {
                arrival,
                handle: n as u64,
                sequence_number,
                timestamp: sequence_number * 960 + off,
                ticks: ticks as u32,
                redundancy: any(0, 2) as u32,
                dtx: any(0, 2) as u32,
                marker: any(0, 2) as u32,
            };
            let insertion = listener.insert(&mut *buffer, &packet);
            accepted += usize::from(insertion == Insertion::Accepted || insertion == Insertion::Flushed);
            assert!(listener.waiting() <= max_packets as usize, "seed {seed}");
            if n == reset_at {
                buffer.reset(ResetReason::Stream).expect("at any time");
            }
        }
        listener.run(&mut *buffer, &[], arrival + TimeDelta::seconds(20));
        assert_eq!(listener.waiting(), 0, "seed {seed}: after a while nothing waits");
        let left = listener.played.len() + listener.released.len();
        assert_eq!(left, accepted, "seed {seed}");
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
