//! Encoders of mixes: one for all who hear the same, one for each who hears a mix of its own.

use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::{AudioEncoder, Encoded};
use jackfield_core::module::ResetReason;

use crate::converter::Converter;
use crate::history::History;
use crate::media::PacketBuffer;

/// An encoder with the converter that leads to it.
pub struct Encoder {
    encoder: Box<dyn AudioEncoder>,
    converter: Option<Converter>,
    block: Vec<f32>,
    /// A packet is begun and not complete.
    gathering: bool,
    failed: bool,
}

impl Encoder {
    /// One that takes blocks in the room's format and encodes in `format`, for which `encoder` is activated. \[control\]
    ///
    /// # Errors
    /// If the formats cannot be converted.
    pub fn new(
        encoder: Box<dyn AudioEncoder>,
        room: AudioFormat,
        format: AudioFormat,
    ) -> Result<Self, crate::converter::ConvertError> {
        let converter = if room == format {
            None
        } else {
            Some(Converter::new(room, format)?)
        };
        Ok(Self {
            encoder,
            converter,
            block: vec![0.0; format.block_len()],
            gathering: false,
            failed: false,
        })
    }

    /// The plugin.
    pub fn encoder(&mut self) -> &mut dyn AudioEncoder {
        &mut *self.encoder
    }

    /// Takes 10 ms of a mix; a complete packet goes to `payload`. \[audio\]
    ///
    /// # Errors
    /// What the encoder says.
    pub fn encode(&mut self, mix: &[f32], payload: &mut PacketBuffer) -> Result<Encoded, Fault> {
        let block = match &mut self.converter {
            Some(converter) => {
                converter.convert(mix, &mut self.block);
                &self.block[..]
            }
            None => mix,
        };
        let encoded = self.encoder.encode(block, payload.room());
        self.failed = encoded.is_err();
        let encoded = encoded?;
        payload.set_len(encoded.bytes as usize);
        self.gathering = encoded.ticks == 0;
        Ok(encoded)
    }

    /// Whether the next block begins a packet.
    pub fn is_between_packets(&self) -> bool {
        !self.gathering || self.failed
    }

    /// Whether the encoder failed when it was last asked.
    pub fn is_failed(&self) -> bool {
        self.failed
    }

    /// Starts afresh and encodes the blocks before this tick into a packet that is thrown away, so that a decoder which followed another
    /// encoder of the same signal finds about the state that it expects. The next block begins a packet. \[audio\]
    ///
    /// # Errors
    /// What the encoder says.
    pub(crate) fn prime(
        &mut self,
        history: &History,
        packet_ticks: u64,
        payload: &mut PacketBuffer,
    ) -> Result<(), Fault> {
        // How long its packets are is its own choice: as many blocks are taken as make whole ones.
        for packets in 1..=3 {
            let blocks = packets * packet_ticks as usize;
            if blocks > history.len() {
                break;
            }
            self.reset();
            for back in (0..blocks).rev() {
                self.encode(history.block(back), payload)?;
            }
            if self.is_between_packets() {
                return Ok(());
            }
        }
        self.reset();
        Ok(())
    }

    /// Forgets the signal. \[audio\]
    pub fn reset(&mut self) {
        let _ = self.encoder.reset(ResetReason::Stream);
        self.gathering = false;
        if let Some(converter) = &mut self.converter {
            converter.reset();
        }
    }
}
