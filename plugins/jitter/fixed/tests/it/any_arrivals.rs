//! Whatever order packets come in, each leaves once.

use jackfield_jitter_fixed::FixedDelay;
use jackfield_sdk::prelude::*;
use jackfield_testkit::jitter_buffer::Listener;
use proptest::prelude::*;

/// A packet near where the stream stands, or now and then anywhere.
fn packet() -> impl Strategy<Value = (u8, i64, i64, u32, u32)> {
    let sequence = prop_oneof![20 => -20_i64..20, 1 => -40_000_i64..40_000];
    let timestamp = prop_oneof![20 => Just(0_i64), 1 => -100_000_i64..100_000];
    let ticks = prop_oneof![20 => Just(960_u32), 1 => 1_u32..5_760];
    (0_u8..60, sequence, timestamp, ticks, 0_u32..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_handle_is_lost_or_given_out_twice(
        packets in prop::collection::vec(packet(), 1..300),
        max_packets in 1_u32..60,
        target_ms in 0_i32..300,
        reset_at in 0_usize..300,
    ) {
        let mut buffer = FixedDelay::create(&Environment::seeded(1)).expect("nothing to miss");
        buffer.parameters().target_ms = target_ms;
        buffer.activate(&JitterConfig::new(SampleRate::HZ_48000, max_packets)).expect("a usual setup");
        let mut listener = Listener::new(SampleRate::HZ_48000);
        let mut arrival = Timestamp::ZERO;
        let mut accepted = 0;
        for (n, &(after_ms, sequence, timestamp, ticks, flags)) in packets.iter().enumerate() {
            arrival += TimeDelta::ms(i64::from(after_ms));
            listener.run(&mut buffer, &[], arrival);
            let number = n as i64 + sequence;
            let packet = PacketArrival {
                arrival,
                handle: n as u64,
                sequence_number: number,
                timestamp: number * 960 + timestamp,
                ticks,
                redundancy: flags & 1,
                dtx: flags >> 1 & 1,
                marker: flags >> 2,
            };
            let insertion = listener.insert(&mut buffer, &packet);
            accepted += usize::from(insertion == Insertion::Accepted || insertion == Insertion::Flushed);
            prop_assert!(listener.waiting() <= max_packets as usize);
            if n == reset_at {
                Plugin::reset(&mut buffer, ResetReason::Stream);
            }
        }
        listener.run(&mut buffer, &[], arrival + TimeDelta::seconds(20));
        prop_assert_eq!(listener.waiting(), 0, "after a while nothing waits");
        prop_assert_eq!(listener.played.len() + listener.released.len(), accepted);
    }
}
