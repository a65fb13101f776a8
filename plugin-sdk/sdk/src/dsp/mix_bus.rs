//! The summing bus of a mixer: every source ramped in and out, one sum, a mix without the listener's own voice for each who is heard, and a
//! limiter for each mix. What a mixer adds is the choice of who is heard.

use jackfield_core::Fault;
use jackfield_core::audio::{AudioFormat, MAX_CHANNELS};
use jackfield_core::mixer::{MixRequest, MixSource, MixerConfig};

use crate::dsp::limiter::Limiter;

/// The most sources and mixes that a bus can be set up for.
pub const MAX_SOURCES: u32 = 65_536;

/// A summing bus. `Memo` is what the mixer wants to remember of each source.
///
/// The cost of a mix is one pass over each source that is heard, one more for each of them who also listens, and one limiter for each
/// different mix; listeners who are not heard share one mix.
pub struct MixBus<Memo> {
    config: MixerConfig,
    /// Samples per channel and block.
    samples: usize,
    /// Sorted by id; never grows beyond its capacity.
    lanes: Vec<Lane<Memo>>,
    total: Vec<f32>,
    full: Vec<f32>,
    full_limiter: Limiter,
    /// From 1 to 0 over half a block: what a source that vanishes leaves behind.
    tail: Vec<f32>,
    /// Counts choices and mixes, to tell what was touched by this one.
    turn: u64,
}

/// What the bus knows of one source.
#[derive(Clone, Copy, Debug)]
pub struct Lane<Memo> {
    /// The source.
    pub id: u32,
    /// Whether the mixer wants it to be heard. Set it in the choice; the gain follows within one block.
    pub selected: bool,
    /// Whether its owner had muted it at the last choice.
    pub muted: bool,
    /// Its level at the last choice, in dBov.
    pub level_dbov: f32,
    /// What the mixer remembers.
    pub memo: Memo,
    gain: f32,
    from: f32,
    /// Its block in the present mix, if `mixed` is this turn.
    index: usize,
    mixed: u64,
    seen: u64,
    /// The last sample of each channel that it added to the sum.
    last: [f32; MAX_CHANNELS],
    limiter: Limiter,
}

impl<Memo> Lane<Memo> {
    /// The gain that it has now, linear.
    pub const fn gain(&self) -> f32 {
        self.gain
    }
}

impl<Memo: Copy + Default> MixBus<Memo> {
    /// A bus for `config`. Allocates all that it will ever need.
    ///
    /// # Errors
    /// `Unsupported` if the format is not 8 to 48 kHz with 1 to 8 channels, or if more than [`MAX_SOURCES`] sources or mixes are wanted.
    pub fn new(config: &MixerConfig) -> Result<Self, Fault> {
        let format = config.format;
        if !format.is_valid() {
            return Err(Fault::unsupported(
                "the mixer takes 8 to 48 kHz and 1 to 8 channels: put a converter before it",
            ));
        }
        if config.max_sources > MAX_SOURCES || config.max_mixes > MAX_SOURCES {
            return Err(Fault::unsupported(
                "too many sources or mixes for one mixer: split the conference into several mixers",
            ));
        }
        let samples = format.block_samples();
        let tail = samples.div_ceil(2);
        Ok(Self {
            config: *config,
            samples,
            lanes: Vec::with_capacity(config.max_sources as usize),
            total: vec![0.0; format.block_len()],
            full: vec![0.0; format.block_len()],
            full_limiter: Limiter::new(format.sample_rate.as_hz()),
            tail: (0..tail)
                .map(|i| {
                    (std::f32::consts::FRAC_PI_2 * i as f32 / tail as f32)
                        .cos()
                        .powi(2)
                })
                .collect(),
            turn: 0,
        })
    }

    /// The format of all blocks.
    pub fn format(&self) -> AudioFormat {
        self.config.format
    }

    /// The gain of the limiter of the mix that leaves out nobody, linear.
    pub fn limiter_gain(&self) -> f32 {
        self.full_limiter.gain()
    }

    /// How many sources have a gain above zero.
    pub fn audible(&self) -> usize {
        self.lanes.iter().filter(|lane| lane.gain > 0.0).count()
    }

    /// Begins a choice: notes mute and level of each source, makes lanes for newcomers, forgets who has left and faded out.
    ///
    /// # Errors
    /// `Invalid` if there are more sources than the bus was set up for.
    pub fn begin_choice(&mut self, sources: &[MixSource], chosen: &[u32]) -> Result<(), Fault> {
        if chosen.len() < sources.len() {
            return Err(Fault::invalid(
                "`chosen` is shorter than `sources`: pass one place for each source",
            ));
        }
        if sources.len() > self.config.max_sources as usize {
            return Err(Fault::invalid(
                "more sources than the mixer was activated for: activate it with a larger max_sources",
            ));
        }
        self.turn += 1;
        let turn = self.turn;
        for source in sources {
            if let Some(lane) = self.lane_mut(source.id) {
                lane.seen = turn;
            }
        }
        self.lanes.retain(|lane| lane.seen == turn || lane.gain > 0.0);
        for source in sources {
            let lane = self.lane_or_new(source.id)?;
            lane.seen = turn;
            lane.muted = source.muted != 0;
            lane.level_dbov = if source.level_dbov.is_nan() {
                -127.0
            } else {
                source.level_dbov
            };
        }
        Ok(())
    }

