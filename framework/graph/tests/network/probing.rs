//! Probes and padding: packets that hold nothing, so that the path is measured although a voice needs little of it.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_congestion_gcc::Gcc;
use jackfield_graph::network::{BitrateProfile, ExtensionIds, MediaConfiguration, RtcpFeedback};
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_rtp::header::RtpPacketView;
use jackfield_sdk::prelude::*;

use super::plugins::Prospector;
use super::world::{Plugs, Sent, World, configuration, ice_dtls};

const ANN: (usize, u32) = (0, 1);
const BOB: (usize, u32) = (1, 1);
/// A packet of voice: 32 kbit/s in packets of 20 ms.
const VOICE: [u8; 80] = [7; 80];
/// One large enough to open a probe whose steps are 20 ms apart.
const RICH_VOICE: [u8; 160] = [7; 160];

pub(crate) fn gcc() -> Plugs {
    Plugs {
        pacer: Box::new(LeakyBucket::create(&Environment::seeded(1)).unwrap()),
        congestion: Box::new(Gcc::create(&Environment::seeded(1)).unwrap()),
        ..Plugs::default()
    }
}

/// A pair whose end of Ann runs what a call runs if nobody says otherwise, configured as given before anything is sent.
fn pair(configuration: &MediaConfiguration) -> World {
    let mut world = World::new(2);
    world.join(ANN, gcc());
    world.join(BOB, Plugs::default());
    world
        .with(0, |domain, _| domain.configure(1, configuration))
        .unwrap();
    world.connect(ANN, BOB);
    world
}

pub(crate) fn talk(world: &mut World, seconds: u32) {
    talk_in(world, seconds, &VOICE);
}

/// One packet after the other with this in it.
fn talk_in(world: &mut World, seconds: u32, payload: &[u8]) {
    for _ in 0..seconds * 50 {
        world.mix(0, jackfield_graph::media::Mix::Shared(1), payload);
        world.poll(0);
        world.run_for(TimeDelta::ms(20));
    }
}

fn is_padding(sent: &Sent) -> bool {
    let view = RtpPacketView::parse(&sent.bytes).unwrap();
    view.payload().is_empty() && view.padding() > 0
}

#[test]
fn e18_5_a_probe_goes_out_as_padding_and_its_result_raises_the_target() {
    let mut world = pair(&configuration());
    assert!(world.rtp_of(ANN).is_empty(), "no padding before the voice");
    talk(&mut world, 5);
    let sent = world.rtp_of(ANN);
    let stats = &world.person(ANN).stats;
    let padding = sent.iter().filter(|sent| is_padding(sent)).count() as u64;
    assert!(
        padding >= 8,
        "two probes of at least five packets, of which media may be one: {padding}"
    );
    assert_eq!(padding, stats.padding_packets_sent.load(Relaxed));
    assert_eq!(stats.probes_refused.load(Relaxed), 0);
    assert!(stats.probes_begun.load(Relaxed) >= 2);
    assert!(
        stats.target_rate() > DataRate::kbps(200),
        "the path bears anything: {:?}",
        stats.target_rate()
    );
    // The probes of the beginning go at three and six times the 64 kbit/s that it starts from.
    let rates: Vec<f64> = sent
        .chunk_by(|before, next| is_padding(next) && next.at - before.at < TimeDelta::ms(10))
        .filter(|burst| burst.len() >= 4)
        .map(|burst| {
            let (last, before) = burst.split_last().unwrap();
            let bytes: usize = before.iter().map(|sent| sent.bytes.len() + 38).sum();
            bytes as f64 * 8.0 / (last.at - burst[0].at).as_ms_f64()
        })
        .collect();
    assert!(
        !rates.is_empty() && rates.iter().all(|rate| (170.0..900.0).contains(rate)),
        "{rates:?} kbit/s"
    );
}

