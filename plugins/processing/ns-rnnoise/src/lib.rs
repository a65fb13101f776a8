//! Noise suppression by RNNoise, a small recurrent neural network (crate `nnnoiseless`, the model is inside).
//!
//! It must never mix the untouched signal with the cleaned one out of step: both are aligned before `strength` mixes them.
//!
//! The Fourier transform below keeps its tables for each thread, so the first block on each thread makes them; after that a block allocates
//! nothing.
//!
//! ```
//! use jackfield_processing_ns_rnnoise::Rnnoise;
//! use jackfield_sdk::prelude::*;
//!
//! let mut suppressor = Rnnoise::create(&Environment::seeded(1))?;
//! suppressor.activate(&AudioFormat::MONO_48K)?;
//! let mut block = [0.01; 480];
//! let mut report = ProcessorReport::UNKNOWN;
//! suppressor.process(Timestamp::ZERO, &mut block, &CaptureInfo::UNKNOWN, &mut report)?;
//! assert!((0.0..=1.0).contains(&report.voice_probability));
//! # Ok::<(), Fault>(())
//! ```

mod network;
mod suppressor;

pub use suppressor::{Rnnoise, RnnoiseParameters};

use jackfield_sdk::prelude::*;

jackfield_sdk::export! { AudioProcessor => Rnnoise }
