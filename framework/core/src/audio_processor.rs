//! Area: audio processor. Changes the near-end signal in place, with the far-end signal (what the loudspeaker plays) for reference: echo
//! cancellers, noise suppressors, gain controls, filters, or a whole chain of them.

use jackfield_abi::Fault;
use jackfield_macros::{area, ffi, scalar};

use crate::audio::AudioFormat;
use crate::module::Module;
use crate::swap::{Join, SwapRules};
use crate::time::Timestamp;
use crate::units::TimeDelta;

/// How one is swapped. A canceller or suppressor that has heard nothing would be heard for that: it listens first.
pub const PROCESSOR_SWAP: SwapRules = SwapRules {
    shadow: TimeDelta::ms(300),
    join: Join::Crossfade,
    probation: TimeDelta::ms(400),
};

/// A stage of voice processing.
///
/// Shapes: planar `f32` at full scale ±1.0, exactly `format.block_len()` samples. Near and far end have the same format. Life: `activate`;
/// in a swap `take_over`; then in every tick `render` (if the descriptor asks for it) and `process`. A swap replays recent render history
/// into the newcomer and crossfades one block.
///
/// # Example
/// ```
/// use jackfield_sdk::prelude::*;
/// use jackfield_sdk::dsp::{check_block, check_format};
///
/// /// Makes everything half as loud.
/// struct Half {
///     format: Option<AudioFormat>,
///     parameters: (),
/// }
/// # impl Plugin for Half {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.half", "Half", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { format: None, parameters: () })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// impl AudioProcessor for Half {
///     fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault> {
///         self.format = check_format(format).map(|()| Some(*format))?;
///         Ok(())
///     }
///     fn process(
///         &mut self,
///         _: Timestamp,
///         near: &mut [f32],
///         _: &CaptureInfo,
///         _: &mut ProcessorReport,
///     ) -> Result<(), Fault> {
///         check_block(self.format, near.len())?;
///         near.iter_mut().for_each(|sample| *sample *= 0.5);
///         Ok(())
///     }
/// }
///
/// let mut half = Half::create(&Environment::seeded(1))?;
/// half.activate(&AudioFormat::MONO_48K)?;
/// let mut block = [0.8; 480];
/// half.process(Timestamp::ZERO, &mut block, &CaptureInfo::UNKNOWN, &mut ProcessorReport::UNKNOWN.clone())?;
/// assert_eq!(block, [0.4; 480]);
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.audio-processor/1")]
pub trait AudioProcessor: Module {
    /// Fixes the format and makes all that `process` will need. Before the first block, and again when the format changes: what was learnt
    /// from the signal may then be lost, the parameters not. Fails with `Unsupported` for a format that it does not take. [control]
    fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault>;

    /// Shows the block that is about to be played at the far end of the echo path. Only if the descriptor asks for it, after `activate`,
    /// once before each `process`; several times running when past blocks are replayed. Fails with `Invalid` if `far` is not one block of
    /// the format. Must not allocate, lock or block. [audio]
    fn render(&mut self, now: Timestamp, far: &[f32]) -> Result<(), Fault> {
        let _ = (now, far);
        Ok(())
    }

    /// Processes one near-end block in place and fills in what it knows of it. After `activate`, every 10 ms. Whatever stands in `near`,
    /// what comes out is finite. When it fails the host takes the block as it was. Fails with `State` before `activate`, with `Invalid` if
    /// `near` is not one block of the format. Must not allocate, lock or block. [audio]
    fn process(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        capture: &CaptureInfo,
        report: &mut ProcessorReport,
    ) -> Result<(), Fault>;

    /// Says what it has learnt, for a successor. After `activate`, between two blocks; it goes on working. Must not allocate, lock or
    /// block. [audio]
    fn hand_over(&mut self, state: &mut ProcessorHandover) -> Result<(), Fault> {
        let _ = state;
        Ok(())
    }

    /// Starts from what a predecessor had learnt, as far as it is of use. After `activate`, between two blocks. Must not allocate, lock or
    /// block. [audio]
    fn take_over(&mut self, state: &ProcessorHandover) -> Result<(), Fault> {
        let _ = state;
        Ok(())
    }

