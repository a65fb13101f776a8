//! PLUGIN_TITLE: a pacer. Packets leave one after another at the pacing rate; put your own rule into `due` and `departed`.

use jackfield_sdk::pacing::{Departure, QueuedPacer};
use jackfield_sdk::prelude::*;

/// One instance: one participant's path.
pub struct PluginName {
    parameters: (),
    rate: DataRate,
    free: Timestamp,
}

impl Plugin for PluginName {
    const DESCRIPTOR: Descriptor = Descriptor::new("PLUGIN_ID", "PLUGIN_TITLE", "0.1.0")
        .vendor("PLUGIN_VENDOR")
        .license("MIT OR Apache-2.0")
        .description("Lets packets leave one after another at the pacing rate.");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { parameters: (), rate: DataRate::kbps(1_000), free: Timestamp::ZERO })
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl Departure for PluginName {
    // No allocation, no lock, no clock in here.
    fn rates(&mut self, now: Timestamp, pacing: DataRate, _padding: DataRate) {
        self.rate = pacing.max(DataRate::kbps(30));
        self.free = now;
    }
    fn due(&self, came: Timestamp, _packet: &PacedPacket) -> Timestamp {
        came.max(self.free)
    }
    fn departed(&mut self, due: Timestamp, packet: &PacedPacket) {
        self.free = due + (packet.size / self.rate).min(TimeDelta::ms(500));
    }
}

jackfield_sdk::export! { Pacer => QueuedPacer<PluginName> }
