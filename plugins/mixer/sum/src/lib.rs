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

use jackfield_sdk::dsp::bus_mixer::{BusMixer, Choice};
use jackfield_sdk::dsp::mix_bus::Lane;
use jackfield_sdk::prelude::*;

/// The mixer.
pub type Sum = BusMixer<Everyone>;

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

/// Lets everyone be heard who is not silent.
pub struct Everyone {
    parameters: SumParameters,
}

/// What it remembers of a source: when it was last above silence.
#[derive(Clone, Copy, Default)]
pub struct Memo {
    heard: Option<Timestamp>,
}

impl Plugin for Everyone {
    const DESCRIPTOR: Descriptor = Descriptor::new("jackfield.mixer.sum", "Sum", env!("CARGO_PKG_VERSION"))
        .vendor("Jackfield")
        .license("MIT OR Apache-2.0")
        .description("Mixes everyone who is not muted and not silent.");
    type Parameters = SumParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: SumParameters::defaults(),
        })
    }

    fn parameters(&mut self) -> &mut SumParameters {
        &mut self.parameters
    }
}

impl Choice for Everyone {
    type Memo = Memo;

    fn is_heard(&mut self, now: Timestamp, source: &mut Lane<Memo>) -> bool {
        if source.level_dbov > self.parameters.silence {
            source.memo.heard = Some(now);
        }
        let hold = TimeDelta::ms(i64::from(self.parameters.hold));
        source.memo.heard.is_some_and(|heard| now.since(heard) <= hold)
    }
}

jackfield_sdk::export! { Mixer => Sum }
