//! A full window, a pause, and the sign of life that keeps feedback coming.

use jackfield_sdk::prelude::*;

use crate::line::{Line, is_padding};

#[test]
fn e18_2_with_a_full_window_audio_leaves_and_video_waits() {
    let mut line = Line::new(DataRate::kbps(5_000), DataRate::ZERO);
    line.pacer.parameters().keep_alive = 0.0;
    line.pacer.set_congested(line.now, 1).unwrap();
    line.video(10, 1_000);
    for _ in 0..10 {
        line.push(100, PacketPriority::Audio, 2);
        line.run_for(TimeDelta::ms(100));
    }
    assert_eq!(line.left.len(), 10);
    assert!(line.left.iter().all(|left| left.at == left.came));
    line.pacer.set_congested(line.now, 0).unwrap();
    line.run_for(TimeDelta::ms(100));
    assert_eq!(line.left.len(), 20);
}

#[test]
fn e18_1_half_a_second_of_silence_is_ended_by_one_packet() {
    let mut line = Line::new(DataRate::kbps(5_000), DataRate::ZERO);
    line.video(1, 1_000);
    line.run_for(TimeDelta::ms(10));
    line.pacer.set_congested(line.now, 1).unwrap();
    line.video(2, 1_000);
    line.run_for(TimeDelta::ms(2_100));
    // Two packets of video, then padding, as nothing waits any more.
    let at: Vec<i64> = line
        .left
        .iter()
        .map(|left| left.at.us() / 1_000 - 1_000)
        .collect();
    assert_eq!(at, [0, 500, 1_000, 1_500, 2_000]);
    assert_eq!(line.left.iter().filter(|left| is_padding(left)).count(), 2);
    assert!(line.wanted.iter().all(|(_, size)| *size == DataSize::bytes(1)));
}

#[test]
fn e18_1_what_waits_through_a_pause_leaves_afterwards_at_the_rate() {
    let mut line = Line::new(DataRate::kbps(800), DataRate::ZERO);
    line.pacer.parameters().burst_window = 0.0;
    line.pacer.set_paused(line.now, 1).unwrap();
    line.video(20, 1_000);
    line.run_for(TimeDelta::seconds(10));
    assert_eq!(line.left, []);
    assert_eq!(line.pacer.deadline().unwrap(), Timestamp::NEVER);
    line.pacer.set_paused(line.now, 0).unwrap();
    let from = line.now;
    line.run_for(TimeDelta::seconds(1));
    assert_eq!(line.left.len(), 20);
    // A pause is no wait: the rate is not raised for it.
    assert_eq!(line.left.last().unwrap().at.since(from), TimeDelta::ms(190));
}

#[test]
fn without_a_rate_only_audio_leaves() {
    let mut line = Line::new(DataRate::ZERO, DataRate::ZERO);
    line.video(2, 500);
    line.push(100, PacketPriority::Audio, 2);
    line.run_for(TimeDelta::seconds(5));
    assert_eq!(line.left.len(), 1);
    line.pacer
        .set_rates(line.now, DataRate::kbps(100), DataRate::ZERO)
        .unwrap();
    line.run_for(TimeDelta::seconds(1));
    assert_eq!(line.left.len(), 3);
}

#[test]
fn a_reset_forgets_the_bucket_and_keeps_the_packets() {
    let mut line = Line::new(DataRate::kbps(80), DataRate::ZERO);
    line.pacer.parameters().burst_window = 0.0;
    line.video(3, 1_000);
    line.poll();
    Plugin::reset(&mut line.pacer, ResetReason::Stream);
    line.poll();
    assert_eq!(line.left.len(), 2, "the bucket is empty again");
    assert_eq!(line.pacer.queue().unwrap().packets, 1);
}
