//! PLUGIN_TITLE: a transport without ICE. It adds a checksum to every packet; put your own into `wrap` and `unwrap`.
//!
//! It hides nothing from anybody: for tests and for learning, not for a call over the Internet.

use jackfield_sdk::prelude::*;
use jackfield_sdk::transport::{Direct, Wrapping};

/// One instance: one participant's path.
pub struct PluginName {
    parameters: (),
}

impl Plugin for PluginName {
    const DESCRIPTOR: Descriptor = Descriptor::new("PLUGIN_ID", "PLUGIN_TITLE", "0.1.0")
        .vendor("PLUGIN_VENDOR")
        .license("MIT OR Apache-2.0")
        .description("FOR TESTS ONLY: packets in the clear, with a checksum.");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { parameters: () })
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl Wrapping for PluginName {
    const NAME: &'static str = "none: a checksum";
    // For each packet and each datagram. No lock, no clock, nothing that blocks in here.
    fn wrap(&mut self, packet: &mut Vec<u8>) {
        packet.extend_from_slice(&checksum(packet).to_be_bytes());
    }
    fn unwrap(&mut self, datagram: &mut Vec<u8>) -> bool {
        let Some(end) = datagram.len().checked_sub(4) else { return false };
        let is_whole = datagram[end..] == checksum(&datagram[..end]).to_be_bytes();
        datagram.truncate(end);
        is_whole
    }
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811C_9DC5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

jackfield_sdk::export! { Transport => Direct<PluginName> }
