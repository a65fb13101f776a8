//! Processors of other latency follow each other at the same instant of the signal: whatever their latencies are, what is heard is the voice,
//! late by what the socket says, and nothing is skipped.

use std::collections::VecDeque;

use jackfield_graph::processor::{PreparedProcessor, ProcessorSlot, SlotEvent};
use jackfield_graph::stopwatch::NoStopwatch;
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::Random;

use super::plugins::{ROOM, by_hand};
use super::sound::{ann, steepest};

/// Gives what it takes, late by so many samples, and says so.
fn late(samples: usize) -> Box<PreparedProcessor> {
    let mut line: VecDeque<f32> = vec![0.0; samples].into();
    by_hand(samples as u32, move |near| {
        for sample in near {
            line.push_back(*sample);
            *sample = line.pop_front().unwrap_or_default();
        }
        Ok(())
    })
}

/// A slot under test, and what it gave.
struct Bench {
    slot: ProcessorSlot,
    said: Vec<f32>,
    heard: Vec<f32>,
    /// What the slot said that its latency was, block by block.
    latencies: Vec<usize>,
}

impl Bench {
    fn new(said: Vec<f32>, first: usize) -> Self {
        Self {
            slot: ProcessorSlot::new(ROOM, late(first)),
            said,
            heard: Vec::new(),
            latencies: Vec::new(),
        }
    }

    fn block(&mut self) -> Option<SlotEvent> {
        let at = self.heard.len();
        let mut block = self.said[at..at + 480].to_vec();
        let now = Timestamp::from_us(at as i64 * 1_000 / 48);
        let event = self
            .slot
            .process(now, &mut block, &[0.0; 480], false, &mut NoStopwatch);
        self.heard.extend(block);
        self.latencies.push(self.slot.latency_samples());
        event
    }

    fn swap(&mut self, to: usize) -> SwapMeasure {
        self.slot.begin_swap(1, late(to), false, &mut NoStopwatch);
        loop {
            if let Some(SlotEvent::Swapped { measure, .. }) = self.block() {
                return measure;
            }
        }
    }

    /// Every block is the voice at exactly the latency that the slot said, except those in which that changed.
    fn assert_joined(&self) {
        let mut faded = 0;
        for (n, pair) in self.latencies.windows(2).enumerate().skip(10) {
            let (late, block) = (pair[1], n + 1);
            if pair[0] != pair[1] {
                faded += 1;
                continue;
            }
            for i in block * 480..(block + 1) * 480 {
                let wanted = self.said[i - late];
                assert!(
                    (self.heard[i] - wanted).abs() < 1e-5,
                    "block {block}, {late} samples late: {} is not {wanted}",
                    self.heard[i]
                );
            }
        }
        assert!(faded <= 4, "in {faded} blocks the latency changed");
    }
}

#[test]
fn t_7_a_quicker_and_a_slower_one_join_at_the_same_instant() {
    let voice = ann(4);
    for (from, to) in [(0, 0), (480, 100), (100, 480), (0, 430), (960, 0), (37, 1_200)] {
        let mut bench = Bench::new(voice.clone(), from);
        for _ in 0..60 {
            bench.block();
        }
        let measure = bench.swap(to);
        assert_eq!(
            (measure.outcome, measure.samples_lost),
            (SwapOutcome::Committed, 0),
            "{from} to {to}"
        );
        let added = (measure.added_latency_ms * 48.0).round() as usize;
        let least = to.saturating_sub(from);
        assert!(
            (least..=least + 720).contains(&added) && (to > from || added == 0),
            "{from} to {to}: {added} samples more"
        );
        for _ in 0..60 {
            bench.block();
        }
        bench.assert_joined();
        let (step, own) = (steepest(&bench.heard), steepest(&bench.said));
        assert!(
            step < own * 1.05 + 0.005,
            "{from} to {to}: a step of {step}, {own} by itself"
        );
        assert!(
            measure.discontinuity_db <= -80.0,
            "{from} to {to}: {} dB",
            measure.discontinuity_db
        );
    }
}

#[test]
fn t_7_one_that_is_taken_back_joins_at_the_same_instant_too() {
    let voice = ann(4);
    for (from, to) in [(480, 0), (0, 480)] {
        let mut bench = Bench::new(voice.clone(), from);
        for _ in 0..60 {
            bench.block();
        }
        bench.slot.begin_swap(1, late(to), false, &mut NoStopwatch);
        for _ in 0..jackfield_graph::processor::SHADOW_BLOCKS + 10 {
            bench.block();
        }
        assert!(bench.slot.decide(1, false).is_none(), "it is faded out first");
        let Some(SlotEvent::Swapped { measure, .. }) = bench.block() else {
            panic!("it was not taken back");
        };
        assert_eq!(
            (measure.outcome, measure.reason),
            (SwapOutcome::RolledBack, "it was aborted by hand")
        );
        for _ in 0..60 {
            bench.block();
        }
        bench.assert_joined();
    }
}

#[test]
fn t_7_hundreds_of_swaps_to_any_latency_lose_no_sample() {
    let mut random = Random::new(7);
    let mut bench = Bench::new(ann(260), 0);
    for _ in 0..60 {
        bench.block();
    }
    for n in 0..300 {
        let measure = bench.swap(random.below(1_500) as usize);
        assert_eq!(measure.samples_lost, 0, "swap {n}");
        assert_eq!(
            measure.outcome,
            SwapOutcome::Committed,
            "swap {n}: {}",
            measure.reason
        );
        for _ in 0..random.below(10) {
            bench.block();
        }
    }
    let (step, own) = (steepest(&bench.heard), steepest(&bench.said));
    assert!(step < own * 1.05 + 0.005, "a step of {step}, {own} by itself");
}
