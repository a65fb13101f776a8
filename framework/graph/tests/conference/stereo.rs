//! E10.6, A2.1: a room of two channels. Mono and stereo guests hear each other, and what somebody says on one side stays there.

use jackfield_core::audio::{AudioFormat, level_dbov};
use jackfield_core::units::SampleRate;
use jackfield_graph::swap::SwapOutcome;
use jackfield_mixer_active_speaker::ActiveSpeaker;
use jackfield_mixer_sum::Sum;

use super::plugins::{Codec, made, mixer_for, prepare_for};
use super::room::{Invitation, Room};
use super::sound::{ann, bob, found_again, perfect, steepest};

const STEREO: AudioFormat = AudioFormat::new(SampleRate::HZ_48000, 2);

fn room() -> Room {
    Room::mixing_in(STEREO, 8, mixer_for::<Sum>(STEREO, 8))
}

/// Silence as long as `speech`.
fn nothing(speech: &[f32]) -> Vec<f32> {
    vec![0.0; speech.len()]
}

/// By how many dB the left side of what a guest has heard is louder than the right.
fn balance(room: &Room, id: u32) -> f32 {
    let guest = room.guest(id);
    assert_eq!(guest.heard.len(), guest.heard_right.len());
    level_dbov(&guest.heard) - level_dbov(&guest.heard_right)
}

#[test]
fn e10_6_a2_1_what_is_said_on_one_side_is_heard_on_that_side() {
    let (a, b) = (ann(8), bob(8));
    let mut room = room();
    room.join(Invitation::in_stereo(&a, &nothing(&a)));
    room.join(Invitation::in_stereo(&nothing(&b), &b));
    let listener = room.join(Invitation::in_stereo(&[], &[]));
    room.run_ms(8_000);
    let guest = room.guest(listener);
    let (left, _) = found_again(&perfect(&[&a]), &guest.heard);
    let (right, _) = found_again(&perfect(&[&b]), &guest.heard_right);
    assert!(
        left > 0.9 && right > 0.9,
        "Ann on the left {left}, Bob on the right {right}"
    );
    let (across, _) = found_again(&perfect(&[&b]), &guest.heard);
    assert!(across < 0.3, "Bob on the left: {across}");
}

#[test]
fn e10_6_a2_1_panning_survives_the_whole_chain_and_either_mixer() {
    for mixer in [mixer_for::<Sum>(STEREO, 8), mixer_for::<ActiveSpeaker>(STEREO, 8)] {
        let said = ann(8);
        let quieter: Vec<f32> = said.iter().map(|sample| sample * 0.25).collect();
        let mut room = Room::mixing_in(STEREO, 8, mixer);
        let chain = vec![
            prepare_for(STEREO, made::<jackfield_processing_aec3::Aec3>()),
            prepare_for(STEREO, made::<jackfield_processing_ns_rnnoise::Rnnoise>()),
            prepare_for(STEREO, made::<jackfield_processing_gain::Gain>()),
        ];
        room.join(Invitation::in_stereo(&said, &quieter).through(chain));
        let listener = room.join(Invitation::in_stereo(&[], &[]));
        room.run_ms(8_000);
        let balance = balance(&room, listener);
        assert!(
            (balance - 12.0).abs() < 2.0,
            "12 dB to the left were said, {balance} dB are heard"
        );
        let (median, _) = found_again(&perfect(&[&said]), room.heard(listener));
        assert!(median > 0.85, "{median}");
    }
}

