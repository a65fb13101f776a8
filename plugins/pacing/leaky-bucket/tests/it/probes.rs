//! Probes on the wire, and padding: as much as is asked for, at its rate, and only when it is allowed.

use jackfield_sdk::prelude::*;
use proptest::prelude::*;

use crate::line::{Left, Line, is_padding};

fn cluster(id: u32, rate: DataRate, packets: u32, ms: i64) -> ProbeCluster {
    ProbeCluster {
        id,
        minimum_packets: packets,
        rate,
        duration: TimeDelta::ms(ms),
    }
}

/// The rate of the packets of one cluster: what left before its last step, over the time until then.
fn rate_of(left: &[Left], id: u32) -> (DataRate, usize, DataSize) {
    let of: Vec<&Left> = left.iter().filter(|left| left.cluster == id).collect();
    let (first, last) = (of[0].at, of[of.len() - 1].at);
    let before = of.iter().filter(|left| left.at < last);
    let bytes: i64 = before.map(|left| left.packet.size.as_bytes()).sum();
    let all = of.iter().map(|left| left.packet.size.as_bytes()).sum();
    (
        DataSize::bytes(bytes) / last.since(first),
        of.len(),
        DataSize::bytes(all),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn e18_5_a_probe_is_on_the_wire_at_its_rate(
        kbps in 200_i64..30_000,
        factor in 1.0..6.0_f64,
        packets in 2_u32..10,
        ms in 15_i64..120,
        media in 0_usize..40,
        size in 100_i64..1_300,
    ) {
        let rate = DataRate::kbps(kbps);
        let mut line = Line::new(rate * (1.0 / factor), DataRate::ZERO);
        line.pacer.parameters().longest_wait = 10_000.0;
        line.video(1, 600);
        line.run_for(TimeDelta::ms(100));
        line.pacer.probe(line.now, &cluster(3, rate, packets, ms)).unwrap();
        line.video(media + 1, size.max(200));
        line.run_for(TimeDelta::seconds(1));
        let (found, count, bytes) = rate_of(&line.left, 3);
        let error = found / rate - 1.0;
        prop_assert!(error.abs() <= 0.1, "{found:?} instead of {rate:?}");
        prop_assert!(count as u32 >= packets, "{count} packets");
        prop_assert!(bytes >= rate * TimeDelta::ms(ms), "{bytes:?}");
    }
}

#[test]
fn e18_5_clusters_follow_each_other_and_each_packet_names_its_own() {
    let mut line = Line::new(DataRate::kbps(500), DataRate::ZERO);
    line.video(1, 600);
    line.run_for(TimeDelta::ms(100));
    for (id, kbps) in [(1, 900), (2, 1_800)] {
        line.pacer
            .probe(line.now, &cluster(id, DataRate::kbps(kbps), 5, 15))
            .unwrap();
    }
    line.video(30, 600);
    line.run_for(TimeDelta::seconds(1));
    for (id, kbps) in [(1, 900.0), (2, 1_800.0)] {
        let (found, count, _) = rate_of(&line.left, id);
        assert!(
            (found.as_kbps_f64() / kbps - 1.0).abs() < 0.1,
            "cluster {id}: {found:?}"
        );
        assert!(count >= 5);
    }
    let order: Vec<u32> = line
        .left
        .iter()
        .map(|left| left.cluster)
        .filter(|cluster| *cluster > 0)
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    let media = line.left.iter().filter(|left| !is_padding(left)).count();
    assert_eq!(media, 31, "media is not lost to probes");
}

#[test]
fn e18_5_without_media_the_padding_that_lacks_is_told() {
    let mut line = Line::new(DataRate::kbps(300), DataRate::ZERO);
    line.video(1, 600);
    line.run_for(TimeDelta::ms(100));
    line.pacer.parameters().probe_without_media = true;
    line.pacer
        .probe(line.now, &cluster(1, DataRate::kbps(900), 5, 15))
        .unwrap();
    line.run_for(TimeDelta::ms(200));
    let (found, count, bytes) = rate_of(&line.left, 1);
    assert!((found.as_kbps_f64() / 900.0 - 1.0).abs() < 0.1, "{found:?}");
    assert!(
        count >= 5 && bytes >= DataSize::bytes(1_687),
        "{count}, {bytes:?}"
    );
    assert!(line.left.iter().filter(|left| left.cluster == 1).all(is_padding));
}

#[test]
fn e18_5_a_host_without_padding_is_not_kept_busy_and_the_probe_is_given_up() {
    let mut line = Line::new(DataRate::kbps(300), DataRate::ZERO);
    line.pads = false;
    line.video(1, 600);
    line.run_for(TimeDelta::ms(100));
    line.pacer
        .probe(line.now, &cluster(1, DataRate::kbps(900), 5, 15))
        .unwrap();
    line.video(1, 600);
    line.run_for(TimeDelta::seconds(1));
    assert!(line.wanted.len() < 10, "{:?}", line.wanted);
    let mut values = [0.0; 7];
    line.pacer.statistics(&mut values);
    assert_eq!((values[5], values[6]), (0.0, 1.0), "none sent, one given up");
    line.video(3, 600);
    line.run_for(TimeDelta::seconds(1));
    assert_eq!(line.left.len(), 5, "media goes on");
    assert_eq!(line.left.last().unwrap().cluster, 0);
}

#[test]
fn e18_5_audio_does_not_wait_for_a_slow_probe() {
    let mut line = Line::new(DataRate::kbps(100), DataRate::ZERO);
    line.video(1, 1_200);
    line.run_for(TimeDelta::ms(500));
    line.pacer
        .probe(line.now, &cluster(1, DataRate::kbps(100), 5, 15))
        .unwrap();
    line.video(10, 1_200);
    for _ in 0..10 {
        line.push(100, PacketPriority::Audio, 2);
        line.run_for(TimeDelta::ms(20));
    }
    let audio = line
        .left
        .iter()
        .filter(|left| left.packet.priority == PacketPriority::Audio);
    assert!(audio.clone().all(|left| left.at == left.came));
    assert_eq!(audio.count(), 10);
}

#[test]
fn nonsense_is_no_probe() {
    let mut line = Line::new(DataRate::kbps(100), DataRate::ZERO);
    for nonsense in [
        cluster(0, DataRate::kbps(1), 1, 1),
        cluster(1, DataRate::ZERO, 1, 1),
        cluster(1, DataRate::kbps(1), 1, -1),
    ] {
        let fault = line.pacer.probe(line.now, &nonsense).unwrap_err();
        assert_eq!(fault.code(), FaultCode::Invalid);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn e18_6_padding_fills_up_to_its_rate_and_no_further(
        padding in 50_i64..2_000,
        extra in 1.0..3.0_f64,
        share in 0.0..1.5_f64,
    ) {
        let padding = DataRate::kbps(padding);
        let mut line = Line::new(padding * extra.max(share * 1.1), padding);
        let media = padding * share;
        for _ in 0..300 {
            let frame = (media * TimeDelta::ms(10)).as_bytes();
            line.video(1, frame.max(1));
            line.run_for(TimeDelta::ms(10));
        }
        let all = (DataSize::bytes(line.bytes(|_| true)) / TimeDelta::seconds(3)) / padding;
        let padded = (DataSize::bytes(line.bytes(is_padding)) / TimeDelta::seconds(3)) / padding;
        prop_assert!((all - share.max(1.0)).abs() < 0.05, "{all} times the padding rate, media is {share}");
        prop_assert!((padded - (1.0 - share).max(0.0)).abs() < 0.08, "{padded} is padding, media is {share}");
    }
}

#[test]
fn e18_6_no_padding_without_a_padding_rate_or_before_the_first_media() {
    let mut line = Line::new(DataRate::kbps(500), DataRate::kbps(300));
    line.run_for(TimeDelta::seconds(2));
    assert_eq!(line.wanted, [], "no media has come");
    line.pacer
        .set_rates(line.now, DataRate::kbps(500), DataRate::ZERO)
        .unwrap();
    line.video(1, 500);
    line.run_for(TimeDelta::seconds(2));
    assert_eq!(line.wanted, [], "no padding is allowed");
}

#[test]
fn e18_6_no_padding_while_media_waits_or_the_pacer_is_paused_or_congested() {
    let mut line = Line::new(DataRate::kbps(500), DataRate::kbps(300));
    line.pacer.parameters().keep_alive = 0.0;
    line.video(100, 1_000);
    while !line.pacer.queue().unwrap().eq(&PacerQueue::default()) {
        assert_eq!(line.wanted, [], "media waits");
        line.run_for(TimeDelta::ms(10));
    }
    line.wanted.clear();
    line.pacer.set_paused(line.now, 1).unwrap();
    line.run_for(TimeDelta::seconds(1));
    assert_eq!(line.wanted, [], "paused");
    line.pacer.set_paused(line.now, 0).unwrap();
    line.pacer.set_congested(line.now, 1).unwrap();
    line.run_for(TimeDelta::seconds(1));
    assert_eq!(line.wanted, [], "congested");
    line.pacer.set_congested(line.now, 0).unwrap();
    line.run_for(TimeDelta::ms(100));
    assert!(!line.wanted.is_empty(), "nothing speaks against it any more");
}

#[test]
fn e18_5_a_probe_opens_with_a_small_packet_of_padding_before_media() {
    let mut line = Line::new(DataRate::kbps(300), DataRate::ZERO);
    line.video(1, 600);
    line.run_for(TimeDelta::ms(100));
    line.pacer
        .probe(line.now, &cluster(1, DataRate::kbps(900), 5, 15))
        .unwrap();
    line.video(8, 1_000);
    line.run_for(TimeDelta::ms(200));
    let first: Vec<_> = line
        .left
        .iter()
        .filter(|left| left.cluster == 1)
        .take(2)
        .collect();
    assert!(is_padding(first[0]) && !is_padding(first[1]), "{first:?}");
    assert!(first[0].packet.size < DataSize::bytes(300), "{first:?}");
}

/// When the steps of a cluster left.
fn steps_of(left: &[Left], id: u32) -> Vec<Timestamp> {
    let mut at: Vec<_> = left
        .iter()
        .filter(|left| left.cluster == id)
        .map(|left| left.at)
        .collect();
    at.dedup();
    at
}

fn apart(steps: &[Timestamp]) -> Vec<i64> {
    steps
        .windows(2)
        .map(|pair| pair[1].since(pair[0]).as_us() / 1_000)
        .collect()
}

#[test]
fn e18_5_the_steps_of_a_probe_are_as_far_apart_as_the_host_said_when_it_was_asked_for() {
    let mut line = Line::new(DataRate::kbps(500), DataRate::ZERO);
    line.video(1, 600);
    line.run_for(TimeDelta::ms(100));
    let wide = PacerConfig {
        probe_distance: TimeDelta::ms(20),
        ..PacerConfig::DEFAULT
    };
    line.pacer.configure(line.now, &wide).unwrap();
    line.pacer
        .probe(line.now, &cluster(1, DataRate::kbps(960), 5, 100))
        .unwrap();
    // Whatever is told from here on is for those that are asked for later.
    line.pacer.configure(line.now, &PacerConfig::DEFAULT).unwrap();
    line.pacer
        .probe(line.now, &cluster(2, DataRate::kbps(960), 5, 20))
        .unwrap();
    line.video(150, 240);
    line.run_for(TimeDelta::seconds(1));
    let (first, second) = (steps_of(&line.left, 1), steps_of(&line.left, 2));
    // 960 kbit/s are 2,400 bytes in 20 ms and 240 in 2 ms: packets of 240 bytes fill both.
    assert_eq!(apart(&first), [20; 4], "{first:?}");
    assert_eq!(apart(&second), [2; 9], "the parameter holds: {second:?}");
    let (rate, ..) = rate_of(&line.left, 1);
    assert!((rate.as_kbps_f64() / 960.0 - 1.0).abs() < 0.01, "{rate:?}");
}
