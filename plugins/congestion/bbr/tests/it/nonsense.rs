//! What a broken host or peer may say: duplicates, gaps, numbers from nowhere, times that make no sense.

use jackfield_congestion_bbr::Bbr;
use jackfield_sdk::prelude::*;

use crate::link::{BOUNDS, NoProbes};

fn bbr() -> Bbr {
    let mut bbr = Bbr::create(&Environment::seeded(1)).unwrap();
    bbr.activate(Timestamp::ZERO, &BOUNDS).unwrap();
    bbr
}

fn tell(
    bbr: &mut Bbr,
    now: Timestamp,
    event: &CongestionEvent,
    packets: &[PacketFeedback],
) -> CongestionUpdate {
    bbr.on_event(now, event, packets, &mut NoProbes).unwrap()
}

fn sent(number: i64, now: Timestamp) -> CongestionEvent {
    CongestionEvent {
        size: DataSize::bytes(1_000),
        sequence_number: number,
        in_flight: DataSize::bytes(10_000),
        ..CongestionEvent::new(CongestionEventKind::SentPacket, now)
    }
}

fn arrived(number: i64, at: Timestamp) -> PacketFeedback {
    PacketFeedback {
        sequence_number: number,
        sent: at,
        received: at,
        arrival_offset: TimeDelta::us(-1),
        size: DataSize::bytes(1_000),
        ecn: 0,
        cluster: 0,
        audio: 0,
        recovered: 0,
    }
}

/// 500 packets at 1 Mbit/s, each reported `times` times, 40 ms later, in batches of eight, in an order that `order` makes.
fn estimate(times: usize, order: impl Fn(&mut Vec<PacketFeedback>)) -> DataRate {
    let mut bbr = bbr();
    let mut batch = Vec::new();
    let mut last = CongestionUpdate::default();
    for number in 0..500 {
        let now = Timestamp::from_ms(number * 8);
        tell(&mut bbr, now, &sent(number, now), &[]);
        if number < 5 {
            continue;
        }
        batch.push(arrived(number - 5, Timestamp::from_ms((number - 5) * 8 + 30)));
        if batch.len() == 8 {
            order(&mut batch);
            for _ in 0..times {
                let event = CongestionEvent {
                    in_flight: DataSize::bytes(5_000),
                    ..CongestionEvent::new(CongestionEventKind::PacketFeedback, now)
                };
                last = tell(&mut bbr, now, &event, &batch);
            }
            batch.clear();
        }
    }
    last.estimate
}

#[test]
fn e17_4_feedback_that_comes_twice_counts_once() {
    let once = estimate(1, |_| {});
    assert!((once / DataRate::kbps(1_000) - 1.0).abs() < 0.1, "{once:?}");
    let thrice = estimate(3, |_| {});
    assert!(
        (thrice / once - 1.0).abs() < 0.05,
        "{thrice:?} instead of {once:?}"
    );
}

#[test]
fn e17_4_the_order_within_a_batch_does_not_matter() {
    let reversed = estimate(1, |batch| batch.reverse());
    assert!(
        (reversed / DataRate::kbps(1_000) - 1.0).abs() < 0.1,
        "{reversed:?}"
    );
}

#[test]
fn e17_4_news_of_packets_that_were_never_sent_move_nothing() {
    let mut bbr = bbr();
    let now = Timestamp::from_ms(1_000);
    let before = tell(&mut bbr, now, &sent(1, now), &[]).target;
    let strange: Vec<PacketFeedback> = [7, -1, i64::MAX, i64::MIN, 4_097, 1 << 40]
        .map(|number| arrived(number, now))
        .to_vec();
    let event = CongestionEvent::new(CongestionEventKind::PacketFeedback, now);
    assert_eq!(tell(&mut bbr, now, &event, &strange).target, before);
}

#[test]
fn without_packet_feedback_the_losses_of_rtcp_move_it() {
    let mut bbr = bbr();
    let report = |lost, received| CongestionEvent {
        lost,
        received,
        ..CongestionEvent::new(CongestionEventKind::TransportLoss, Timestamp::ZERO)
    };
    let mut target = DataRate::ZERO;
    for second in 1..=20 {
        target = tell(&mut bbr, Timestamp::from_ms(second * 1_000), &report(0, 100), &[]).target;
    }
    assert!(target > DataRate::kbps(700), "{target:?}");
    for second in 21..=40 {
        target = tell(&mut bbr, Timestamp::from_ms(second * 1_000), &report(20, 80), &[]).target;
    }
    assert!(target < DataRate::kbps(200), "{target:?}");
}

#[test]
fn e17_4_the_remote_end_s_estimate_is_an_upper_bound() {
    let mut bbr = bbr();
    let remb = |kbps| CongestionEvent {
        rate: DataRate::kbps(kbps),
        ..CongestionEvent::new(CongestionEventKind::RemoteBitrate, Timestamp::ZERO)
    };
    assert_eq!(
        tell(&mut bbr, Timestamp::ZERO, &remb(120), &[]).target,
        DataRate::kbps(120)
    );
    assert_eq!(
        tell(&mut bbr, Timestamp::ZERO, &remb(9_000), &[]).target,
        DataRate::kbps(300)
    );
}
