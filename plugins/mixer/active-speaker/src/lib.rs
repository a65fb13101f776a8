//! The mixer of the loudest speakers: of all who are in the conference, at most K are decoded and mixed, so that its cost does not grow
//! with the size of the conference but with K.
//!
//! It must never flap: a speaker is replaced only by one who is louder by a margin, and not before a shortest time has passed. It must never
//! cut a voice: whoever is replaced fades out within one block.
//!
//! ```
//! use jackfield_mixer_active_speaker::ActiveSpeaker;
//! use jackfield_sdk::prelude::*;
//!
//! let mut mixer = ActiveSpeaker::create(&Environment::seeded(1))?;
//! mixer.parameters().speakers = 2;
//! mixer.activate(&MixerConfig::new(AudioFormat::MONO_48K, 8, 8))?;
//! let source = |id, level_dbov| MixSource { id, muted: 0, level_dbov, gain: 1.0 };
//! let sources = [source(1, -40.0), source(2, -20.0), source(3, -30.0)];
//! let mut chosen = [0; 3];
//! assert_eq!(mixer.choose(Timestamp::ZERO, &sources, &mut chosen)?, 2);
//! assert_eq!(chosen[..2], [1, 2], "indices of the two loudest");
//! # Ok::<(), Fault>(())
//! ```

use jackfield_sdk::dsp::mix_bus::{Lane, MixBus};
use jackfield_sdk::dsp::{from_db, to_db};
use jackfield_sdk::prelude::*;

/// Speakers are compared by their mean power, which rises and falls with these time constants, so that neither a loud syllable nor a pause
/// between two words is a change of speaker.
const RISE: TimeDelta = TimeDelta::ms(300);
const FALL: TimeDelta = TimeDelta::ms(1_000);

/// What can be set.
#[derive(Params)]
pub struct ActiveSpeakerParameters {
    /// How many are heard at once.
    #[param(title = "Speakers", min = 1, max = 64, default = 3)]
    pub speakers: u32,
    /// By how much someone has to be louder than a speaker to take that place.
    #[param(title = "Hysteresis", unit = "dB", min = 0.0, max = 40.0, default = 6.0)]
    pub hysteresis: f32,
    /// For how long a speaker keeps the place against louder ones, and for how long in silence.
    #[param(title = "Hold", unit = "ms", min = 0, max = 10_000, default = 600)]
    pub hold: u32,
    /// Whoever stays at or below this level does not count as speaking.
    #[param(title = "Silence", unit = "dBov", min = -127.0, max = -30.0, default = -70.0)]
    pub silence: f32,
}

/// Mixes the loudest speakers.
pub struct ActiveSpeaker {
    parameters: ActiveSpeakerParameters,
    bus: Option<MixBus<Memo>>,
    chosen_at: Option<Timestamp>,
    switches: u64,
}

/// What it remembers of a source.
#[derive(Clone, Copy, Default)]
struct Memo {
    /// Its mean power, 1 at full scale.
    power: f32,
    /// When it was last above silence.
    heard: Option<Timestamp>,
    /// When it got its place; `None` if it has none.
    since: Option<Timestamp>,
}

impl Plugin for ActiveSpeaker {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.mixer.active-speaker",
        "Active speaker",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("Mixes the loudest speakers, with hysteresis; the cost does not grow with the conference.");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("audible", "sources", "How many sources are in the mix now."),
        Statistic::gauge(
            "limiter_gain",
            "dB",
            "How far the limiter holds the full mix down.",
        ),
        Statistic::counter(
            "switches",
            "",
            "How often a place went to someone since the instance was made.",
        ),
    ];
    type Parameters = ActiveSpeakerParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: ActiveSpeakerParameters::defaults(),
            bus: None,
            chosen_at: None,
            switches: 0,
        })
    }

    fn parameters(&mut self) -> &mut ActiveSpeakerParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = self.bus.as_ref().map_or(0.0, |bus| bus.audible() as f64);
        values[1] = self
            .bus
            .as_ref()
            .map_or(0.0, |bus| f64::from(to_db(bus.limiter_gain())));
        values[2] = self.switches as f64;
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.chosen_at = None;
        if let Some(bus) = &mut self.bus {
            bus.reset();
        }
    }
}

impl ActiveSpeaker {
    fn bus(&mut self) -> Result<&mut MixBus<Memo>, Fault> {
        self.bus
            .as_mut()
            .ok_or_else(|| Fault::state("call `activate` first"))
    }
}

impl Mixer for ActiveSpeaker {
    fn activate(&mut self, config: &MixerConfig) -> Result<(), Fault> {
        self.bus = Some(MixBus::new(config)?);
        self.chosen_at = None;
        Ok(())
    }

    fn choose(&mut self, now: Timestamp, sources: &[MixSource], chosen: &mut [u32]) -> Result<u32, Fault> {
        let elapsed = self
            .chosen_at
            .replace(now)
            .map_or(TimeDelta::ZERO, |last| now.since(last));
        let Some(bus) = &mut self.bus else {
            return Err(Fault::state("call `activate` first"));
        };
        bus.begin_choice(sources, chosen)?;
        let stage = Stage {
            bus,
            now,
            parameters: &self.parameters,
        };
        self.switches += stage.cast(elapsed);
        Ok(bus.end_choice(sources, chosen))
    }

