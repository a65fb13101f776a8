//! What every module of every area has: parameters, latency, statistics, reset.

use jackfield_abi::Fault;
use jackfield_macros::{area, ffi, ffi_enum};

use crate::congestion_controller::CongestionRole;
use crate::environment::Environment;
use crate::parameter::Parameters;
use crate::stats::Statistic;
use crate::units::SampleRate;

/// The operations that all areas share. Hosts call them; plugin authors implement [`Plugin`] and get this for nothing.
///
/// # Example
/// ```
/// use jackfield_core::module::Module;
/// use jackfield_sdk::prelude::*;
///
/// #[derive(Params)]
/// struct Knobs {
///     /// How much louder the output is than the input.
///     #[param(title = "Gain", unit = "dB", min = -60.0, max = 12.0, default = 0.0)]
///     gain: f32,
/// }
///
/// struct Amplifier(Knobs);
///
/// impl Plugin for Amplifier {
///     const DESCRIPTOR: Descriptor = Descriptor::new("example.amplifier", "Amplifier", "0.1.0");
///     type Parameters = Knobs;
///     fn create(_: &Environment) -> Result<Self, Fault> {
///         Ok(Self(Knobs::defaults()))
///     }
///     fn parameters(&mut self) -> &mut Knobs {
///         &mut self.0
///     }
/// }
///
/// // Whatever is a `Plugin` is a `Module`: parameters by their place, within their bounds.
/// let mut amplifier = Amplifier::create(&Environment::seeded(1))?;
/// amplifier.set_parameter(0, 6.0)?;
/// assert_eq!(amplifier.parameter(0)?, 6.0);
/// assert!(amplifier.set_parameter(0, 99.0).is_err());
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.module/1", module)]
pub trait Module: Send {
    /// Sets parameter `index` (its place in the descriptor's list) to `value`. At any time, before `activate` or `open` too; it holds from the next
    /// block on, without a click. Must not allocate, lock or block. Fails with `Invalid` for an index that there is not or a value out of range; the old value then stays.
    /// [any, never concurrent with another call on this instance]
    fn set_parameter(&mut self, index: u32, value: f64) -> Result<(), Fault>;

    /// The present value of parameter `index`, as it was set. At any time. Fails with `Invalid` for an index that there is not.
    /// [any, never concurrent with another call on this instance]
    fn parameter(&mut self, index: u32) -> Result<f64, Fault>;

    /// By how much the output lags behind the input. Asked after `activate` or `open`; it stays the same until the next one.
    /// [any, never concurrent with another call on this instance]
    fn latency(&mut self) -> Result<Latency, Fault>;

    /// Writes the present value of each statistic, in the descriptor's order, into `values`, and returns how many there are. At any
    /// time. Fails with `BufferTooSmall` if they have no room. Must not allocate, lock or block.
    /// [any, never concurrent with another call on this instance]
    fn stats(&mut self, values: &mut [f64]) -> Result<u32, Fault>;

    /// Forgets what was learnt from the signal, keeps the parameters and whatever `activate` or `open` set up. At any time; packets that wait
    /// go on waiting. Must not allocate, lock or block.
    /// [any, never concurrent with another call on this instance]
    fn reset(&mut self, reason: ResetReason) -> Result<(), Fault>;
}

/// The table of an instance in another process, as the tables of all areas name it.
#[doc(hidden)]
pub const MODULE_WIRE_TABLE: *const std::ffi::c_void = std::ptr::from_ref(__module_area::WIRE_TABLE).cast();

