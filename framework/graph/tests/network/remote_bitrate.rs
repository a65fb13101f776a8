//! REMB: what the remote end reckons reaches the congestion controller, and one that knows nothing better is told how much may come.

use jackfield_graph::network::{MediaConfiguration, RtcpFeedback};
use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket, RtcpWriter};
use jackfield_sdk::prelude::*;

use super::plugins::{Scribe, of_kind};
use super::world::{ANN, BOB, World, address, configuration, ssrc};

/// The REMBs that Bob has sent: when, which rate, for which streams.
pub(crate) fn estimates(world: &World) -> Vec<(Timestamp, DataRate, Vec<u32>)> {
    let mut estimates = Vec::new();
    for sent in world.rtcp_of(BOB) {
        for packet in RtcpDatagram::parse(&sent.bytes).unwrap().packets() {
            if let Ok(RtcpPacket::ReceiverEstimatedBitrate(remb)) = packet {
                estimates.push((sent.at, remb.bitrate, remb.streams().collect()));
            }
        }
    }
    estimates
}

fn pair_with(feedback: RtcpFeedback) -> World {
    let mut world = World::pair();
    let agreed = MediaConfiguration {
        feedback: RtcpFeedback {
            reduced_size: true,
            ..feedback
        },
        ..configuration()
    };
    for room in [0, 1] {
        world
            .with(room, |domain, _| domain.configure(1, &agreed))
            .unwrap();
    }
    world
}

const REMB: RtcpFeedback = RtcpFeedback {
    transport_cc: false,
    congestion_control: false,
    remb: true,
    reduced_size: true,
};

#[test]
fn e19_4_what_the_remote_end_reckons_reaches_the_congestion_controller() {
    let (scribe, notes) = Scribe::new();
    let mut world = World::pair_controlled_by(Box::new(scribe));
    let mut buffer = [0; 100];
    let mut writer = RtcpWriter::new(&mut buffer);
    writer.receiver_report(7, &[]).unwrap();
    writer
        .receiver_estimated_bitrate(7, DataRate::kbps(48), &[ssrc(ANN)])
        .unwrap();
    let length = writer.length();
    world.hand(ANN, address(BOB, 5000), &buffer[..length]);
    let told = of_kind(&notes, CongestionEventKind::RemoteBitrate);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].at, told[0].event.rate), (world.now, DataRate::kbps(48)));
}

#[test]
fn e19_4_who_knows_nothing_better_is_told_how_much_may_come() {
    let mut world = pair_with(REMB);
    // 130 bytes of payload and 60 to 66 around it, 50 times a second: some 77 kbit/s.
    for _ in 0..500 {
        world.mix(0, jackfield_graph::media::Mix::Shared(1), &[7; 130]);
        world.poll(0);
        world.run_for(TimeDelta::ms(20));
    }
    let told = estimates(&world);
    assert!(
        (9..=18).contains(&told.len()),
        "once a second, and with each report: {}",
        told.len()
    );
    assert!(told.iter().all(|(_, _, streams)| *streams == [ssrc(ANN)]));
    let (_, rate, _) = &told[told.len() - 1];
    assert!(
        (110..=120).contains(&(rate.as_bps() / 1_000)),
        "half as much again as came: {rate:?}"
    );

    world.run_for(TimeDelta::seconds(2));
    let before = estimates(&world).len();
    world.run_for(TimeDelta::seconds(20));
    assert_eq!(estimates(&world).len(), before, "nothing came, nothing is told");
    world.speak(0, 100);
    let told = estimates(&world);
    assert_eq!(
        told.last().unwrap().1,
        DataRate::kbps(64),
        "a pause is no reason to hold a voice down"
    );
}

#[test]
fn e19_4_who_knows_something_better_is_not() {
    let better = [
        RtcpFeedback {
            transport_cc: true,
            ..REMB
        },
        RtcpFeedback {
            congestion_control: true,
            ..REMB
        },
        RtcpFeedback { remb: false, ..REMB },
    ];
    for feedback in better {
        let mut world = pair_with(feedback);
        world.speak(0, 200);
        assert!(estimates(&world).is_empty(), "{feedback:?}");
    }
}
