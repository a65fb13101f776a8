//! Audio processors that do wrong on purpose, one sin to a file: what the validator must name and what a call must survive.
//!
//! None of them must ever be put into a real call, so they are not built beside the real plugins: `cargo build -p jackfield-bad --examples` makes
//! one plugin file with all of them, `target/debug/examples/libbad_plugins.so`. Those that are wrong as files stand in `c/`.
//!
//! Each behaves for as many blocks as its parameter `after` says.
//!
//! ```
//! use jackfield_bad::{Bad, GivesSilence};
//! use jackfield_sdk::prelude::*;
//!
//! let mut silent = Bad::<GivesSilence>::create(&Environment::seeded(1))?;
//! silent.activate(&AudioFormat::MONO_48K)?;
//! let mut block = [0.5; 480];
//! silent.process(Timestamp::ZERO, &mut block, &CaptureInfo::UNKNOWN, &mut ProcessorReport::UNKNOWN.clone())?;
//! assert_eq!(block, [0.0; 480]);
//! # Ok::<(), Fault>(())
//! ```

#![allow(
    unsafe_code,
    clippy::disallowed_methods,
    reason = "to do what a plugin must not is what they are for"
)]

use jackfield_sdk::dsp::{check_block, check_format};
use jackfield_sdk::prelude::*;

mod aborts;
mod allocates;
mod exits;
mod explodes;
mod fails;
mod forgets_its_state;
mod gives_denormals;
mod gives_nan;
mod gives_noise;
mod gives_silence;
mod grows;
mod is_slow;
mod keeps_pointers;
mod leaks;
mod leaves_files_open;
mod lies_about_determinism;
mod lies_about_latency;
mod locks;
mod logs_in_process;
mod looks_at_addresses;
mod loops_endlessly;
mod panics_in_drop;
mod panics_in_process;
mod reads_a_clock;
mod segfaults;
mod sleeps;
mod spawns_threads;
mod writes_past_its_buffer;

pub use aborts::Aborts;
pub use allocates::Allocates;
pub use exits::Exits;
pub use explodes::Explodes;
pub use fails::Fails;
pub use forgets_its_state::ForgetsItsState;
pub use gives_denormals::GivesDenormals;
pub use gives_nan::GivesNan;
pub use gives_noise::GivesNoise;
pub use gives_silence::GivesSilence;
pub use grows::Grows;
pub use is_slow::IsSlow;
pub use keeps_pointers::KeepsPointers;
pub use leaks::Leaks;
pub use leaves_files_open::LeavesFilesOpen;
pub use lies_about_determinism::LiesAboutDeterminism;
pub use lies_about_latency::LiesAboutLatency;
pub use locks::Locks;
pub use logs_in_process::LogsInProcess;
pub use looks_at_addresses::LooksAtAddresses;
pub use loops_endlessly::LoopsEndlessly;
pub use panics_in_drop::PanicsInDrop;
pub use panics_in_process::PanicsInProcess;
pub use reads_a_clock::ReadsAClock;
pub use segfaults::Segfaults;
pub use sleeps::Sleeps;
pub use spawns_threads::SpawnsThreads;
pub use writes_past_its_buffer::WritesPastItsBuffer;

/// A way to do wrong.
pub trait Sin: Default + Send + 'static {
    /// Who does it.
    const DESCRIPTOR: Descriptor;
    /// What it says of its latency.
    const LATENCY: Latency = Latency::NONE;

    /// Does it to one block, which holds what came in.
    ///
    /// # Errors
    /// If that is the sin.
    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault>;

    /// What it does when it is activated.
    fn activate(&mut self) {}

    /// What it hands over.
    fn hand_over(&mut self, state: &mut ProcessorHandover) {
        let _ = state;
    }
}

/// A block to do it to.
pub struct Block<'a> {
    /// The samples, in and out.
    pub near: &'a mut [f32],
    /// The parameter `work`.
    pub work: u32,
}

/// What can be set.
#[derive(Params)]
pub struct BadParameters {
    /// How many blocks it behaves before it does not.
    #[param(title = "Good blocks", min = 0, max = 1_000_000, default = 0)]
    pub after: u32,
    /// How hard it works for each block, in millions of multiplications, if that is its sin.
    #[param(title = "Work", unit = "M", min = 0, max = 100, default = 6)]
    pub work: u32,
}

/// An audio processor that commits the sin `S`.
pub struct Bad<S> {
    format: Option<AudioFormat>,
    parameters: BadParameters,
    blocks: u32,
    sin: S,
}

impl<S: Sin> Plugin for Bad<S> {
    const DESCRIPTOR: Descriptor = S::DESCRIPTOR;
    type Parameters = BadParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            format: None,
            parameters: BadParameters::defaults(),
            blocks: 0,
            sin: S::default(),
        })
    }

    fn parameters(&mut self) -> &mut BadParameters {
        &mut self.parameters
    }

    fn latency(&mut self) -> Latency {
        S::LATENCY
    }
}

impl<S: Sin> AudioProcessor for Bad<S> {
    fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        self.format = Some(*format);
        self.sin.activate();
        Ok(())
    }

    fn process(
        &mut self,
        _now: Timestamp,
        near: &mut [f32],
        _capture: &CaptureInfo,
        _report: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        check_block(self.format, near.len())?;
        if self.blocks < self.parameters.after {
            self.blocks += 1;
            return Ok(());
        }
        self.sin.commit(Block {
            near,
            work: self.parameters.work,
        })
    }

    fn hand_over(&mut self, state: &mut ProcessorHandover) -> Result<(), Fault> {
        self.sin.hand_over(state);
        Ok(())
    }
}

const fn descriptor(id: &'static str, name: &'static str, description: &'static str) -> Descriptor {
    Descriptor::new(id, name, env!("CARGO_PKG_VERSION"))
        .vendor("Jackfield")
        .license("MIT OR Apache-2.0")
        .description(description)
}
