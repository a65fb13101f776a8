//! What waits goes to the successor, all of it and in order; and what there is no room for is refused.

use jackfield_pacing_leaky_bucket::{CAPACITY, LeakyBucket};
use jackfield_sdk::prelude::*;
use proptest::prelude::*;

use crate::line::Line;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn e18_1_a_handover_gives_everything_that_waits_in_the_order_of_its_coming(
        kbps in 50_i64..3_000,
        batches in prop::collection::vec((0_i64..40, prop::collection::vec((40_i64..1_300, 0_u32..5, 1_u32..6), 1..15)), 1..30),
    ) {
        let mut line = Line::new(DataRate::kbps(kbps), DataRate::ZERO);
        let mut pushed = 0;
        for (pause, packets) in batches {
            line.run_for(TimeDelta::ms(pause));
            for (size, priority, ssrc) in packets {
                line.push(size, PacketPriority(priority), ssrc);
                pushed += 1;
            }
        }
        let handed = line.handed_over();
        prop_assert!(handed.is_sorted(), "{handed:?}");
        let mut all: Vec<u64> = line.left.iter().map(|left| left.packet.handle).chain(handed).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (1..=pushed).collect::<Vec<u64>>());
        prop_assert_eq!(line.pacer.queue().unwrap(), PacerQueue::default());
        prop_assert_eq!(line.pacer.deadline().unwrap(), Timestamp::NEVER);
        // It goes on working.
        line.pacer.set_rates(line.now, DataRate::kbps(1_000), DataRate::ZERO).unwrap();
        line.run_for(TimeDelta::seconds(1));
        prop_assert_eq!(line.pacer.queue().unwrap(), PacerQueue::default());
    }
}

fn packet(handle: u64, ssrc: u32) -> PacedPacket {
    PacedPacket {
        handle,
        size: DataSize::bytes(1_200),
        priority: PacketPriority::Video,
        ssrc,
    }
}

#[test]
fn beyond_its_capacity_it_refuses_and_loses_nothing() {
    let mut pacer = LeakyBucket::create(&Environment::seeded(1)).unwrap();
    for handle in 0..CAPACITY as u64 {
        pacer
            .enqueue(Timestamp::ZERO, &packet(handle, handle as u32 % 3))
            .unwrap();
    }
    let fault = pacer.enqueue(Timestamp::ZERO, &packet(u64::MAX, 1)).unwrap_err();
    assert_eq!(fault.code(), FaultCode::State);
    assert_eq!(pacer.queue().unwrap().packets, CAPACITY as u64);
}

#[test]
fn more_streams_than_it_has_room_for_are_refused() {
    let mut pacer = LeakyBucket::create(&Environment::seeded(1)).unwrap();
    for ssrc in 0..1_024 {
        pacer
            .enqueue(Timestamp::ZERO, &packet(u64::from(ssrc), ssrc))
            .unwrap();
    }
    let refused = pacer.enqueue(Timestamp::ZERO, &packet(1_024, 1_024));
    assert_eq!(refused.unwrap_err().code(), FaultCode::State);
    pacer
        .enqueue(Timestamp::ZERO, &packet(1_025, 7))
        .expect("a stream that waits already");
}
