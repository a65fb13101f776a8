//! Signal processing that plugins share. Nothing here reads a clock, locks or, once made, allocates.

use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;

pub mod bus_mixer;
pub mod clip;
mod clip_player;
mod concealment;
pub mod limiter;
pub mod mix_bus;
pub mod ramp;
#[cfg(feature = "resample")]
pub mod resample;
mod voice_activity;

pub use clip_player::ClipPlayer;
pub use concealment::Concealment;
pub use voice_activity::VoiceActivity;

/// The amplitude ratio that `db` stands for.
pub fn from_db(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

/// How many decibels an amplitude ratio is; −∞ for 0.
pub fn to_db(ratio: f32) -> f32 {
    20.0 * ratio.log10()
}

/// Makes silence of every sample that is not a finite number and cuts the rest to ±`loudest`, so that one bad block cannot poison the memory of a
/// filter. A block that has none of these is left as it is.
pub fn sanitize(block: &mut [f32], loudest: f32) {
    for sample in block {
        *sample = if sample.is_finite() {
            sample.clamp(-loudest, loudest)
        } else {
            0.0
        };
    }
}

/// Checks that a block has the length that `format` asks for.
///
/// # Errors
/// `State` if there is no format yet, `Invalid` if the length is another.
pub fn check_block(format: Option<AudioFormat>, length: usize) -> Result<AudioFormat, Fault> {
    let format = format.ok_or_else(|| Fault::state("call `activate` or `open` with a format first"))?;
    if length == format.block_len() {
        Ok(format)
    } else {
        Err(Fault::invalid(
            "the block must hold exactly 10 ms of every channel in the activated format",
        ))
    }
}

/// Checks that `format` is one that a module of the audio domain can have.
///
/// # Errors
/// `Unsupported` if it is not.
pub fn check_format(format: &AudioFormat) -> Result<(), Fault> {
    if format.is_valid() {
        Ok(())
    } else {
        Err(Fault::unsupported(
            "the format must be 8 to 48 kHz in steps of 100 Hz, with 1 to 8 channels",
        ))
    }
}
