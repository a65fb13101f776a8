//! E2.2: a target is shared by the streams of a participant.

use jackfield_graph::network::allocation::{Allocator, StreamKind, StreamNeeds};
use jackfield_sdk::prelude::*;
use proptest::prelude::*;

fn stream(id: u32, minimum: i64, maximum: i64, priority: u32) -> StreamNeeds {
    StreamNeeds {
        id,
        kind: StreamKind::Other,
        minimum: DataRate::kbps(minimum),
        maximum: DataRate::kbps(maximum),
        priority,
        enforced: false,
    }
}

fn voice(id: u32, minimum: i64, maximum: i64) -> StreamNeeds {
    StreamNeeds {
        kind: StreamKind::Audio,
        ..stream(id, minimum, maximum, 1)
    }
}

fn among(streams: &[StreamNeeds]) -> Allocator {
    let mut allocator = Allocator::new();
    allocator.set_streams(streams);
    allocator
}

/// The shares of 1, 2, … in kbit/s.
fn kbps(allocator: &mut Allocator, at_ms: i64, target: i64) -> Vec<i64> {
    let shares = allocator.allocate(Timestamp::from_ms(at_ms), DataRate::kbps(target));
    let mut shares: Vec<_> = shares
        .map(|share| (share.id, share.rate.as_bps() / 1_000))
        .collect();
    shares.sort_unstable();
    shares.into_iter().map(|(_, rate)| rate).collect()
}

#[test]
fn e2_2_what_is_left_goes_by_priority_and_to_none_more_than_it_can_use() {
    let mut three = among(&[
        stream(1, 100, 2_000, 1),
        stream(2, 100, 400, 2),
        stream(3, 100, 2_000, 1),
    ]);
    assert_eq!(kbps(&mut three, 0, 300), [100, 100, 100]);
    assert_eq!(kbps(&mut three, 0, 700), [200, 300, 200]);
    assert_eq!(kbps(&mut three, 0, 1_400), [500, 400, 500]);
    assert_eq!(kbps(&mut three, 0, 10_000), [2_000, 400, 2_000]);
}

#[test]
fn e2_2_who_finds_too_little_pauses_and_the_most_important_are_let_in_first() {
    let mut three = among(&[
        stream(1, 100, 500, 1),
        stream(2, 300, 500, 3),
        stream(3, 50, 500, 2),
    ]);
    assert_eq!(kbps(&mut three, 0, 449), [0, 359, 89]);
    let mut three = among(&[
        stream(1, 100, 500, 1),
        stream(2, 300, 500, 3),
        stream(3, 50, 500, 2),
    ]);
    assert_eq!(
        kbps(&mut three, 0, 299),
        [0, 0, 0],
        "nobody behind it slips in, to be stopped when there is more"
    );
}

#[test]
fn e2_2_who_paused_comes_back_only_when_there_has_been_enough_for_a_while() {
    let mut two = among(&[stream(1, 100, 200, 2), stream(2, 100, 200, 1)]);
    assert_eq!(kbps(&mut two, 0, 200), [100, 100]);
    assert_eq!(kbps(&mut two, 100, 199), [199, 0]);
    assert_eq!(kbps(&mut two, 200, 219), [200, 0], "a fifth more is wanted");
    assert_eq!(kbps(&mut two, 300, 220), [200, 0], "and for a second");
    assert_eq!(kbps(&mut two, 1_299, 220), [200, 0]);
    assert_eq!(kbps(&mut two, 1_300, 220), [113, 106]);

    assert_eq!(kbps(&mut two, 1_400, 150), [150, 0]);
    assert_eq!(kbps(&mut two, 1_500, 300), [200, 0]);
    assert_eq!(
        kbps(&mut two, 2_400, 219),
        [200, 0],
        "it was too little for a moment"
    );
    assert_eq!(kbps(&mut two, 2_500, 300), [200, 0]);
    assert_eq!(kbps(&mut two, 3_500, 300), [166, 133]);
}

#[test]
fn e2_4_a_network_that_was_down_is_no_reason_to_wait() {
    let mut two = among(&[stream(1, 100, 200, 2), stream(2, 100, 200, 1)]);
    assert_eq!(kbps(&mut two, 0, 300), [166, 133]);
    assert_eq!(kbps(&mut two, 100, 0), [0, 0]);
    assert_eq!(kbps(&mut two, 200, 300), [166, 133]);
}

