//! A plugin that panics, hangs, overruns or emits nonsense is taken out, and nobody hears more than a block of it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use jackfield_bad::{Bad, Explodes, Fails, GivesNan, GivesNoise, GivesSilence, PanicsInProcess, Sin};
use jackfield_core::module::Module;
use jackfield_graph::processor::{PROBATION_BLOCKS, PreparedProcessor, SHADOW_BLOCKS};
use jackfield_graph::stopwatch::Stopwatch;
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_sdk::prelude::*;

use super::plugins::{by_hand, gain, made, null, prepare, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, found_again, perfect, steepest};

/// Behaves for `after` blocks.
fn good_for<S: Sin>(after: u32) -> Box<PreparedProcessor> {
    let mut plugin: Bad<S> = made();
    Module::set_parameter(&mut plugin, 0, f64::from(after)).unwrap();
    prepare(plugin)
}

/// A voice that never pauses for long.
fn steady_voice(seconds: usize) -> Vec<f32> {
    let voice = ann(3);
    voice[30_000..78_000]
        .iter()
        .cycle()
        .take(seconds * 48_000)
        .copied()
        .collect()
}

/// Ann speaks through nothing; after a second `newcomer` is swapped in. Gives how that ended and what Bob heard.
fn swap_in(newcomer: Option<Box<PreparedProcessor>>) -> (Option<SwapMeasure>, Vec<f32>) {
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(steady_voice(4)).through(vec![null()]));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(1_000);
    let swap = newcomer.map(|newcomer| room.swap_processor(ann, 0, newcomer));
    room.run_ms(3_000);
    assert!(
        room.bypassed().is_empty(),
        "the predecessor is there: {:?}",
        room.bypassed()
    );
    (
        swap.map(|swap| room.ended(swap).unwrap()),
        room.heard(bob).to_vec(),
    )
}

/// The newcomer is rolled back for `reason`, and Bob heard what he would have heard without it.
fn rolled_back(newcomer: Box<PreparedProcessor>, reason: &str) {
    let (measure, heard) = swap_in(Some(newcomer));
    let measure = measure.unwrap();
    assert_eq!(measure.outcome, SwapOutcome::RolledBack, "wanted: {reason}");
    assert_eq!(measure.reason, reason);
    assert_eq!(measure.samples_lost, 0);
    let (_, undisturbed) = swap_in(None);
    let (median, worst) = found_again(&undisturbed, &heard);
    assert!(
        median > 0.98 && worst > 0.9,
        "{reason}: median {median}, worst {worst}"
    );
    assert!(
        steepest(&heard) < steepest(&undisturbed) + 0.1,
        "{reason}: a click"
    );
}

/// In the shadow, in the tick of the crossfade, right after it, and late in the probation.
const MOMENTS: [u32; 4] = [
    5,
    SHADOW_BLOCKS,
    SHADOW_BLOCKS + 1,
    SHADOW_BLOCKS + PROBATION_BLOCKS - 2,
];

#[test]
fn a_newcomer_that_panics_is_rolled_back() {
    for after in MOMENTS {
        rolled_back(good_for::<PanicsInProcess>(after), "it failed or panicked");
    }
}

#[test]
fn a_newcomer_that_fails_is_rolled_back() {
    for after in MOMENTS {
        rolled_back(good_for::<Fails>(after), "it failed or panicked");
    }
}

#[test]
fn a_newcomer_that_emits_nan_is_rolled_back() {
    for after in MOMENTS {
        rolled_back(
            good_for::<GivesNan>(after),
            "its output was not a number or far beyond full scale",
        );
    }
}

#[test]
fn a_newcomer_that_explodes_is_never_heard() {
    let (measure, heard) = swap_in(Some(good_for::<Explodes>(5)));
    assert_eq!(measure.unwrap().outcome, SwapOutcome::RolledBack);
    let (_, undisturbed) = swap_in(None);
    assert!(steepest(&heard) < steepest(&undisturbed) + 0.05);
}

#[test]
fn a_newcomer_that_gives_noise_instead_of_a_voice_is_rolled_back() {
    rolled_back(
        good_for::<GivesNoise>(3),
        "it was loud and nothing like its predecessor",
    );
    let (measure, _) = swap_in(Some(good_for::<GivesNoise>(SHADOW_BLOCKS + 5)));
    assert_eq!(measure.unwrap().outcome, SwapOutcome::RolledBack);
}

#[test]
fn a_newcomer_that_falls_silent_is_rolled_back() {
    rolled_back(
        good_for::<GivesSilence>(3),
        "it was silent where its predecessor gave speech",
    );
    let (measure, _) = swap_in(Some(good_for::<GivesSilence>(SHADOW_BLOCKS + 5)));
    assert_eq!(
        measure.unwrap().reason,
        "it was silent where its predecessor gave speech"
    );
}

