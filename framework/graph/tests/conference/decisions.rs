//! A swap on hold waits for somebody: it is promoted or aborted by hand, in the shadow and on probation, in every kind of socket.

use jackfield_graph::swap::SwapOutcome;
use jackfield_graph::transaction::Step;

use super::plugins::{Codec, active_speaker, adaptive, gain, null, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, bob, found_again, perfect};

const KINDS: [&str; 4] = ["processor", "mixer", "jitter", "codec"];

/// Begins a swap of this kind.
fn begin(room: &mut Room, kind: &str, ann: u32, bob: u32) -> u64 {
    match kind {
        "processor" => room.swap_processor(ann, 0, gain(0.0)),
        "mixer" => room.swap_mixer(active_speaker(4)),
        "jitter" => room.swap_jitter(ann, adaptive()),
        _ => room.swap_codec_on_trial(&[bob], Codec::Opus, (Codec::Pcmu, || Codec::Pcmu.encoder(20))),
    }
}

fn room(seconds: usize) -> (Room, u32, u32) {
    let mut room = Room::new(4, sum(4));
    let speaker = room.join(Invitation::to_speak(ann(seconds)).through(vec![null()]));
    let listener = room.join(Invitation::to_speak(bob(seconds)));
    room.hold = true;
    room.run_ms(1_000);
    (room, speaker, listener)
}

#[test]
fn promoted_twice_it_is_heard_and_stays() {
    let said = ann(12);
    for kind in KINDS {
        let (mut room, ann, bob) = room(12);
        let swap = begin(&mut room, kind, ann, bob);
        room.run_ms(3_000);
        assert_eq!(room.steps(swap), [Step::Ready], "{kind}: it waits");
        assert_eq!(room.ended(swap), None, "{kind}");
        room.decide(swap, true);
        room.run_ms(3_000);
        assert_eq!(
            room.steps(swap),
            [Step::Ready, Step::Probation],
            "{kind}: it waits again"
        );
        assert_eq!(room.ended(swap), None, "{kind}");
        room.decide(swap, true);
        room.run_ms(100);
        let measure = room.ended(swap).unwrap();
        assert_eq!(
            (measure.outcome, measure.samples_lost),
            (SwapOutcome::Committed, 0),
            "{kind}"
        );
        assert!(
            measure.times.ready.as_ms() > 2_000 && measure.times.probation.as_ms() > 2_000,
            "{kind}"
        );
        room.run_ms(4_000);
        let (median, worst) = found_again(&perfect(&[&said]), room.heard(bob));
        assert!(
            median > 0.93 && worst > 0.5,
            "{kind}: median {median}, worst {worst}"
        );
    }
}

#[test]
fn aborted_it_goes_and_nobody_has_heard_anything() {
    let said = ann(8);
    for kind in KINDS {
        for on_probation in [false, true] {
            let (mut room, ann, bob) = room(8);
            let swap = begin(&mut room, kind, ann, bob);
            room.run_ms(1_000);
            if on_probation {
                room.decide(swap, true);
                room.run_ms(1_000);
            }
            room.decide(swap, false);
            room.run_ms(100);
            let measure = room.ended(swap).unwrap_or_else(|| panic!("{kind}: it goes on"));
            assert_eq!(
                (measure.outcome, measure.reason, measure.samples_lost),
                (SwapOutcome::RolledBack, "it was aborted by hand", 0),
                "{kind}, on probation: {on_probation}"
            );
            room.run_ms(8_000 - 3_100);
            let (median, _) = found_again(&perfect(&[&said]), room.heard(bob));
            assert!(median > 0.93, "{kind}, on probation: {on_probation}: {median}");
        }
    }
}

#[test]
fn promoted_in_the_shadow_it_is_heard_at_once() {
    for kind in KINDS {
        let (mut room, ann, bob) = room(4);
        room.hold = false;
        let swap = begin(&mut room, kind, ann, bob);
        room.run_ms(50);
        room.decide(swap, true);
        room.run_ms(40);
        assert_eq!(room.steps(swap), [Step::Probation], "{kind}");
        room.decide(swap, true);
        room.run_ms(40);
        assert_eq!(
            room.ended(swap).unwrap().outcome,
            SwapOutcome::Committed,
            "{kind}"
        );
    }
}

#[test]
fn a_swap_on_hold_in_a_socket_that_nobody_hears_waits_too() {
    let mut room = Room::new(4, sum(4));
    let silent = room.join(Invitation::to_listen().through(vec![null()]));
    room.hold = true;
    room.run_ms(200);
    let swap = room.swap_processor(silent, 0, gain(3.0));
    room.run_ms(1_000);
    assert_eq!(room.ended(swap), None);
    room.decide(swap, true);
    room.run_ms(100);
    assert_eq!(room.steps(swap), [Step::Probation]);
    room.decide(swap, false);
    room.run_ms(100);
    assert_eq!(room.ended(swap).unwrap().outcome, SwapOutcome::RolledBack);
}
