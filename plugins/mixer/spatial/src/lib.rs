//! The mixer that gives every voice a place between left and right: whoever is not muted and above silence is heard.
//!
//! It must never move somebody because somebody else comes or goes, and never turn a voice up or down with a click.
//!
//! ```
//! use jackfield_mixer_spatial::Spatial;
//! use jackfield_sdk::prelude::*;
//!
//! let stereo = AudioFormat::new(SampleRate::HZ_48000, 2);
//! let mut mixer = Spatial::create(&Environment::seeded(1))?;
//! mixer.activate(&MixerConfig::new(stereo, 8, 8))?;
//! let speakers = [1, 2].map(|id| MixSource { id, muted: 0, level_dbov: -20.0, gain: 1.0 });
//! let everyone = [MixRequest { without: 1, reserved: 0 }];
//! let mut mix = [0.0; 960];
//! for tick in 0..3 {
//!     let now = Timestamp::from_ms(10 * tick);
//!     mixer.choose(now, &speakers, &mut [0; 2])?;
//!     mixer.mix(now, &speakers, &[0.25; 1_920], &everyone, &mut mix)?;
//! }
//! assert!(mix[479] > 2.0 * mix[959], "the second to join is on the left");
//! # Ok::<(), Fault>(())
//! ```

mod place;

use jackfield_sdk::dsp::mix_bus::MixBus;
use jackfield_sdk::dsp::to_db;
use jackfield_sdk::prelude::*;

use self::place::{Law, place};

/// Whoever stays at or below this level is not decoded and not mixed.
const SILENCE_DBOV: f32 = -90.0;
/// For how long a voice is still mixed after it fell silent.
const HOLD: TimeDelta = TimeDelta::ms(300);

/// What can be set.
#[derive(Params)]
pub struct SpatialParameters {
    /// How far apart the ends are: 0 is everybody in the middle, 100 the ends wholly left and right.
    #[param(title = "Width", unit = "%", min = 0.0, max = 100.0, default = 70.0)]
    pub width: f32,
    /// By how much a voice in the middle is softer on each side than one at an end is on its own; the middle is as loud as in other mixers.
    #[param(title = "Pan law", choices = ["-3 dB", "-4.5 dB"], default = 0)]
    pub law: u32,
}

/// Places voices between left and right.
pub struct Spatial {
    parameters: SpatialParameters,
    bus: Option<MixBus<Memo>>,
    /// Who sits where, by id.
    seats: Vec<Seat>,
    taken: Vec<bool>,
    /// The blocks of all sources, each in its place.
    placed: Vec<f32>,
    turn: u64,
}

/// What it remembers of a source.
#[derive(Clone, Copy, Default)]
struct Memo {
    /// When it was last above silence.
    heard: Option<Timestamp>,
}

/// A source's place.
#[derive(Clone, Copy)]
struct Seat {
    id: u32,
    number: usize,
    /// The gains that it has now, left and right; unknown before its first block.
    gains: Option<[f32; 2]>,
    seen: u64,
}

impl Plugin for Spatial {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.mixer.spatial", "Spatial", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("Gives every voice a place between left and right, in rooms of two channels.");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("audible", "sources", "How many sources are in the mix now."),
        Statistic::gauge(
            "limiter_gain",
            "dB",
            "How far the limiter holds the full mix down.",
        ),
        Statistic::gauge("seats", "seats", "How many places are taken."),
    ];
    type Parameters = SpatialParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: SpatialParameters::defaults(),
            bus: None,
            seats: Vec::new(),
            taken: Vec::new(),
            placed: Vec::new(),
            turn: 0,
        })
    }

    fn parameters(&mut self) -> &mut SpatialParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let bus = self.bus.as_ref();
        values[0] = bus.map_or(0.0, |bus| bus.audible() as f64);
        values[1] = bus.map_or(0.0, |bus| f64::from(to_db(bus.limiter_gain())));
        values[2] = self.seats.len() as f64;
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.seats.clear();
        if let Some(bus) = &mut self.bus {
            bus.reset();
        }
    }
}

impl Spatial {
    fn bus(&mut self) -> Result<&mut MixBus<Memo>, Fault> {
        self.bus
            .as_mut()
            .ok_or_else(|| Fault::state("call `activate` first"))
    }

