//! The mixer that adds everyone up: whoever is not muted and above silence is heard.
//!
//! It must never let a sample above full scale out, and never begin or end a voice with a click. Its cost grows with the number of voices
//! that are not silent, so in a large conference `jackfield.mixer.active-speaker` is the one to choose.
//!
//! ```
//! use jackfield_mixer_sum::Sum;
//! use jackfield_sdk::prelude::*;
//!
//! let mut mixer = Sum::create(&Environment::seeded(1))?;
//! mixer.activate(&MixerConfig::new(AudioFormat::MONO_48K, 8, 8))?;
//! let speakers = [1, 2].map(|id| MixSource { id, muted: 0, level_dbov: -20.0, gain: 1.0 });
//! let mut chosen = [0; 2];
//! assert_eq!(mixer.choose(Timestamp::ZERO, &speakers, &mut chosen)?, 2);
//! let pcm = [[0.25; 480], [0.5; 480]].concat();
//! let requests = [1, MixRequest::EVERYONE].map(|without| MixRequest { without, reserved: 0 });
//! let mut mixes = [0.0; 960];
//! mixer.mix(Timestamp::ZERO, &speakers, &pcm, &requests, &mut mixes)?;
//! assert!((mixes[479] - 0.5).abs() < 1e-6, "speaker 1 hears speaker 2 only");
//! assert!((mixes[959] - 0.75).abs() < 1e-6, "a listener hears both");
//! # Ok::<(), Fault>(())
//! ```

use jackfield_sdk::dsp::mix_bus::MixBus;
use jackfield_sdk::dsp::to_db;
use jackfield_sdk::prelude::*;

/// What can be set.
#[derive(Params)]
pub struct SumParameters {
    /// Whoever stays at or below this level is not decoded and not mixed.
    #[param(title = "Silence", unit = "dBov", min = -127.0, max = -30.0, default = -90.0)]
    pub silence: f32,
    /// For how long a voice is still mixed after it fell silent, so that pauses between words stay natural.
    #[param(title = "Hold", unit = "ms", min = 0, max = 5_000, default = 300)]
    pub hold: u32,
}

/// Adds everyone up.
pub struct Sum {
    parameters: SumParameters,
    bus: Option<MixBus<Memo>>,
}

/// What it remembers of a source: when it was last above silence.
#[derive(Clone, Copy, Default)]
struct Memo {
    heard: Option<Timestamp>,
}

impl Plugin for Sum {
    const DESCRIPTOR: Descriptor = Descriptor::new("jackfield.mixer.sum", "Sum", env!("CARGO_PKG_VERSION"))
        .vendor("Jackfield")
        .license("MIT OR Apache-2.0")
        .description("Mixes everyone who is not muted and not silent.");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("audible", "sources", "How many sources are in the mix now."),
        Statistic::gauge(
            "limiter_gain",
            "dB",
            "How far the limiter holds the full mix down.",
        ),
    ];
    type Parameters = SumParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: SumParameters::defaults(),
            bus: None,
        })
    }

    fn parameters(&mut self) -> &mut SumParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = self.bus.as_ref().map_or(0.0, |bus| bus.audible() as f64);
        values[1] = self
            .bus
            .as_ref()
            .map_or(0.0, |bus| f64::from(to_db(bus.limiter_gain())));
    }

    fn reset(&mut self, _reason: ResetReason) {
        if let Some(bus) = &mut self.bus {
            bus.reset();
        }
    }
}

impl Sum {
    fn bus(&mut self) -> Result<&mut MixBus<Memo>, Fault> {
        self.bus
            .as_mut()
            .ok_or_else(|| Fault::state("call `activate` first"))
    }
}

impl Mixer for Sum {
    fn activate(&mut self, config: &MixerConfig) -> Result<(), Fault> {
        self.bus = Some(MixBus::new(config)?);
        Ok(())
    }

    fn choose(&mut self, now: Timestamp, sources: &[MixSource], chosen: &mut [u32]) -> Result<u32, Fault> {
        let (silence, hold) = (
            self.parameters.silence,
            TimeDelta::ms(i64::from(self.parameters.hold)),
        );
        let bus = self.bus()?;
        bus.begin_choice(sources, chosen)?;
        for lane in bus.present() {
            if lane.level_dbov > silence {
                lane.memo.heard = Some(now);
            }
            lane.selected = !lane.muted && lane.memo.heard.is_some_and(|heard| now.since(heard) <= hold);
        }
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

jackfield_sdk::export! { Mixer => Sum }
