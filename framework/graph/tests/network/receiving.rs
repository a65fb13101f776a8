//! RTP that comes in.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::time::NtpTime;
use jackfield_graph::media::Mix;
use jackfield_graph::network::MediaConfiguration;
use jackfield_rtp::header::{Extension, RtpHeader, write_header};
use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket, RtcpWriter, SdesItem, SenderInfo};
use jackfield_sdk::prelude::*;

use super::world::{ANN, BOB, OPUS, PCMU, World, address, configuration};

/// A packet as a foreign sender would write it.
fn rtp(
    ssrc: u32,
    payload_type: u8,
    sequence_number: u16,
    timestamp: u32,
    extensions: &[Extension<'_>],
) -> Vec<u8> {
    let header = RtpHeader {
        marker: false,
        payload_type,
        sequence_number,
        timestamp,
        ssrc,
    };
    let mut packet = [0; 200];
    let start = write_header(&mut packet, &header, &[], extensions).unwrap();
    packet[start..start + 4].copy_from_slice(&timestamp.to_be_bytes());
    packet[..start + 4].to_vec()
}

fn hand(world: &mut World, packet: &[u8]) {
    world.hand(ANN, address(BOB, 5000), packet);
}

#[test]
fn packets_arrive_with_numbers_that_do_not_wrap_and_what_their_headers_say() {
    let mut world = World::pair();
    world.speak(1, 20);
    let heard = world.heard(ANN);
    assert_eq!(heard.len(), 20);
    for (number, packet) in (0..).zip(&heard) {
        assert_eq!(packet.sequence_number, 65_530 + number, "over the end of 16 bits");
        assert_eq!(
            packet.timestamp,
            0xFFFF_F000 + 960 * number,
            "over the end of 32 bits"
        );
        assert_eq!(packet.payload, (number as u32).to_be_bytes());
        assert_eq!((packet.payload_type, packet.level_dbov), (OPUS, Some(-30.0)));
        assert_eq!(packet.marker, number == 0);
        assert_eq!(packet.arrival, heard[0].arrival + TimeDelta::ms(20) * number);
    }
    let stats = &world.person(ANN).stats;
    assert_eq!((world.person(ANN).received(), world.person(ANN).lost()), (20, 0));
    assert_eq!(stats.bytes_received.load(Relaxed), 80);
}

#[test]
fn e22_6_losses_and_duplicates_are_counted_as_rfc_3550_says() {
    let mut world = World::pair();
    for number in [0, 1, 2, 5, 6, 6, 7] {
        hand(&mut world, &rtp(7, OPUS, number, u32::from(number) * 960, &[]));
    }
    assert_eq!(world.person(ANN).received(), 7);
    assert_eq!(world.person(ANN).lost(), 1, "two are missing, one came twice");
    hand(&mut world, &rtp(7, OPUS, 3, 3 * 960, &[]));
    assert_eq!(world.person(ANN).lost(), 0, "one was only late");
}

#[test]
fn e22_6_jitter_follows_appendix_a_8() {
    let mut world = World::pair();
    // Every other packet is 8 ms late: each difference is 8 ms, so the jitter tends to 8 ms.
    for number in 0..200_u16 {
        hand(&mut world, &rtp(7, OPUS, number, u32::from(number) * 960, &[]));
        let late = number.is_multiple_of(2);
        world.run_for(TimeDelta::ms(if late { 28 } else { 12 }));
    }
    let jitter = world.person(ANN).stats.jitter_ms();
    assert!((7.5..8.1).contains(&jitter), "{jitter} ms");
}

#[test]
fn b2_3_a_stream_that_nobody_announced_is_known_by_its_payload_type_and_strangers_are_dropped() {
    let mut world = World::pair();
    hand(&mut world, &rtp(0xABCD, OPUS, 1, 0, &[]));
    assert_eq!(world.heard(ANN).len(), 1, "its payload type tells");
    hand(&mut world, &rtp(0xEEEE, 99, 1, 0, &[]));
    hand(
        &mut world,
        &rtp(0xFFFF, OPUS, 1, 0, &[Extension::new(4, b"another")]),
    );
    assert_eq!(
        world.heard(ANN).len(),
        0,
        "an unknown payload type, and a MID that nobody has"
    );
    assert_eq!(world.person(ANN).stats.discarded.load(Relaxed), 2);
    hand(&mut world, &[0x80, 111, 0]);
    world.with(0, |domain, _| {
        domain.configure(1, &MediaConfiguration::default()).unwrap();
    });
    hand(&mut world, &rtp(0xABCD, OPUS, 2, 960, &[]));
    assert_eq!(world.heard(ANN).len(), 0, "who may not speak is not heard");
}

#[test]
fn a_sender_that_begins_anew_goes_on_for_the_receiver() {
    let mut world = World::pair();
    for number in 0..10 {
        hand(
            &mut world,
            &rtp(7, OPUS, 500 + number, u32::from(number) * 960, &[]),
        );
        world.run_for(TimeDelta::ms(20));
    }
    // Another microphone: a new SSRC with numbers of its own.
    for number in 0..10 {
        hand(
            &mut world,
            &rtp(
                8,
                OPUS,
                40_000 + number,
                0x8000_0000 + u32::from(number) * 960,
                &[],
            ),
        );
        world.run_for(TimeDelta::ms(20));
    }
    // The same SSRC begins anew, far away; the first packet of it alone proves nothing.
    for number in 0..11 {
        hand(
            &mut world,
            &rtp(8, OPUS, 10 + number, 77 + u32::from(number) * 960, &[]),
        );
        world.run_for(TimeDelta::ms(20));
    }
    let heard = world.heard(ANN);
    assert_eq!(heard.len(), 30);
    for pair in heard.windows(2) {
        assert_eq!(pair[1].sequence_number - pair[0].sequence_number, 1);
        let passed = SampleRate::HZ_48000.samples(pair[1].arrival - pair[0].arrival);
        assert_eq!(
            pair[1].timestamp - pair[0].timestamp,
            passed,
            "the media clock follows the time"
        );
    }
}

#[test]
fn of_two_streams_the_newer_is_heard_until_it_falls_silent() {
    let mut world = World::pair();
    let step = |world: &mut World, stream, number: u16| {
        hand(world, &rtp(stream, OPUS, number, u32::from(number) * 960, &[]));
    };
    for number in 0..50 {
        step(&mut world, 7, number);
        if number >= 10 {
            step(&mut world, 8, number);
        }
        world.run_for(TimeDelta::ms(20));
    }
    assert_eq!(
        world.heard(ANN).len(),
        11 + 40,
        "the first one's eleventh came just before the other's first; then never both"
    );
    assert_eq!(world.person(ANN).received(), 90, "both are counted");
    for number in 50..150 {
        step(&mut world, 7, number);
        world.run_for(TimeDelta::ms(20));
    }
    let again = world.heard(ANN).len();
    assert!(
        (49..=51).contains(&again),
        "after a second of silence the first is heard again: {again}"
    );
}

#[test]
fn another_clock_in_the_same_stream_does_not_set_the_receiver_back() {
    let mut world = World::pair();
    for number in 0..10 {
        hand(&mut world, &rtp(7, OPUS, number, u32::from(number) * 960, &[]));
        world.run_for(TimeDelta::ms(20));
    }
    for number in 10..20 {
        hand(
            &mut world,
            &rtp(7, PCMU, number, 9_600 + u32::from(number - 10) * 160, &[]),
        );
        world.run_for(TimeDelta::ms(20));
    }
    let heard = world.heard(ANN);
    let common = |at: usize| {
        let clock = if heard[at].payload_type == PCMU { 6 } else { 1 };
        heard[at].timestamp * clock
    };
    for at in 1..heard.len() {
        assert_eq!(
            common(at) - common(at - 1),
            960,
            "20 ms between packets {} and {at}",
            at - 1
        );
    }
}

#[test]
fn a_receiver_that_does_not_take_its_packets_loses_them_and_nothing_else_happens() {
    let mut world = World::pair();
    world.speak(1, 100);
    assert_eq!(
        world.person(ANN).stats.dropped_inbound.load(Relaxed),
        36,
        "the ring holds 64"
    );
    assert_eq!(world.heard(ANN).len(), 64);
    world.speak(1, 10);
    assert_eq!(world.heard(ANN).len(), 10);
}

#[test]
fn a_packet_that_is_no_packet_does_no_harm() {
    let mut world = World::pair();
    for length in 0..60 {
        for first in [0x80, 0x90, 0x8F, 0xB0, 0x00, 0xFF] {
            let packet: Vec<u8> = (0..length).map(|i| if i == 0 { first } else { 0xFF }).collect();
            hand(&mut world, &packet);
        }
    }
    world.speak(1, 5);
    assert_eq!(world.heard(ANN).len(), 5);
}

#[test]
fn padding_alone_is_counted_and_not_heard() {
    let mut world = World::pair();
    let mut packet = rtp(7, OPUS, 1, 0, &[]);
    packet.truncate(12);
    packet[0] |= 0x20;
    packet.extend([0, 0, 0, 4]);
    hand(&mut world, &packet);
    assert_eq!((world.person(ANN).received(), world.heard(ANN).len()), (1, 0));
}

#[test]
fn boxes_go_round() {
    let mut world = World::pair();
    world.speak(1, 10);
    let filled = world.heard(ANN).len();
    assert_eq!(filled, 10);
    assert_eq!(
        world.rooms[0].used.slots(),
        256 - 10,
        "the played ones wait to be filled again"
    );
    world.speak(1, 5);
    assert_eq!(world.rooms[0].used.slots(), 256 - 5, "and are");
    world.mix(0, Mix::Shared(1), b"x");
    world.poll(0);
    assert_eq!(world.rooms[0].returned.slots(), 1, "what was sent comes back");
    assert_eq!(world.rooms[0].domain.waiting_payloads(), 0);
}

#[test]
fn what_is_only_measured_is_told_of_and_thrown_away() {
    const VIDEO: u8 = 96;
    let mut world = World::pair();
    let settled = MediaConfiguration {
        discard: vec![VIDEO],
        ..configuration()
    };
    world.with(0, |domain, _| domain.configure(1, &settled)).unwrap();
    for number in 0..10_u16 {
        let bytes = number.to_be_bytes();
        let packet = rtp(99, VIDEO, number, 0, &[Extension::new(3, &bytes)]);
        hand(&mut world, &packet);
    }
    world.run_for(TimeDelta::ms(300));
    let stats = &world.person(ANN).stats;
    let measured = (
        stats.measured_packets.load(Relaxed),
        stats.measured_bytes.load(Relaxed),
    );
    assert_eq!(measured, (10, 40));
    assert!(world.heard(ANN).is_empty());
    assert_eq!(world.person(ANN).received(), 0, "it is no voice");
    let told: usize = world
        .rtcp_of(ANN)
        .iter()
        .flat_map(|sent| {
            let datagram = RtcpDatagram::parse(&sent.bytes).unwrap();
            let feedback = datagram.packets().filter_map(|packet| match packet {
                Ok(RtcpPacket::TransportFeedback(feedback)) => Some(usize::from(feedback.status_count())),
                _ => None,
            });
            feedback.collect::<Vec<_>>()
        })
        .sum();
    assert_eq!(told, 10, "its sender is told when each came");
}

/// A compound packet of a foreign sender: a report on `ssrc`, and its name.
fn report(ssrc: u32, captured_us: u64, timestamp: u32, name: &str) -> Vec<u8> {
    let mut bytes = [0; 200];
    let mut writer = RtcpWriter::new(&mut bytes);
    let info = SenderInfo {
        ntp: NtpTime::from_unix_us(1_700_000_000_000_000 + captured_us),
        rtp_timestamp: timestamp,
        packet_count: 1,
        octet_count: 1,
    };
    writer.sender_report(ssrc, &info, &[]).unwrap();
    writer
        .source_description(&[(ssrc, &[SdesItem::cname(name)])])
        .unwrap();
    writer.written().to_vec()
}

#[test]
fn e2_3_how_much_later_than_the_voice_its_pictures_come_is_told() {
    const VIDEO: u8 = 96;
    let mut world = World::pair();
    let settled = MediaConfiguration {
        discard: vec![VIDEO],
        ..configuration()
    };
    world.with(0, |domain, _| domain.configure(1, &settled)).unwrap();
    let behind = |world: &World| world.person(ANN).stats.pictures_behind_ms();
    // What was captured at one instant: the picture is 150 ms longer under way, in two packets.
    hand(&mut world, &rtp(7, OPUS, 1, 48_000, &[]));
    world.run_for(TimeDelta::ms(150));
    hand(&mut world, &rtp(99, VIDEO, 1, 90_000, &[]));
    world.run_for(TimeDelta::ms(10));
    hand(&mut world, &rtp(99, VIDEO, 2, 90_000, &[]));
    hand(&mut world, &report(7, 1_000_000, 48_000, "ann"));
    assert_eq!(behind(&world), None, "of the pictures nothing is known yet");
    hand(&mut world, &report(99, 500_000, 45_000, "somebody else"));
    assert_eq!(behind(&world), None, "they are not the pictures of this voice");
    hand(&mut world, &report(99, 500_000, 45_000, "ann"));
    let told = behind(&world).unwrap();
    assert!((told - 150.0).abs() < 0.01, "{told}");
    // Once nothing comes any more it is not known any more.
    world.run_for(TimeDelta::seconds(3));
    hand(&mut world, &report(7, 4_000_000, 4 * 48_000, "ann"));
    assert_eq!(behind(&world), None);
}
