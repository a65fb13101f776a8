//! Congestion control feedback by stream (RFC 8888) in a call, and the ECN marks of which it alone tells.

use jackfield_graph::network::{EcnMark, MediaConfiguration, RtcpFeedback};
use jackfield_rtp::header::{RtpPacketView, is_rtcp};
use jackfield_rtp::rtcp::{CongestionFeedback, RtcpDatagram, RtcpPacket};
use jackfield_sdk::prelude::*;

use super::plugins::{Notes, Scribe, of_kind};
use super::world::{Plugs, Sent, World, address, configuration, fixed, ssrc};

const ANN: (usize, u32) = (0, 1);
const BOB: (usize, u32) = (1, 1);
/// A step of an arrival offset, rounded up.
const STEP: TimeDelta = TimeDelta::us(977);

/// What is negotiated where both know RFC 8888.
fn by_stream() -> MediaConfiguration {
    MediaConfiguration {
        feedback: RtcpFeedback {
            congestion_control: true,
            reduced_size: true,
            ..RtcpFeedback::default()
        },
        ..configuration()
    }
}

/// A pair of which Ann has this controller, and that has agreed on this.
fn pair_with(congestion: Box<dyn CongestionController>, agreed: &MediaConfiguration) -> World {
    let mut world = World::new(2);
    world.join(
        ANN,
        Plugs {
            congestion,
            ..Plugs::default()
        },
    );
    world.join(BOB, Plugs::default());
    for room in [0, 1] {
        world.with(room, |domain, _| domain.configure(1, agreed)).unwrap();
    }
    world.connect(ANN, BOB);
    world
}

/// A controller that wants marks, and writes down what it is told.
fn marking() -> (
    Box<dyn CongestionController>,
    std::sync::Arc<std::sync::Mutex<Notes>>,
) {
    let (mut scribe, notes) = Scribe::new();
    scribe.decision.ecn = 1;
    (Box::new(scribe), notes)
}

fn told(notes: &std::sync::Mutex<Notes>) -> Vec<PacketFeedback> {
    let feedback = of_kind(notes, CongestionEventKind::PacketFeedback);
    feedback.iter().flat_map(|told| told.packets.clone()).collect()
}

/// Calls `see` with each report of RFC 8888 in what was sent.
fn each_report(sent: &[Sent], mut see: impl FnMut(&CongestionFeedback<'_>)) {
    for sent in sent {
        for packet in RtcpDatagram::parse(&sent.bytes).unwrap().packets() {
            match packet.unwrap() {
                RtcpPacket::CongestionFeedback(feedback) => see(&feedback),
                RtcpPacket::TransportFeedback(_) => panic!("one kind of feedback is enough"),
                _ => {}
            }
        }
    }
}

#[test]
fn e17_4_every_packet_is_told_by_its_stream_when_it_came_and_how_long_it_was_held() {
    let (scribe, notes) = Scribe::new();
    let mut world = pair_with(Box::new(scribe), &by_stream());
    world.delay = TimeDelta::ms(30);
    world.speak(0, 200);
    world.run_for(TimeDelta::seconds(1));
    let sent = of_kind(&notes, CongestionEventKind::SentPacket);
    assert!(sent.iter().all(|told| told.event.ssrc == ssrc(ANN)));
    let packets = told(&notes);
    let numbers: Vec<i64> = packets.iter().map(|packet| packet.sequence_number).collect();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>(), "each once");
    // The origin of the remote clock is not known.
    let first = packets[0].received - packets[0].sent;
    for (packet, left) in packets.iter().zip(&sent) {
        assert_eq!((packet.sent, packet.size), (left.at, left.event.size));
        assert!((packet.received - packet.sent - first).abs() <= STEP);
        let held = packet.arrival_offset;
        assert!(held >= TimeDelta::ZERO && held <= TimeDelta::ms(250), "{held:?}");
    }
    let last = of_kind(&notes, CongestionEventKind::PacketFeedback);
    assert_eq!(last.last().unwrap().event.in_flight, DataSize::ZERO);

    let mut reported = 0;
    each_report(&world.rtcp_of(BOB), |feedback| {
        reported += feedback
            .blocks()
            .map(|block| block.packets().len())
            .sum::<usize>();
    });
    assert_eq!(reported, 200);
    for sent in world.rtp_of(ANN) {
        let packet = RtpPacketView::parse(&sent.bytes).unwrap();
        assert_eq!(
            packet.extension(3),
            None,
            "nobody needs a number on the transport"
        );
    }
}