/// The moments at which padding left, with how much, after `since`.
fn steps(world: &World, since: Timestamp) -> Vec<(Timestamp, usize)> {
    let sent = world.rtp_of(ANN);
    let padding: Vec<_> = sent
        .iter()
        .filter(|sent| is_padding(sent) && sent.at >= since)
        .collect();
    padding
        .chunk_by(|before, next| before.at == next.at)
        .map(|step| (step[0].at, step.len()))
        .collect()
}

#[test]
fn e18_5_the_packets_of_a_probe_are_as_far_apart_as_the_controller_advises() {
    let mut world = World::new(2);
    world.join(
        ANN,
        Plugs {
            pacer: gcc().pacer,
            congestion: Box::new(Prospector::create(&Environment::seeded(1)).unwrap()),
            ..Plugs::default()
        },
    );
    world.join(BOB, Plugs::default());
    world.connect(ANN, BOB);
    let apart = |world: &World, since| -> Vec<i64> {
        let steps = steps(world, since);
        steps
            .windows(2)
            .map(|pair| pair[1].0.since(pair[0].0).as_us())
            .filter(|us| *us < 500_000)
            .collect()
    };
    let begin = world.now;
    talk_in(&mut world, 3, &RICH_VOICE);
    let gaps = apart(&world, begin);
    // Voice leaves in between as a part of the probe, and moves the steps.
    let pause = gaps.iter().position(|us| *us > 100_000).unwrap();
    let (wide, fine) = (&gaps[..pause], &gaps[pause + 1..]);
    assert!(
        wide.len() >= 3 && wide.iter().all(|us| *us >= 8_000),
        "{wide:?} us"
    );
    assert!(fine.len() >= 20, "{fine:?} us");
    let steps = fine.iter().filter(|us| (1_900..6_000).contains(*us)).count();
    assert!(steps * 10 >= fine.len() * 9, "{fine:?} us");
    assert_eq!(world.person(ANN).stats.probes_refused.load(Relaxed), 0);
}

#[test]
fn e18_6_padding_has_numbers_of_its_own_and_stands_where_the_packet_before_it_stood() {
    let mut world = pair(&configuration());
    talk(&mut world, 5);
    let sent = world.rtp_of(ANN);
    let headers: Vec<_> = sent
        .iter()
        .map(|sent| {
            (
                RtpPacketView::parse(&sent.bytes).unwrap().header(),
                is_padding(sent),
            )
        })
        .collect();
    for pair in headers.windows(2) {
        let [(before, _), (header, padding)] = [pair[0], pair[1]];
        assert_eq!(header.sequence_number, before.sequence_number.wrapping_add(1));
        assert_eq!(
            (header.ssrc, header.payload_type),
            (before.ssrc, before.payload_type)
        );
        let passed = header.timestamp.wrapping_sub(before.timestamp);
        assert_eq!(passed, if padding { 0 } else { 960 });
        assert!(!padding || !header.marker);
    }
    let heard = world.heard(BOB);
    assert!(
        heard.iter().all(|packet| packet.payload == VOICE),
        "nothing of it is heard"
    );
    let stats = &world.person(BOB).stats;
    assert_eq!(stats.packets_lost.load(Relaxed), 0);
    assert_eq!(stats.discarded.load(Relaxed), 0);
}

#[test]
fn e18_6_voice_leaves_when_it_is_made_whatever_is_probed() {
    let mut world = pair(&configuration());
    let begin = world.now;
    talk(&mut world, 5);
    let voice: Vec<_> = world
        .rtp_of(ANN)
        .into_iter()
        .filter(|sent| !is_padding(sent))
        .collect();
    assert_eq!(voice.len(), 250);
    for (number, sent) in (0..).zip(&voice) {
        assert_eq!(sent.at, begin + TimeDelta::ms(20) * number, "packet {number}");
    }
}

