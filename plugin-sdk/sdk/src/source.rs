//! A part for the authors of audio sources: it keeps the format and the position, so that what is left to the plugin is the samples.
//!
//! ```
//! use jackfield_sdk::prelude::*;
//! use jackfield_sdk::source::{Signal, SignalSource};
//!
//! /// A saw tooth, 100 a second.
//! struct Saw(());
//!
//! impl Plugin for Saw {
//!     const DESCRIPTOR: Descriptor = Descriptor::new("example.capture.saw", "Saw", "1.0.0");
//!     type Parameters = ();
//!     fn create(_: &Environment) -> Result<Self, Fault> {
//!         Ok(Self(()))
//!     }
//!     fn parameters(&mut self) -> &mut () {
//!         &mut self.0
//!     }
//! }
//!
//! impl Signal for Saw {
//!     fn open(&mut self, _location: &str, _format: &AudioFormat) -> Result<(), Fault> {
//!         Ok(())
//!     }
//!     fn fill(&mut self, position: u64, format: &AudioFormat, block: &mut [f32]) -> Result<SourceState, Fault> {
//!         let samples = format.block_samples();
//!         block.iter_mut().enumerate().for_each(|(i, sample)| *sample = 0.1 * (i % samples) as f32 / samples as f32);
//!         Ok(SourceState::default())
//!     }
//! }
//!
//! jackfield_sdk::export! { AudioSource => SignalSource<Saw> }
//! ```

use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_source::{AudioSource, SourceHandover, SourceState};
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Latency, Plugin, ResetReason};
use jackfield_core::stats::Statistic;
use jackfield_core::time::Timestamp;

use crate::dsp::{check_block, check_format};

/// A signal whose samples follow from their position: a generator, a recording, a stream that is read ahead.
pub trait Signal: Plugin {
    /// Opens the place that `location` names in `format`, which is a valid one; from its beginning. \[control\]
    ///
    /// # Errors
    /// If there is no such place.
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault>;

    /// Fills `block`, planar, with the samples from `position` (per channel, since `open`) on. After a swap the position jumps to where the
    /// predecessor stood. Must not allocate, lock or block. \[audio\]
    ///
    /// # Errors
    /// If they cannot be had.
    fn fill(&mut self, position: u64, format: &AudioFormat, block: &mut [f32]) -> Result<SourceState, Fault>;
}

/// An audio source that asks its [`Signal`].
pub struct SignalSource<S> {
    signal: S,
    format: Option<AudioFormat>,
    position: u64,
}

impl<S: Signal> Plugin for SignalSource<S> {
    const DESCRIPTOR: Descriptor = S::DESCRIPTOR;
    const STATISTICS: &'static [Statistic] = S::STATISTICS;
    type Parameters = S::Parameters;

    fn create(environment: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            signal: S::create(environment)?,
            format: None,
            position: 0,
        })
    }

    fn parameters(&mut self) -> &mut S::Parameters {
        self.signal.parameters()
    }

    fn parameter_changed(&mut self, index: u32) -> Result<(), Fault> {
        self.signal.parameter_changed(index)
    }

    fn latency(&mut self) -> Latency {
        Plugin::latency(&mut self.signal)
    }

    fn statistics(&mut self, values: &mut [f64]) {
        self.signal.statistics(values);
    }

    fn reset(&mut self, reason: ResetReason) {
        Plugin::reset(&mut self.signal, reason);
        self.position = 0;
    }
}

impl<S: Signal> AudioSource for SignalSource<S> {
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        self.signal.open(location, format)?;
        self.format = Some(*format);
        self.position = 0;
        Ok(())
    }

    fn read(&mut self, _now: Timestamp, block: &mut [f32]) -> Result<SourceState, Fault> {
        let format = check_block(self.format, block.len())?;
        let state = self.signal.fill(self.position, &format, block)?;
        self.position = self.position.saturating_add(format.block_samples() as u64);
        Ok(state)
    }

    fn hand_over(&mut self) -> Result<SourceHandover, Fault> {
        Ok(SourceHandover {
            position: self.position,
        })
    }

    fn take_over(&mut self, state: &SourceHandover) -> Result<(), Fault> {
        self.position = state.position;
        Ok(())
    }
}
