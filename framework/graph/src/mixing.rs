//! The room's socket for a mixer: who is decoded, and the mixes; with a swap that hands the gains over and crossfades every mix.

use jackfield_core::Fault;
use jackfield_core::audio::MAX_CHANNELS;
use jackfield_core::mixer::{MixRequest, MixSource, Mixer};
use jackfield_core::time::Timestamp;

use crate::processor::DEADLINE_US;
use crate::stopwatch::Stopwatch;
use crate::swap::{
    SwapMeasure, SwapOutcome, crossfade, declick, discontinuity_db, is_sane, last_samples, steepest,
};

/// Ticks for which the predecessor of a mixer is kept.
const PROBATION_TICKS: u32 = 40;

const BROKEN: &str = "it failed, panicked, or its mix was not a number";
/// So many are heard while the mixer is broken, and only who is louder than this.
const FALLBACK_SPEAKERS: usize = 8;
const SILENCE_DBOV: f32 = -70.0;
/// So many ticks running in which a newcomer misses its deadline send it away.
const NEWCOMER_OVERRUNS: u32 = 3;

/// The mixer with all its scratch space; allocates only when made.
pub struct Mixing {
    active: Box<dyn Mixer>,
    swap: Option<Swap>,
    block_len: usize,
    block_samples: usize,
    chosen: Vec<u32>,
    chosen_too: Vec<u32>,
    sources: Vec<MixSource>,
    pcm: Vec<f32>,
    other: Vec<f32>,
    last: [f32; MAX_CHANNELS],
    failed: bool,
    overruns: u32,
}

struct Swap {
    id: u64,
    other: Box<dyn Mixer>,
    stage: Stage,
    measure: SwapMeasure,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// `other` is the newcomer; both mix the next tick.
    Fresh,
    /// `other` is the predecessor.
    Probation(u32),
}

/// What the mixer's socket tells when a swap ends.
pub struct MixerSwapped {
    /// The swap.
    pub id: u64,
    /// Its figures.
    pub measure: SwapMeasure,
    /// To be dropped on the control thread.
    pub retired: Box<dyn Mixer>,
}

impl Mixing {
    /// A socket with `mixer` in it, activated for `max_sources` sources and `max_mixes` mixes of `block_len` samples.
    pub fn new(
        mixer: Box<dyn Mixer>,
        block_len: usize,
        block_samples: usize,
        max_sources: usize,
        max_mixes: usize,
    ) -> Self {
        Self {
            active: mixer,
            swap: None,
            block_len,
            block_samples,
            chosen: vec![0; max_sources],
            chosen_too: vec![0; max_sources],
            sources: Vec::with_capacity(max_sources),
            pcm: vec![0.0; max_sources * block_len],
            other: vec![0.0; max_mixes * block_len],
            last: [0.0; MAX_CHANNELS],
            failed: false,
            overruns: 0,
        }
    }

    /// The mixer that is heard.
    pub fn mixer(&mut self) -> &mut dyn Mixer {
        &mut *self.active
    }

    /// Whether the mixer failed when it was last asked, so that the sum was made without it.
    pub fn is_failed(&self) -> bool {
        self.failed
    }

    /// Takes a newcomer in, with the gains of its predecessor. \[audio\]
    pub fn begin_swap(
        &mut self,
        id: u64,
        mut newcomer: Box<dyn Mixer>,
        sources: &[MixSource],
        watch: &mut dyn Stopwatch,
    ) -> Option<MixerSwapped> {
        let start = watch.us();
        hand_gains_over(&mut *self.active, &mut *newcomer, sources);
        let displaced = self.swap.take().map(|swap| match swap.stage {
            Stage::Fresh => swap.rolled_back("another swap took its place"),
            Stage::Probation(_) => swap.committed(),
        });
        let measure = SwapMeasure {
            stall_us: watch.us() - start,
            ..SwapMeasure::CLEAN
        };
        self.swap = Some(Swap {
            id,
            other: newcomer,
            stage: Stage::Fresh,
            measure,
        });
        displaced
    }

