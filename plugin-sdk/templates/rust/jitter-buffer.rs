//! PLUGIN_TITLE: a jitter buffer. It waits as long as the slowest of the recent packets took; put your own policy into `arrived` and `target`.

use jackfield_sdk::jitter::{DelayBuffer, DelayPolicy};
use jackfield_sdk::prelude::*;

/// What can be set while it runs.
#[derive(Params)]
pub struct Knobs {
    /// The shortest delay that it aims for.
    #[param(title = "Shortest", unit = "ms", min = 0, max = 500, default = 20)]
    shortest: i32,
}

/// One instance: one stream.
pub struct PluginName {
    knobs: Knobs,
    last: Timestamp,
    jitter: TimeDelta,
}

impl Plugin for PluginName {
    const DESCRIPTOR: Descriptor = Descriptor::new("PLUGIN_ID", "PLUGIN_TITLE", "0.1.0")
        .vendor("PLUGIN_VENDOR")
        .license("MIT OR Apache-2.0")
        .description("Waits as long as the slowest of the recent packets took.");
    type Parameters = Knobs;
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { knobs: Knobs::defaults(), last: Timestamp::ZERO, jitter: TimeDelta::ZERO })
    }
    fn parameters(&mut self) -> &mut Knobs {
        &mut self.knobs
    }
}

impl DelayPolicy for PluginName {
    // The longest pause between two packets, forgotten slowly. No allocation, no lock, no clock in here.
    fn arrived(&mut self, _now: Timestamp, packet: &PacketArrival) {
        let pause = packet.arrival.since(self.last).max(TimeDelta::ZERO).min(TimeDelta::ms(500));
        self.jitter = pause.max(self.jitter * 0.99);
        self.last = packet.arrival;
    }
    fn target(&self) -> TimeDelta {
        self.jitter.max(TimeDelta::ms(i64::from(self.knobs.shortest)))
    }
}

jackfield_sdk::export! { JitterBuffer => DelayBuffer<PluginName> }
