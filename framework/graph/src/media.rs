//! What passes between the audio domain and the network domain. Payloads travel in boxes that go round: the side that needs no more of
//! one hands it back, so neither thread ever allocates or frees.

use jackfield_core::audio_codec::NetworkHint;
use jackfield_core::time::Timestamp;

/// Room for one RTP payload, or for one whole packet on an Ethernet path.
pub struct PacketBuffer {
    len: usize,
    bytes: [u8; Self::CAPACITY],
}

impl PacketBuffer {
    /// The most bytes that it holds.
    pub const CAPACITY: usize = 1500;

    /// An empty one. Allocates: made on the control thread.
    pub fn new() -> Box<Self> {
        Box::new(Self {
            len: 0,
            bytes: [0; Self::CAPACITY],
        })
    }

    /// What it holds.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// All its room, to be written to before [`PacketBuffer::set_len`].
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Says how much of the room holds something.
    pub fn set_len(&mut self, len: usize) {
        self.len = len.min(Self::CAPACITY);
    }

    /// Takes a copy of `payload`; false if it is too long, and nothing is taken.
    pub fn fill(&mut self, payload: &[u8]) -> bool {
        let fits = payload.len() <= Self::CAPACITY;
        if fits {
            self.bytes[..payload.len()].copy_from_slice(payload);
            self.len = payload.len();
        }
        fits
    }
}

/// A voice packet on its way from the network domain into a participant's receiver.
pub struct InboundPacket {
    /// The RTP payload.
    pub payload: Box<PacketBuffer>,
    /// When it came.
    pub arrival: Timestamp,
    /// Its RTP sequence number, extended.
    pub sequence_number: i64,
    /// Its RTP timestamp, extended, in ticks of the payload format's clock.
    pub timestamp: i64,
    /// Its RTP payload type, by which the decoder is found.
    pub payload_type: u8,
    /// The marker bit: a talkspurt begins.
    pub marker: bool,
    /// Its audio level (RFC 6464) in dBov, if it carries one.
    pub level_dbov: Option<f32>,
}

/// A mix that leaves the audio domain.
pub enum Outbound {
    /// One packet for all who hear this mix.
    Packet(OutboundPacket),
    /// From the next packet on, `participant` hears its own mix (`own`) or the one that it shares with others, in this codec. Comes in
    /// order with the packets, so that none is sent under another codec's payload type.
    Route {
        /// The participant's number.
        participant: u32,
        /// Whether it hears its own mix.
        own: bool,
        /// The room's key of the codec.
        codec: u32,
    },
}

/// An encoded packet of a mix.
pub struct OutboundPacket {
    /// Who hears it.
    pub mix: Mix,
    /// The room's key of the codec that it is encoded with.
    pub codec: u32,
    /// The RTP payload; empty if DTX keeps the packet back.
    pub payload: Box<PacketBuffer>,
    /// Ticks of the payload format's clock that pass with it.
    pub ticks: u32,
    /// How loud it is in dBov.
    pub level_dbov: f32,
    /// Whether the encoder takes it for speech.
    pub voice: bool,
}

/// What the path to a participant is like, on its way from the network domain to whoever encodes for it.
#[derive(Clone, Copy, Debug)]
pub struct PathHint {
    /// The participant's number.
    pub participant: u32,
    /// What its encoder shall know.
    pub hint: NetworkHint,
}

/// Names an encoder's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mix {
    /// Everyone who hears all others and takes this codec: the number is the codec's key in the room.
    Shared(u32),
    /// One participant's own.
    Own(u32),
}
