//! E12.8, T.7: processors are swapped while somebody speaks.

use jackfield_graph::processor::PreparedProcessor;
use jackfield_graph::swap::SwapOutcome;

use super::plugins::{aec3, gain, null, rnnoise, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, found_again, longest_gap, perfect, steepest};

/// A swap may add no step louder than this to a voice.
const BOUND_DB: f32 = -40.0;

type Made = fn() -> Box<PreparedProcessor>;

/// Ann speaks through `chain`; every second the next of `newcomers` is put in. Gives what Bob heard, and checks every report.
fn swapped(chain: Made, newcomers: &[Made], bound_db: f32) -> (Vec<f32>, Vec<f32>) {
    let said = ann(2 + newcomers.len());
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(said.clone()).through(vec![chain()]));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(1_000);
    for (n, newcomer) in newcomers.iter().enumerate() {
        let swap = room.swap_processor(ann, 0, newcomer());
        room.run_ms(1_000);
        let measure = room
            .ended(swap)
            .unwrap_or_else(|| panic!("swap {n} has not ended"));
        assert_eq!(measure.outcome, SwapOutcome::Committed, "{n}: {}", measure.reason);
        assert_eq!(measure.samples_lost, 0, "{n}");
        assert!(
            measure.discontinuity_db <= bound_db,
            "{n}: {} dB",
            measure.discontinuity_db
        );
    }
    let stats = &room.guest(ann).stats;
    assert_eq!(
        stats.concealed_samples.load(std::sync::atomic::Ordering::Relaxed),
        0
    );
    room.run_ms(1_000);
    (said, room.heard(bob).to_vec())
}

#[test]
fn e12_8_t_7_canceller_to_nothing_to_suppressor_without_a_lost_sample() {
    let (said, heard) = swapped(aec3, &[null, rnnoise, aec3, null, aec3, rnnoise], BOUND_DB);
    let (_, undisturbed) = swapped(null, &[], BOUND_DB);
    let (median, worst) = found_again(&perfect(&[&said]), &heard);
    assert!(median > 0.9 && worst > 0.5, "median {median}, worst {worst}");
    let (step, bound) = (steepest(&heard), steepest(&undisturbed) + 0.1);
    assert!(step < bound, "no click: {step} against {bound}");
}

#[test]
fn e12_8_t_7_a_gain_follows_another_in_a_ramp() {
    let (said, heard) = swapped(
        || gain(0.0),
        &[|| gain(-12.0), || gain(6.0), null, || gain(-6.0)],
        BOUND_DB,
    );
    let (median, _) = found_again(&perfect(&[&said]), &heard);
    assert!(median > 0.97, "{median}");
    assert!(longest_gap(&heard[48_000..]) < 480, "the voice never stops");
}

#[test]
fn t_7_the_quicker_one_is_held_back_until_a_silence() {
    // One second of voice without a pause, then silence.
    let voice = ann(4);
    let loud: Vec<f32> = voice[30_000..78_000]
        .iter()
        .cycle()
        .take(96_000)
        .copied()
        .collect();
    let said = [loud, vec![0.0; 96_000]].concat();
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(said).through(vec![rnnoise()]));
    room.join(Invitation::to_listen());
    room.run_ms(500);
    let before = latency(&room, ann);
    assert!(before > 0, "noise suppression takes time");
    let swap = room.swap_processor(ann, 0, null());
    room.run_ms(1_100);
    let measure = room.ended(swap).unwrap();
    assert_eq!(
        measure.added_latency_ms, 0.0,
        "while the voice goes on the latency stays"
    );
    assert_eq!(latency(&room, ann), before);
    room.run_ms(1_500);
    assert_eq!(latency(&room, ann), 0, "in the silence it is dropped");
}

#[test]
fn t_7_the_slower_one_adds_its_latency_and_says_so() {
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(ann(3)).through(vec![null()]));
    room.run_ms(500);
    let swap = room.swap_processor(ann, 0, rnnoise());
    room.run_ms(1_000);
    let measure = room.ended(swap).unwrap();
    assert!(
        measure.added_latency_ms > 0.0 && measure.added_latency_ms <= 30.0,
        "{}",
        measure.added_latency_ms
    );
    assert_eq!(measure.samples_lost, 0);
}

#[test]
fn the_successor_starts_from_what_its_predecessor_learnt() {
    // A gain of −12 dB hands over to one of 0 dB: it starts at −12 dB and glides, so the first block is no louder than before.
    let mut room = Room::new(4, sum(4));
    let tone = jackfield_testkit::signal::tone(200.0, 48_000, 5 * 48_000, 0.5);
    let ann = room.join(Invitation::to_speak(tone).through(vec![gain(-12.0)]));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(1_500);
    room.swap_processor(ann, 0, gain(0.0));
    room.run_ms(1_500);
    let heard = room.heard(bob);
    let step = steepest(&heard[24_000..]);
    assert!(step < 0.02, "{step}: a sine of 200 Hz at 0.5 has steps of 0.013");
}

#[test]
fn a_swap_in_silence_is_done_without_waiting_for_a_voice() {
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_listen().through(vec![null()]));
    room.run_ms(200);
    let swap = room.swap_processor(ann, 0, aec3());
    room.run_ms(50);
    assert_eq!(room.ended(swap).unwrap().outcome, SwapOutcome::Committed);
}

#[test]
fn a_second_swap_displaces_one_that_is_under_way() {
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(ann(4)).through(vec![null()]));
    room.run_ms(1_000);
    let first = room.swap_processor(ann, 0, aec3());
    room.run_ms(100);
    let second = room.swap_processor(ann, 0, rnnoise());
    room.run_ms(1_000);
    let displaced = room.ended(first).unwrap();
    assert_eq!(displaced.outcome, SwapOutcome::RolledBack);
    assert_eq!(displaced.reason, "another swap took its place");
    assert_eq!(room.ended(second).unwrap().outcome, SwapOutcome::Committed);
}

/// Latency of the first socket as its statistics tell, in samples.
fn latency(room: &Room, id: u32) -> u64 {
    room.guest(id).stats.sockets[0].latency_samples()
}

#[test]
fn whoever_leaves_in_the_middle_of_a_swap_ends_it() {
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(ann(4)).through(vec![null()]));
    room.join(Invitation::to_listen());
    room.run_ms(1_010);
    let swaps = [
        room.swap_processor(ann, 0, aec3()),
        room.swap_jitter(ann, super::plugins::adaptive()),
        room.swap_codec(ann, super::plugins::Codec::Pcmu),
    ];
    room.order(jackfield_graph::command::Command::RemoveStrip(ann));
    room.run_ms(20);
    for swap in swaps {
        assert!(room.ended(swap).is_some(), "swap {swap} waits for ever");
    }
}