#[test]
fn e10_6_mono_guests_are_heard_in_the_middle_and_hear_both_sides() {
    let (a, b) = (ann(8), bob(8));
    for codec in [Codec::Opus, Codec::Pcmu] {
        let mut room = room();
        let ann = room.join(Invitation::to_speak(a.clone()).in_codec(codec));
        let bob = room.join(Invitation::in_stereo(&nothing(&b), &b));
        room.run_ms(8_000);
        let (median, _) = found_again(&perfect(&[&b]), room.heard(ann));
        assert!(
            median > 0.9,
            "{codec:?}: Ann, in mono, hears Bob's right side: {median}"
        );
        let (median, _) = found_again(&perfect(&[&a]), room.heard(bob));
        assert!(median > 0.9, "{codec:?}: Bob, in stereo, hears Ann: {median}");
        let middle = balance(&room, bob);
        assert!(middle.abs() < 0.5, "{codec:?}: she is {middle} dB to the left");
    }
}

#[test]
fn e10_6_a_stereo_guest_in_a_mono_room_hears_and_is_heard_in_the_middle() {
    let (a, b) = (ann(8), bob(8));
    let mut room = Room::new(8, super::plugins::sum(8));
    let ann = room.join(Invitation::to_speak(a.clone()));
    let bob = room.join(Invitation::in_stereo(&nothing(&b), &b));
    room.run_ms(8_000);
    let (median, _) = found_again(&perfect(&[&b]), room.heard(ann));
    assert!(median > 0.9, "{median}");
    let (median, _) = found_again(&perfect(&[&a]), room.heard(bob));
    assert!(median > 0.9 && balance(&room, bob).abs() < 0.5, "{median}");
}

#[test]
fn e10_5_e10_6_coming_and_going_makes_no_click_on_either_side() {
    let (a, b) = (ann(8), bob(8));
    let run = |visits: bool| {
        let mut room = room();
        room.join(Invitation::in_stereo(&a, &nothing(&a)));
        let listener = room.join(Invitation::in_stereo(&[], &[]));
        let mut present = None;
        for tick in 0..800 {
            match tick % 100 {
                13 if visits => {
                    present = Some(room.join(Invitation::in_stereo(&nothing(&b), &b[24_000..])));
                }
                87 => {
                    if let Some(id) = present.take() {
                        drop(room.leave(id));
                    }
                }
                _ => {}
            }
            room.step();
        }
        let guest = room.guest(listener);
        [steepest(&guest.heard), steepest(&guest.heard_right)]
    };
    let (alone, visited) = (run(false), run(true));
    assert!(visited[0] < alone[0] + 0.05, "left: {visited:?} after {alone:?}");
    assert!(visited[1] < steepest(&b) + 0.05, "right: {visited:?}");
}

#[test]
fn e10_6_swaps_in_a_stereo_room_leave_everybody_on_their_side() {
    let (a, b) = (ann(12), bob(12));
    let gain = || prepare_for(STEREO, made::<jackfield_processing_gain::Gain>());
    let mut room = room();
    let ann = room.join(Invitation::in_stereo(&a, &nothing(&a)).through(vec![gain()]));
    room.join(Invitation::in_stereo(&nothing(&b), &b));
    let listener = room.join(Invitation::in_stereo(&[], &[]));
    room.run_ms(3_000);
    let swaps = [
        room.swap_processor(
            ann,
            0,
            prepare_for(STEREO, made::<jackfield_processing_ns_rnnoise::Rnnoise>()),
        ),
        room.swap_jitter(ann, super::plugins::adaptive()),
        room.swap_mixer(mixer_for::<ActiveSpeaker>(STEREO, 8)),
    ];
    room.run_ms(9_000);
    for swap in swaps {
        let ended = room.ended(swap).expect("it ended");
        assert_eq!(ended.outcome, SwapOutcome::Committed, "{ended:?}");
        assert!(ended.discontinuity_db < -40.0, "{ended:?}");
    }
    let guest = room.guest(listener);
    let (left, _) = found_again(&perfect(&[&a]), &guest.heard);
    let (right, _) = found_again(&perfect(&[&b]), &guest.heard_right);
    assert!(
        left > 0.85 && right > 0.9,
        "Ann on the left {left}, Bob on the right {right}"
    );
    let (across, _) = found_again(&perfect(&[&b]), &guest.heard);
    assert!(across < 0.3, "Bob on the left: {across}");
}
