//! Whoever encodes while the plugin of a socket does not answer.

use jackfield_core::Fault;
use jackfield_core::audio_codec::{Encoded, NetworkHint};

use super::{Encoder, Plug};
use crate::history::History;
use crate::media::PacketBuffer;

/// Another encoder of the same mix. It is not called while the plugin answers, so that it costs nothing then.
pub(super) struct StandIn {
    plug: Plug,
    /// The room's key of the codec that it encodes in, if that is not the plugin's own.
    pub(super) codec: Option<u32>,
    /// It is the same plugin and has the same parameters.
    pub(super) same_plugin: bool,
    /// Blocks in a packet of its own.
    packet_blocks: usize,
    /// What passed in packets that were complete before it was their turn: it belongs to the next one.
    owed: u32,
}

/// An encoder that is to stand in for another one.
pub struct Substitute {
    /// The encoder.
    pub encoder: Encoder,
    /// The room's key of the codec that it encodes in, if that is another one than the plugin's own. Every listener must have negotiated it
    /// too; others hear nothing meanwhile.
    pub codec: Option<u32>,
    /// Blocks in a packet of its own.
    pub packet_blocks: usize,
    /// It is another instance of the same plugin: what is set on that is set on it.
    pub same_plugin: bool,
}

impl Encoder {
    /// The same encoder, for which another one encodes while it does not answer. \[control\]
    #[must_use]
    pub fn with_stand_in(self, substitute: Substitute) -> Self {
        Self {
            stand_in: Some(StandIn {
                plug: substitute.encoder.plug,
                codec: substitute.codec,
                same_plugin: substitute.same_plugin,
                packet_blocks: substitute.packet_blocks.max(1),
                owed: 0,
            }),
            ..self
        }
    }
}

impl StandIn {
    /// It begins: from the packet before, and with the `begun` blocks of the packet that the plugin left unfinished.
    pub(super) fn come_in(&mut self, recent: &History, begun: usize, payload: &mut PacketBuffer) {
        self.owed = 0;
        let begun = begun.min(recent.len());
        // One that fails too is found out with the block that is due.
        let _ = self.plug.warm(recent, begun, self.packet_blocks, payload);
        for back in (0..begun).rev() {
            if let Ok(encoded) = self.plug.encode(recent.block(back), payload) {
                self.owed += encoded.ticks;
            }
        }
    }

    pub(super) fn encode(&mut self, mix: &[f32], payload: &mut PacketBuffer) -> Result<Encoded, Fault> {
        let mut encoded = self.plug.encode(mix, payload)?;
        if encoded.ticks > 0 {
            encoded.ticks += std::mem::take(&mut self.owed);
        }
        Ok(encoded)
    }

    pub(super) fn set_parameter(&mut self, index: u32, value: f64) {
        if self.same_plugin {
            // What the plugin has taken, it takes too.
            let _ = self.plug.encoder.set_parameter(index, value);
        }
    }

    pub(super) fn network(&mut self, hint: &NetworkHint) {
        let _ = self.plug.encoder.network(hint);
    }
}
