//! RTCP: reports, round trips, goodbyes.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_graph::media::Mix;
use jackfield_graph::network::{MediaConfiguration, NetworkEvent, NtpClock, RtcpFeedback};
use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket};
use jackfield_sdk::core::time::NtpTime;
use jackfield_sdk::prelude::*;

use super::world::{ANN, BOB, World, configuration, ssrc};

/// The kinds of the packets of a datagram.
fn kinds(datagram: &[u8]) -> Vec<&'static str> {
    let datagram = RtcpDatagram::parse(datagram).unwrap();
    let kind = |packet| match packet {
        RtcpPacket::SenderReport(_) => "SR",
        RtcpPacket::ReceiverReport(_) => "RR",
        RtcpPacket::SourceDescription(_) => "SDES",
        RtcpPacket::Goodbye(_) => "BYE",
        RtcpPacket::TransportFeedback(_) => "TWCC",
        _ => "other",
    };
    datagram.packets().map(|packet| kind(packet.unwrap())).collect()
}

#[test]
fn e22_5_every_report_is_a_compound_with_a_name_and_they_come_about_once_a_second() {
    let mut world = World::pair();
    world.wire.clear();
    world.speak(0, 1_000);
    let compounds = |seat| -> Vec<Vec<&'static str>> {
        let datagrams = world.rtcp_of(seat);
        datagrams
            .iter()
            .map(|sent| kinds(&sent.bytes))
            .filter(|kinds| kinds[0] != "TWCC")
            .collect()
    };
    let (from_ann, from_bob) = (compounds(ANN), compounds(BOB));
    // 0.5 to 1.5 s divided by e - 3/2, each.
    assert!(
        (14..=41).contains(&from_ann.len()),
        "{} reports in 20 s",
        from_ann.len()
    );
    assert!(
        from_ann.iter().all(|kinds| kinds[..2] == ["SR", "SDES"]),
        "{from_ann:?}"
    );
    assert!(
        from_bob.iter().all(|kinds| kinds[..2] == ["RR", "SDES"]),
        "{from_bob:?}"
    );
}

#[test]
fn e22_5_without_reduced_size_feedback_stands_behind_a_report() {
    let mut world = World::pair();
    let full = MediaConfiguration {
        feedback: RtcpFeedback {
            transport_cc: true,
            ..RtcpFeedback::default()
        },
        ..configuration()
    };
    world.with(1, |domain, _| domain.configure(1, &full).unwrap());
    world.wire.clear();
    world.speak(0, 100);
    let datagrams = world.rtcp_of(BOB);
    assert!(datagrams.len() > 10);
    assert!(datagrams.iter().all(|sent| kinds(&sent.bytes)[0] == "RR"));
    let none = MediaConfiguration {
        feedback: RtcpFeedback::default(),
        ..configuration()
    };
    world.with(1, |domain, _| domain.configure(1, &none).unwrap());
    world.run_for(TimeDelta::seconds(1));
    world.wire.clear();
    world.speak(0, 100);
    assert!(
        world
            .rtcp_of(BOB)
            .iter()
            .all(|sent| !kinds(&sent.bytes).contains(&"TWCC")),
        "it was not negotiated"
    );
}

#[test]
fn the_round_trip_is_measured_from_both_ends() {
    let mut world = World::pair();
    world.delay = TimeDelta::ms(35);
    assert_eq!(world.person(ANN).stats.round_trip_ms(), None);
    for _ in 0..250 {
        world.mix(0, Mix::Shared(1), b"to and");
        world.poll(0);
        world.mix(1, Mix::Shared(1), b"fro");
        world.poll(1);
        world.run_for(TimeDelta::ms(20));
    }
    for seat in [ANN, BOB] {
        let round_trip = world.person(seat).stats.round_trip_ms().unwrap();
        assert!((69.9..70.1).contains(&round_trip), "{round_trip} ms");
    }
}

#[test]
fn e22_6_a_sender_report_binds_the_media_clock_to_the_wall_clock() {
    let mut world = World::pair();
    let wall = NtpTime::from_unix_us(1_800_000_000_000_000);
    let room = &mut world.rooms[0];
    let taken = std::mem::replace(
        &mut room.domain,
        jackfield_graph::network::NetworkDomain::new(ports()),
    );
    room.domain = taken.with_clock(NtpClock::new(Timestamp::ZERO, wall));
    world.wire.clear();
    let start = world.now;
    world.speak(0, 500);
    let mut checked = 0;
    for sent in world.rtcp_of(ANN) {
        let datagram = RtcpDatagram::parse(&sent.bytes).unwrap();
        let Some(Ok(RtcpPacket::SenderReport(report))) = datagram.packets().next() else {
            continue;
        };
        assert_eq!(report.info.ntp, wall.advanced_by(sent.at - Timestamp::ZERO));
        // The first packet was made at `start` and has the first timestamp.
        let wanted = 0xFFFF_F000_u32.wrapping_add(SampleRate::HZ_48000.samples(sent.at - start) as u32);
        assert_eq!(report.info.rtp_timestamp, wanted);
        let before = world
            .rtp_of(ANN)
            .iter()
            .filter(|packet| packet.at <= sent.at)
            .count() as u32;
        assert_eq!(
            (report.info.packet_count, report.info.octet_count),
            (before, 4 * before)
        );
        checked += 1;
    }
    assert!(checked > 5);
}