#[test]
fn d5_6_audio_takes_what_it_can_use_of_the_first_hundred() {
    let call = among(&[stream(1, 30, 1_000, 9), voice(2, 16, 64)]);
    let shares = |target| kbps(&mut call.clone(), 0, target);
    assert_eq!(shares(10), [0, 0], "not enough for anybody");
    assert_eq!(shares(40), [0, 40]);
    assert_eq!(shares(90), [0, 64], "what is left is too little for a picture");
    assert_eq!(shares(94), [30, 64]);
    assert_eq!(shares(1_000), [936, 64]);
    // Beyond that audio takes its part like all others.
    let mut music = among(&[stream(1, 30, 1_000, 1), voice(2, 16, 510)]);
    assert_eq!(kbps(&mut music, 0, 129), [0, 129], "the hundred are sure");
    let mut music = among(&[stream(1, 30, 1_000, 1), voice(2, 16, 510)]);
    assert_eq!(kbps(&mut music, 0, 330), [130, 200]);
}

#[test]
fn d5_6_a_voice_that_must_not_pause_has_its_minimum_whatever_the_target() {
    let mut call = among(&[
        StreamNeeds {
            enforced: true,
            ..voice(1, 16, 64)
        },
        stream(2, 30, 1_000, 1),
    ]);
    assert_eq!(kbps(&mut call, 0, 5), [16, 0]);
    assert_eq!(kbps(&mut call, 0, 0), [0, 0], "there is no network");
}

#[test]
fn e2_2_streams_come_and_go() {
    let mut call = among(&[stream(1, 100, 500, 2), stream(2, 100, 500, 1)]);
    assert_eq!(kbps(&mut call, 0, 150), [150, 0]);
    call.set_streams(&[stream(2, 100, 500, 1), stream(3, 100, 500, 1), stream(3, 7, 7, 7)]);
    assert_eq!(
        kbps(&mut call, 100, 500),
        [0, 0],
        "the new one stands behind one that must wait"
    );
    assert_eq!(kbps(&mut call, 1_100, 500), [500, 0]);
    assert_eq!(kbps(&mut call, 2_100, 500), [250, 250]);
    call.set_streams(&[]);
    assert_eq!(kbps(&mut call, 1_200, 500), [0_i64; 0]);
}

fn any_stream(id: u32) -> impl Strategy<Value = StreamNeeds> {
    let rates = (0..500_000_i64, 0..2_000_000_i64);
    (rates, 0..6_u32, any::<bool>(), prop::bool::weighted(0.1)).prop_map(
        move |((minimum, more), priority, audio, enforced)| StreamNeeds {
            id,
            kind: if audio {
                StreamKind::Audio
            } else {
                StreamKind::Other
            },
            minimum: DataRate::bps(minimum),
            maximum: DataRate::bps(minimum + more),
            priority,
            enforced,
        },
    )
}

fn any_streams() -> impl Strategy<Value = Vec<StreamNeeds>> {
    (1..7_u32).prop_flat_map(|count| (0..count).map(any_stream).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn e2_2_shares_keep_their_bounds_and_grow_with_the_target(
        streams in any_streams(),
        history in prop::collection::vec((0..1_500_i64, 0..4_000_000_i64), 0..12),
        target in 0..4_000_000_i64,
        more in 0..2_000_000_i64,
    ) {
        let mut allocator = among(&streams);
        let mut now = Timestamp::ZERO;
        for (ms, target) in history {
            now += TimeDelta::ms(ms);
            allocator.allocate(now, DataRate::bps(target)).count();
        }
        let rates = |target| -> Vec<(u32, i64)> {
            let mut allocator = allocator.clone();
            let mut rates: Vec<_> = allocator.allocate(now, DataRate::bps(target)).map(|share| (share.id, share.rate.as_bps())).collect();
            rates.sort_unstable();
            rates
        };
        let (little, much) = (rates(target), rates(target + more));
        let sum = |rates: &[(u32, i64)]| rates.iter().map(|(_, rate)| rate).sum::<i64>();
        let enforced: i64 = streams.iter().filter(|s| s.enforced).map(|s| s.minimum.as_bps()).sum();
        prop_assert!(sum(&little) <= target.max(enforced), "{:?}", little);
        prop_assert!(sum(&little) <= sum(&much) + streams.len() as i64, "{:?} {:?}", little, much);
        let runs = |rate: i64, needs: &StreamNeeds| rate > 0 || needs.minimum == DataRate::ZERO;
        let mut same = true;
        for (needs, ((_, less), (_, more))) in streams.iter().zip(little.iter().zip(&much)) {
            for rate in [*less, *more] {
                prop_assert!(rate == 0 || (needs.minimum.as_bps() <= rate && rate <= needs.maximum.as_bps()));
            }
            prop_assert!(!runs(*less, needs) || runs(*more, needs), "more stops nobody");
            same &= (*less > 0) == (*more > 0);
        }
        if same {
            for ((_, less), (_, more)) in little.iter().zip(&much) {
                prop_assert!(less <= more, "{:?} {:?}", little, much);
            }
        }
        prop_assert_eq!(little, rates(target), "the same again");
    }
}