    fn mix(
        &mut self,
        _now: Timestamp,
        sources: &[MixSource],
        pcm: &[f32],
        mixes: &[MixRequest],
        output: &mut [f32],
    ) -> Result<(), Fault> {
        self.bus()?.mix(sources, pcm, mixes, output)
    }

    fn hand_over(&mut self, id: u32) -> Result<f32, Fault> {
        Ok(self.bus()?.gain(id))
    }

    fn take_over(&mut self, id: u32, gain: f32) -> Result<(), Fault> {
        self.bus()?.set_gain(id, gain)
    }
}

/// One choice of who is on stage.
struct Stage<'a> {
    bus: &'a mut MixBus<Memo>,
    now: Timestamp,
    parameters: &'a ActiveSpeakerParameters,
}

impl Stage<'_> {
    /// Gives the places and returns how many went to someone who had none.
    fn cast(mut self, elapsed: TimeDelta) -> u64 {
        let places = self.parameters.speakers as usize;
        let mut taken = self.listen(elapsed);
        while taken > places {
            if let Some(quietest) = self.quietest(|_| true) {
                leave(quietest);
            }
            taken -= 1;
        }
        let mut switches = 0;
        while taken < places && self.enter(-1.0) {
            taken += 1;
            switches += 1;
        }
        // Each round replaces the quietest by the loudest; after as many rounds as there are places nothing is left to replace.
        for _ in 0..places {
            if !self.replace() {
                break;
            }
            switches += 1;
        }
        switches
    }

    /// Follows the levels, sends away whoever is muted or has been silent for too long, and returns how many places are taken.
    fn listen(&mut self, elapsed: TimeDelta) -> usize {
        let (now, silence, hold) = (self.now, self.parameters.silence, self.hold());
        let [rise, fall] = [RISE, FALL].map(|constant| 1.0 - (-(elapsed / constant) as f32).exp());
        let mut taken = 0;
        for lane in self.bus.present() {
            let gain = lane.gain();
            let memo = &mut lane.memo;
            let power = 10_f32.powf(lane.level_dbov.min(0.0) / 10.0);
            memo.power = match memo.heard {
                Some(_) => memo.power + (power - memo.power) * if power > memo.power { rise } else { fall },
                None => power,
            };
            if lane.level_dbov > silence {
                memo.heard = Some(now);
            }
            // Someone with a gain from before (a predecessor's, after a swap) keeps the place.
            if lane.selected && memo.since.is_none() && gain > 0.0 {
                memo.since = Some(now);
                memo.heard = Some(now);
            }
            let speaks = !lane.muted && memo.heard.is_some_and(|heard| now.since(heard) <= hold);
            if speaks && memo.since.is_some() {
                lane.selected = true;
                taken += 1;
            } else {
                leave(lane);
            }
        }
        taken
    }

    fn replace(&mut self) -> bool {
        let (now, hold) = (self.now, self.hold());
        let long_enough = |lane: &Lane<Memo>| lane.memo.since.is_some_and(|since| now.since(since) >= hold);
        let Some(quietest) = self.quietest(long_enough).map(|lane| (lane.id, lane.memo.power)) else {
            return false;
        };
        if !self.enter(quietest.1 * from_db(self.parameters.hysteresis).powi(2)) {
            return false;
        }
        if let Some(lane) = self.bus.present().find(|lane| lane.id == quietest.0) {
            leave(lane);
        }
        true
    }

    /// Gives a place to the loudest of those who speak and have none, if that one is above `threshold`.
    fn enter(&mut self, threshold: f32) -> bool {
        let (now, silence) = (self.now, self.parameters.silence);
        let waiting = |lane: &&mut Lane<Memo>| !lane.selected && !lane.muted && lane.level_dbov > silence;
        // `reduce` keeps the first of equals.
        let loudest = self.bus.present().filter(waiting).reduce(|best, lane| {
            if lane.memo.power > best.memo.power {
                lane
            } else {
                best
            }
        });
        match loudest {
            Some(lane) if lane.memo.power > threshold => {
                lane.selected = true;
                lane.memo.since = Some(now);
                true
            }
            _ => false,
        }
    }

    fn quietest(&mut self, may_leave: impl Fn(&Lane<Memo>) -> bool) -> Option<&mut Lane<Memo>> {
        self.bus
            .present()
            .filter(|lane| lane.selected && may_leave(lane))
            .reduce(|best, lane| {
                if lane.memo.power < best.memo.power {
                    lane
                } else {
                    best
                }
            })
    }

    fn hold(&self) -> TimeDelta {
        TimeDelta::ms(i64::from(self.parameters.hold))
    }
}

fn leave(lane: &mut Lane<Memo>) {
    lane.selected = false;
    lane.memo.since = None;
}

jackfield_sdk::export! { Mixer => ActiveSpeaker }
