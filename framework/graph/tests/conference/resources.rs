//! Resources that run short vote for how much is encoded, and the most limiting wins.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_graph::command::Command;
use jackfield_graph::resources::{FrameRate, Limits, Pictures, ProcessorUse, Resources, TickCount};
use jackfield_testkit::signal;
use proptest::prelude::*;

use super::plugins::{Codec, sum};
use super::room::{Invitation, Room};

/// What a guest is sent in five seconds, payload only.
fn rate_of(room: &mut Room, id: u32) -> DataRate {
    let before = room.guest(id).bytes;
    room.run_ms(5_000);
    DataRate::bps((room.guest(id).bytes - before) as i64 * 8 / 5)
}

fn limit(room: &mut Room, participant: Option<u32>, most: DataRate) {
    room.order(Command::Limit { participant, most });
    room.run_ms(1_000);
}

fn encoders(room: &Room) -> u64 {
    room.control.stats.encoders.load(Relaxed)
}

/// A room with a speaker who hears nobody, and two who listen.
fn room() -> (Room, [u32; 2]) {
    let mut room = Room::new(4, sum(4));
    room.join(Invitation::to_speak(signal::noise(1, 60 * 48_000, 0.3)));
    let listeners = [(); 2].map(|()| room.join(Invitation::to_listen().in_codec(Codec::Opus)));
    room.run_ms(3_000);
    (room, listeners)
}

#[test]
fn e2_5_the_most_limiting_vote_wins_and_a_vote_can_be_taken_back() {
    let mut resources = Resources::new();
    assert!(!resources.vote("heat", None), "who never voted changes nothing");
    assert!(resources.vote("heat", Some(Limits::audio(DataRate::kbps(24)))));
    assert!(
        !resources.vote("battery", Some(Limits::audio(DataRate::kbps(32)))),
        "heat limits more"
    );
    assert!(resources.vote("processor", Some(Limits::audio(DataRate::kbps(12)))));
    assert_eq!(resources.limits().audio, DataRate::kbps(12));
    assert_eq!(resources.votes().count(), 3);
    assert!(
        resources.vote("processor", Some(Limits::audio(DataRate::kbps(40)))),
        "it votes anew"
    );
    assert_eq!(resources.limits().audio, DataRate::kbps(24));
    resources.vote("heat", None);
    resources.vote("battery", None);
    assert_eq!(resources.limits().audio, DataRate::kbps(40));
    resources.vote("processor", None);
    assert_eq!(resources.limits(), Limits::NONE);
}

fn some_limits() -> impl Strategy<Value = Limits> {
    (1..100_i64, 1..60_u32, 1..4_000_000_u32).prop_map(|(kbps, fps, pixels)| Limits {
        audio: DataRate::kbps(kbps),
        pictures: Pictures::new(FrameRate::fps(fps), pixels),
    })
}

proptest! {
    #[test]
    fn d5_2_no_vote_is_exceeded_in_any_dimension_and_no_limit_is_lower_than_every_vote(
        votes in prop::collection::vec((0..5_u32, prop::option::of(some_limits())), 0..20),
    ) {
        let mut resources = Resources::new();
        for (who, vote) in votes {
            let before = resources.limits();
            let changed = resources.vote(&who.to_string(), vote);
            let limits = resources.limits();
            prop_assert_eq!(changed, limits != before);
            let votes: Vec<Limits> = resources.votes().map(|(_, vote)| vote).collect();
            for vote in &votes {
                prop_assert!(limits.audio <= vote.audio);
                prop_assert!(limits.pictures.frame_rate <= vote.pictures.frame_rate);
                prop_assert!(limits.pictures.pixels <= vote.pictures.pixels);
            }
            if votes.is_empty() {
                prop_assert_eq!(limits, Limits::NONE);
            } else {
                prop_assert!(votes.iter().any(|vote| vote.audio == limits.audio));
                prop_assert!(votes.iter().any(|vote| vote.pictures.frame_rate == limits.pictures.frame_rate));
                prop_assert!(votes.iter().any(|vote| vote.pictures.pixels == limits.pictures.pixels));
            }
            let others = resources.limits_of_others(&who.to_string());
            prop_assert_eq!(vote.map_or(others, |vote| others.most_limiting(vote)), limits);
        }
    }

    #[test]
    fn d5_2_every_step_down_is_one_dimension_less_until_the_least(fps in 1..120_u32, pixels in 1..8_000_000_u32) {
        let mut pictures = Pictures::new(FrameRate::fps(fps), pixels);
        for steps in 0.. {
            let Some(lower) = pictures.lower() else { break };
            prop_assert!(steps < 40, "it ends");
            prop_assert_eq!(lower.most_limiting(pictures), lower);
            let fewer = lower.frame_rate < pictures.frame_rate;
            let smaller = lower.pixels < pictures.pixels;
            prop_assert!(fewer != smaller);
            pictures = lower;
        }
    }
}

