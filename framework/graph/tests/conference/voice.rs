//! E10, A2: a voice passes through a room, and nobody hears more or less than they should.

use super::plugins::{Codec, aec3, gain, null, rnnoise, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, bob, cat, found_again, likeness, perfect, steepest};

#[test]
fn e10_1_a_voice_passes_through_the_room() {
    let said = ann(8);
    let mut room = Room::new(8, sum(8));
    room.join(Invitation::to_speak(said.clone()).through(vec![null(), gain(0.0)]));
    let listener = room.join(Invitation::to_listen());
    room.run_ms(8_000);
    let (median, worst) = found_again(&perfect(&[&said]), room.heard(listener));
    assert!(median > 0.97 && worst > 0.8, "median {median}, worst {worst}");
}

#[test]
fn a2_2_a_voice_passes_through_the_whole_chain() {
    let said = ann(8);
    let mut room = Room::new(8, sum(8));
    room.join(Invitation::to_speak(said.clone()).through(vec![aec3(), rnnoise(), gain(3.0)]));
    let listener = room.join(Invitation::to_listen());
    room.run_ms(8_000);
    let (median, worst) = found_again(&perfect(&[&said]), room.heard(listener));
    assert!(median > 0.9 && worst > 0.5, "median {median}, worst {worst}");
}

#[test]
fn a2_4_the_volume_of_one_is_heard_and_its_level_told_and_nobody_elses_changes() {
    /// Ann at this volume beside Bob at his own: how loud Cid hears Ann alone and Bob alone, and how loud the room says that they are.
    fn heard_and_told(volume_db: f32) -> [f32; 4] {
        let alone = |first: &[f32], pause: usize| [vec![0.0; pause * 48_000], first.to_vec()].concat();
        let mut room = Room::new(8, sum(8));
        let ann = room.join(Invitation::to_speak(alone(&ann(4), 0)).through(vec![gain(volume_db)]));
        let bob = room.join(Invitation::to_speak(alone(&bob(4), 5)).through(vec![gain(0.0)]));
        let cid = room.join(Invitation::to_listen());
        let mut told = [-127.0_f32; 2];
        for _ in 0..1_000 {
            room.step();
            for (most, id) in told.iter_mut().zip([ann, bob]) {
                *most = most.max(room.guest(id).stats.level_dbov());
            }
        }
        let level = |second: usize| {
            jackfield_testkit::signal::level_db(&room.heard(cid)[second * 48_000..(second + 3) * 48_000])
        };
        [level(1), level(6), told[0], told[1]]
    }
    let [full, quiet] = [0.0, -12.0].map(heard_and_told);
    let lower: Vec<f32> = full.iter().zip(quiet).map(|(full, quiet)| full - quiet).collect();
    assert!(
        (lower[0] - 12.0).abs() < 1.0,
        "Ann is heard {} dB lower",
        lower[0]
    );
    assert!(lower[1].abs() < 1.0, "Bob is heard {} dB lower", lower[1]);
    assert!(
        (lower[2] - 12.0).abs() < 1.0,
        "and told to be {} dB lower",
        lower[2]
    );
    assert!(lower[3].abs() < 0.5, "{} dB", lower[3]);
}

#[test]
fn e10_2_nobody_hears_their_own_voice() {
    let (a, b) = (ann(8), bob(8));
    let mut room = Room::new(8, sum(8));
    let ann = room.join(Invitation::to_speak(a.clone()));
    let bob = room.join(Invitation::to_speak(b.clone()));
    room.run_ms(8_000);
    let (median, _) = found_again(&perfect(&[&b]), room.heard(ann));
    assert!(median > 0.97, "Ann hears Bob: {median}");
    let (median, _) = found_again(&perfect(&[&a]), room.heard(bob));
    assert!(median > 0.97, "Bob hears Ann: {median}");
}

#[test]
fn e10_2_who_speaks_alone_hears_nothing() {
    let mut room = Room::new(8, sum(8));
    let speaker = room.join(Invitation::to_speak(ann(6)));
    let listener = room.join(Invitation::to_listen());
    room.run_ms(6_000);
    let level = |id| jackfield_testkit::signal::level_db(room.heard(id));
    assert!(
        level(listener) > -40.0,
        "the other hears the voice: {} dB",
        level(listener)
    );
    assert!(
        level(speaker) < -70.0,
        "its own voice comes back: {} dB",
        level(speaker)
    );
}

