//! A plugin in a process that does not always answer, without a process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use jackfield_core::module::Module;
use jackfield_sdk::prelude::*;

/// What a plugin's process does: it answers, or a call fails with this.
#[derive(Clone, Default)]
pub(crate) struct Health(Arc<AtomicU32>);

impl Health {
    pub(crate) const UP: u32 = 0;
    pub(crate) const GONE: u32 = 1;
    pub(crate) const LATE: u32 = 2;

    pub(crate) fn becomes(&self, state: u32) {
        self.0.store(state, Relaxed);
    }
}

/// A plugin whose process may not answer; after an end it is a new one, which knows nothing.
pub(crate) struct Process<T> {
    plugin: T,
    make: Box<dyn FnMut() -> T + Send>,
    health: Health,
    ended: bool,
}

impl<T> Process<T> {
    /// `make` makes an instance as it is set up.
    pub(crate) fn new(mut make: impl FnMut() -> T + Send + 'static, health: &Health) -> Self {
        Self {
            plugin: make(),
            make: Box::new(make),
            health: health.clone(),
            ended: false,
        }
    }

    /// The plugin, if its process answers.
    ///
    /// # Errors
    /// What the host is told if it does not.
    pub(crate) fn call(&mut self) -> Result<&mut T, Fault> {
        match self.health.0.load(Relaxed) {
            Health::GONE => {
                self.ended = true;
                Err(Fault::new(FaultCode::Gone, "its process ended"))
            }
            Health::LATE => Err(Fault::new(FaultCode::TimedOut, "it is late")),
            _ => {
                if std::mem::take(&mut self.ended) {
                    self.plugin = (self.make)();
                }
                Ok(&mut self.plugin)
            }
        }
    }
}

impl<T: Module> Module for Process<T> {
    fn set_parameter(&mut self, index: u32, value: f64) -> Result<(), Fault> {
        self.call()?.set_parameter(index, value)
    }
    fn parameter(&mut self, index: u32) -> Result<f64, Fault> {
        self.call()?.parameter(index)
    }
    fn latency(&mut self) -> Result<Latency, Fault> {
        self.call()?.latency()
    }
    fn stats(&mut self, values: &mut [f64]) -> Result<u32, Fault> {
        self.call()?.stats(values)
    }
    fn reset(&mut self, reason: ResetReason) -> Result<(), Fault> {
        self.call()?.reset(reason)
    }
}