/// From which pictures on, how many steps down, what they are then.
fn ladder(width: u32, height: u32, fps: u32) -> Vec<(u32, u32)> {
    let start = Pictures::new(FrameRate::fps(fps), width * height);
    std::iter::successors(Some(start), |pictures| pictures.lower())
        .map(|pictures| (pictures.frame_rate.as_fps(), pictures.pixels))
        .collect()
}

#[test]
fn d5_2_pictures_get_fewer_and_smaller_in_turns() {
    assert_eq!(
        ladder(640, 360, 30),
        [
            (30, 230_400),
            (15, 230_400),
            (15, 138_240),
            (10, 138_240),
            (10, 82_944)
        ],
    );
    assert_eq!(
        ladder(1280, 720, 30),
        [
            (30, 921_600),
            (30, 552_960),
            (30, 331_776),
            (30, 199_065),
            (15, 199_065),
            (15, 119_439),
            (10, 119_439),
            (10, 71_663),
            (7, 71_663)
        ],
    );
    assert_eq!(
        ladder(640, 360, 12),
        [(12, 230_400), (12, 138_240), (10, 138_240), (10, 82_944)],
        "who makes few already makes no more"
    );
    let camera = Pictures::new(FrameRate::fps(30), 1280 * 720);
    assert_eq!(camera.lowered(0), camera);
    assert_eq!(camera.lowered(4), Pictures::new(FrameRate::fps(15), 199_065));
    assert_eq!(camera.lowered(1_000), camera.lowered(8), "there is nothing below");
    assert_eq!(Pictures::UNLIMITED.lowered(1).frame_rate, FrameRate::UNLIMITED);
}

#[test]
fn e2_5_what_was_voted_for_is_what_is_sent_to_all_who_share_a_mix() {
    let (mut room, [near, far]) = room();
    let usual = rate_of(&mut room, near);
    let before = encoders(&room);
    limit(&mut room, None, DataRate::kbps(12));
    for listener in [near, far] {
        let rate = rate_of(&mut room, listener);
        assert!(rate <= DataRate::kbps(13), "{rate:?}");
    }
    assert_eq!(
        encoders(&room),
        before,
        "nobody is encoded for alone because of it"
    );
    let latecomer = room.join(Invitation::to_listen().in_codec(Codec::Opus));
    room.run_ms(1_000);
    assert!(
        rate_of(&mut room, latecomer) <= DataRate::kbps(13),
        "it holds for newcomers"
    );
    limit(&mut room, None, DataRate::INFINITE);
    assert!(rate_of(&mut room, near) > usual * 0.95, "as if nothing had been");
}

#[test]
fn e2_5_a_limit_for_one_leaves_the_others_what_they_had() {
    let (mut room, [near, far]) = room();
    let usual = rate_of(&mut room, near);
    limit(&mut room, Some(far), DataRate::kbps(12));
    assert!(rate_of(&mut room, far) <= DataRate::kbps(13));
    assert!(rate_of(&mut room, near) > usual * 0.95);
    limit(&mut room, Some(far), DataRate::INFINITE);
    room.run_ms(3_000);
    assert!(rate_of(&mut room, far) > usual * 0.95);
}

fn at_the_beginning() -> (ProcessorUse, TickCount) {
    let (mut processor, count) = (ProcessorUse::default(), TickCount::default());
    assert_eq!(processor.vote(Timestamp::ZERO, count), None);
    (processor, count)
}

