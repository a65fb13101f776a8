//! A2.6: who is muted, or says nothing, goes the way of DTX and comfort noise. Next to nothing is sent in the meantime, and at the other end
//! nobody takes the pause for a loss.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::audio::level_dbov;
use jackfield_core::time::Timestamp;
use jackfield_graph::command::Command;
use jackfield_graph::receive::ReceiveCounters;

use super::plugins::{Codec, adaptive, fixed, sum};
use super::room::{Guest, Invitation, Room};
use super::sound::{ann, found_again, perfect, steepest};

/// Samples at 48 kHz.
const SECOND: usize = 48_000;

/// What is said, with silence from `from` to `to` seconds.
fn with_pause(said: &[f32], from: usize, to: usize) -> Vec<f32> {
    let mut said = said.to_vec();
    said[from * SECOND..to * SECOND].fill(0.0);
    said
}

/// When packets came between two times in ms.
fn between(guest: &Guest, from: i64, to: i64) -> Vec<Timestamp> {
    let inside = |at: &&Timestamp| (from * 1_000..to * 1_000).contains(&at.us());
    guest.arrivals.iter().filter(inside).copied().collect()
}

/// Opus refreshes what it said of the silence every 400 ms, and says after each time that it is silent again.
fn assert_rhythm_of_silence(arrivals: &[Timestamp], seconds: usize) {
    let most = 2 * (seconds * 1_000 / 400 + 1);
    assert!(
        (seconds..=most).contains(&arrivals.len()),
        "{} packets in {seconds} s",
        arrivals.len()
    );
    let longest = arrivals.windows(2).map(|pair| (pair[1] - pair[0]).as_ms()).max();
    assert!(
        longest.is_some_and(|ms| (300..=440).contains(&ms)),
        "{longest:?} ms"
    );
}

/// What was counted from one time to another.
fn since(before: ReceiveCounters, after: ReceiveCounters) -> (u64, u64, u64) {
    (
        after.concealed_samples - before.concealed_samples,
        after.comfort_noise_samples - before.comfort_noise_samples,
        after.late - before.late,
    )
}

#[test]
fn a2_6_while_who_speaks_is_muted_listeners_are_sent_next_to_nothing_and_play_comfort_noise() {
    for jitter in [adaptive, fixed] {
        let said = ann(14);
        let mut room = Room::new(4, sum(4));
        let ann = room.join(Invitation::to_speak(said.clone()));
        let bob = room.join(
            Invitation::to_listen()
                .in_codec(Codec::OpusDtx)
                .hearing_through(jitter()),
        );
        let mute = |room: &mut Room, muted| {
            room.order(Command::Mute {
                participant: ann,
                muted,
            });
        };
        room.run_ms(4_000);
        mute(&mut room, true);
        // What is on its way is played, and Opus waits for a fifth of a second before it believes in a silence.
        room.run_ms(500);
        let before = room.guest(bob).counters();
        room.run_ms(4_500);
        let (concealed, comfort_noise, late) = since(before, room.guest(bob).counters());
        assert_rhythm_of_silence(&between(room.guest(bob), 4_500, 9_000), 4);
        assert_eq!((concealed, late), (0, 0), "nothing is missing");
        // A refresh is 20 ms of sound, and so is the packet after it.
        assert!(
            comfort_noise as usize > 4 * SECOND * 85 / 100,
            "{comfort_noise} samples"
        );
        mute(&mut room, false);
        let before = room.guest(bob).counters();
        room.run_ms(5_000);
        let (concealed, _, late) = since(before, room.guest(bob).counters());
        assert_eq!((concealed, late), (0, 0), "nor when the voice comes back");

        let heard = room.heard(bob);
        let quiet = level_dbov(&heard[5 * SECOND..9 * SECOND]);
        assert!(quiet < -60.0, "in the pause {quiet} dBov are heard");
        let (median, worst) = found_again(&perfect(&[&with_pause(&said, 4, 9)]), heard);
        assert!(median > 0.9 && worst > 0.5, "median {median}, worst {worst}");
        assert!(
            steepest(heard) < steepest(&said) + 0.05,
            "a click of {} where the voice has {}",
            steepest(heard),
            steepest(&said)
        );
    }
}

#[test]
fn a2_6_a_guest_whose_browser_falls_silent_is_not_taken_for_a_lossy_one() {
    for tells_level in [true, false] {
        let said = with_pause(&ann(12), 3, 8);
        let mut room = Room::new(4, sum(4));
        let invitation = Invitation::to_speak(said.clone())
            .in_codec(Codec::OpusDtx)
            .with_jitter(adaptive());
        let ann = room.join(if tells_level {
            invitation
        } else {
            invitation.without_levels()
        });
        let bob = room.join(Invitation::to_listen());
        room.run_ms(3_500);
        let sent = room.guest(ann).sequence_number;
        room.run_ms(4_500);
        let sent = room.guest(ann).sequence_number - sent;
        assert!((8..=26).contains(&sent), "{sent} packets in 4.5 s of silence");
        room.run_ms(4_000);
        let stats = &room.guest(ann).stats;
        assert_eq!(stats.concealed_samples.load(Relaxed), 0, "level {tells_level}");
        assert_eq!(stats.late.load(Relaxed), 0);
        let heard = room.heard(bob);
        let (median, worst) = found_again(&perfect(&[&said]), heard);
        assert!(median > 0.9 && worst > 0.5, "median {median}, worst {worst}");
        assert!(steepest(heard) < steepest(&said) + 0.05, "{}", steepest(heard));
    }
}

#[test]
fn a2_6_comfort_noise_is_about_as_loud_as_the_noise_that_it_stands_for() {
    // A voice for two seconds, then what a quiet room sounds like: noise that falls off above a few hundred hertz.
    let (mut random, mut low) = (7_u64, 0.0_f32);
    let mut noise = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let white = (random >> 40) as f32 / (1 << 24) as f32 - 0.5;
        low += (white - low) * 0.05;
        low * 0.08
    };
    let said: Vec<f32> = with_pause(&ann(10), 2, 10)
        .iter()
        .map(|sample| sample + noise())
        .collect();
    let mut room = Room::new(4, sum(4));
    room.join(Invitation::to_speak(said.clone()));
    let [bob, cid] = [Codec::OpusDtx, Codec::Opus].map(|codec| {
        room.join(
            Invitation::to_listen()
                .in_codec(codec)
                .hearing_through(adaptive()),
        )
    });
    room.run_ms(4_000);
    let before = room.guest(bob).counters();
    room.run_ms(6_000);
    let (concealed, comfort_noise, _) = since(before, room.guest(bob).counters());
    assert_eq!(concealed, 0);
    assert!(comfort_noise as usize > 4 * SECOND, "{comfort_noise} samples");
    let levels =
        [&said, room.heard(cid), room.heard(bob)].map(|pcm| level_dbov(&pcm[5 * SECOND..9 * SECOND]));
    let [was, coded, comfort] = levels;
    assert!(
        (comfort - coded).abs() < 6.0,
        "a noise of {was} dBov is heard with {coded} if it is sent, with {comfort} if it is not"
    );
}