#[test]
fn e19_2_reports_come_at_the_interval_of_all_feedback_and_only_if_there_is_something_to_tell() {
    let mut world = pair_with(fixed(64), &by_stream());
    world.wire.clear();
    world.speak(0, 500);
    let alone = |world: &World| -> Vec<Timestamp> {
        let sent = world.rtcp_of(BOB);
        let alone = sent.iter().filter(|sent| sent.bytes[1] == 205);
        alone.map(|sent| sent.at).collect()
    };
    let moments = alone(&world);
    // Bob's estimate is 64 kbit/s: 5 % of it is a packet of 68 bytes in 170 ms.
    assert!((45..=62).contains(&moments.len()), "{} in 10 s", moments.len());
    world.run_for(TimeDelta::seconds(1));
    world.wire.clear();
    world.run_for(TimeDelta::seconds(5));
    assert!(alone(&world).is_empty(), "nothing came, nothing is told");
}

#[test]
fn e17_4_losses_and_late_packets_are_told_by_stream() {
    let (scribe, notes) = Scribe::new();
    let mut world = pair_with(Box::new(scribe), &by_stream());
    let mut count = 0;
    world.lost = Box::new(move |_, bytes| {
        let counts = bytes[0] >> 6 == 2 && !is_rtcp(bytes);
        count += u64::from(counts);
        counts && count % 10 == 5
    });
    world.speak(0, 200);
    world.run_for(TimeDelta::seconds(1));
    let lost: Vec<i64> = told(&notes)
        .iter()
        .filter(|packet| packet.received.is_never())
        .map(|packet| packet.sequence_number)
        .collect();
    assert_eq!(lost, (0..20).map(|n| 10 * n + 4).collect::<Vec<_>>());

    // One of them comes after all.
    world.lost = Box::new(|_, _| false);
    let late = world.rtp_of(ANN)[194].clone();
    world.hand(BOB, address(ANN, 5000), &late.bytes);
    world.run_for(TimeDelta::seconds(1));
    let packets = told(&notes);
    let last = packets.last().unwrap();
    assert_eq!((last.sequence_number, last.recovered), (194, 1));
    assert!(!last.received.is_never());
}

#[test]
fn e17_4_marks_leave_if_the_controller_wants_them_and_what_becomes_of_them_is_told() {
    let (scribe, notes) = marking();
    let mut world = pair_with(scribe, &by_stream());
    world.marks = |number, mark| {
        if mark.is_capable() && number % 5 == 0 {
            EcnMark::Congested
        } else {
            mark
        }
    };
    world.speak(0, 200);
    world.run_for(TimeDelta::seconds(1));
    assert!(
        world
            .rtp_of(ANN)
            .iter()
            .all(|sent| sent.mark == EcnMark::Capable1)
    );
    let unmarked = |sent: &[Sent]| sent.iter().all(|sent| sent.mark == EcnMark::NotCapable);
    assert!(
        unmarked(&world.rtcp_of(ANN)),
        "reports are not what the controller controls"
    );
    assert!(
        unmarked(&world.rtcp_of(BOB)),
        "nor does Bob's controller want any"
    );
    let sent = of_kind(&notes, CongestionEventKind::SentPacket);
    assert!(sent.iter().all(|told| told.event.ecn == 1));
    let packets = told(&notes);
    let marked = packets.iter().filter(|packet| packet.ecn == 3).count();
    assert!((30..=50).contains(&marked), "{marked}");
    assert_eq!(
        packets.iter().filter(|packet| packet.ecn == 1).count(),
        200 - marked
    );
    let feedback = of_kind(&notes, CongestionEventKind::PacketFeedback);
    assert!(
        feedback.iter().all(|told| told.event.flag == 1),
        "the path carries marks"
    );
}

#[test]
fn e17_4_a_path_that_wipes_marks_off_is_found_out() {
    let (scribe, notes) = marking();
    let mut world = pair_with(scribe, &by_stream());
    world.marks = |_, _| EcnMark::NotCapable;
    world.speak(0, 50);
    world.run_for(TimeDelta::seconds(1));
    let feedback = of_kind(&notes, CongestionEventKind::PacketFeedback);
    assert!(!feedback.is_empty());
    assert!(feedback.iter().all(|told| told.event.flag == 0));
    assert!(told(&notes).iter().all(|packet| packet.ecn == 0));
}

