//! E22.5: feedback that a packet asks for leaves early, as often as the timing of RTCP allows it (RFC 4585 section 3.5).

use jackfield_graph::network::{MediaConfiguration, RtcpFeedback};
use jackfield_rtp::header::{Extension, RtpHeader, write_header};
use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket};
use jackfield_sdk::prelude::*;

use super::world::{ANN, BOB, OPUS, Sent, World, address, configuration};

/// Bob's packet number `number`; whether it asks for feedback at once (transport-wide-cc-02).
fn hand(world: &mut World, number: u16, asks: bool) {
    let header = RtpHeader {
        marker: false,
        payload_type: OPUS,
        sequence_number: number,
        timestamp: u32::from(number) * 960,
        ssrc: 7,
    };
    let [a, b] = number.to_be_bytes();
    let data = [a, b, 0, u8::from(asks)];
    let mut packet = [0; 200];
    let start = write_header(&mut packet, &header, &[], &[Extension { id: 3, data: &data }]).unwrap();
    world.hand(ANN, address(BOB, 5000), &packet[..start + 4]);
    // What is due at once is done at once.
    world.run_for(TimeDelta::ZERO);
}

/// What holds feedback of all that Ann has sent.
fn feedback(world: &World) -> Vec<Sent> {
    let holds = |sent: &Sent| {
        let datagram = RtcpDatagram::parse(&sent.bytes).unwrap();
        datagram
            .packets()
            .any(|packet| matches!(packet, Ok(RtcpPacket::TransportFeedback(_))))
    };
    world.rtcp_of(ANN).into_iter().filter(holds).collect()
}

/// Whether a report stands at the head of what was sent.
fn reports(sent: &Sent) -> bool {
    let datagram = RtcpDatagram::parse(&sent.bytes).unwrap();
    !matches!(
        datagram.packets().next(),
        Some(Ok(RtcpPacket::TransportFeedback(_)))
    )
}

/// Packets of Bob's, from `number` on, until Ann has sent another report.
fn until_the_next_report(world: &mut World, number: &mut u16) {
    let seen = world.rtcp_of(ANN).len();
    while !world.rtcp_of(ANN)[seen..].iter().any(reports) {
        hand(world, *number, false);
        *number += 1;
        world.run_for(TimeDelta::ms(5));
    }
}

#[test]
fn e22_5_feedback_that_is_asked_for_leaves_at_once_and_again_only_after_the_next_packet_of_the_schedule() {
    let mut world = World::pair();
    let mut number = 1;
    until_the_next_report(&mut world, &mut number);
    let before = feedback(&world).len();
    hand(&mut world, number, true);
    let now = world.now;
    assert_eq!(feedback(&world).len(), before + 1, "at once");
    assert_eq!(feedback(&world)[before].at, now);

    world.run_for(TimeDelta::ms(5));
    hand(&mut world, number + 1, true);
    assert_eq!(feedback(&world).len(), before + 1, "not twice");
    world.run_for(TimeDelta::ms(250));
    let next = &feedback(&world)[before + 1];
    assert!(
        next.at > now + TimeDelta::ms(5),
        "it went out when feedback was due by the clock"
    );

    number += 2;
    until_the_next_report(&mut world, &mut number);
    let before = feedback(&world).len();
    hand(&mut world, number, true);
    assert_eq!(feedback(&world).len(), before + 1, "at once again");
}

#[test]
fn e22_5_early_feedback_stands_behind_an_empty_report_where_nothing_else_was_agreed() {
    let mut world = World::pair();
    let compound = MediaConfiguration {
        feedback: RtcpFeedback {
            transport_cc: true,
            ..RtcpFeedback::default()
        },
        ..configuration()
    };
    world.with(0, |domain, _| domain.configure(1, &compound).unwrap());
    let mut number = 1;
    until_the_next_report(&mut world, &mut number);
    let before = feedback(&world).len();
    hand(&mut world, number, true);
    let sent = &feedback(&world)[before];
    let datagram = RtcpDatagram::parse(&sent.bytes).unwrap();
    let packets: Vec<RtcpPacket<'_>> = datagram.packets().map(Result::unwrap).collect();
    let [
        RtcpPacket::ReceiverReport(report),
        RtcpPacket::SourceDescription(_),
        RtcpPacket::TransportFeedback(_),
    ] = &packets[..]
    else {
        panic!("{packets:?}")
    };
    assert_eq!(report.blocks().count(), 0, "minimal");
}

#[test]
fn e22_5_nothing_is_early_that_nobody_asked_for() {
    let mut world = World::pair();
    for number in 1..=400 {
        hand(&mut world, number, false);
        world.run_for(TimeDelta::ms(5));
    }
    let all = feedback(&world);
    let alone = all.windows(2).filter(|pair| !reports(&pair[1]));
    let shortest = alone.map(|pair| pair[1].at - pair[0].at).min().unwrap();
    assert!(all.len() > 5 && shortest >= TimeDelta::ms(50), "{shortest:?}");
}
