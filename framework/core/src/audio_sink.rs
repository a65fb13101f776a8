//! Area: audio sink. Takes blocks of 10 ms: a device, a file, a measuring instrument.

use jackfield_abi::Fault;
use jackfield_macros::{area, ffi};

use crate::audio::AudioFormat;
use crate::module::Module;
use crate::time::Timestamp;

/// Where audio goes out.
///
/// Shapes: planar `f32`, `format.block_len()` samples.
#[area(id = "jackfield.audio-sink/1")]
pub trait AudioSink: Module {
    /// Opens the place that `location` names (a path, a device name; empty for the default) in `format`. [control]
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault>;

    /// Takes the 10 ms that begin at `now`. [audio]
    fn write(&mut self, now: Timestamp, block: &[f32]) -> Result<SinkState, Fault>;

    /// Writes out what it holds and closes the place. [control]
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