    /// The sources of the present choice.
    pub fn present(&mut self) -> impl Iterator<Item = &mut Lane<Memo>> {
        let turn = self.turn;
        self.lanes.iter_mut().filter(move |lane| lane.seen == turn)
    }

    /// Ends a choice: writes the index of each source that is selected, or still fading out, and returns how many.
    pub fn end_choice(&mut self, sources: &[MixSource], chosen: &mut [u32]) -> u32 {
        let mut count = 0;
        for (index, source) in sources.iter().enumerate() {
            if self
                .lane(source.id)
                .is_some_and(|lane| (lane.selected && !lane.muted) || lane.gain > 0.0)
            {
                chosen[count] = index as u32;
                count += 1;
            }
        }
        count as u32
    }

    /// Mixes: see [`jackfield_core::mixer::Mixer::mix`]. A source that no choice has seen is taken as selected.
    ///
    /// # Errors
    /// `Invalid` if a length does not fit or there are more sources or mixes than the bus was set up for.
    pub fn mix(
        &mut self,
        sources: &[MixSource],
        pcm: &[f32],
        mixes: &[MixRequest],
        output: &mut [f32],
    ) -> Result<(), Fault> {
        self.check(sources, pcm, mixes, output)?;
        self.turn += 1;
        self.sum(sources, pcm)?;
        self.fade_out_vanished();
        self.full.copy_from_slice(&self.total);
        self.full_limiter
            .process(&mut self.full, self.config.format.channels as usize);
        let length = self.total.len();
        for (request, out) in mixes.iter().zip(output.chunks_exact_mut(length)) {
            self.give(request.without, pcm, out);
        }
        self.remember_ends(pcm);
        Ok(())
    }

    /// The gain of source `id`; negative if it is not known.
    pub fn gain(&self, id: u32) -> f32 {
        self.lane(id).map_or(-1.0, |lane| lane.gain)
    }

    /// Starts source `id` at `gain`, as a predecessor had it.
    ///
    /// # Errors
    /// `Invalid` if the gain is not a number of 0 to 8 or the bus is full.
    pub fn set_gain(&mut self, id: u32, gain: f32) -> Result<(), Fault> {
        if gain < 0.0 {
            return Ok(());
        }
        if gain.is_nan() || gain > LOUDEST {
            return Err(Fault::invalid("the gain handed over is not a number up to 8"));
        }
        let turn = self.turn;
        let lane = self.lane_or_new(id)?;
        lane.gain = gain;
        lane.seen = turn;
        lane.selected = gain > 0.0;
        Ok(())
    }

    /// Forgets all sources and opens the limiters.
    pub fn reset(&mut self) {
        self.lanes.clear();
        self.full_limiter = Limiter::new(self.config.format.sample_rate.as_hz());
    }

    fn check(
        &self,
        sources: &[MixSource],
        pcm: &[f32],
        mixes: &[MixRequest],
        output: &[f32],
    ) -> Result<(), Fault> {
        if sources.len() > self.config.max_sources as usize || mixes.len() > self.config.max_mixes as usize {
            return Err(Fault::invalid(
                "more sources or mixes than the mixer was activated for: activate it with larger limits",
            ));
        }
        if pcm.len() != sources.len() * self.total.len() {
            return Err(Fault::invalid(
                "`pcm` must hold one block of the activated format for each source",
            ));
        }
        if output.len() != mixes.len() * self.total.len() {
            return Err(Fault::invalid(
                "`output` must hold one block of the activated format for each mix",
            ));
        }
        Ok(())
    }

    fn sum(&mut self, sources: &[MixSource], pcm: &[f32]) -> Result<(), Fault> {
        self.total.fill(0.0);
        let (turn, samples) = (self.turn, self.samples);
        let mut total = std::mem::take(&mut self.total);
        let mut outcome = Ok(());
        for (index, source) in sources.iter().enumerate() {
            let lane = match self.lane_or_new(source.id) {
                Ok(lane) => lane,
                Err(fault) => {
                    outcome = Err(fault);
                    break;
                }
            };
            if lane.mixed == turn {
                continue;
            }
            lane.from = lane.gain;
            lane.gain = if lane.selected && source.muted == 0 {
                wanted(source.gain)
            } else {
                0.0
            };
            lane.index = index;
            lane.mixed = turn;
            let block = &pcm[index * total.len()..][..total.len()];
            let (from, to) = (lane.from, lane.gain);
            add(&mut total, block, samples, from, to, 1.0);
        }
        self.total = total;
        outcome
    }

