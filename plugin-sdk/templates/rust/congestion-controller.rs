//! PLUGIN_TITLE: a congestion controller. Faster while nothing is lost, slower when something is; put your own rule into `target`.

use jackfield_sdk::congestion::{Path, RateController, RateRule};
use jackfield_sdk::prelude::*;

/// What can be set while it runs.
#[derive(Params)]
pub struct Knobs {
    /// How large a share of the packets may be lost before it goes slower.
    #[param(title = "Tolerance", unit = "%", min = 0.0, max = 50.0, default = 2.0)]
    tolerance: f32,
}

/// One instance: one participant's path.
pub struct PluginName {
    knobs: Knobs,
}

impl Plugin for PluginName {
    const DESCRIPTOR: Descriptor = Descriptor::new("PLUGIN_ID", "PLUGIN_TITLE", "0.1.0")
        .vendor("PLUGIN_VENDOR")
        .license("MIT OR Apache-2.0")
        .description("Faster while nothing is lost, slower when something is.");
    type Parameters = Knobs;
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { knobs: Knobs::defaults() })
    }
    fn parameters(&mut self) -> &mut Knobs {
        &mut self.knobs
    }
}

impl RateRule for PluginName {
    // After every event. The session's bounds are applied to the answer. No allocation, no lock, no clock in here.
    fn target(&mut self, _now: Timestamp, event: &CongestionEvent, path: &Path) -> DataRate {
        match event.kind {
            CongestionEventKind::PacketFeedback if path.loss * 100.0 > self.knobs.tolerance => path.target * 0.85,
            CongestionEventKind::PacketFeedback => path.target * 1.02,
            _ => path.target,
        }
    }
}

jackfield_sdk::export! { CongestionController => RateController<PluginName> }
