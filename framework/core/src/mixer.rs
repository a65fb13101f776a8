//! Area: mixer. N sources in, M mixes out (each without its listener's own voice), and a choice of who is worth decoding at all.

use jackfield_abi::Fault;
use jackfield_macros::{area, ffi};

use crate::audio::AudioFormat;
use crate::module::Module;
use crate::swap::{Join, SwapRules};
use crate::time::Timestamp;
use crate::units::TimeDelta;

/// How one is swapped. The gains are handed over; in the shadow it shows that it mixes.
pub const MIXER_SWAP: SwapRules = SwapRules {
    shadow: TimeDelta::ms(100),
    join: Join::Crossfade,
    probation: TimeDelta::ms(400),
};

/// Mixes a conference.
///
/// Shapes: planar `f32`, blocks of `format.block_len()` samples one after another, one block per source or mix. Life: `activate`; in a swap
/// `take_over` for each source; then in every tick `choose` and `mix`. Sources come and go between two ticks without a word.
///
/// # Example
/// ```
/// use jackfield_sdk::prelude::*;
/// use jackfield_sdk::dsp::bus_mixer::{BusMixer, Choice};
/// use jackfield_sdk::dsp::mix_bus::Lane;
///
/// /// Whoever is louder than -60 dBov is heard.
/// # struct Gate {
/// #     parameters: (),
/// # }
/// # impl Plugin for Gate {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.gate", "Gate", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { parameters: () })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// impl Choice for Gate {
///     type Memo = ();
///     fn is_heard(&mut self, _now: Timestamp, source: &mut Lane<()>) -> bool {
///         source.level_dbov > -60.0
///     }
/// }
///
/// let mut mixer = BusMixer::<Gate>::create(&Environment::seeded(1))?;
/// mixer.activate(&MixerConfig::new(AudioFormat::MONO_48K, 2, 1))?;
/// let source = |id, level_dbov| MixSource { id, muted: 0, level_dbov, gain: 1.0 };
/// let sources = [source(1, -20.0), source(2, -90.0)];
/// let mut chosen = [0; 2];
/// // How many are chosen, and their places among the sources.
/// let count = mixer.choose(Timestamp::ZERO, &sources, &mut chosen)?;
/// assert_eq!((count, chosen[0]), (1, 0));
/// let (pcm, mut output) = ([0.1; 960], [0.0; 480]);
/// let everyone = MixRequest { without: MixRequest::EVERYONE, reserved: 0 };
/// mixer.mix(Timestamp::ZERO, &sources, &pcm, &[everyone], &mut output)?;
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.mixer/1")]
pub trait Mixer: Module {
    /// Fixes format and limits and makes all that `mix` will need. Before the first tick, and again for another format or other limits.
    /// Fails with `Unsupported` for what it cannot do. [control]
    fn activate(&mut self, config: &MixerConfig) -> Result<(), Fault>;

    /// Chooses who is to be decoded for this tick: writes indices into `sources`, each once, to `chosen` (as long as `sources` is) and
    /// returns how many. A source that is fading out is still chosen. Once a tick, before `mix`. Must not allocate, lock or block. [audio]
    fn choose(&mut self, now: Timestamp, sources: &[MixSource], chosen: &mut [u32]) -> Result<u32, Fault>;

    /// Mixes `sources` (those chosen; `pcm` holds one block for each, in the same order) into one block for each of `mixes` in `output`,
    /// which it overwrites. No sample exceeds ±1.0, whatever comes in. Fails with `State` before `activate`, with `Invalid` if a length
    /// does not fit or there are more than it was activated for. Must not allocate, lock or block. [audio]
    fn mix(
        &mut self,
        now: Timestamp,
        sources: &[MixSource],
        pcm: &[f32],
        mixes: &[MixRequest],
        output: &mut [f32],
    ) -> Result<(), Fault>;

    /// The gain that it gives to source `id` now, for a successor; negative if it does not know the source. Between two ticks; it goes on
    /// working. Must not allocate, lock or block. [audio]
    fn hand_over(&mut self, id: u32) -> Result<f32, Fault>;

    /// Starts source `id` at the gain that a predecessor gave it; a negative one means nothing. After `activate`, before the first tick.
    /// Must not allocate, lock or block. [audio]
    fn take_over(&mut self, id: u32, gain: f32) -> Result<(), Fault>;
}

/// How a mixer is set up.
#[ffi(grows)]
pub struct MixerConfig {
    /// The size of this struct in bytes.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// The format of all blocks.
    pub format: AudioFormat,
    /// The most sources there will be.
    pub max_sources: u32,
    /// The most mixes there will be.
    pub max_mixes: u32,
}

impl MixerConfig {
    /// Blocks of `format`, at most `max_sources` and `max_mixes`.
    pub const fn new(format: AudioFormat, max_sources: u32, max_mixes: u32) -> Self {
        Self {
            size: size_of::<Self>() as u32,
            reserved: 0,
            format,
            max_sources,
            max_mixes,
        }
    }
}

/// A source as the mixer sees it.
#[ffi]
pub struct MixSource {
    /// Its lasting number.
    pub id: u32,
    /// 1 if muted by its owner, else 0.
    pub muted: u32,
    /// How loud it is: dBov, 0 down to −127, by its audio-level header extension (RFC 6464) or measured.
    pub level_dbov: f32,
    /// Gain wanted by the host, linear; 1.0 changes nothing.
    pub gain: f32,
}

/// A mix that somebody wants.
#[ffi]
#[derive(Eq)]
pub struct MixRequest {
    /// The source to leave out (the listener's own), or [`MixRequest::EVERYONE`].
    pub without: u32,
    /// Zero.
    pub reserved: u32,
}

impl MixRequest {
    /// Nobody is left out.
    pub const EVERYONE: u32 = u32::MAX;
}
