//! What a plugin is tested with: one conformance suite per area, a detector of what must not happen on the audio thread, and the signals
//! to test with.
//!
//! It must never depend on a clock, on unseeded randomness or on the framework: a third party runs the very same suites in their own
//! repository. A suite asks what the trait's documentation promises and nothing else; that a plugin does its work *well* is for the plugin's own
//! tests and for the benches.
//!
//! In a plugin's `tests/main.rs`:
//!
//! ```
//! # mod plugin {
//! #     use jackfield_sdk::prelude::*;
//! #     pub struct Null(Option<AudioFormat>, ());
//! #     impl Plugin for Null {
//! #         const DESCRIPTOR: Descriptor = Descriptor::new("example.processing.null", "Null", "1.0.0");
//! #         type Parameters = ();
//! #         fn create(_: &Environment) -> Result<Self, Fault> { Ok(Self(None, ())) }
//! #         fn parameters(&mut self) -> &mut () { &mut self.1 }
//! #     }
//! #     impl AudioProcessor for Null {
//! #         fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault> { self.0 = Some(*format); Ok(()) }
//! #         fn process(&mut self, _: Timestamp, near: &mut [f32], _: &CaptureInfo, _: &mut ProcessorReport) -> Result<(), Fault> {
//! #             jackfield_sdk::dsp::check_block(self.0, near.len()).map(|_| ())
//! #         }
//! #     }
//! # }
//! jackfield_testkit::conformance! { audio_processor: crate::plugin::Null }
//! # fn main() {}
//! ```
//!
//! Each case becomes two tests: one that calls the type directly, one that calls it through the C boundary as a host does.

pub mod audio_codec;
pub mod audio_decoder;
pub mod audio_encoder;
pub mod audio_processor;
pub mod audio_sink;
pub mod audio_source;
mod conformance;
pub mod congestion_controller;
pub mod jitter_buffer;
pub mod mixer;
pub mod module;
pub mod pacer;
pub mod real_time;
mod shim;
pub mod signal;
mod subject;
pub mod transport;

pub use shim::DetectingAllocator;
pub use subject::Subject;
