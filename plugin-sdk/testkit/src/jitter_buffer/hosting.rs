//! What hosts do to jitter buffers: set them up, swap them, call them on the audio thread.

use jackfield_sdk::prelude::*;

use super::{Buffers, CONFIG, Released, Stream, network, start};
use crate::module::range;
use crate::real_time;

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

/// A newcomer takes over in mid-stream: no packet is lost, none is played twice, nothing is made up, the timing stays.
pub fn t_2_a_successor_plays_on_without_a_gap(subject: &Buffers) {
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