#[test]
fn e18_6_a_stream_of_which_no_feedback_tells_carries_no_padding() {
    let silent = MediaConfiguration {
        extensions: ExtensionIds::none(),
        feedback: RtcpFeedback::default(),
        ..configuration()
    };
    // The number alone is no feedback, and feedback without a number tells of nothing.
    let unheard = MediaConfiguration {
        feedback: RtcpFeedback::default(),
        ..configuration()
    };
    let unnumbered = MediaConfiguration {
        extensions: ExtensionIds::none(),
        ..configuration()
    };
    for configuration in [silent, unheard, unnumbered] {
        let mut world = pair(&configuration);
        talk(&mut world, 3);
        assert_eq!(world.rtp_of(ANN).len(), 150, "the voice and nothing else");
        let stats = &world.person(ANN).stats;
        assert_eq!(stats.padding_packets_sent.load(Relaxed), 0);
        assert_eq!(stats.probes_begun.load(Relaxed), 0);
        assert!(stats.probes_refused.load(Relaxed) >= 2, "they are counted");
    }
}

#[test]
fn e18_6_a_link_that_costs_by_the_byte_is_not_probed() {
    let mut world = World::new(2);
    world.join(ANN, gcc());
    world.join(BOB, Plugs::default());
    let now = world.now;
    let metered = BitrateProfile {
        padding: false,
        ..BitrateProfile::DESKTOP
    };
    world
        .with(0, |domain, _| domain.set_profile(now, 1, &metered, false))
        .unwrap();
    world.connect(ANN, BOB);
    talk(&mut world, 3);
    assert_eq!(world.rtp_of(ANN).len(), 150);
    assert!(
        world.person(ANN).stats.target_rate() >= DataRate::kbps(64),
        "the voice has what it needs all the same"
    );
}

#[test]
fn e18_6_through_a_secure_transport_padding_arrives_and_is_not_heard() {
    let mut world = World::new(2);
    for seat in [ANN, BOB] {
        world.join(
            seat,
            Plugs {
                transport: ice_dtls,
                ..gcc()
            },
        );
    }
    world.connect(ANN, BOB);
    talk(&mut world, 5);
    world.run_for(TimeDelta::seconds(1));
    let sent = &world.person(ANN).stats;
    assert!(sent.padding_packets_sent.load(Relaxed) >= 8);
    assert!(
        sent.target_rate() > DataRate::kbps(200),
        "{:?}",
        sent.target_rate()
    );
    let got = &world.person(BOB).stats;
    assert_eq!(
        got.packets_received.load(Relaxed),
        sent.packets_sent.load(Relaxed),
        "each has come"
    );
    assert_eq!(got.packets_lost.load(Relaxed), 0);
    assert_eq!(
        world.heard(BOB).len(),
        64,
        "what the ring holds of 250 packets of voice"
    );
}

#[test]
fn e18_1_a_pacer_that_does_not_probe_is_asked_and_the_probe_is_left_out() {
    let mut world = World::new(2);
    world.join(
        ANN,
        Plugs {
            congestion: gcc().congestion,
            ..Plugs::default()
        },
    );
    world.join(BOB, Plugs::default());
    world.connect(ANN, BOB);
    talk(&mut world, 3);
    let stats = &world.person(ANN).stats;
    assert_eq!(world.rtp_of(ANN).len(), 150);
    assert!(stats.probes_refused.load(Relaxed) >= 2);
    assert!(
        stats.target_rate() >= DataRate::kbps(60),
        "{:?}",
        stats.target_rate()
    );
}

#[test]
fn e18_6_nothing_is_padded_or_looked_at_while_the_network_is_down() {
    let mut world = pair(&configuration());
    talk(&mut world, 2);
    world
        .with_transport(ANN, |_, _, sink| sink.state(TransportState::Failed))
        .unwrap();
    let before = world.person(ANN).stats.padding_packets_sent.load(Relaxed);
    world.run_for(TimeDelta::seconds(10));
    let stats = &world.person(ANN).stats;
    assert_eq!(stats.padding_packets_sent.load(Relaxed), before);
    assert_eq!(stats.dropped_outbound.load(Relaxed), 0);
    world
        .with_transport(ANN, |_, _, sink| sink.state(TransportState::Connected))
        .unwrap();
    talk(&mut world, 1);
    assert_eq!(world.person(ANN).stats.dropped_outbound.load(Relaxed), 0);
}