/// Lets `seconds` pass in which ticks take this share of their time and so many of a hundred are late; what the processor then votes for.
fn work(
    processor: &mut ProcessorUse,
    count: &mut TickCount,
    seconds: u64,
    share: f64,
    late: u64,
) -> Option<Limits> {
    let mut vote = None;
    for _ in 0..seconds {
        count.ticks += 100;
        count.busy += TimeDelta::seconds_f64(share);
        count.late += late;
        let now = Timestamp::from_ms(count.ticks as i64 * 10);
        vote = processor.vote(now, *count);
    }
    vote
}

#[test]
fn e2_5_a_processor_that_is_overused_votes_for_less_step_by_step() {
    let (mut processor, mut count) = at_the_beginning();
    assert_eq!(
        work(&mut processor, &mut count, 60, 0.8, 0),
        None,
        "busy is not too busy"
    );
    assert_eq!(
        work(&mut processor, &mut count, 5, 0.9, 0),
        None,
        "one look is no evidence"
    );
    assert_eq!(work(&mut processor, &mut count, 5, 0.3, 0), None);
    assert_eq!(
        work(&mut processor, &mut count, 10, 0.9, 0).map(|most| most.audio),
        Some(DataRate::kbps(24))
    );
    assert_eq!(
        work(&mut processor, &mut count, 10, 0.9, 0).map(|most| most.audio),
        Some(DataRate::kbps(16))
    );
    assert_eq!(
        work(&mut processor, &mut count, 100, 0.9, 0).map(|most| most.audio),
        Some(DataRate::kbps(10)),
        "there is no step below"
    );
    // Time to spare for 40 s, a step; and again.
    assert_eq!(
        work(&mut processor, &mut count, 35, 0.3, 0).map(|most| most.audio),
        Some(DataRate::kbps(10))
    );
    assert_eq!(
        work(&mut processor, &mut count, 10, 0.3, 0).map(|most| most.audio),
        Some(DataRate::kbps(16))
    );
    assert_eq!(
        work(&mut processor, &mut count, 100, 0.6, 0).map(|most| most.audio),
        Some(DataRate::kbps(16)),
        "neither much nor little"
    );
    assert_eq!(work(&mut processor, &mut count, 100, 0.3, 0), None);
}

#[test]
fn e2_5_ticks_that_end_too_late_are_overuse_unless_there_is_time_to_spare() {
    let (mut processor, mut count) = at_the_beginning();
    assert_eq!(
        work(&mut processor, &mut count, 20, 0.2, 5),
        None,
        "others hold the processor"
    );
    assert_eq!(
        work(&mut processor, &mut count, 10, 0.5, 1).map(|most| most.audio),
        Some(DataRate::kbps(24))
    );
    assert_eq!(work(&mut processor, &mut count, 45, 0.2, 0), None);
    // What was given back was too much: the next time it is waited for twice as long.
    assert_eq!(
        work(&mut processor, &mut count, 10, 0.5, 1).map(|most| most.audio),
        Some(DataRate::kbps(24))
    );
    assert_eq!(
        work(&mut processor, &mut count, 60, 0.2, 0).map(|most| most.audio),
        Some(DataRate::kbps(24))
    );
    assert_eq!(work(&mut processor, &mut count, 30, 0.2, 0), None);
}

#[test]
fn d5_2_with_the_processor_the_pictures_get_fewer_and_smaller_too_and_come_back() {
    let (mut processor, mut count) = at_the_beginning();
    let mut pictures = |seconds, share| {
        let vote = work(&mut processor, &mut count, seconds, share, 0);
        vote.map(|most| (most.pictures.frame_rate.as_fps(), most.pictures.pixels))
    };
    assert_eq!(pictures(10, 0.9), Some((30, 331_776)));
    assert_eq!(pictures(10, 0.9), Some((15, 199_065)));
    assert_eq!(pictures(100, 0.9), Some((7, 71_663)), "there is no step below");
    assert_eq!(pictures(45, 0.3), Some((15, 199_065)));
    assert_eq!(pictures(45, 0.3), Some((30, 331_776)));
    assert_eq!(pictures(45, 0.3), None);
}
