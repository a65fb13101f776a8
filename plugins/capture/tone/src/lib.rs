//! A signal generator (audio source) and a level meter (audio sink): the two ends of every measurement, and of a call without devices.
//!
//! They must never depend on anything but their parameters, the seed and the position: the same call gives the same samples.
//!
//! ```
//! use jackfield_capture_tone::{ToneMeter, ToneSource};
//! use jackfield_sdk::prelude::*;
//!
//! let mut source = ToneSource::create(&Environment::seeded(1))?;
//! let mut meter = ToneMeter::create(&Environment::seeded(1))?;
//! source.open("997", &AudioFormat::MONO_48K)?;
//! meter.open("997", &AudioFormat::MONO_48K)?;
//! let mut block = [0.0; 480];
//! for n in 0..10 {
//!     source.read(Timestamp::from_ms(n * 10), &mut block)?;
//!     meter.write(Timestamp::from_ms(n * 10), &block)?;
//! }
//! assert!((meter.tone_dbov() + 20.0).abs() < 0.1);
//! # Ok::<(), Fault>(())
//! ```

mod meter;
mod source;

use jackfield_sdk::prelude::*;

pub use meter::{ToneMeter, ToneMeterParameters};
pub use source::{ToneParameters, ToneSource, Waveform};

/// The frequency that a location names; `None` for an empty one.
fn frequency_of(location: &str) -> Result<Option<f32>, Fault> {
    let location = location.trim();
    if location.is_empty() {
        return Ok(None);
    }
    match location.parse::<f32>() {
        Ok(hertz) if (source::LOWEST_HZ..=source::HIGHEST_HZ).contains(&hertz) => Ok(Some(hertz)),
        _ => Err(Fault::invalid(format!(
            "{location:?} is not a frequency: write a number of hertz from {} to {}, or leave the location empty",
            source::LOWEST_HZ,
            source::HIGHEST_HZ
        ))),
    }
}

jackfield_sdk::export! { AudioSource => ToneSource, AudioSink => ToneMeter }
