//! Encoders of mixes: one for all who hear the same, one for each who hears a mix of its own.

use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::{AudioEncoder, Encoded};
use jackfield_core::module::ResetReason;

use crate::converter::Converter;
use crate::media::PacketBuffer;

/// An encoder with the converter that leads to it.
pub struct Encoder {
    encoder: Box<dyn AudioEncoder>,
    converter: Option<Converter>,
    block: Vec<f32>,
}

impl Encoder {
    /// One that takes blocks in the room's format and encodes in `format`, for which `encoder` is activated. [control]
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
        })
    }

    /// The plugin.
    pub fn encoder(&mut self) -> &mut dyn AudioEncoder {
        &mut *self.encoder
    }

    /// Takes 10 ms of a mix; a complete packet goes to `payload`. [audio]
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
        let encoded = self.encoder.encode(block, payload.room())?;
        payload.set_len(encoded.bytes as usize);
        Ok(encoded)
    }

    /// Forgets the signal. [audio]
    pub fn reset(&mut self) {
        let _ = self.encoder.reset(ResetReason::Stream);
        if let Some(converter) = &mut self.converter {
            converter.reset();
        }
    }
}
