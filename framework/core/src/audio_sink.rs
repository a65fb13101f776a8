//! Area: audio sink. Takes blocks of 10 ms: a device, a file, a measuring instrument.

use jackfield_abi::Fault;
use jackfield_macros::{area, ffi};

use crate::audio::AudioFormat;
use crate::module::Module;
use crate::time::Timestamp;

/// Where audio goes out.
///
/// Shapes: planar `f32`, `format.block_len()` samples. Life: `open`; `write` every 10 ms; `close`. One that is destroyed while it is open
/// closes by itself.
///
/// # Example
/// ```
/// use jackfield_sdk::prelude::*;
///
/// /// Keeps the greatest sample that it was given.
/// struct Peak {
///     greatest: f32,
///     parameters: (),
/// }
/// # impl Plugin for Peak {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.peak", "Peak", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { greatest: 0.0, parameters: () })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// impl AudioSink for Peak {
///     fn open(&mut self, _location: &str, _format: &AudioFormat) -> Result<(), Fault> {
///         Ok(())
///     }
///     fn write(&mut self, _now: Timestamp, block: &[f32]) -> Result<SinkState, Fault> {
///         self.greatest = block.iter().fold(self.greatest, |greatest, sample| greatest.max(sample.abs()));
///         Ok(SinkState::default())
///     }
///     fn close(&mut self) -> Result<(), Fault> {
///         Ok(())
///     }
/// }
///
/// let mut peak = Peak::create(&Environment::seeded(1))?;
/// peak.open("", &AudioFormat::MONO_48K)?;
/// peak.write(Timestamp::ZERO, &[-0.5; 480])?;
/// assert_eq!(peak.greatest, 0.5);
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.audio-sink/1")]
pub trait AudioSink: Module {
    /// Opens the place that `location` names (a path, a device name; empty for the default) in `format`. May be called again: what is open
    /// is closed first. Fails with `Invalid` or `Failed` if there cannot be such a place, with `Unsupported` for a format that it does not
    /// take. [control]
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault>;

    /// Takes the 10 ms that begin at `now`, whatever stands in them: what is no number too. Fails with `State` while it is not open, with
    /// `Invalid` if `block` is not one block of the format. Must not allocate, lock or block. [audio]
    fn write(&mut self, now: Timestamp, block: &[f32]) -> Result<SinkState, Fault>;

    /// Writes out what it holds and closes the place. No fault if nothing is open. [control]
    fn close(&mut self) -> Result<(), Fault>;
}

/// What a sink says after it took a block.
#[ffi]
#[derive(Default)]
pub struct SinkState {
    /// Samples per channel that wait in the sink before they are heard: the render delay that an echo canceller wants to know.
    pub queued: u32,
    /// Samples per channel that had to be dropped.
    pub dropped: u32,
}