    /// Marks in `wanted` (one per source) who is to be decoded for this tick. \[audio\]
    pub fn choose(&mut self, now: Timestamp, sources: &[MixSource], wanted: &mut [bool]) {
        wanted.fill(false);
        let n = sources.len();
        let chosen = &mut self.chosen[..n];
        let count =
            choose(&mut *self.active, now, sources, chosen).unwrap_or_else(|_| loudest(sources, chosen));
        note(&mut self.chosen, count, wanted);
        self.sources.clear();
        if let Some(swap) = self.swap.as_mut().filter(|s| s.stage == Stage::Fresh) {
            let chosen = &mut self.chosen_too[..n];
            let count = choose(&mut *swap.other, now, sources, chosen).unwrap_or_default();
            note(&mut self.chosen_too, count, wanted);
        }
    }

    /// Mixes: `block(i)` gives the block of source `i`; `output` takes one block per request. \[audio\]
    pub fn mix<'b>(
        &mut self,
        now: Timestamp,
        sources: &[MixSource],
        block: impl Fn(usize) -> &'b [f32],
        requests: &[MixRequest],
        output: &mut [f32],
        watch: &mut dyn Stopwatch,
    ) -> Option<MixerSwapped> {
        let used = requests.len() * self.block_len;
        let output = &mut output[..used];
        let start = watch.us();
        let len = self.gather(sources, &block, false);
        let mixed = self
            .active
            .mix(now, &self.sources, &self.pcm[..len], requests, output);
        let late = watch.us() - start > DEADLINE_US;
        self.overruns = if late { self.overruns + 1 } else { 0 };
        let was_failed = self.failed;
        self.failed = mixed.is_err() || !is_sane(output);
        let ended = if self.failed {
            self.mix_without(now, sources, requests, output)
        } else {
            self.go_on(now, sources, &block, requests, output, watch)
        };
        if self.failed != was_failed {
            declick(&self.last, &mut output[..self.block_len], self.block_samples);
        }
        last_samples(
            &output[..self.block_len.min(used)],
            self.block_samples,
            &mut self.last,
        );
        ended
    }

    /// Goes on with a swap, if there is one.
    fn go_on<'b>(
        &mut self,
        now: Timestamp,
        sources: &[MixSource],
        block: &impl Fn(usize) -> &'b [f32],
        requests: &[MixRequest],
        output: &mut [f32],
        watch: &mut dyn Stopwatch,
    ) -> Option<MixerSwapped> {
        let mut swap = self.swap.take()?;
        match swap.stage {
            Stage::Fresh => {
                let start = watch.us();
                let len = self.gather(sources, block, true);
                let other = &mut self.other[..output.len()];
                let mixed = swap
                    .other
                    .mix(now, &self.sources, &self.pcm[..len], requests, other);
                if mixed.is_err() || !is_sane(other) {
                    return Some(swap.rolled_back(BROKEN));
                }
                output.swap_with_slice(other);
                let n = self.block_samples;
                let first = ..self.block_len;
                let own = steepest(None, &output[first], n).max(steepest(Some(&self.last), &other[first], n));
                for (old, new) in other
                    .chunks_exact(self.block_len)
                    .zip(output.chunks_exact_mut(self.block_len))
                {
                    crossfade(old, new, n);
                }
                swap.measure.discontinuity_db = discontinuity_db(&self.last, &output[first], n, own);
                std::mem::swap(&mut self.active, &mut swap.other);
                self.overruns = 0;
                swap.stage = Stage::Probation(PROBATION_TICKS);
                swap.measure.stall_us = swap.measure.stall_us.max(watch.us() - start);
            }
            Stage::Probation(_) if self.overruns >= NEWCOMER_OVERRUNS => {
                std::mem::swap(&mut self.active, &mut swap.other);
                hand_gains_over(&mut *swap.other, &mut *self.active, sources);
                self.overruns = 0;
                return Some(swap.rolled_back("it missed its deadline"));
            }
            Stage::Probation(0) => return Some(swap.committed()),
            Stage::Probation(left) => swap.stage = Stage::Probation(left - 1),
        }
        self.swap = Some(swap);
        None
    }

    /// Collects the blocks of those that the mixer (or the newcomer) chose, in its order.
    fn gather<'b>(
        &mut self,
        sources: &[MixSource],
        block: &impl Fn(usize) -> &'b [f32],
        newcomer: bool,
    ) -> usize {
        let chosen = if newcomer { &self.chosen_too } else { &self.chosen };
        self.sources.clear();
        let mut at = 0;
        for index in chosen
            .iter()
            .map(|i| *i as usize)
            .take_while(|i| *i < sources.len())
        {
            self.sources.push(sources[index]);
            self.pcm[at..at + self.block_len].copy_from_slice(block(index));
            at += self.block_len;
        }
        at
    }

    /// The mixer failed: its predecessor takes over if it is still there, or its newcomer if that is; else this tick is a plain sum.
    fn mix_without(
        &mut self,
        now: Timestamp,
        sources: &[MixSource],
        requests: &[MixRequest],
        output: &mut [f32],
    ) -> Option<MixerSwapped> {
        let Some(mut swap) = self.swap.take() else {
            self.plain_sum(requests, output);
            return None;
        };
        std::mem::swap(&mut self.active, &mut swap.other);
        if swap.stage != Stage::Fresh {
            hand_gains_over(&mut *swap.other, &mut *self.active, sources);
        }
        // Who was chosen for the one that failed is mixed by the other: it takes whom it has not chosen as well.
        let len = self.sources.len() * self.block_len;
        let mixed = self
            .active
            .mix(now, &self.sources, &self.pcm[..len], requests, output);
        self.failed = mixed.is_err() || !is_sane(output);
        if self.failed {
            self.plain_sum(requests, output);
        }
        match swap.stage {
            Stage::Fresh if !self.failed => Some(swap.committed()),
            _ => Some(swap.rolled_back(BROKEN)),
        }
    }

    fn plain_sum(&self, requests: &[MixRequest], output: &mut [f32]) {
        for (request, mix) in requests.iter().zip(output.chunks_exact_mut(self.block_len)) {
            mix.fill(0.0);
            for (source, pcm) in self.sources.iter().zip(self.pcm.chunks_exact(self.block_len)) {
                if source.id != request.without && source.muted == 0 {
                    mix.iter_mut()
                        .zip(pcm)
                        .for_each(|(m, s)| *m = (*m + s).clamp(-1.0, 1.0));
                }
            }
        }
    }
}

