//! A plugin is put into a call, and what the others hear of it is compared with the call without it.

use std::sync::OnceLock;

use jackfield_core::audio::level_dbov;
use jackfield_graph::processor::PreparedProcessor;
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_testkit::signal::lag;

use super::plugins::{null, sum};
use super::room::{Invitation, Room};
use super::sound::ann;

/// 10 ms.
const BLOCK: usize = 480;
/// A block that is less like what it should be was concealed, or is something else altogether.
const ALIKE: f32 = 0.6;
/// So much softer or louder it is not the same.
const OTHER_LEVEL_DB: f32 = 9.0;

/// How it went.
pub(crate) struct Trial {
    pub(crate) measure: SwapMeasure,
    /// Blocks of 10 ms in which another participant did not hear what it would have heard.
    pub(crate) concealed: usize,
}

impl Trial {
    /// Ann speaks through a processor that does nothing; after a second the newcomer takes its place. Bob listens.
    pub(crate) fn of(newcomer: Box<PreparedProcessor>) -> Self {
        static UNDISTURBED: OnceLock<Vec<f32>> = OnceLock::new();
        let undisturbed = UNDISTURBED.get_or_init(|| call(None).1);
        let (measure, heard) = call(Some(newcomer));
        Self {
            measure: measure.expect("a swap that ended"),
            concealed: concealed(undisturbed, &heard),
        }
    }

    /// What became of the plugin, in words.
    pub(crate) fn ending(&self) -> String {
        match self.measure.outcome {
            SwapOutcome::Committed => "stays in the call".to_owned(),
            SwapOutcome::RolledBack => format!("rolled back: {}", self.measure.reason),
        }
    }

    /// Its line in the table of `docs/bad-plugins.md`.
    pub(crate) fn row(&self, id: &str, tier: &str) -> String {
        format!("| `{id}` | {tier} | {} | {} |", self.ending(), self.concealed)
    }
}

/// Holds the page to what was measured. How many blocks were concealed is the page's figure and not compared: whether a plugin also missed a
/// deadline is up to the machine, and the callers hold everyone to one block.
pub(crate) fn assert_in_the_table(rows: &[String]) {
    for row in rows {
        println!("{row}");
    }
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/bad-plugins.md");
    let page = std::fs::read_to_string(page).unwrap_or_default();
    let without_count = |row: &str| row.rsplitn(3, '|').nth(2).map(str::to_owned);
    let known: Vec<_> = page.lines().map(without_count).collect();
    let missing: Vec<_> = rows
        .iter()
        .filter(|row| !known.contains(&without_count(row)))
        .collect();
    assert!(missing.is_empty(), "docs/bad-plugins.md lacks: {missing:#?}");
}

/// How a swap ended, if there was one, and what Bob heard.
fn call(newcomer: Option<Box<PreparedProcessor>>) -> (Option<SwapMeasure>, Vec<f32>) {
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(ann(4)).through(vec![null()]));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(1_000);
    let swap = newcomer.map(|newcomer| room.swap_processor(ann, 0, newcomer));
    room.run_ms(3_000);
    let measure = swap.and_then(|swap| room.ended(swap));
    (measure, room.heard(bob).to_vec())
}

fn concealed(undisturbed: &[f32], heard: &[f32]) -> usize {
    let blocks = undisturbed.len().min(heard.len()) / BLOCK;
    (2..blocks.saturating_sub(2))
        .filter(|n| {
            let should = &undisturbed[n * BLOCK..][..BLOCK];
            // A pause sounds like another pause.
            level_dbov(should) > -40.0 && !is_there(should, &heard[(n - 1) * BLOCK..][..3 * BLOCK])
        })
        .count()
}

/// Whether the block is somewhere in what was heard around its time, as loud as it should be.
fn is_there(block: &[f32], around: &[f32]) -> bool {
    let mut padded = block.to_vec();
    padded.resize(around.len(), 0.0);
    let found = lag(&padded, around, around.len() - BLOCK);
    let level = level_dbov(&around[found.samples..][..BLOCK]);
    found.likeness > ALIKE && (level - level_dbov(block)).abs() < OTHER_LEVEL_DB
}