    /// Copies what the linear part of an echo canceller left of the block processed last, before anything was suppressed, to the start of
    /// each plane of `block` and gives the samples per channel; 0 if there is no such part. Recognisers of speech want it. After `process`,
    /// before the next one. Must not allocate, lock or block. [audio]
    #[since(2)]
    fn linear_output(&mut self, block: &mut [f32]) -> Result<u32, Fault> {
        let _ = block;
        Ok(0)
    }
}

/// Where the volume control of an input stands, in 256 steps.
#[scalar]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct InputVolume(u32);

impl InputVolume {
    /// There is no such control, or nobody knows.
    pub const UNKNOWN: Self = Self(0);

    /// At `step`: 0 is silent, 255 the loudest.
    pub const fn step(step: u8) -> Self {
        Self(step as u32 + 1)
    }

    /// The step, if it is known.
    pub fn as_step(self) -> Option<u8> {
        self.0.checked_sub(1).and_then(|step| u8::try_from(step).ok())
    }
}

/// What the host knows of a near-end block.
#[ffi(grows)]
pub struct CaptureInfo {
    /// The size of this struct in bytes.
    pub size: u32,
    /// 1 if the participant is muted (the block is silent), else 0.
    pub muted: u32,
    /// From the moment a far-end block is shown to the moment its echo is in the near end; negative if unknown.
    pub render_delay: TimeDelta,
    /// 1 if a key of the keyboard is being pressed, which a microphone nearby hears; else 0.
    pub key_pressed: u32,
    /// 1 if nobody uses what comes out, so that only the state matters; else 0.
    pub output_unused: u32,
    /// Where the input's volume control stands.
    pub volume: InputVolume,
    /// 1 if the input's gain is another than in the block before (its control was moved, another device was taken), else 0.
    pub gain_changed: u32,
}

impl CaptureInfo {
    /// Not muted, delay unknown.
    pub const UNKNOWN: Self = Self {
        size: size_of::<Self>() as u32,
        muted: 0,
        render_delay: TimeDelta::us(-1),
        key_pressed: 0,
        output_unused: 0,
        volume: InputVolume::UNKNOWN,
        gain_changed: 0,
    };
}

/// What a processor found out about a block. A value that it does not know stays as the host set it: NaN.
#[ffi(grows)]
pub struct ProcessorReport {
    /// The size of this struct in bytes.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// How likely it is that the block holds speech, 0 to 1.
    pub voice_probability: f32,
    /// Echo return loss enhancement in dB.
    pub echo_return_loss_enhancement: f32,
    /// Estimated echo delay in ms.
    pub echo_delay_ms: f32,
    /// Gain applied in dB.
    pub gain_db: f32,
    /// Echo return loss in dB: by how much the path from loudspeaker to microphone weakens what is played.
    pub echo_return_loss: f32,
    /// How likely it is that echo is left in the block, 0 to 1.
    pub residual_echo_likelihood: f32,
    /// Where the input's volume control should stand from now on.
    pub wanted_volume: InputVolume,
    /// 1 if the block is as it came, else 0.
    pub untouched: u32,
}

impl ProcessorReport {
    /// Nothing known.
    pub const UNKNOWN: Self = Self {
        size: size_of::<Self>() as u32,
        reserved: 0,
        voice_probability: f32::NAN,
        echo_return_loss_enhancement: f32::NAN,
        echo_delay_ms: f32::NAN,
        gain_db: f32::NAN,
        echo_return_loss: f32::NAN,
        residual_echo_likelihood: f32::NAN,
        wanted_volume: InputVolume::UNKNOWN,
        untouched: 0,
    };
}

/// What one processor can tell its successor, whoever made it. Unknown values are NaN.
#[ffi(grows)]
pub struct ProcessorHandover {
    /// The size of this struct in bytes.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Delay of the echo behind the render signal in ms.
    pub echo_delay_ms: f32,
    /// Level of the background noise in dBov.
    pub noise_floor_dbov: f32,
    /// Gain applied in dB.
    pub gain_db: f32,
    /// Zero.
    pub reserved2: u32,
}

impl ProcessorHandover {
    /// Nothing learnt.
    pub const UNKNOWN: Self = Self {
        size: size_of::<Self>() as u32,
        reserved: 0,
        echo_delay_ms: f32::NAN,
        noise_floor_dbov: f32::NAN,
        gain_db: f32::NAN,
        reserved2: 0,
    };
}
