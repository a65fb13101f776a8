//! The room's socket for a mixer: who is decoded, and the mixes; with a swap that hands the gains over, mixes in the shadow and crossfades
//! every mix.

use jackfield_core::Fault;
use jackfield_core::audio::{BLOCK_DURATION, MAX_CHANNELS};
use jackfield_core::mixer::{MIXER_SWAP, MixRequest, MixSource, Mixer};
use jackfield_core::time::Timestamp;

use crate::judge::Judge;
use crate::processor::{DEADLINE_US, MISSED};
use crate::stopwatch::Stopwatch;
use crate::swap::{
    ABORTED, DISPLACED, SwapMeasure, crossfade, declick, discontinuity_db, is_sane, last_samples, steepest,
};
use crate::transaction::{Event, Step, Transaction};

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
    /// Who is not heard: the newcomer until it joins, then its predecessor.
    other: Box<dyn Mixer>,
    transaction: Transaction,
    measure: SwapMeasure,
    judge: Judge,
    overruns: u32,
}

/// What the mixer's socket tells of a swap.
pub enum MixerEvent {
    /// It ended.
    Swapped(MixerSwapped),
    /// It goes on to a step that others may wait for.
    Stepped {
        /// The swap.
        id: u64,
        /// `Ready` or `Probation`.
        step: Step,
    },
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
        hold: bool,
        sources: &[MixSource],
        watch: &mut dyn Stopwatch,
    ) -> Option<MixerSwapped> {
        let start = watch.us();
        hand_gains_over(&mut *self.active, &mut *newcomer, sources);
        let displaced = self.swap.take().map(|mut swap| {
            swap.transaction.on(Event::Displaced);
            swap.ended(DISPLACED)
        });
        let measure = SwapMeasure {
            stall_us: watch.us() - start,
            ..SwapMeasure::CLEAN
        };
        self.swap = Some(Swap {
            id,
            other: newcomer,
            transaction: Transaction::begun(MIXER_SWAP, hold),
            measure,
            judge: Judge::default(),
            overruns: 0,
        });
        displaced
    }

    /// Somebody decided about the swap `id`: it goes on now (`promote`), or is taken back. \[audio\]
    pub fn decide(&mut self, id: u64, promote: bool) -> Option<MixerSwapped> {
        let swap = self.swap.as_mut().filter(|swap| swap.id == id)?;
        if promote {
            swap.transaction.on(Event::Promote);
        } else if swap.transaction.step() == Step::Probation {
            // Whoever is heard must be faded out: with the next tick.
            swap.judge.condemn(ABORTED);
        } else {
            swap.transaction.on(Event::Abort);
        }
        self.swap
            .take_if(|swap| swap.transaction.step().is_end())
            .map(|swap| swap.ended(ABORTED))
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
        if let Some(swap) = &mut self.swap {
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
    ) -> Option<MixerEvent> {
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
            self.mix_without(now, sources, &block, requests, output)
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

    /// Goes on with a swap, if there is one: the one that is not heard mixes too.
    fn go_on<'b>(
        &mut self,
        now: Timestamp,
        sources: &[MixSource],
        block: &impl Fn(usize) -> &'b [f32],
        requests: &[MixRequest],
        output: &mut [f32],
        watch: &mut dyn Stopwatch,
    ) -> Option<MixerEvent> {
        let mut swap = self.swap.take()?;
        let len = self.gather(sources, block, true);
        let other = &mut self.other[..output.len()];
        let start = watch.us();
        let mixed = swap
            .other
            .mix(now, &self.sources, &self.pcm[..len], requests, other);
        let late = watch.us() - start > DEADLINE_US;
        swap.overruns = if late { swap.overruns + 1 } else { 0 };
        let works = mixed.is_ok() && is_sane(other);
        let before = swap.transaction.step();
        let ended = if before == Step::Probation {
            self.probation(&mut swap, works, output)
        } else {
            self.unheard(&mut swap, works, output, watch)
        };
        let step = swap.transaction.step();
        if step.is_end() {
            return Some(MixerEvent::Swapped(swap.ended(ended.unwrap_or_default())));
        }
        let id = swap.id;
        self.swap = Some(swap);
        (step != before).then_some(MixerEvent::Stepped { id, step })
    }

    /// The newcomer has mixed in the shadow; when its time is up it is faded in. Gives why it had to go, if it had.
    fn unheard(
        &mut self,
        swap: &mut Swap,
        works: bool,
        output: &mut [f32],
        watch: &mut dyn Stopwatch,
    ) -> Option<&'static str> {
        let first = ..self.block_len.min(output.len());
        let other = &mut self.other[..output.len()];
        let wrong = (!works)
            .then_some(BROKEN)
            .or((swap.overruns >= NEWCOMER_OVERRUNS).then_some(MISSED))
            .or_else(|| swap.judge.see(&[], &output[first], &other[first]));
        if wrong.is_some() {
            swap.transaction.on(Event::Failed);
            return wrong;
        }
        // Mixes have no latency: there is nothing to align.
        if swap.transaction.on(Event::Passed(BLOCK_DURATION)) != Step::Align
            || swap.transaction.on(Event::Aligned) != Step::Join
        {
            return None;
        }
        let start = watch.us();
        output.swap_with_slice(other);
        let n = self.block_samples;
        let own = steepest(None, &output[first], n).max(steepest(Some(&self.last), &other[first], n));
        for (old, new) in other
            .chunks_exact(self.block_len)
            .zip(output.chunks_exact_mut(self.block_len))
        {
            crossfade(old, new, n);
        }
        swap.measure.discontinuity_db = discontinuity_db(&self.last, &output[first], n, own);
        swap.measure.stall_us = swap.measure.stall_us.max(watch.us() - start);
        self.change_places(swap);
        swap.judge = Judge::default();
        swap.transaction.on(Event::Joined);
        None
    }

    /// The predecessor has mixed too, to compare with, and to take over in this very tick. Gives why it did, if it did.
    fn probation(&mut self, swap: &mut Swap, works: bool, output: &mut [f32]) -> Option<&'static str> {
        let first = ..self.block_len.min(output.len());
        let other = &mut self.other[..output.len()];
        if !works {
            swap.transaction.on(Event::PredecessorFailed);
        } else if let Some(reason) = (self.overruns >= NEWCOMER_OVERRUNS)
            .then_some(MISSED)
            .or_else(|| swap.judge.see(&[], &other[first], &output[first]))
        {
            for (old, new) in output
                .chunks_exact(self.block_len)
                .zip(other.chunks_exact_mut(self.block_len))
            {
                crossfade(old, new, self.block_samples);
            }
            output.copy_from_slice(other);
            self.change_places(swap);
            swap.transaction.on(match reason {
                ABORTED => Event::Abort,
                _ => Event::Failed,
            });
            return Some(reason);
        }
        swap.transaction.on(Event::Passed(BLOCK_DURATION));
        None
    }

    fn change_places(&mut self, swap: &mut Swap) {
        std::mem::swap(&mut self.active, &mut swap.other);
        std::mem::swap(&mut self.chosen, &mut self.chosen_too);
        self.overruns = 0;
        swap.overruns = 0;
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
    fn mix_without<'b>(
        &mut self,
        now: Timestamp,
        sources: &[MixSource],
        block: &impl Fn(usize) -> &'b [f32],
        requests: &[MixRequest],
        output: &mut [f32],
    ) -> Option<MixerEvent> {
        let Some(mut swap) = self.swap.take() else {
            self.plain_sum(requests, output);
            return None;
        };
        let unheard = swap.transaction.step().is_unheard();
        self.change_places(&mut swap);
        let len = self.gather(sources, block, false);
        let mixed = self
            .active
            .mix(now, &self.sources, &self.pcm[..len], requests, output);
        self.failed = mixed.is_err() || !is_sane(output);
        if self.failed {
            self.plain_sum(requests, output);
        }
        swap.transaction.on(if unheard && !self.failed {
            Event::PredecessorFailed
        } else {
            Event::Failed
        });
        Some(MixerEvent::Swapped(swap.ended(BROKEN)))
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
    /// What is told at the end; `reason` is why, if it was rolled back.
    fn ended(self, reason: &'static str) -> MixerSwapped {
        let measure = SwapMeasure {
            times: self.transaction.times(),
            ..self.measure
        };
        MixerSwapped {
            id: self.id,
            measure: match self.transaction.step() {
                Step::RolledBack => measure.rolled_back(reason),
                _ => measure,
            },
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
