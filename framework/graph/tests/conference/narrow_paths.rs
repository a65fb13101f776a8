//! Whose path is narrow is sent less, and nobody else is.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::audio_codec::NetworkHint;
use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_testkit::signal;

use super::plugins::{Codec, sum};
use super::room::{Invitation, Room};

fn path(target: DataRate) -> NetworkHint {
    NetworkHint::new(target, 0.0, 0.0, TimeDelta::ms(40))
}

/// What a guest is sent in five seconds, payload only.
fn rate_of(room: &mut Room, id: u32) -> DataRate {
    let before = room.guest(id).bytes;
    room.run_ms(5_000);
    DataRate::bps((room.guest(id).bytes - before) as i64 * 8 / 5)
}

/// A room with somebody who speaks for `seconds`, and two who listen in `codec`.
fn room(seconds: usize, codec: Codec) -> (Room, [u32; 2]) {
    let mut room = Room::new(4, sum(4));
    room.join(Invitation::to_speak(signal::noise(1, seconds * 48_000, 0.3)));
    let listeners = [(); 2].map(|()| room.join(Invitation::to_listen().in_codec(codec)));
    room.run_ms(5_000);
    (room, listeners)
}

#[test]
fn a_listener_whose_path_is_narrow_is_sent_less_and_the_other_what_it_was() {
    let (mut room, [near, far]) = room(40, Codec::Opus);
    let usual = rate_of(&mut room, near);
    assert_eq!(
        room.control.stats.encoders.load(Relaxed),
        2,
        "the speaker's own, and one for both"
    );

    room.hint(near, path(DataRate::kbps(500)));
    room.hint(far, path(DataRate::kbps(12)));
    room.run_ms(1_000);
    let narrow = rate_of(&mut room, far);
    assert!(narrow <= DataRate::kbps(13), "{narrow:?}");
    assert!(rate_of(&mut room, near) > usual * 0.95);
    assert_eq!(room.control.stats.encoders.load(Relaxed), 3);
    let sound = room.heard(far);
    let level = signal::level_db(&sound[sound.len() - 48_000..]);
    assert!(level > -30.0, "it hears the speaker still: {level} dB");

    room.hint(far, path(DataRate::kbps(500)));
    room.run_ms(3_000);
    assert!(
        rate_of(&mut room, far) > usual * 0.95,
        "wide again, it is sent what all are"
    );
    assert_eq!(room.control.stats.encoders.load(Relaxed), 2);
    let gaps = room.guest(far).packets.windows(2).filter(|pair| {
        let length = TimeDelta::us(i64::from(pair[1].1) * 1_000 / 48);
        (pair[1].0 - pair[0].0 - length).abs() > TimeDelta::ms(10)
    });
    assert_eq!(
        gaps.count(),
        0,
        "packets follow each other without a gap at both changes"
    );
}

#[test]
fn a_codec_of_a_constant_rate_is_not_encoded_twice_for_nothing() {
    let (mut room, [near, far]) = room(20, Codec::Pcmu);
    room.hint(far, path(DataRate::kbps(12)));
    room.run_ms(1_000);
    assert_eq!(rate_of(&mut room, far), DataRate::kbps(64));
    assert_eq!(rate_of(&mut room, near), DataRate::kbps(64));
    assert_eq!(room.control.stats.encoders.load(Relaxed), 2);
}

/// The third of Opus's statistics: the losses, in per cent, that the encoder whom a guest hears reckons with.
fn expected_loss(room: &Room, id: u32) -> f64 {
    room.guest(id).stats.encoder.values()[2]
}

#[test]
fn the_encoder_that_all_share_reckons_with_the_worst_losses_among_them() {
    let (mut room, [near, far]) = room(20, Codec::Opus);
    for (id, loss) in [(near, 0.02), (far, 0.2)] {
        room.hint(
            id,
            NetworkHint::new(DataRate::kbps(500), loss, 1.25, TimeDelta::ms(40)),
        );
    }
    let before = room.heard(far).len();
    room.run_ms(5_000);
    assert_eq!(
        (expected_loss(&room, near), expected_loss(&room, far)),
        (20.0, 20.0)
    );
    assert_eq!(
        room.control.stats.encoders.load(Relaxed),
        2,
        "nobody needs an encoder of one's own"
    );
    assert_eq!(
        room.heard(far).len() - before,
        5 * 48_000,
        "nothing is missed at the change"
    );
}
