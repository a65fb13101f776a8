//! Who goes first, and who takes turns.

use jackfield_sdk::prelude::*;
use proptest::prelude::*;

use crate::line::Line;

const ALL: [PacketPriority; 5] = [
    PacketPriority::Audio,
    PacketPriority::AudioRetransmission,
    PacketPriority::VideoRetransmission,
    PacketPriority::Video,
    PacketPriority::Padding,
];

#[test]
fn e18_2_what_is_more_urgent_leaves_first() {
    let mut line = Line::new(DataRate::kbps(100), DataRate::ZERO);
    line.pacer.parameters().pace_audio = true;
    for priority in ALL.into_iter().rev() {
        for _ in 0..3 {
            line.push(500, priority, 1);
        }
    }
    line.run_for(TimeDelta::seconds(5));
    let order: Vec<u32> = line.left.iter().map(|left| left.packet.priority.0).collect();
    assert_eq!(order.len(), 15);
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn e18_2_audio_leaves_when_it_comes_and_does_not_slow_the_video_down() {
    let mut line = Line::new(DataRate::kbps(400), DataRate::ZERO);
    line.pacer.parameters().burst_window = 0.0;
    line.video(20, 1_000);
    for _ in 0..25 {
        line.push(200, PacketPriority::Audio, 2);
        line.run_for(TimeDelta::ms(20));
    }
    for left in line
        .left
        .iter()
        .filter(|left| left.packet.priority == PacketPriority::Audio)
    {
        assert_eq!(left.at, left.came);
    }
    let video = line.bytes(|left| left.packet.priority == PacketPriority::Video);
    assert_eq!(video, 20_000, "all 20, at 400 kbit/s");
}

#[test]
fn e18_2_streams_of_one_priority_take_turns() {
    let mut line = Line::new(DataRate::kbps(800), DataRate::ZERO);
    line.pacer.parameters().burst_window = 0.0;
    for ssrc in 1..=3 {
        for _ in 0..30 {
            line.push(1_000, PacketPriority::Video, ssrc);
        }
    }
    line.run_for(TimeDelta::ms(445));
    let of = |ssrc| line.left.iter().filter(|left| left.packet.ssrc == ssrc).count();
    assert_eq!([of(1), of(2), of(3)], [15, 15, 15]);
    // A stream that comes late does not wait behind what the others have piled up.
    line.push(1_000, PacketPriority::Video, 4);
    line.run_for(TimeDelta::ms(50));
    assert!(line.left.iter().any(|left| left.packet.ssrc == 4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn e18_2_each_packet_leaves_once_and_no_stream_is_reordered_or_starved(
        kbps in 100_i64..5_000,
        batches in prop::collection::vec((0_i64..60, prop::collection::vec((40_i64..1_300, 0_u32..5, 1_u32..6), 1..15)), 1..40),
    ) {
        let mut line = Line::new(DataRate::kbps(kbps), DataRate::ZERO);
        let mut pushed = 0;
        // Media waits no longer than the longest wait; padding has only what the rate leaves it.
        let mut padding = DataSize::ZERO;
        for (pause, packets) in batches {
            line.run_for(TimeDelta::ms(pause));
            for (size, priority, ssrc) in packets {
                line.push(size, PacketPriority(priority), ssrc);
                pushed += 1;
                if PacketPriority(priority) == PacketPriority::Padding {
                    padding += DataSize::bytes(size);
                }
            }
        }
        line.run_for(TimeDelta::seconds(4) + padding / DataRate::kbps(kbps));
        prop_assert_eq!(line.left.len(), pushed);
        let mut last = std::collections::BTreeMap::new();
        for left in &line.left {
            let of = (left.packet.priority.0, left.packet.ssrc);
            let before = last.insert(of, left.packet.handle);
            prop_assert!(before.is_none_or(|before| before < left.packet.handle));
        }
    }
}
