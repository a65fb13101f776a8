//! T.3: in its ticks a room allocates nothing, frees nothing and takes no lock, whatever happens in it.

use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_core::units::TimeDelta;
use jackfield_graph::command::{Command, SetParameter, Socket};
use jackfield_sim::LinkConfig;

use super::plugins::{Codec, active_speaker, adaptive, fixed, gain, null, rnnoise, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, bob, cat};

/// What the detector saw, if anything.
fn assert_clean(room: &Room) {
    let seen: Vec<String> = room
        .seen
        .iter()
        .take(5)
        .map(|(at, seen)| format!("{at:?}: {seen}"))
        .collect();
    assert!(
        seen.is_empty(),
        "in {} ticks, such as: {seen:#?}",
        room.seen.len()
    );
}

/// The Fourier transform of the noise suppressor makes its tables once per thread.
fn warm_up() {
    let mut room = Room::new(2, sum(2));
    room.join(Invitation::to_speak(ann(1)).through(vec![rnnoise()]));
    room.run_ms(500);
}

#[test]
fn t_3_a_conference_is_clean() {
    warm_up();
    let mut room = Room::new(16, active_speaker(16));
    room.uplinks.set_default(LinkConfig {
        delay: TimeDelta::ms(20),
        jitter: TimeDelta::ms(10),
        loss: 0.05,
        ..LinkConfig::PERFECT
    });
    room.strict = true;
    for (voice, codec) in [
        (ann(6), Codec::Opus),
        (bob(6), Codec::Pcmu),
        (cat(6), Codec::Opus),
    ] {
        room.join(
            Invitation::to_speak(voice)
                .in_codec(codec)
                .through(vec![rnnoise(), gain(2.0)]),
        );
    }
    for _ in 0..5 {
        room.join(Invitation::to_listen());
    }
    room.run_ms(6_000);
    assert_clean(&room);
}

#[test]
fn t_3_swaps_of_every_kind_are_clean() {
    warm_up();
    let mut room = Room::new(8, sum(8));
    room.strict = true;
    let ann = room.join(Invitation::to_speak(ann(12)).through(vec![null(), gain(0.0)]));
    let bob = room.join(Invitation::to_speak(bob(12)).through(vec![null(), gain(0.0)]));
    room.join(Invitation::to_listen().in_codec(Codec::Pcmu));
    room.run_ms(500);
    for n in 0..20 {
        let odd = n % 2 == 1;
        room.swap_processor(ann, 0, if odd { null() } else { rnnoise() });
        room.swap_processor(bob, 1, gain(if odd { 0.0 } else { -6.0 }));
        room.run_ms(60);
        room.swap_mixer(if odd { sum(8) } else { active_speaker(8) });
        let jitter: Box<dyn JitterBuffer> = if odd { fixed() } else { adaptive() };
        room.swap_jitter(bob, jitter);
        room.run_ms(70);
        if odd {
            room.swap_codec(bob, Codec::Opus);
        } else {
            room.swap_codec_on_trial(&[bob], Codec::Opus, (Codec::Pcmu, || Codec::Pcmu.encoder(20)));
        }
        let guest = room.join(Invitation::to_speak(cat(1)).through(vec![null(), null()]));
        room.order(Command::SetParameter(SetParameter {
            ticket: n,
            socket: Socket::Processor(1),
            participant: None,
            index: 0,
            value: 3.0,
        }));
        room.run_ms(350);
        drop(room.leave(guest));
        room.run_ms(20);
    }
    assert_clean(&room);
}
