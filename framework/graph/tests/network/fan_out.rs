//! Mixes that go out.

use jackfield_graph::media::{Mix, Outbound};
use jackfield_graph::network::{ExtensionIds, MediaConfiguration, SendCodec};
use jackfield_rtp::extension::{AudioLevel, TransportSequence};
use jackfield_rtp::header::RtpPacketView;
use jackfield_sdk::prelude::*;

use super::world::{OPUS, PCMU, Plugs, World, configuration, ssrc};

const LISTENERS: [(usize, u32); 3] = [(0, 1), (0, 2), (0, 3)];

/// A room with three listeners, each connected to a room of its own.
fn audience() -> World {
    let mut world = World::new(2);
    for (_, id) in LISTENERS {
        world.join((0, id), Plugs::default());
        world.join((1, id), Plugs::default());
        world.connect((0, id), (1, id));
    }
    world
}

fn route(world: &mut World, participant: u32, own: bool, codec: u32) {
    world.push(
        0,
        Outbound::Route {
            participant,
            own,
            codec,
        },
    );
}

#[test]
fn a2_4_one_packet_reaches_everyone_who_shares_the_mix_in_a_stream_of_its_own() {
    let mut world = audience();
    world.mix(0, Mix::Shared(1), b"hello");
    world.poll(0);
    assert_eq!(world.rooms[0].returned.slots(), 1, "one box, back once");
    for seat in LISTENERS {
        let sent = world.rtp_of(seat);
        assert_eq!(sent.len(), 1);
        let packet = RtpPacketView::parse(&sent[0].bytes).unwrap();
        assert_eq!(
            (packet.payload(), packet.ssrc(), packet.payload_type()),
            (&b"hello"[..], ssrc(seat), OPUS)
        );
        let level = packet.extension(1).and_then(AudioLevel::parse);
        assert_eq!(
            level,
            Some(AudioLevel {
                voice: true,
                level: 30
            })
        );
        assert_eq!(packet.extension(4), Some(&b"0"[..]), "its MID");
        let number = packet.extension(3).and_then(TransportSequence::parse).unwrap();
        assert_eq!(number.sequence_number, 0, "the first of its transport");
    }
    world.run_for(TimeDelta::ms(20));
    for (_, id) in LISTENERS {
        assert_eq!(world.heard((1, id)).len(), 1);
    }
}

#[test]
fn an_own_mix_reaches_its_owner_alone() {
    let mut world = audience();
    route(&mut world, 2, true, 1);
    world.mix(0, Mix::Own(2), b"for two");
    world.mix(0, Mix::Shared(1), b"for all");
    world.poll(0);
    let payload = |world: &World, seat| {
        let sent = world.rtp_of(seat);
        assert_eq!(sent.len(), 1, "{seat:?}");
        RtpPacketView::parse(&sent[0].bytes).unwrap().payload().to_vec()
    };
    assert_eq!(payload(&world, (0, 1)), b"for all");
    assert_eq!(payload(&world, (0, 2)), b"for two");
    assert_eq!(payload(&world, (0, 3)), b"for all");
}

#[test]
fn a_change_of_route_leaves_no_gap_and_no_overlap() {
    let mut world = audience();
    for number in 0..60_u32 {
        match number {
            20 => route(&mut world, 1, true, 1),
            40 => route(&mut world, 1, false, 1),
            _ => {}
        }
        if (20..40).contains(&number) {
            world.mix(0, Mix::Own(1), &number.to_be_bytes());
        }
        world.mix(0, Mix::Shared(1), &number.to_be_bytes());
        world.poll(0);
        world.run_for(TimeDelta::ms(20));
    }
    for seat in LISTENERS {
        let heard = world.heard((1, seat.1));
        assert_eq!(heard.len(), 60, "{seat:?}");
        for (number, packet) in (0..).zip(&heard) {
            assert_eq!(packet.payload, (number as u32).to_be_bytes());
            assert_eq!(packet.sequence_number, heard[0].sequence_number + number);
            assert_eq!(packet.timestamp, heard[0].timestamp + 960 * number);
            assert_eq!(packet.marker, number == 0, "no pause, no marker");
        }
    }
}

#[test]
fn what_dtx_keeps_back_moves_the_media_clock_and_the_packet_after_it_bears_the_marker() {
    let mut world = World::pair();
    for number in 0..30_u32 {
        let pause = (10..20).contains(&number);
        world.mix(0, Mix::Shared(1), if pause { b"" } else { b"voice" });
        world.poll(0);
        world.run_for(TimeDelta::ms(20));
    }
    let heard = world.heard((1, 1));
    assert_eq!(heard.len(), 20);
    let (before, after) = (&heard[9], &heard[10]);
    assert_eq!(
        after.sequence_number - before.sequence_number,
        1,
        "no packet is missing"
    );
    assert_eq!(
        after.timestamp - before.timestamp,
        11 * 960,
        "and 200 ms have passed"
    );
    let marked: Vec<usize> = (0..20).filter(|at| heard[*at].marker).collect();
    assert_eq!(marked, [0, 10]);
    assert_eq!(
        world.rooms[0].domain.waiting_payloads(),
        0,
        "empty boxes go back too"
    );
}

