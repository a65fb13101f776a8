//! The watchdog lets real plugins be: minutes of speech, a swap in every kind of socket each second, and none is rolled back.

use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_core::units::TimeDelta;
use jackfield_graph::swap::SwapOutcome;
use jackfield_sim::LinkConfig;

use super::plugins::{Codec, active_speaker, adaptive, aec3, fixed, gain, null, rnnoise, sum};
use super::room::{Invitation, Room};
use super::sound::{bob, cat};

#[test]
fn minutes_of_speech_raise_no_alarm() {
    const SECONDS: usize = 180;
    let mut room = Room::new(4, sum(4));
    room.uplinks.set_default(LinkConfig {
        delay: TimeDelta::ms(20),
        jitter: TimeDelta::ms(8),
        loss: 0.01,
        ..LinkConfig::PERFECT
    });
    let reader = room.join(Invitation::to_speak(cat(SECONDS)).through(vec![null(), gain(0.0)]));
    let dealer = room.join(Invitation::to_speak(bob(SECONDS)).through(vec![null(), gain(0.0)]));
    let mut swaps = Vec::new();
    for second in 0..SECONDS {
        let odd = second % 2 == 1;
        let first = match second % 6 {
            0 => aec3(),
            2 => rnnoise(),
            4 => gain(6.0),
            _ => null(),
        };
        swaps.push(("first processor", room.swap_processor(reader, 0, first)));
        let second_one = gain(if odd { -12.0 } else { 12.0 });
        swaps.push(("second processor", room.swap_processor(dealer, 1, second_one)));
        let jitter: Box<dyn JitterBuffer> = if odd { adaptive() } else { fixed() };
        swaps.push(("jitter", room.swap_jitter(reader, jitter)));
        swaps.push((
            "mixer",
            room.swap_mixer(if odd { sum(4) } else { active_speaker(4) }),
        ));
        let (present, next) = if odd {
            (Codec::Pcmu, Codec::Opus)
        } else {
            (Codec::Opus, Codec::Pcmu)
        };
        let encoder = if odd {
            || Codec::Opus.encoder(20)
        } else {
            || Codec::Pcmu.encoder(20)
        };
        swaps.push((
            "codec",
            room.swap_codec_on_trial(&[dealer], present, (next, encoder)),
        ));
        room.run_ms(1_000);
    }
    assert!(room.bypassed().is_empty(), "{:?}", room.bypassed());
    for (kind, swap) in &swaps[..swaps.len() - 5] {
        let measure = room
            .ended(*swap)
            .unwrap_or_else(|| panic!("{kind} {swap} goes on"));
        assert_eq!(
            measure.outcome,
            SwapOutcome::Committed,
            "{kind} {swap}: {}",
            measure.reason
        );
        assert_eq!(measure.samples_lost, 0, "{kind} {swap}");
    }
}
