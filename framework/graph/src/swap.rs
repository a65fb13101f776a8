//! What a swap is measured by: samples lost, the largest discontinuity, the stall of the audio tick, the latency added.

use serde::Serialize;

use crate::transaction::StepTimes;

/// How a swap ended in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwapOutcome {
    /// The newcomer runs; its predecessor is gone.
    Committed,
    /// The newcomer failed, or was not wanted any more, and the predecessor runs on.
    RolledBack,
}

/// The figures of a swap in one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SwapMeasure {
    /// How it ended.
    pub outcome: SwapOutcome,
    /// Why it was rolled back; empty if it was not.
    pub reason: &'static str,
    /// Samples per channel that were not played because of it.
    pub samples_lost: u64,
    /// The largest step between neighbouring samples beyond the steepest that either signal had by itself, in dB below full scale; −120 if
    /// there was none.
    pub discontinuity_db: f32,
    /// How long the audio tick was held up by it, in µs: taking the newcomer in, and crossfading.
    pub stall_us: f64,
    /// Latency of the newcomer less that of its predecessor, in ms.
    pub added_latency_ms: f64,
    /// How long its steps took.
    pub times: StepTimes,
}

/// Why a newcomer left that another one displaced.
pub(crate) const DISPLACED: &str = "another swap took its place";
/// Why a newcomer left that nothing was wrong with.
pub(crate) const ABORTED: &str = "it was aborted by hand";

impl SwapMeasure {
    /// A swap that has done no harm so far.
    pub const CLEAN: Self = Self {
        outcome: SwapOutcome::Committed,
        reason: "",
        samples_lost: 0,
        discontinuity_db: NO_DISCONTINUITY_DB,
        stall_us: 0.0,
        added_latency_ms: 0.0,
        times: StepTimes::NONE,
    };

    /// As it stands when the newcomer had to go for `reason`.
    #[must_use]
    pub(crate) fn rolled_back(self, reason: &'static str) -> Self {
        Self {
            outcome: SwapOutcome::RolledBack,
            reason,
            ..self
        }
    }

    /// The worse of both, figure by figure.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        let bad = |m: &Self| m.outcome != SwapOutcome::Committed;
        let ended = if bad(&other) && !bad(&self) { &other } else { &self };
        Self {
            outcome: ended.outcome,
            reason: ended.reason,
            samples_lost: self.samples_lost + other.samples_lost,
            discontinuity_db: self.discontinuity_db.max(other.discontinuity_db),
            stall_us: self.stall_us.max(other.stall_us),
            added_latency_ms: if self.added_latency_ms.abs() >= other.added_latency_ms.abs() {
                self.added_latency_ms
            } else {
                other.added_latency_ms
            },
            times: self.times.longest(other.times),
        }
    }
}

/// Where the scale of discontinuities ends.
pub const NO_DISCONTINUITY_DB: f32 = -120.0;

/// Fades from `old` to `new` over one block, in place in `new`; both are planar with `samples` per channel. The gains add up to one,
/// because both carry the same voice.
pub fn crossfade(old: &[f32], new: &mut [f32], samples: usize) {
    let step = 1.0 / samples as f32;
    for (old, new) in old.chunks_exact(samples).zip(new.chunks_exact_mut(samples)) {
        let mut gain = 0.5 * step;
        for (o, n) in old.iter().zip(new) {
            *n = *o * (1.0 - gain) + *n * gain;
            gain += step;
        }
    }
}

/// The discontinuity of `out` (planar, `samples` per channel), which follows the samples `before` of each channel, in dB below full scale: how
/// much its steepest step exceeds `own`, the steepest that the signals it was made of have by themselves.
pub fn discontinuity_db(before: &[f32], out: &[f32], samples: usize, own: f32) -> f32 {
    decibels(steepest(Some(before), out, samples) - own)
}

/// A step in dB below full scale.
pub(crate) fn decibels(step: f32) -> f32 {
    if step <= 1e-6 {
        NO_DISCONTINUITY_DB
    } else {
        20.0 * step.log10()
    }
}

/// The largest step between neighbouring samples of any channel, the one from `before` to the first sample included.
pub fn steepest(before: Option<&[f32]>, block: &[f32], samples: usize) -> f32 {
    let mut most = 0.0_f32;
    for (channel, plane) in block.chunks_exact(samples).enumerate() {
        let mut last = before
            .and_then(|b| b.get(channel))
            .or(plane.first())
            .copied()
            .unwrap_or_default();
        for sample in plane {
            most = most.max((sample - last).abs());
            last = *sample;
        }
    }
    most
}

/// Notes the last sample of each channel of a block.
pub(crate) fn last_samples(block: &[f32], samples: usize, last: &mut [f32]) {
    for (plane, last) in block.chunks_exact(samples).zip(last) {
        *last = plane.last().copied().unwrap_or_default();
    }
}

/// Joins a block to the samples `before` of each channel when there is nothing to fade from: the step between them is led to zero within
/// 2 ms.
pub(crate) fn declick(before: &[f32], block: &mut [f32], samples: usize) {
    let faded = (samples / 5).max(1);
    for (plane, before) in block.chunks_exact_mut(samples).zip(before) {
        let step = before - plane.first().copied().unwrap_or_default();
        for (i, sample) in plane.iter_mut().take(faded).enumerate() {
            *sample += step * (1.0 - i as f32 / faded as f32);
        }
    }
}

/// Whether every sample can be played: finite, and not absurdly loud (8 times full scale).
pub fn is_sane(samples: &[f32]) -> bool {
    samples.iter().all(|s| s.abs() <= 8.0)
}