#[test]
fn e10_2_a_third_hears_both_of_two_speakers() {
    let (a, b) = (ann(8), bob(8));
    let mut room = Room::new(8, sum(8));
    room.join(Invitation::to_speak(a.clone()));
    room.join(Invitation::to_speak(b.clone()));
    let third = room.join(Invitation::to_listen());
    room.run_ms(8_000);
    let (median, worst) = found_again(&perfect(&[&a, &b]), room.heard(third));
    assert!(median > 0.95 && worst > 0.7, "median {median}, worst {worst}");
}

#[test]
fn e10_6_narrowband_and_fullband_guests_hear_each_other() {
    let (a, b) = (ann(8), bob(8));
    let mut room = Room::new(8, sum(8));
    let ann = room.join(Invitation::to_speak(a.clone()).in_codec(Codec::Pcmu));
    let bob = room.join(Invitation::to_speak(b.clone()));
    room.run_ms(8_000);
    assert_eq!(
        room.guest(ann)
            .stats
            .undecodable
            .load(std::sync::atomic::Ordering::Relaxed),
        0
    );
    let (median, _) = found_again(&perfect(&[&b]), room.heard(ann));
    assert!(median > 0.95, "Ann, at 8 kHz, hears Bob: {median}");
    let (median, _) = found_again(&perfect(&[&a]), room.heard(bob));
    assert!(median > 0.95, "Bob, at 48 kHz, hears Ann: {median}");
}

#[test]
fn e10_5_joining_and_leaving_makes_no_click() {
    let a = ann(12);
    // What the largest step is when nobody comes or goes.
    let quiet_room = |guests: &mut dyn FnMut(&mut Room, i64)| {
        let mut room = Room::new(8, sum(8));
        room.join(Invitation::to_speak(a.clone()));
        let listener = room.join(Invitation::to_listen());
        for ms in (0..10_000).step_by(10) {
            guests(&mut room, ms);
            room.step();
        }
        steepest(room.heard(listener))
    };
    let undisturbed = quiet_room(&mut |_, _| {});
    let voice = cat(4);
    let mut present = None;
    let disturbed = quiet_room(&mut |room, ms| match ms % 1_000 {
        130 => present = Some(room.join(Invitation::to_speak(voice[24_000..].to_vec()))),
        // In the middle of a word.
        870 => {
            if let Some(id) = present.take() {
                drop(room.leave(id));
            }
        }
        _ => {}
    });
    let louder = steepest(&voice);
    assert!(
        disturbed < undisturbed + louder + 0.02,
        "a click of {disturbed} where the voices alone make steps of {undisturbed} and {louder}"
    );
}

#[test]
fn two_hundred_guests_hear_three_speakers() {
    let mut room = Room::new(203, super::plugins::active_speaker(203));
    let voices = [ann(4), bob(4), cat(4)];
    for voice in &voices {
        room.join(Invitation::to_speak(voice.clone()));
    }
    let mut last = 0;
    for _ in 0..20 {
        for _ in 0..10 {
            last = room.join(Invitation::to_listen());
        }
        room.step();
    }
    room.run_ms(3_800);
    assert_eq!(room.guests.len(), 203);
    let found = likeness(&perfect(&voices.each_ref().map(Vec::as_slice)), room.heard(last));
    let best = found.iter().copied().fold(0.0, f32::max);
    assert!(best > 0.9, "{found:?}");
    let dropped = room
        .control
        .stats
        .dropped_packets
        .load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(dropped, 0);
}

#[test]
fn a2_3_what_a_guest_is_played_does_not_come_back_from_its_loudspeakers() {
    let said = ann(12);
    let echo_by_second = |chain| -> Vec<f32> {
        let mut room = Room::new(4, sum(4));
        let speaker = room.join(Invitation::to_speak(said.clone()));
        room.join(Invitation::with_loudspeakers(0.5, 12).through(chain));
        room.run_ms(12_000);
        // The speaker hears nothing but its own voice back; the canceller has had three seconds to learn the room.
        let heard = room.heard(speaker).chunks_exact(48_000).skip(3);
        heard.map(jackfield_testkit::signal::level_db).collect()
    };
    let (with, without) = (echo_by_second(vec![aec3()]), echo_by_second(vec![null()]));
    assert!(
        without.iter().any(|level| *level > -35.0),
        "there is an echo: {without:?} dB"
    );
    let mut down: Vec<f32> = with
        .iter()
        .zip(&without)
        .map(|(with, without)| without - with)
        .collect();
    down.sort_by(f32::total_cmp);
    // Not every second: after a pause of the speaker it comes through for one or two.
    assert!(
        down[down.len() / 2] > 25.0,
        "it is down by {down:?} dB, second by second"
    );
}