    /// Who has left gives up the seat; whoever is new gets the first that is free.
    fn seat(&mut self, sources: &[MixSource]) {
        self.turn += 1;
        let turn = self.turn;
        for source in sources {
            if let Ok(at) = self.seats.binary_search_by_key(&source.id, |seat| seat.id) {
                self.seats[at].seen = turn;
            }
        }
        self.seats.retain(|seat| seat.seen == turn);
        self.taken.fill(false);
        for seat in &self.seats {
            self.taken[seat.number] = true;
        }
        let mut number = 0;
        for source in sources {
            let Err(at) = self.seats.binary_search_by_key(&source.id, |seat| seat.id) else {
                continue;
            };
            while self.taken.get(number) == Some(&true) {
                number += 1;
            }
            let Some(free) = self.taken.get_mut(number) else {
                return;
            };
            *free = true;
            let seat = Seat {
                id: source.id,
                number,
                gains: None,
                seen: turn,
            };
            self.seats.insert(at, seat);
        }
    }

    /// Puts the blocks of the sources in their places, in `placed`.
    fn place(&mut self, sources: &[MixSource], pcm: &[f32], samples: usize) {
        let law = match self.parameters.law {
            0 => Law::EqualPower,
            _ => Law::Compromise,
        };
        let width = self.parameters.width / 100.0;
        let blocks = pcm.chunks_exact(2 * samples);
        for ((source, block), out) in sources
            .iter()
            .zip(blocks)
            .zip(self.placed.chunks_exact_mut(2 * samples))
        {
            out.copy_from_slice(block);
            // One that no choice has seen has no seat yet, and is in the middle.
            let Ok(at) = self.seats.binary_search_by_key(&source.id, |seat| seat.id) else {
                continue;
            };
            let seat = &mut self.seats[at];
            let wanted = law.gains(place(seat.number) * width);
            let before = seat.gains.replace(wanted).unwrap_or(wanted);
            for ((side, from), to) in out.chunks_exact_mut(samples).zip(before).zip(wanted) {
                let step = (to - from) / samples as f32;
                for (n, sample) in (1..).zip(side) {
                    *sample *= from + step * n as f32;
                }
            }
        }
    }
}

impl Mixer for Spatial {
    fn activate(&mut self, config: &MixerConfig) -> Result<(), Fault> {
        self.bus = Some(MixBus::new(config)?);
        let most = config.max_sources as usize;
        self.seats = Vec::with_capacity(most);
        self.taken = vec![false; most];
        self.placed = match config.format.channels {
            2 => vec![0.0; most * config.format.block_len()],
            _ => Vec::new(),
        };
        Ok(())
    }

    fn choose(&mut self, now: Timestamp, sources: &[MixSource], chosen: &mut [u32]) -> Result<u32, Fault> {
        let bus = self.bus()?;
        bus.begin_choice(sources, chosen)?;
        for lane in bus.present() {
            if lane.level_dbov > SILENCE_DBOV {
                lane.memo.heard = Some(now);
            }
            let heard = lane.memo.heard.is_some_and(|heard| now.since(heard) <= HOLD);
            lane.selected = heard && !lane.muted;
        }
        let count = bus.end_choice(sources, chosen);
        self.seat(sources);
        Ok(count)
    }

    fn mix(
        &mut self,
        _now: Timestamp,
        sources: &[MixSource],
        pcm: &[f32],
        mixes: &[MixRequest],
        output: &mut [f32],
    ) -> Result<(), Fault> {
        let samples = self.bus()?.format().block_samples();
        if self.placed.is_empty() || pcm.len() > self.placed.len() {
            // Nothing to place, or more than there is room for, which the bus refuses.
            return self.bus()?.mix(sources, pcm, mixes, output);
        }
        self.place(sources, pcm, samples);
        let placed = std::mem::take(&mut self.placed);
        let mixed = self
            .bus()
            .and_then(|bus| bus.mix(sources, &placed[..pcm.len()], mixes, output));
        self.placed = placed;
        mixed
    }

    fn hand_over(&mut self, id: u32) -> Result<f32, Fault> {
        Ok(self.bus()?.gain(id))
    }

    fn take_over(&mut self, id: u32, gain: f32) -> Result<(), Fault> {
        self.bus()?.set_gain(id, gain)
    }
}

jackfield_sdk::export! { Mixer => Spatial }