/// Makes an area's proxy a [`Module`] through the table of `jackfield.module/1` that it holds.
#[doc(hidden)]
#[macro_export]
macro_rules! delegate_module {
    ($proxy:ty) => {
        impl $crate::module::Module for $proxy {
            #[inline]
            fn set_parameter(&mut self, index: u32, value: f64) -> Result<(), $crate::Fault> {
                self.module.set_parameter(index, value)
            }
            #[inline]
            fn parameter(&mut self, index: u32) -> Result<f64, $crate::Fault> {
                self.module.parameter(index)
            }
            #[inline]
            fn latency(&mut self) -> Result<$crate::module::Latency, $crate::Fault> {
                self.module.latency()
            }
            #[inline]
            fn stats(&mut self, values: &mut [f64]) -> Result<u32, $crate::Fault> {
                self.module.stats(values)
            }
            #[inline]
            fn reset(&mut self, reason: $crate::module::ResetReason) -> Result<(), $crate::Fault> {
                self.module.reset(reason)
            }
        }
    };
}

/// How far a module's output lags behind its input.
#[ffi]
#[derive(Eq)]
pub struct Latency {
    /// Samples per channel at `sample_rate`; 0 if none.
    pub samples: u32,
    /// The rate in which `samples` counts.
    pub sample_rate: SampleRate,
}

impl Latency {
    /// None at all.
    pub const NONE: Self = Self {
        samples: 0,
        sample_rate: SampleRate::HZ_48000,
    };

    /// `samples` at `sample_rate`.
    pub const fn samples(samples: u32, sample_rate: SampleRate) -> Self {
        Self { samples, sample_rate }
    }
}

/// Why a module is reset.
#[ffi_enum]
pub enum ResetReason {
    /// The stream starts anew: another source, a long gap.
    Stream = 0,
    /// The acoustic path between loudspeaker and microphone changed.
    EchoPath = 1,
    /// Another device.
    Device = 2,
}

/// A module as its author writes it. Implement this and the trait of an area; `export!` does the rest.
pub trait Plugin: Send + Sized + 'static {
    /// Who it is. Read by hosts without running any of its code.
    const DESCRIPTOR: Descriptor;
    /// What it reports, in the order of [`Plugin::statistics`].
    const STATISTICS: &'static [Statistic] = &[];
    /// Its parameters: a struct with `#[derive(Params)]`, or `()`.
    type Parameters: Parameters;

    /// Makes an instance with default parameters. `[control]` May allocate; must not start threads or read a clock.
    ///
    /// # Errors
    /// If something that it needs (a model, a library) is missing.
    fn create(environment: &Environment) -> Result<Self, Fault>;

    /// Where the parameters stand.
    fn parameters(&mut self) -> &mut Self::Parameters;

    /// Parameter `index` has just been set. Must not allocate, lock or block.
    ///
    /// # Errors
    /// If the value cannot be put to use; the host then sets the old value again.
    fn parameter_changed(&mut self, index: u32) -> Result<(), Fault> {
        let _ = index;
        Ok(())
    }

    /// By how much the output lags behind the input, as things stand.
    fn latency(&mut self) -> Latency {
        Latency::NONE
    }

    /// Writes the present value of each of [`Plugin::STATISTICS`] into `values`, which is at least that long.
    fn statistics(&mut self, values: &mut [f64]) {
        let _ = values;
    }

    /// Forgets what was learnt from the signal, keeps the parameters and whatever `activate` or `open` set up. At any time; packets that wait
    /// go on waiting. Must not allocate, lock or block.
    fn reset(&mut self, reason: ResetReason) {
        let _ = reason;
    }
}

/// Who a module is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descriptor {
    /// Unique and lasting: `vendor.area.name` in lower case, such as `jackfield.processing.gain`.
    pub id: &'static str,
    /// The name that people read.
    pub name: &'static str,
    /// The version, semver.
    pub version: &'static str,
    /// Who made it.
    pub vendor: &'static str,
    /// The licence, an SPDX expression.
    pub license: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    /// The audio formats that it takes.
    pub audio: AudioCapabilities,
    /// Whether the same input gives the same output, byte for byte, in every run. What is not may not run in virtual time.
    pub deterministic: bool,
    /// Whether it takes so little power that a device on its battery prefers it: done in hardware, or hardly any work at all.
    pub power_efficient: bool,
    /// Of a congestion controller: where it decides.
    pub congestion_role: CongestionRole,
}

