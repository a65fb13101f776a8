//! How fast media leaves, how much of it at once, and how long it waits at most.

use jackfield_sdk::prelude::*;
use proptest::prelude::*;

use crate::line::{Left, Line};

/// The most that left within any span of `time`.
fn most_within(left: &[Left], time: TimeDelta) -> i64 {
    let mut most = 0;
    let mut sum = 0;
    let mut first = 0;
    for last in left {
        sum += last.packet.size.as_bytes();
        while left[first].at + time < last.at {
            sum -= left[first].packet.size.as_bytes();
            first += 1;
        }
        most = most.max(sum);
    }
    most
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn e18_3_the_rate_over_a_second_is_the_one_that_was_set(
        kbps in 100_i64..20_000,
        window in prop_oneof![Just(0.0), 1.0..40.0_f64],
        sizes in prop::collection::vec(60_i64..1_300, 1..20),
    ) {
        let rate = DataRate::kbps(kbps);
        let mut line = Line::new(rate, DataRate::ZERO);
        line.pacer.parameters().burst_window = window;
        line.pacer.parameters().longest_wait = 10_000.0;
        let mut sizes = sizes.into_iter().cycle();
        // Always something waiting, for three seconds.
        for _ in 0..300 {
            while line.pacer.queue().unwrap().size < rate * TimeDelta::ms(100) {
                line.push(sizes.next().unwrap(), PacketPriority::Video, 1);
            }
            line.run_for(TimeDelta::ms(10));
        }
        let begin = Timestamp::from_ms(2_000);
        let second = |left: &Left| left.at >= begin && left.at < begin + TimeDelta::seconds(1);
        let sent = line.bytes(second) as f64;
        let ideal = (rate * TimeDelta::seconds(1)).as_bytes() as f64;
        // What a burst or a packet at either end of the second is worth is no error of the rate.
        let edge = (rate * TimeDelta::seconds_f64(window / 1e3)).as_bytes() as f64 + 1_300.0;
        prop_assert!((sent - ideal).abs() <= (ideal * 0.02).max(edge), "{sent} B instead of {ideal} B");
        let all = line.bytes(|left| left.at < Timestamp::from_ms(4_000)) as f64;
        prop_assert!((all - 3.0 * ideal).abs() <= ideal * 0.005 + edge, "{all} B in three seconds of {ideal} B");
    }

    #[test]
    fn e18_3_a_burst_is_at_most_as_configured(
        kbps in 100_i64..20_000,
        window in prop_oneof![Just(0.0), 1.0..100.0_f64],
        frames in prop::collection::vec((0_i64..200, 1_usize..12, 60_i64..1_300), 1..30),
        span in 0_i64..300,
    ) {
        let rate = DataRate::kbps(kbps);
        let mut line = Line::new(rate, DataRate::ZERO);
        line.pacer.parameters().burst_window = window;
        line.pacer.parameters().longest_wait = 10_000.0;
        let largest = 1_300;
        let mut behind = 0.0;
        for (pause, packets, size) in frames {
            line.run_for(TimeDelta::ms(pause));
            // Never so much that the longest wait has the rate raised.
            behind += packets as f64 * size as f64;
            if behind > (rate * TimeDelta::seconds(8)).as_bytes() as f64 {
                break;
            }
            line.video(packets, size);
        }
        line.run_for(TimeDelta::seconds(20));
        let allowed = (rate * (TimeDelta::seconds_f64(window / 1e3) + TimeDelta::ms(span))).as_bytes();
        let most = most_within(&line.left, TimeDelta::ms(span));
        prop_assert!(most <= allowed + largest + 2, "{most} B within {span} ms, allowed are {allowed} B and a packet");
    }

    #[test]
    fn e18_4_no_media_waits_longer_than_the_longest_wait(
        kbps in 1_i64..2_000,
        longest in 200_i64..3_000,
        frames in prop::collection::vec((0_i64..120, 1_usize..40, 100_i64..1_300, 0_u32..4, 1_u32..4), 1..60),
    ) {
        let mut line = Line::new(DataRate::kbps(kbps), DataRate::ZERO);
        line.pacer.parameters().longest_wait = longest as f64;
        let mut packets_in_all = 0;
        for (pause, packets, size, priority, ssrc) in frames {
            line.run_for(TimeDelta::ms(pause));
            for _ in 0..packets {
                line.push(size, PacketPriority(priority), ssrc);
            }
            packets_in_all += packets;
        }
        line.run_for(TimeDelta::ms(longest + 200));
        prop_assert_eq!(line.left.len(), packets_in_all);
        let worst = line.left.iter().map(|left| left.at.since(left.came)).max().unwrap();
        // What is late leaves as if it had a millisecond.
        prop_assert!(worst <= TimeDelta::ms(longest + 5), "{worst:?} of {longest} ms");
    }
}

