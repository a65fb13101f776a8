//! PLUGIN_TITLE: a mixer. Whoever is loud enough is heard; put your own choice into `is_heard`.

use jackfield_sdk::dsp::bus_mixer::{BusMixer, Choice};
use jackfield_sdk::dsp::mix_bus::Lane;
use jackfield_sdk::prelude::*;

/// What can be set while it runs.
#[derive(Params)]
pub struct Knobs {
    /// Whoever stays at or below this level is not heard.
    #[param(title = "Threshold", unit = "dBov", min = -127.0, max = -30.0, default = -70.0)]
    threshold: f32,
}

/// One instance: one room.
pub struct PluginName {
    knobs: Knobs,
}

impl Plugin for PluginName {
    const DESCRIPTOR: Descriptor = Descriptor::new("PLUGIN_ID", "PLUGIN_TITLE", "0.1.0")
        .vendor("PLUGIN_VENDOR")
        .license("MIT OR Apache-2.0")
        .description("Mixes whoever is loud enough.");
    type Parameters = Knobs;
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { knobs: Knobs::defaults() })
    }
    fn parameters(&mut self) -> &mut Knobs {
        &mut self.knobs
    }
}

impl Choice for PluginName {
    /// When the source was last loud enough.
    type Memo = Option<Timestamp>;
    // Every ten milliseconds, for each source. No allocation, no lock, no clock in here.
    fn is_heard(&mut self, now: Timestamp, source: &mut Lane<Self::Memo>) -> bool {
        if source.level_dbov > self.knobs.threshold {
            source.memo = Some(now);
        }
        source.memo.is_some_and(|loud| now.since(loud) <= TimeDelta::ms(300))
    }
}

jackfield_sdk::export! { Mixer => BusMixer<PluginName> }
