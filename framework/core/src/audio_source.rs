//! Area: audio source. Gives blocks of 10 ms: a device, a file, a generator.

use jackfield_abi::Fault;
use jackfield_macros::{area, ffi};

use crate::audio::AudioFormat;
use crate::module::Module;
use crate::time::Timestamp;

/// Where audio comes in.
///
/// Shapes: planar `f32`, `format.block_len()` samples. Life: `open`; in a swap `take_over`; then `read` every 10 ms. A swap hands the
/// position over and leaves no gap.
///
/// # Example
/// ```
/// use jackfield_sdk::prelude::*;
/// use jackfield_sdk::source::{Signal, SignalSource};
///
/// /// Gives one and the same sample for ever.
/// # struct Constant {
/// #     parameters: (),
/// # }
/// # impl Plugin for Constant {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.constant", "Constant", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { parameters: () })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// impl Signal for Constant {
///     fn open(&mut self, _location: &str, _format: &AudioFormat) -> Result<(), Fault> {
///         Ok(())
///     }
///     fn fill(&mut self, _position: u64, _: &AudioFormat, block: &mut [f32]) -> Result<SourceState, Fault> {
///         block.fill(0.25);
///         Ok(SourceState::default())
///     }
/// }
///
/// let mut source = SignalSource::<Constant>::create(&Environment::seeded(1))?;
/// source.open("", &AudioFormat::MONO_48K)?;
/// let mut block = [0.0; 480];
/// source.read(Timestamp::ZERO, &mut block)?;
/// assert_eq!(block, [0.25; 480]);
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.audio-source/1")]
pub trait AudioSource: Module {
    /// Opens the place that `location` names (a path, a device name; empty for the default) in `format`, and stands at its beginning. May
    /// be called again, for another place or format. Fails with `Invalid` or `Failed` if there is no such place, with `Unsupported` for a
    /// format that it cannot give. [control]
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault>;

    /// Fills `block` with the 10 ms that begin at `now`. Silence once the source has ended. Fails with `State` before `open`, with
    /// `Invalid` if `block` is not one block of the format. Must not allocate, lock or block. [audio]
    fn read(&mut self, now: Timestamp, block: &mut [f32]) -> Result<SourceState, Fault>;

    /// Says where it stands, for a successor. Between two blocks, at any time. Must not allocate, lock or block. [audio]
    fn hand_over(&mut self) -> Result<SourceHandover, Fault> {
        Ok(SourceHandover::default())
    }

    /// Goes on from where a predecessor stood. After `open` and before the first `read`. [control]
    fn take_over(&mut self, state: &SourceHandover) -> Result<(), Fault> {
        let _ = state;
        Ok(())
    }
}

/// What a source says of the block that it gave.
#[ffi]
#[derive(Default)]
pub struct SourceState {
    /// 1 once nothing more will come, else 0.
    pub ended: u32,
    /// Samples per channel that were missing and had to be made up in this block.
    pub missing: u32,
}

/// Where a source stands.
#[ffi]
#[derive(Default)]
pub struct SourceHandover {
    /// Samples per channel given since `open`.
    pub position: u64,
}
