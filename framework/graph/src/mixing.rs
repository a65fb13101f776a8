//! The room's socket for a mixer: who is decoded, and the mixes; with a swap that hands the gains over and crossfades every mix.

use jackfield_core::Fault;
use jackfield_core::mixer::{MixRequest, MixSource, Mixer};
use jackfield_core::time::Timestamp;

use crate::stopwatch::Stopwatch;
use crate::swap::{SwapMeasure, SwapOutcome, crossfade, discontinuity_db, is_sane};

/// Ticks for which the predecessor of a mixer is kept.
const PROBATION_TICKS: u32 = 40;

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
    last_sample: f32,
    faults: u32,
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
            last_sample: 0.0,
            faults: 0,
        }
    }

    /// The mixer that is heard.
    pub fn mixer(&mut self) -> &mut dyn Mixer {
        &mut *self.active
    }

    /// Ticks that had to be mixed plainly because the mixer failed.
    pub fn faults(&self) -> u32 {
        self.faults
    }

    /// Takes a newcomer in, with the gains of its predecessor. [audio]
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

    /// Marks in `wanted` (one per source) who is to be decoded for this tick. [audio]
    pub fn choose(&mut self, now: Timestamp, sources: &[MixSource], wanted: &mut [bool]) {
        wanted.fill(false);
        let n = sources.len();
        let count = choose(&mut *self.active, now, sources, &mut self.chosen[..n]);
        self.chosen.truncate_to(count, wanted);
        self.sources.clear();
        if let Some(swap) = self.swap.as_mut().filter(|s| s.stage == Stage::Fresh) {
            let count = choose(&mut *swap.other, now, sources, &mut self.chosen_too[..n]);
            self.chosen_too.truncate_to(count, wanted);
        }
    }

    /// Mixes: `block(i)` gives the block of source `i`; `output` takes one block per request. [audio]
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
        let mut ended = None;
        let len = self.gather(sources, &block, false);
        let mixed = self
            .active
            .mix(now, &self.sources, &self.pcm[..len], requests, output);
        if mixed.is_err() || !is_sane(output) {
            ended = self.failed(now, sources, requests, output);
        }
        if let Some(mut swap) = self.swap.take() {
            match swap.stage {
                Stage::Fresh => {
                    let start = watch.us();
                    let len = self.gather(sources, &block, true);
                    let other = &mut self.other[..used];
                    let mixed = swap
                        .other
                        .mix(now, &self.sources, &self.pcm[..len], requests, other);
                    if mixed.is_err() || !is_sane(other) {
                        return Some(swap.rolled_back("it failed, panicked, or its mix was not a number"));
                    }
                    let n = self.block_samples;
                    output.swap_with_slice(other);
                    let steepest = output[..n]
                        .windows(2)
                        .map(|w| (w[1] - w[0]).abs())
                        .fold(0.0, f32::max);
                    for (old, new) in other
                        .chunks_exact(self.block_len)
                        .zip(output.chunks_exact_mut(self.block_len))
                    {
                        crossfade(old, new, n);
                    }
                    swap.measure.discontinuity_db =
                        discontinuity_db(self.last_sample, &output[..n], &other[..n], steepest);
                    std::mem::swap(&mut self.active, &mut swap.other);
                    swap.stage = Stage::Probation(PROBATION_TICKS);
                    swap.measure.stall_us = swap.measure.stall_us.max(watch.us() - start);
                    self.swap = Some(swap);
                }
                Stage::Probation(0) => ended = Some(swap.committed()),
                Stage::Probation(left) => {
                    swap.stage = Stage::Probation(left - 1);
                    self.swap = Some(swap);
                }
            }
        }
        self.last_sample = output
            .get(self.block_samples.wrapping_sub(1))
            .copied()
            .unwrap_or_default();
        ended
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

    /// The mixer failed: its predecessor takes over if it is still there; this tick is a plain sum.
    fn failed(
        &mut self,
        now: Timestamp,
        sources: &[MixSource],
        requests: &[MixRequest],
        output: &mut [f32],
    ) -> Option<MixerSwapped> {
        self.faults += 1;
        let swap = self.swap.take();
        let ended = match swap {
            Some(mut swap) if swap.stage != Stage::Fresh => {
                std::mem::swap(&mut self.active, &mut swap.other);
                hand_gains_over(&mut *swap.other, &mut *self.active, sources);
                let len = self.sources.len() * self.block_len;
                let again = self
                    .active
                    .mix(now, &self.sources, &self.pcm[..len], requests, output);
                if again.is_err() || !is_sane(output) {
                    self.plain_sum(requests, output);
                }
                return Some(swap.rolled_back("it failed, panicked, or its mix was not a number"));
            }
            other => other,
        };
        self.swap = ended;
        self.plain_sum(requests, output);
        None
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
trait Chosen {
    fn truncate_to(&mut self, count: Result<usize, Fault>, wanted: &mut [bool]);
}

impl Chosen for Vec<u32> {
    fn truncate_to(&mut self, count: Result<usize, Fault>, wanted: &mut [bool]) {
        let n = wanted.len();
        // A mixer that cannot choose gets everyone.
        let count = count.unwrap_or_else(|_| {
            self.iter_mut()
                .take(n)
                .enumerate()
                .for_each(|(i, slot)| *slot = i as u32);
            n
        });
        for index in &self[..count] {
            if let Some(mark) = wanted.get_mut(*index as usize) {
                *mark = true;
            }
        }
        if let Some(end) = self.get_mut(count) {
            *end = u32::MAX;
        }
    }
}
