//! A whole mixer but for the choice of who is heard.

use jackfield_core::Fault;
use jackfield_core::environment::Environment;
use jackfield_core::mixer::{MixRequest, MixSource, Mixer, MixerConfig};
use jackfield_core::module::{Descriptor, Plugin, ResetReason};
use jackfield_core::stats::Statistic;
use jackfield_core::time::Timestamp;

use super::mix_bus::{Lane, MixBus};
use super::to_db;

/// Who is heard. The method is `[audio]`: it must not allocate, lock or block.
pub trait Choice: Plugin {
    /// What is remembered of each source from one choice to the next.
    type Memo: Copy + Default + Send + 'static;

    /// Says of a source that is there whether it is heard in the coming block; a muted one is asked after too, and not heard. \[audio\]
    fn is_heard(&mut self, now: Timestamp, source: &mut Lane<Self::Memo>) -> bool;
}

/// A mixer that adds up whoever its [`Choice`] lets be heard, each ramped in and out.
pub struct BusMixer<C: Choice> {
    choice: C,
    bus: Option<MixBus<C::Memo>>,
}

impl<C: Choice> Plugin for BusMixer<C> {
    const DESCRIPTOR: Descriptor = C::DESCRIPTOR;
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("audible", "sources", "How many sources are in the mix now."),
        Statistic::gauge(
            "limiter_gain",
            "dB",
            "How far the limiter holds the full mix down.",
        ),
    ];
    type Parameters = C::Parameters;

    fn create(environment: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            choice: C::create(environment)?,
            bus: None,
        })
    }

    fn parameters(&mut self) -> &mut C::Parameters {
        self.choice.parameters()
    }

    fn parameter_changed(&mut self, index: u32) -> Result<(), Fault> {
        self.choice.parameter_changed(index)
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = self.bus.as_ref().map_or(0.0, |bus| bus.audible() as f64);
        values[1] = self
            .bus
            .as_ref()
            .map_or(0.0, |bus| f64::from(to_db(bus.limiter_gain())));
    }

    fn reset(&mut self, reason: ResetReason) {
        Plugin::reset(&mut self.choice, reason);
        if let Some(bus) = &mut self.bus {
            bus.reset();
        }
    }
}

impl<C: Choice> BusMixer<C> {
    fn bus(&mut self) -> Result<&mut MixBus<C::Memo>, Fault> {
        self.bus.as_mut().ok_or_else(not_active)
    }
}

impl<C: Choice> Mixer for BusMixer<C> {
    fn activate(&mut self, config: &MixerConfig) -> Result<(), Fault> {
        self.bus = Some(MixBus::new(config)?);
        Ok(())
    }

    fn choose(&mut self, now: Timestamp, sources: &[MixSource], chosen: &mut [u32]) -> Result<u32, Fault> {
        let bus = self.bus.as_mut().ok_or_else(not_active)?;
        bus.begin_choice(sources, chosen)?;
        for lane in bus.present() {
            lane.selected = self.choice.is_heard(now, lane) && !lane.muted;
        }
        Ok(bus.end_choice(sources, chosen))
    }

    fn mix(
        &mut self,
        _now: Timestamp,
        sources: &[MixSource],
        pcm: &[f32],
        mixes: &[MixRequest],
        output: &mut [f32],
    ) -> Result<(), Fault> {
        self.bus()?.mix(sources, pcm, mixes, output)
    }

    fn hand_over(&mut self, id: u32) -> Result<f32, Fault> {
        Ok(self.bus()?.gain(id))
    }

    fn take_over(&mut self, id: u32, gain: f32) -> Result<(), Fault> {
        self.bus()?.set_gain(id, gain)
    }
}

fn not_active() -> Fault {
    Fault::state("call `activate` first")
}
