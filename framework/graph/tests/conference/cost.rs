//! E10.3, E10.8: the cost of a room grows with how many are heard, not with how many are there.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_testkit::signal;

use super::plugins::{active_speaker, sum};
use super::room::{Invitation, Room};

fn decoded_packets(room: &Room, id: u32) -> f64 {
    room.guest(id).stats.decoder.values()[0]
}

#[test]
fn e10_3_only_the_three_loudest_are_decoded() {
    let mut room = Room::new(12, active_speaker(12));
    let peaks = [0.5, 0.4, 0.3, 0.02, 0.01, 0.008];
    let guests: Vec<u32> = peaks
        .iter()
        .zip(1..)
        .map(|(peak, seed)| room.join(Invitation::to_speak(signal::noise(seed, 5 * 48_000, *peak))))
        .collect();
    room.run_ms(5_000);
    assert_eq!(room.control.stats.heard.load(Relaxed), 3);
    for (guest, peak) in guests.iter().zip(peaks) {
        let (decoded, heard) = (
            decoded_packets(&room, *guest),
            room.guest(*guest).stats.is_heard(),
        );
        if peak > 0.1 {
            assert!(decoded > 200.0 && heard, "{peak}: {decoded} packets decoded");
        } else {
            assert!(decoded < 40.0 && !heard, "{peak}: {decoded} packets decoded");
        }
        let played = room.guest(*guest).stats.total_samples.load(Relaxed);
        assert_eq!(
            played,
            5 * 48_000,
            "those who are not heard keep their place in time"
        );
    }
}

#[test]
fn e10_8_one_encoder_serves_all_who_hear_the_same() {
    let mut room = Room::new(30, active_speaker(30));
    for seed in 1..=3 {
        room.join(Invitation::to_speak(signal::noise(seed, 5 * 48_000, 0.3)));
    }
    for _ in 0..20 {
        room.join(Invitation::to_listen());
    }
    room.run_ms(5_000);
    assert_eq!(
        room.control.stats.encoders.load(Relaxed),
        4,
        "three of their own, one for all others"
    );
    let shared = room.encoded[&(false, 0)];
    let own = room.encoded[&(true, 0)];
    assert!((245..=250).contains(&shared), "{shared}");
    assert!((700..=750).contains(&own), "{own}");
}

#[test]
fn a2_4_a_muted_guest_is_not_heard_and_not_decoded() {
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(signal::noise(1, 6 * 48_000, 0.3)));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(2_000);
    room.order(jackfield_graph::command::Command::Mute {
        participant: ann,
        muted: true,
    });
    room.run_ms(2_000);
    let heard = room.heard(bob);
    assert!(signal::level_db(&heard[heard.len() - 48_000..]) < -80.0);
    assert_eq!(room.control.stats.heard.load(Relaxed), 0);
    assert_eq!(room.guest(ann).stats.level_dbov(), -127.0);
}