impl Swap {
    fn committed(self) -> MixerSwapped {
        MixerSwapped {
            id: self.id,
            measure: self.measure,
            retired: self.other,
        }
    }

    fn rolled_back(self, reason: &'static str) -> MixerSwapped {
        let measure = SwapMeasure {
            outcome: SwapOutcome::RolledBack,
            reason,
            ..self.measure
        };
        MixerSwapped {
            id: self.id,
            measure,
            retired: self.other,
        }
    }
}

fn hand_gains_over(from: &mut dyn Mixer, to: &mut dyn Mixer, sources: &[MixSource]) {
    for source in sources {
        if let Ok(gain) = from.hand_over(source.id)
            && gain >= 0.0
        {
            let _ = to.take_over(source.id, gain);
        }
    }
}

fn choose(
    mixer: &mut dyn Mixer,
    now: Timestamp,
    sources: &[MixSource],
    chosen: &mut [u32],
) -> Result<usize, Fault> {
    mixer
        .choose(now, sources, chosen)
        .map(|count| (count as usize).min(chosen.len()))
}

/// Ends a list of indices after what was chosen, and marks them.
fn note(chosen: &mut [u32], count: usize, wanted: &mut [bool]) {
    for index in &chosen[..count] {
        if let Some(mark) = wanted.get_mut(*index as usize) {
            *mark = true;
        }
    }
    if let Some(end) = chosen.get_mut(count) {
        *end = u32::MAX;
    }
}

/// Chooses in the place of a mixer that cannot: the loudest who are not muted.
fn loudest(sources: &[MixSource], chosen: &mut [u32]) -> usize {
    let mut count = 0;
    while count < FALLBACK_SPEAKERS.min(chosen.len()) {
        let next = (0..)
            .zip(sources)
            .filter(|(i, s)| s.muted == 0 && s.level_dbov > SILENCE_DBOV && !chosen[..count].contains(i))
            .max_by(|(_, a), (_, b)| a.level_dbov.total_cmp(&b.level_dbov));
        let Some((index, _)) = next else { break };
        chosen[count] = index;
        count += 1;
    }
    count
}
