//! Write a Jackfield plugin: an algorithm behind one trait, and nothing else to know.
//!
//! A plugin must never read a clock, draw unseeded randomness or keep a pointer that it was passed: `now` and the seed are arguments, and in
//! methods tagged `[audio]` or `[network]` it neither allocates nor locks nor blocks. It sees this crate and no other of the project's.
//!
//! ```
//! use jackfield_sdk::prelude::*;
//!
//! #[derive(Params)]
//! pub struct Knobs {
//!     /// Gain applied to every sample.
//!     #[param(title = "Gain", unit = "dB", min = -60.0, max = 30.0, default = 0.0)]
//!     gain: f32,
//! }
//!
//! pub struct Louder { knobs: Knobs }
//!
//! impl Plugin for Louder {
//!     const DESCRIPTOR: Descriptor = Descriptor::new("example.processing.louder", "Louder", "1.0.0");
//!     type Parameters = Knobs;
//!     fn create(_: &Environment) -> Result<Self, Fault> {
//!         Ok(Self { knobs: Knobs::defaults() })
//!     }
//!     fn parameters(&mut self) -> &mut Knobs {
//!         &mut self.knobs
//!     }
//! }
//!
//! impl AudioProcessor for Louder {
//!     fn activate(&mut self, _: &AudioFormat) -> Result<(), Fault> {
//!         Ok(())
//!     }
//!     fn process(&mut self, _: Timestamp, near: &mut [f32], _: &CaptureInfo, _: &mut ProcessorReport) -> Result<(), Fault> {
//!         let gain = 10_f32.powf(self.knobs.gain / 20.0);
//!         near.iter_mut().for_each(|sample| *sample *= gain);
//!         Ok(())
//!     }
//! }
//!
//! jackfield_sdk::export! { AudioProcessor => Louder }
//!
//! // Through the C boundary, as a host calls it:
//! let mut louder = AudioProcessorProxy::local(Louder::create(&Environment::seeded(1)).unwrap());
//! let mut block = [0.1; 480];
//! louder.process(Timestamp::ZERO, &mut block, &CaptureInfo::UNKNOWN, &mut { ProcessorReport::UNKNOWN }).unwrap();
//! assert_eq!(block[0], 0.1);
//! ```

pub mod codec;
pub mod congestion;
pub mod dsp;
pub mod jitter;
pub mod log;
pub mod pacing;
pub mod prelude;
#[cfg(feature = "transport")]
pub mod secure_transport;
pub mod source;
pub mod transport;

pub use jackfield_abi as abi;
pub use jackfield_core as core;
pub use jackfield_macros::{Params, export};

/// A plugin that is linked into its host instead of being loaded from a file: [`export!`] makes one as `JACKFIELD_PLUGIN`.
#[derive(Clone, Copy)]
pub struct StaticPlugin {
    /// The entry, as a file exports it.
    pub entry: &'static abi::entry::EntryRaw,
    /// The frame of the section `.jf_meta`.
    pub metadata: &'static [u8],
}