fn ports() -> jackfield_graph::network::NetworkPorts {
    let outbound = rtrb::RingBuffer::new(1).1;
    let (returned, used) = (rtrb::RingBuffer::new(1).0, rtrb::RingBuffer::new(1).1);
    jackfield_graph::network::NetworkPorts {
        outbound,
        used,
        returned,
        hints: rtrb::RingBuffer::new(1).0,
    }
}

#[test]
fn e22_6_losses_are_known_at_both_ends() {
    let mut world = World::pair();
    // Every fourth RTP packet of Ann's.
    let mut count = 0;
    world.lost = Box::new(move |_, bytes| {
        let counts = bytes[0] >> 6 == 2 && !jackfield_rtp::header::is_rtcp(bytes);
        count += u64::from(counts);
        counts && count.is_multiple_of(4)
    });
    world.speak(0, 400);
    let (ann, bob) = (&world.person(ANN).stats, &world.person(BOB).stats);
    assert_eq!(world.person(BOB).received(), 300);
    // The last one of all is missed by nobody.
    assert_eq!(world.person(BOB).lost(), 99);
    let told = ann.remote_packets_lost.load(Relaxed);
    assert!((75..=99).contains(&told), "{told} lost as Bob's last report said");
    assert!(
        (0.2..0.3).contains(&ann.remote_fraction_lost()),
        "{}",
        ann.remote_fraction_lost()
    );
    assert!(
        bob.rtcp_sent.load(Relaxed) > 50 && ann.rtcp_received.load(Relaxed) == bob.rtcp_sent.load(Relaxed)
    );
}

#[test]
fn c5_1_who_is_removed_says_goodbye_and_closes() {
    let mut world = World::pair();
    world.speak(0, 10);
    world.wire.clear();
    let now = world.now;
    world.with(0, |domain, sink| domain.remove(now, 1, sink).map(drop).unwrap());
    let last = world.rtcp_of(ANN);
    assert_eq!(kinds(&last.last().unwrap().bytes), ["SR", "SDES", "BYE"]);
    assert_eq!(
        world.rooms[0].domain.deadline(),
        Timestamp::NEVER,
        "nothing is left to do"
    );
    world.run_for(TimeDelta::seconds(1));
    assert!(
        world
            .events_of(BOB)
            .contains(&NetworkEvent::Goodbye { ssrc: ssrc(ANN) })
    );
    let gone = world.with(0, |domain, sink| domain.remove(now, 1, sink).map(drop));
    assert!(
        gone.unwrap_err()
            .to_string()
            .contains("participant 1 is not in this room")
    );
}

#[test]
fn goodbye_frees_what_was_still_waiting() {
    let mut world = World::new(2);
    let slow = super::plugins::Metronome::every(TimeDelta::seconds(10));
    world.join(
        ANN,
        super::world::Plugs {
            pacer: Box::new(slow),
            ..Default::default()
        },
    );
    world.join(BOB, super::world::Plugs::default());
    world.connect(ANN, BOB);
    for _ in 0..5 {
        world.mix(0, Mix::Shared(1), b"waits");
        world.poll(0);
    }
    // The first left at once, and its box carried the second: four boxes for five packets.
    assert_eq!(world.rooms[0].domain.waiting_payloads(), 4);
    let now = world.now;
    world.with(0, |domain, sink| domain.close(now, sink));
    assert_eq!(world.rtp_of(ANN).len(), 1);
    assert_eq!(world.rooms[0].domain.waiting_payloads(), 0, "every box is free");
    assert_eq!(world.rooms[0].returned.slots(), 4);
}

#[test]
fn rtcp_that_is_none_does_no_harm() {
    let mut world = World::pair();
    let from = super::world::address(BOB, 5000);
    for kind in 200..=207 {
        for length in 0..64 {
            let mut datagram: Vec<u8> = (0..length).map(|i: u8| i.wrapping_mul(37)).collect();
            for (at, byte) in [0x9F, kind, 0, (length / 4).saturating_sub(1)]
                .into_iter()
                .enumerate()
            {
                if let Some(place) = datagram.get_mut(at) {
                    *place = byte;
                }
            }
            world.hand(ANN, from, &datagram);
        }
    }
    world.speak(1, 3);
    assert_eq!(world.heard(ANN).len(), 3);
}