#[test]
fn e17_4_nothing_is_marked_where_nobody_would_tell_what_became_of_it() {
    let (scribe, notes) = marking();
    let mut world = pair_with(scribe, &configuration());
    world.speak(0, 50);
    world.run_for(TimeDelta::seconds(1));
    assert!(world.wire.iter().all(|sent| sent.mark == EcnMark::NotCapable));
    let feedback = of_kind(&notes, CongestionEventKind::PacketFeedback);
    assert!(feedback.iter().all(|told| told.event.flag == 0));
    let packets = told(&notes);
    assert!(
        packets.len() == 50
            && packets
                .iter()
                .all(|packet| packet.arrival_offset < TimeDelta::ZERO)
    );
}

#[test]
fn e17_4_feedback_by_stream_goes_before_transport_wide_if_both_are_there() {
    let mut both = by_stream();
    both.feedback.transport_cc = true;
    let (scribe, notes) = Scribe::new();
    let mut world = pair_with(Box::new(scribe), &both);
    world.speak(0, 50);
    world.run_for(TimeDelta::seconds(1));
    let mut reports = 0;
    each_report(&world.rtcp_of(BOB), |_| reports += 1);
    assert!(reports > 0);
    assert_eq!(told(&notes).len(), 50);
}

#[test]
fn e17_6_a_successor_that_heeds_no_marks_sends_without() {
    let (scribe, _) = marking();
    let mut world = pair_with(scribe, &by_stream());
    world.speak(0, 20);
    let now = world.now;
    world
        .with(0, |domain, _| domain.swap_congestion(now, 1, 7, fixed(64), false))
        .unwrap();
    world.speak(0, 100);
    assert_eq!(world.rtp_of(ANN).last().unwrap().mark, EcnMark::NotCapable);
}

#[test]
fn t_3_telling_and_hearing_of_packets_allocates_nothing_once_it_runs() {
    struct Nowhere(Vec<u8>, usize);
    impl jackfield_graph::network::DatagramSink for Nowhere {
        fn transmit(&mut self, _: &Route, datagram: &[u8]) {
            self.0[..datagram.len()].copy_from_slice(datagram);
            self.1 = datagram.len();
        }
        fn event(&mut self, _: u32, _: jackfield_graph::network::NetworkEvent) {}
    }
    let mut world = pair_with(fixed(64), &by_stream());
    world.speak(0, 50);
    world.run_for(TimeDelta::seconds(1));
    world.heard(BOB);
    // What Ann sends now reaches nobody but by hand.
    world.lost = Box::new(|_, _| true);
    let before = world.rtp_of(ANN).len();
    world.speak(0, 8);
    let packets = world.rtp_of(ANN).split_off(before);
    let (to_bob, to_ann) = (
        Route::new(address(BOB, 5000), address(ANN, 5000)),
        Route::new(address(ANN, 5000), address(BOB, 5000)),
    );
    let mut sink = Nowhere(vec![0; 1_500], 0);
    let mut now = world.now;
    let bob = &mut world.rooms[1].domain;
    let ((), seen) = jackfield_testkit::real_time::section(|| {
        for packet in &packets {
            bob.receive_marked(now, 1, &to_bob, &packet.bytes, EcnMark::Congested, &mut sink);
        }
        while sink.1 == 0 {
            now = bob.deadline().max(now);
            bob.handle_timeout(now, &mut sink);
        }
    });
    seen.assert_clean("noting eight packets and reporting them");
    let report = sink.0[..sink.1].to_vec();
    let mut told = 0;
    let sent = Sent {
        at: now,
        from: address(BOB, 5000),
        mark: EcnMark::NotCapable,
        bytes: report.clone(),
    };
    each_report(&[sent], |feedback| {
        told += feedback
            .blocks()
            .map(|block| block.packets().len())
            .sum::<usize>();
    });
    assert_eq!(told, 8);
    let ann = &mut world.rooms[0].domain;
    let ((), seen) =
        jackfield_testkit::real_time::section(|| ann.receive(now, 1, &to_ann, &report, &mut sink));
    seen.assert_clean("learning what became of eight packets");
}