#[test]
fn a_newcomer_with_an_offset_is_rolled_back() {
    let offset = by_hand(0, |near| {
        near.iter_mut().for_each(|sample| *sample += 0.1);
        Ok(())
    });
    rolled_back(offset, "its output had a constant offset");
}

/// Time as a test has it: [`slow`] plugins move it on.
#[derive(Clone, Default)]
struct FakeTime(Arc<AtomicU64>);

impl Stopwatch for FakeTime {
    fn us(&mut self) -> f64 {
        self.0.load(Relaxed) as f64
    }
}

/// Takes `us` for each of its blocks whose number is in `blocks`.
fn slow(time: &FakeTime, us: u64, blocks: Range<u32>) -> Box<PreparedProcessor> {
    let (time, mut block) = (time.clone(), 0);
    by_hand(0, move |_| {
        if blocks.contains(&block) {
            time.0.fetch_add(us, Relaxed);
        }
        block += 1;
        Ok(())
    })
}

#[test]
fn a_newcomer_that_overruns_is_rolled_back() {
    for (after, us, outcome) in [
        (0, 6_000, SwapOutcome::RolledBack),
        (SHADOW_BLOCKS + 5, 6_000, SwapOutcome::RolledBack),
        (0, 4_000, SwapOutcome::Committed),
    ] {
        let time = FakeTime::default();
        let mut room = Room::new(4, sum(4));
        room.watch = Box::new(time.clone());
        let ann = room.join(Invitation::to_speak(steady_voice(3)).through(vec![null()]));
        room.run_ms(1_000);
        let swap = room.swap_processor(ann, 0, slow(&time, us, after..u32::MAX));
        room.run_ms(2_000);
        let measure = room.ended(swap).unwrap();
        assert_eq!(measure.outcome, outcome, "{us} us after {after}");
        if outcome == SwapOutcome::RolledBack {
            assert_eq!(measure.reason, "it missed its deadline");
        }
    }
}

#[test]
fn a_processor_that_breaks_mid_call_is_bypassed_and_can_be_replaced() {
    let said = steady_voice(6);
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(said.clone()).through(vec![
        gain(0.0),
        good_for::<PanicsInProcess>(100),
        gain(0.0),
    ]));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(3_000);
    assert_eq!(room.bypassed(), ["it failed or panicked"], "told once");
    assert!(room.guest(ann).stats.sockets[1].is_bypassed());
    let swap = room.swap_processor(ann, 1, null());
    room.run_ms(3_000);
    assert_eq!(room.ended(swap).unwrap().outcome, SwapOutcome::Committed);
    assert!(!room.guest(ann).stats.sockets[1].is_bypassed());
    let (median, worst) = found_again(&perfect(&[&said]), room.heard(bob));
    assert!(median > 0.97 && worst > 0.8, "median {median}, worst {worst}");
}

#[test]
fn a_processor_that_overruns_mid_call_is_bypassed_unless_it_is_the_machine_that_was_busy() {
    for (blocks, bypassed) in [(10, false), (40, true)] {
        let time = FakeTime::default();
        let mut room = Room::new(4, sum(4));
        let busy = slow(&time, 8_000, 0..blocks);
        room.watch = Box::new(time);
        room.join(Invitation::to_speak(steady_voice(3)).through(vec![busy]));
        room.run_ms(3_000);
        assert_eq!(
            !room.bypassed().is_empty(),
            bypassed,
            "{blocks} blocks: {:?}",
            room.bypassed()
        );
    }
}

#[test]
fn when_both_break_the_signal_goes_around_them() {
    let said = steady_voice(4);
    let told = Arc::new(AtomicU64::new(0));
    let fails = || {
        let told = Arc::clone(&told);
        by_hand(0, move |_| match told.load(Relaxed) {
            0 => Ok(()),
            _ => Err(Fault::failed("told to")),
        })
    };
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(said.clone()).through(vec![fails()]));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(1_000);
    let swap = room.swap_processor(ann, 0, fails());
    room.run_ms(100);
    told.store(1, Relaxed);
    room.run_ms(2_900);
    let measure = room.ended(swap).unwrap();
    assert_eq!(measure.outcome, SwapOutcome::RolledBack);
    assert_eq!(measure.reason, "it failed, and so did its predecessor");
    assert_eq!(room.bypassed(), ["it failed or panicked"]);
    let (median, worst) = found_again(&perfect(&[&said]), room.heard(bob));
    assert!(median > 0.97 && worst > 0.8, "median {median}, worst {worst}");
}