    /// A source that was heard in the last block and is not there now would end in a step. Its last sample is led to zero instead.
    fn fade_out_vanished(&mut self) {
        for lane in self
            .lanes
            .iter_mut()
            .filter(|lane| lane.gain > 0.0 && lane.mixed != self.turn)
        {
            for (channel, total) in self.total.chunks_exact_mut(self.samples).enumerate() {
                for (sample, fade) in total.iter_mut().zip(&self.tail) {
                    *sample += lane.last[channel] * fade;
                }
            }
            lane.gain = 0.0;
            lane.selected = false;
        }
    }

    fn give(&mut self, without: u32, pcm: &[f32], out: &mut [f32]) {
        let (turn, samples, channels) = (self.turn, self.samples, self.config.format.channels as usize);
        let Ok(at) = find(&self.lanes, without) else {
            out.copy_from_slice(&self.full);
            return;
        };
        let lane = &mut self.lanes[at];
        if lane.mixed == turn && (lane.from > 0.0 || lane.gain > 0.0) {
            let own = &pcm[lane.index * out.len()..][..out.len()];
            out.copy_from_slice(&self.total);
            add(out, own, samples, lane.from, lane.gain, -1.0);
            lane.limiter.process(out, channels);
        } else {
            out.copy_from_slice(&self.full);
            lane.limiter = self.full_limiter;
        }
    }

    fn remember_ends(&mut self, pcm: &[f32]) {
        for lane in self.lanes.iter_mut().filter(|lane| lane.mixed == self.turn) {
            let block = &pcm[lane.index * self.total.len()..][..self.total.len()];
            for (last, channel) in lane.last.iter_mut().zip(block.chunks_exact(self.samples)) {
                *last = clean(channel[channel.len() - 1]) * lane.gain;
            }
        }
    }

    fn lane(&self, id: u32) -> Option<&Lane<Memo>> {
        find(&self.lanes, id).ok().map(|at| &self.lanes[at])
    }

    fn lane_mut(&mut self, id: u32) -> Option<&mut Lane<Memo>> {
        find(&self.lanes, id).ok().map(|at| &mut self.lanes[at])
    }

    fn lane_or_new(&mut self, id: u32) -> Result<&mut Lane<Memo>, Fault> {
        if find(&self.lanes, id).is_err() && self.lanes.len() >= self.config.max_sources as usize {
            self.make_room()?;
        }
        let at = match find(&self.lanes, id) {
            Ok(at) => at,
            Err(at) => {
                // Who is new to the bus has heard the common mix until now.
                self.lanes.insert(at, Lane::new(id, self.full_limiter));
                at
            }
        };
        Ok(&mut self.lanes[at])
    }

    /// Gives up a source that has left and is only fading out: its place is needed.
    fn make_room(&mut self) -> Result<(), Fault> {
        let turn = self.turn;
        let Some(gone) = self
            .lanes
            .iter()
            .position(|lane| lane.seen != turn && lane.mixed != turn)
        else {
            return Err(Fault::invalid(
                "more sources than the mixer was activated for: activate it with a larger max_sources",
            ));
        };
        self.lanes.remove(gone);
        Ok(())
    }
}

impl<Memo: Default> Lane<Memo> {
    fn new(id: u32, limiter: Limiter) -> Self {
        Self {
            id,
            selected: true,
            muted: false,
            level_dbov: -127.0,
            memo: Memo::default(),
            gain: 0.0,
            from: 0.0,
            index: 0,
            mixed: 0,
            seen: 0,
            last: [0.0; MAX_CHANNELS],
            limiter,
        }
    }
}

/// A source can add no more than +18 dB over full scale, and its gain is no larger: one bad source does not silence a conference.
const LOUDEST: f32 = 8.0;

fn wanted(gain: f32) -> f32 {
    if gain.is_nan() {
        0.0
    } else {
        gain.clamp(0.0, LOUDEST)
    }
}

fn clean(sample: f32) -> f32 {
    if sample.is_finite() {
        sample.clamp(-LOUDEST, LOUDEST)
    } else {
        0.0
    }
}

/// Adds (or, with `sign` −1, takes away again) a planar block whose gain goes from `from` to `to` within the block.
fn add(total: &mut [f32], block: &[f32], samples: usize, from: f32, to: f32, sign: f32) {
    if from == to {
        if to != 0.0 {
            let gain = to * sign;
            total
                .iter_mut()
                .zip(block)
                .for_each(|(sum, sample)| *sum += clean(*sample) * gain);
        }
        return;
    }
    let step = (to - from) / samples as f32;
    for (total, block) in total.chunks_exact_mut(samples).zip(block.chunks_exact(samples)) {
        for (i, (sum, sample)) in total.iter_mut().zip(block).enumerate() {
            *sum += clean(*sample) * ((from + step * (i + 1) as f32) * sign);
        }
    }
}

fn find<Memo>(lanes: &[Lane<Memo>], id: u32) -> Result<usize, usize> {
    lanes.binary_search_by_key(&id, |lane| lane.id)
}