#[test]
fn e18_1_a_window_of_zero_paces_every_packet() {
    let mut line = Line::new(DataRate::kbps(960), DataRate::ZERO);
    line.pacer.parameters().burst_window = 0.0;
    line.video(20, 1_200);
    line.run_for(TimeDelta::seconds(1));
    let gaps: Vec<TimeDelta> = line
        .left
        .windows(2)
        .map(|pair| pair[1].at.since(pair[0].at))
        .collect();
    assert_eq!(gaps, [TimeDelta::ms(10); 19]);
}

#[test]
fn e18_1_with_the_window_of_40_ms_a_small_frame_leaves_at_once() {
    let mut line = Line::new(DataRate::kbps(2_400), DataRate::ZERO);
    for _ in 0..30 {
        // 40 ms are worth 12,000 bytes.
        line.video(7, 1_000);
        let before = line.left.len();
        line.poll();
        assert_eq!(line.left.len() - before, 7);
        line.run_for(TimeDelta::ms(33));
    }
}

#[test]
fn e18_4_a_burst_leaves_within_the_longest_wait_and_not_before_it_must() {
    let mut line = Line::new(DataRate::kbps(100), DataRate::ZERO);
    // Ten seconds of the rate.
    line.video(125, 1_000);
    line.run_for(TimeDelta::seconds(3));
    assert_eq!(line.left.len(), 125);
    let last = line.left.last().unwrap();
    let took = last.at.since(last.came);
    assert!(
        took > TimeDelta::ms(1_900) && took <= TimeDelta::ms(2_000),
        "{took:?}"
    );
}

#[test]
fn a_host_that_polls_every_5_ms_loses_no_rate() {
    let rate = DataRate::kbps(3_000);
    let mut line = Line::new(rate, DataRate::ZERO);
    line.pacer.parameters().burst_window = 0.0;
    for tick in 0..400 {
        if tick % 20 == 0 {
            line.video(50, 1_000);
        }
        line.poll();
        line.now += TimeDelta::ms(5);
    }
    let sent = line.bytes(|_| true) as f64;
    let ideal = (rate * TimeDelta::seconds(2)).as_bytes() as f64;
    assert!((sent / ideal - 1.0).abs() < 0.02, "{sent} B of {ideal} B");
}

#[test]
fn overhead_counts_against_the_rate() {
    let mut line = Line::new(DataRate::kbps(800), DataRate::ZERO);
    line.pacer.parameters().burst_window = 0.0;
    let config = PacerConfig {
        overhead: DataSize::bytes(50),
        ..PacerConfig::DEFAULT
    };
    line.pacer.configure(line.now, &config).unwrap();
    line.video(10, 950);
    line.run_for(TimeDelta::seconds(1));
    assert_eq!(line.left[9].at.since(line.left[0].at), TimeDelta::ms(90));
}

#[test]
fn time_in_which_nothing_waited_allows_nothing() {
    let mut line = Line::new(DataRate::kbps(800), DataRate::ZERO);
    line.pacer.parameters().burst_window = 0.0;
    line.video(1, 1_000);
    line.run_for(TimeDelta::seconds(5));
    line.video(5, 1_000);
    line.run_for(TimeDelta::seconds(1));
    assert_eq!(line.left[5].at.since(line.left[1].at), TimeDelta::ms(40));
}
