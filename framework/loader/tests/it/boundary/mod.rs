//! The boundary as a host and its plugins see it: every `#[area]` crosses it in both directions, and older and newer meet. Host and plugin
//! are in one process.

#![allow(
    unsafe_code,
    reason = "puts tables of other builds behind proxies, as the loader does"
)]

mod callbacks;
mod every_area;
mod faults;
mod growth;
mod newer;
mod older;
mod panics;
mod proofs;
mod same_size;
mod threads;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jackfield_core::Fault;
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Plugin};

/// A plugin that counts. It implements the area as an older and as a newer SDK has it.
#[derive(Default)]
pub(crate) struct Tally {
    parameters: (),
    sum: u32,
    step: u32,
    _dropped: Notice,
}

impl Plugin for Tally {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.counter.tally", "Tally", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self::default())
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

/// Says when it is dropped.
#[derive(Default)]
pub(crate) struct Notice(Option<Arc<AtomicBool>>);

impl Drop for Notice {
    fn drop(&mut self) {
        if let Some(dropped) = &self.0 {
            dropped.store(true, Ordering::SeqCst);
        }
    }
}