impl Descriptor {
    /// A descriptor with the three things that every module needs; the rest by the methods below.
    pub const fn new(id: &'static str, name: &'static str, version: &'static str) -> Self {
        Self {
            id,
            name,
            version,
            vendor: "",
            license: "",
            description: "",
            audio: AudioCapabilities::ANY,
            deterministic: true,
            power_efficient: false,
            congestion_role: CongestionRole::Sender,
        }
    }

    /// With its maker.
    #[must_use]
    pub const fn vendor(mut self, vendor: &'static str) -> Self {
        self.vendor = vendor;
        self
    }

    /// With its licence, an SPDX expression.
    #[must_use]
    pub const fn license(mut self, license: &'static str) -> Self {
        self.license = license;
        self
    }

    /// With what it does, in a sentence.
    #[must_use]
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// With the audio formats that it takes.
    #[must_use]
    pub const fn audio(mut self, audio: AudioCapabilities) -> Self {
        self.audio = audio;
        self
    }

    /// Marked as one that takes little power.
    #[must_use]
    pub const fn power_efficient(mut self) -> Self {
        self.power_efficient = true;
        self
    }

    /// Of a congestion controller: that it decides there, and not at the sender.
    #[must_use]
    pub const fn congestion_role(mut self, role: CongestionRole) -> Self {
        self.congestion_role = role;
        self
    }

    /// Marked as one whose runs differ although the input is the same (it reads a clock, a device, unseeded randomness).
    #[must_use]
    pub const fn not_deterministic(mut self) -> Self {
        self.deterministic = false;
        self
    }
}

/// The audio formats that a module takes; the host converts where they do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioCapabilities {
    /// Sample rates in hertz, best first; empty means any from 8 to 48 kHz.
    pub sample_rates: &'static [u32],
    /// The most channels.
    pub max_channels: u32,
    /// Whether an audio processor wants the render (far-end) signal.
    pub render: bool,
}

impl AudioCapabilities {
    /// Any rate, up to 8 channels, no render signal.
    pub const ANY: Self = Self {
        sample_rates: &[],
        max_channels: 8,
        render: false,
    };

    /// Only these rates, best first.
    pub const fn rates(sample_rates: &'static [u32], max_channels: u32) -> Self {
        Self {
            sample_rates,
            max_channels,
            render: false,
        }
    }

    /// The same, with the render signal.
    #[must_use]
    pub const fn with_render(mut self) -> Self {
        self.render = true;
        self
    }
}

impl<T: Plugin> Module for T {
    fn set_parameter(&mut self, index: u32, value: f64) -> Result<(), Fault> {
        let parameter = known::<T>(index)?;
        let value = parameter.accept(value)?;
        let old = self.parameters().value(index);
        self.parameters().set(index, value);
        self.parameter_changed(index)
            .inspect_err(|_| self.parameters().set(index, old))
    }

    fn parameter(&mut self, index: u32) -> Result<f64, Fault> {
        known::<T>(index)?;
        Ok(self.parameters().value(index))
    }

    fn latency(&mut self) -> Result<Latency, Fault> {
        Ok(Plugin::latency(self))
    }

    fn stats(&mut self, values: &mut [f64]) -> Result<u32, Fault> {
        if values.len() < T::STATISTICS.len() {
            return Err(Fault::new(
                jackfield_abi::FaultCode::BufferTooSmall,
                "pass one place for each statistic",
            ));
        }
        self.statistics(values);
        Ok(T::STATISTICS.len() as u32)
    }

    fn reset(&mut self, reason: ResetReason) -> Result<(), Fault> {
        Plugin::reset(self, reason);
        Ok(())
    }
}

fn known<T: Plugin>(index: u32) -> Result<&'static crate::parameter::Parameter, Fault> {
    <T::Parameters as Parameters>::PARAMETERS
        .get(index as usize)
        .ok_or_else(|| {
            Fault::invalid("no parameter has this index: see `jackfield plugin inspect` for the list")
        })
}
