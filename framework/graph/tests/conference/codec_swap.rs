//! The codec of a call is swapped: what a guest is sent, and what it sends.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;

use jackfield_graph::command::{Command, SetParameter, Socket};
use jackfield_graph::swap::SwapOutcome;

use super::plugins::{Codec, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, bob, found_again, longest_gap, perfect};

#[test]
fn a2_5_opus_to_g711_and_back_without_a_gap() {
    let (a, b) = (ann(17), bob(17));
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(a.clone()));
    let bob = room.join(Invitation::to_speak(b));
    let mut swaps = Vec::new();
    for n in 0..17 {
        if n > 1 {
            let codec = if n % 2 == 0 { Codec::Pcmu } else { Codec::Opus };
            // At an odd tick: half a packet has been gathered.
            room.step();
            swaps.push(room.swap_codec(bob, codec));
            room.run_ms(990);
        } else {
            room.run_ms(1_000);
        }
    }
    for swap in swaps {
        let measure = room.ended(swap).unwrap();
        assert_eq!(measure.outcome, SwapOutcome::Committed, "{}", measure.reason);
        assert_eq!(measure.samples_lost, 0);
        // Of this swap that is the seam in what the guest says.
        assert!(
            measure.discontinuity_db <= -26.0,
            "{} dB",
            measure.discontinuity_db
        );
    }
    let bob = room.guest(bob);
    assert!(in_step(&bob.packets), "a packet every 20 ms, whatever the codec");
    let (median, worst) = found_again(&perfect(&[&a]), &bob.heard);
    assert!(median > 0.93 && worst > 0.5, "median {median}, worst {worst}");
    assert_eq!(room.guest(ann).stats.concealed_samples.load(Relaxed), 0);
}

#[test]
fn a2_5_a_guest_changes_the_codec_that_it_sends() {
    let a = ann(8);
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(a.clone()));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(2_000);
    for codec in [Codec::Pcmu, Codec::Opus, Codec::Pcmu] {
        room.guests.get_mut(&ann).unwrap().speak_in(codec);
        room.run_ms(2_000);
    }
    let stats = &room.guest(ann).stats;
    assert_eq!(stats.undecodable.load(Relaxed), 0);
    assert!(stats.concealed_samples.load(Relaxed) <= 3 * 960, "{stats:?}");
    let (median, worst) = found_again(&perfect(&[&a]), room.heard(bob));
    assert!(median > 0.93 && worst > 0.5, "median {median}, worst {worst}");
}

/// Sets a parameter of the encoder that a guest is sent by, and of the shared ones.
fn set(room: &mut Room, index: u32, value: f64) {
    room.order(Command::SetParameter(SetParameter {
        ticket: 1,
        socket: Socket::Encoder,
        participant: None,
        index,
        value,
    }));
}

#[test]
fn a2_5_rate_redundancy_dtx_and_packet_length_change_in_a_call_without_a_gap() {
    // Places among the parameters of the Opus encoder.
    const BITRATE: u32 = 0;
    const FEC: u32 = 2;
    const DTX: u32 = 3;
    const PACKET_MS: u32 = 5;
    let (a, b) = (ann(24), bob(24));
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(a.clone()));
    // Bob speaks too: it hears a mix of its own, by an encoder of its own. Cid hears the one that all share.
    let bob = room.join(Invitation::to_speak(b));
    let cid = room.join(Invitation::to_listen());
    room.run_ms(2_000);
    let changes = [
        (BITRATE, 12_000.0),
        (FEC, 0.0),
        (PACKET_MS, 4.0),
        (DTX, 1.0),
        (BITRATE, 96_000.0),
        (PACKET_MS, 5.0),
        (FEC, 1.0),
        (PACKET_MS, 2.0),
        (DTX, 0.0),
        (PACKET_MS, 3.0),
    ];
    for (n, (index, value)) in changes.into_iter().enumerate() {
        // In the middle of a packet as often as between two.
        room.run_ms(2_000 + 10 * (n as i64 % 2));
        set(&mut room, index, value);
    }
    room.run_ms(1_000);
    let lengths: BTreeSet<u32> = room.guest(bob).packets.iter().map(|(_, ticks)| *ticks).collect();
    assert_eq!(
        lengths,
        [480, 960, 1_920, 2_880].into(),
        "packets of 10, 20, 40 and 60 ms were sent"
    );
    for listener in [bob, cid] {
        let guest = room.guest(listener);
        // Every packet ends where the next begins: what one lasts has passed when it is complete.
        let sent: i64 = guest.packets[1..]
            .iter()
            .map(|(_, ticks)| i64::from(*ticks) / 48)
            .sum();
        let (first, last) = (guest.packets[0].0, guest.packets[guest.packets.len() - 1].0);
        assert_eq!(
            sent,
            last.since(first).as_ms(),
            "no time is left out and none comes twice"
        );
    }
    let (median, worst) = found_again(&perfect(&[&a]), room.heard(bob));
    assert!(median > 0.9 && worst > 0.5, "median {median}, worst {worst}");
    assert_eq!(room.guest(ann).stats.undecodable.load(Relaxed), 0);
}

#[test]
fn e10_8_going_over_to_ones_own_mix_keeps_the_packets_in_step() {
    // Bob speaks now and then: he hears the shared mix while he is silent, and his own while he speaks.
    let a = ann(20);
    let word = &bob(2)[..48_000];
    let mut said = vec![0.0; 20 * 48_000];
    for start in [2, 9, 16] {
        said[start * 48_000..(start + 1) * 48_000].copy_from_slice(word);
    }
    let mut room = Room::new(4, sum(4));
    room.join(Invitation::to_speak(a.clone()));
    let bob = room.join(Invitation::to_speak(said));
    let quiet = room.join(Invitation::to_listen());
    room.run_ms(20_000);
    assert!(
        room.encoded[&(true, 0)] > 100,
        "Bob heard a mix of his own at times: {:?}",
        room.encoded
    );
    assert!(in_step(&room.guest(bob).packets));
    let (bob, quiet) = (room.guest(bob), room.guest(quiet));
    assert!(
        bob.packets.len().abs_diff(quiet.packets.len()) <= 2,
        "{} and {}",
        bob.packets.len(),
        quiet.packets.len()
    );
    let (median, worst) = found_again(&perfect(&[&a]), &bob.heard);
    assert!(median > 0.95 && worst > 0.6, "median {median}, worst {worst}");
    assert!(longest_gap(&bob.heard[96_000..5 * 48_000]) < 960, "no hole");
}

/// A packet of 20 ms every 20 ms, never late and never early.
pub(crate) fn in_step(packets: &[(jackfield_core::time::Timestamp, u32)]) -> bool {
    packets
        .windows(2)
        .all(|pair| (pair[1].0 - pair[0].0).as_ms() == 20)
        && packets.iter().all(|(_, ticks)| *ticks == 960 || *ticks == 160)
}