#[test]
fn another_codec_begins_with_its_first_packet() {
    let mut world = audience();
    world.with(0, |domain, _| domain.set_codec(1, 2).unwrap());
    world.mix(0, Mix::Shared(1), b"still the old one");
    world.poll(0);
    world.run_for(TimeDelta::ms(20));
    world.mix(0, Mix::Shared(1), b"for the others");
    world.mix_as(0, Mix::Shared(2), 2, 160, b"the new one");
    world.poll(0);
    world.run_for(TimeDelta::ms(20));
    world.mix(0, Mix::Shared(1), b"for the others");
    world.mix_as(0, Mix::Shared(2), 2, 160, b"the new one");
    world.poll(0);
    world.run_for(TimeDelta::ms(20));
    let heard = world.heard((1, 1));
    let types: Vec<u8> = heard.iter().map(|packet| packet.payload_type).collect();
    assert_eq!(types, [OPUS, OPUS, PCMU], "it never hears the same 20 ms twice");
    assert!(
        heard
            .windows(2)
            .all(|pair| pair[1].sequence_number - pair[0].sequence_number == 1)
    );
    assert_eq!(world.heard((1, 2)).len(), 3);
    let refused = world.with(0, |domain, _| domain.set_codec(1, 9));
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("codec 9 was not negotiated")
    );
}

#[test]
fn a_route_names_the_codec_in_order_with_the_packets() {
    let mut world = World::pair();
    route(&mut world, 1, true, 2);
    world.mix_as(0, Mix::Own(1), 2, 160, b"narrow");
    route(&mut world, 1, true, 1);
    world.mix_as(0, Mix::Own(1), 1, 960, b"wide");
    world.poll(0);
    world.run_for(TimeDelta::ms(20));
    let heard = world.heard((1, 1));
    let types: Vec<(u8, Vec<u8>)> = heard.into_iter().map(|p| (p.payload_type, p.payload)).collect();
    assert_eq!(types, [(PCMU, b"narrow".to_vec()), (OPUS, b"wide".to_vec())]);
}

#[test]
fn who_is_not_connected_yet_hears_the_mix_from_its_place_on() {
    let mut world = World::new(2);
    world.join((0, 1), Plugs::default());
    world.join((1, 1), Plugs::default());
    for _ in 0..10 {
        world.mix(0, Mix::Shared(1), b"nobody hears this");
        world.poll(0);
    }
    assert_eq!(world.rooms[0].domain.waiting_payloads(), 0);
    world.connect((0, 1), (1, 1));
    world.speak(0, 2);
    let heard = world.heard((1, 1));
    assert_eq!(heard.len(), 2);
    assert_eq!(
        heard[0].sequence_number, 65_530,
        "the first packet has the first number"
    );
    assert_eq!(
        heard[0].timestamp,
        i64::from(0xFFFF_F000_u32.wrapping_add(10 * 960)),
        "and its place in the mix"
    );
}

#[test]
fn who_takes_no_extensions_and_other_codecs_gets_neither() {
    let mut world = World::pair();
    let bare = MediaConfiguration {
        send: vec![SendCodec {
            codec: 2,
            payload_type: 8,
            clock_rate: SampleRate::HZ_8000,
        }],
        codec: 2,
        extensions: ExtensionIds::none(),
        ..configuration()
    };
    world.with(0, |domain, _| domain.configure(1, &bare).unwrap());
    world.mix(0, Mix::Shared(1), b"not for it");
    world.mix_as(0, Mix::Shared(2), 2, 160, b"for it");
    world.poll(0);
    let sent = world.rtp_of((0, 1));
    assert_eq!(sent.len(), 1);
    let packet = RtpPacketView::parse(&sent[0].bytes).unwrap();
    assert_eq!((packet.payload_type(), packet.payload()), (8, &b"for it"[..]));
    assert_eq!(packet.extensions().count(), 0);
}

#[test]
fn t_3_fanning_out_allocates_nothing_once_it_runs() {
    let mut world = audience();
    world.speak(0, 50);
    struct Nowhere(usize);
    impl jackfield_graph::network::DatagramSink for Nowhere {
        fn transmit(&mut self, _: &Route, _: &[u8]) {
            self.0 += 1;
        }
        fn event(&mut self, _: u32, _: jackfield_graph::network::NetworkEvent) {}
    }
    for _ in 0..20 {
        world.mix(0, Mix::Shared(1), b"one for all");
    }
    let (now, domain, mut nowhere) = (world.now, &mut world.rooms[0].domain, Nowhere(0));
    let ((), seen) = jackfield_testkit::real_time::section(|| domain.poll_outbound(now, &mut nowhere));
    assert_eq!(nowhere.0, 60);
    seen.assert_clean("sending 20 packets to three listeners");
}
