//! Encoders of mixes: one for all who hear the same, one for each who hears a mix of its own.

mod standing_in;

use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::{AudioEncoder, Encoded, NetworkHint};
use jackfield_core::module::ResetReason;
use jackfield_core::{Fault, FaultCode};

use self::standing_in::StandIn;
pub use self::standing_in::Substitute;
use crate::converter::Converter;
use crate::history::History;
use crate::media::PacketBuffer;

/// So many of the last blocks are kept for whoever has to begin in the middle: a packet of 60 ms, and the part of the one before that it needs.
const KEPT_BLOCKS: usize = 12;

/// An encoder with the converter that leads to it, and with whoever stands in for it while its process does not answer.
pub struct Encoder {
    plug: Plug,
    stand_in: Option<StandIn>,
    /// The blocks that were encoded last, whoever encoded them.
    recent: History,
    /// Blocks of the packet that is not complete yet.
    begun: usize,
    /// The last packet of the plugin's own: how many blocks it took, and how long it lasts.
    usual: Option<(usize, u32)>,
    absence: Absence,
    /// What the path is like, for whoever comes in.
    hint: Option<NetworkHint>,
    /// Blocks that went without the plugin.
    concealed: u64,
}

/// Whether the plugin answers. One that does not is asked again between two packets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absence {
    There,
    /// It was late with a block, which it has taken all the same, and has missed so many since.
    Late(usize),
    /// It failed, or its process ended: it knows nothing of the signal.
    Gone,
}

/// A plugin and the converter that leads to it.
struct Plug {
    encoder: Box<dyn AudioEncoder>,
    converter: Option<Converter>,
    block: Vec<f32>,
}

impl Absence {
    fn of(fault: &Fault) -> Self {
        match fault.code() {
            FaultCode::TimedOut => Self::Late(0),
            _ => Self::Gone,
        }
    }
}

impl Plug {
    fn encode(&mut self, mix: &[f32], payload: &mut PacketBuffer) -> Result<Encoded, Fault> {
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

    fn reset(&mut self) -> Result<(), Fault> {
        if let Some(converter) = &mut self.converter {
            converter.reset();
        }
        self.encoder.reset(ResetReason::Stream)
    }

    /// Starts afresh and encodes the blocks before the last `skip` into packets that are thrown away.
    fn warm(
        &mut self,
        history: &History,
        skip: usize,
        packet_blocks: usize,
        payload: &mut PacketBuffer,
    ) -> Result<(), Fault> {
        // How long its packets are is its own choice: as many blocks are taken as make whole ones.
        for packets in 1..=3 {
            let blocks = packets * packet_blocks;
            if skip + blocks > history.len() {
                break;
            }
            self.reset()?;
            let mut whole = false;
            for back in (skip..skip + blocks).rev() {
                whole = self.encode(history.block(back), payload)?.ticks > 0;
            }
            if whole {
                return Ok(());
            }
        }
        self.reset()
    }
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
            plug: Plug {
                encoder,
                converter,
                block: vec![0.0; format.block_len()],
            },
            stand_in: None,
            recent: History::new(room, KEPT_BLOCKS),
            begun: 0,
            usual: None,
            absence: Absence::There,
            hint: None,
            concealed: 0,
        })
    }

    /// The plugin.
    pub fn encoder(&mut self) -> &mut dyn AudioEncoder {
        &mut *self.plug.encoder
    }

    /// Sets a parameter of the plugin. \[audio\]
    ///
    /// # Errors
    /// What the plugin says.
    pub(crate) fn set_parameter(&mut self, index: u32, value: f64) -> Result<(), Fault> {
        self.plug.encoder.set_parameter(index, value)?;
        if let Some(stand_in) = &mut self.stand_in {
            stand_in.set_parameter(index, value);
        }
        Ok(())
    }

    /// Tells the plugin what the path is like, and whoever comes in its place. \[audio\]
    pub(crate) fn network(&mut self, hint: &NetworkHint) {
        // A codec that cannot follow goes on as it is.
        let _ = self.plug.encoder.network(hint);
        if let Some(stand_in) = &mut self.stand_in {
            stand_in.network(hint);
        }
        self.hint = Some(*hint);
    }

    /// Takes 10 ms of a mix; a complete packet goes to `payload`. Whoever stands in encodes while the plugin does not answer; with nobody to
    /// do that the packet is empty when its time is up, so that the media clock goes on. \[audio\]
    ///
    /// # Errors
    /// What the plugin says, if nobody stands in and it is not known how long its packets are.
    pub fn encode(&mut self, mix: &[f32], payload: &mut PacketBuffer) -> Result<Encoded, Fault> {
        if self.is_failed() && self.begun == 0 {
            self.come_back(payload);
        }
        if let Absence::Late(missed) = &mut self.absence {
            *missed += 1;
        }
        let encoded = self.encode_now(mix, payload);
        self.recent.push(mix);
        self.begun = match &encoded {
            Ok(encoded) if encoded.ticks == 0 => self.begun + 1,
            // After a fault a packet begins anew.
            _ => 0,
        };
        encoded
    }

    fn encode_now(&mut self, mix: &[f32], payload: &mut PacketBuffer) -> Result<Encoded, Fault> {
        let mut fault = None;
        if !self.is_failed() {
            match self.plug.encode(mix, payload) {
                Ok(encoded) => {
                    if encoded.ticks > 0 {
                        self.usual = Some((self.begun + 1, encoded.ticks));
                    }
                    return Ok(encoded);
                }
                Err(said) => {
                    self.absence = Absence::of(&said);
                    fault = Some(said);
                    if let Some(stand_in) = &mut self.stand_in {
                        stand_in.come_in(&self.recent, self.begun, payload);
                    }
                }
            }
        }
        self.concealed += 1;
        payload.set_len(0);
        if let Some(stand_in) = &mut self.stand_in {
            return stand_in.encode(mix, payload);
        }
        match (self.usual, fault) {
            (Some((blocks, ticks)), _) => Ok(Encoded {
                ticks: if self.begun + 1 >= blocks { ticks } else { 0 },
                ..Encoded::default()
            }),
            (None, Some(fault)) => Err(fault),
            (None, None) => Err(Fault::failed("the encoder failed before its first packet")),
        }
    }

    /// Between two packets the plugin is asked whether it is there again. One that was late is told what it has missed and is as it would have been;
    /// any other one goes on from the packet before.
    fn come_back(&mut self, payload: &mut PacketBuffer) {
        let blocks = self.usual.map_or(1, |(blocks, _)| blocks);
        if let Absence::Late(missed) = self.absence
            && missed.max(blocks) <= self.recent.len()
        {
            // Whether the late call came to it at all shows in where its packets end; with nothing missed the last packet shows it.
            let shown = if missed == 0 { blocks } else { missed };
            let mut whole = false;
            for back in (0..shown).rev() {
                match self.plug.encode(self.recent.block(back), payload) {
                    Ok(encoded) => whole = encoded.ticks > 0,
                    Err(fault) if fault.code() == FaultCode::TimedOut => return,
                    Err(_) => {
                        whole = false;
                        break;
                    }
                }
            }
            if whole {
                self.absence = Absence::There;
                return;
            }
        }
        let hint = self.hint;
        let plug = &mut self.plug;
        let back = plug.reset().and_then(|()| {
            if let Some(hint) = &hint {
                let _ = plug.encoder.network(hint);
            }
            plug.warm(&self.recent, 0, blocks, payload)
        });
        self.absence = match back {
            Ok(()) => Absence::There,
            Err(_) => Absence::Gone,
        };
    }

    /// The room's key of the codec in which the last packet is, where `own` is the plugin's.
    pub(crate) fn codec_or(&self, own: u32) -> u32 {
        let stand_in = self.stand_in.as_ref().filter(|_| self.is_failed());
        stand_in.and_then(|stand_in| stand_in.codec).unwrap_or(own)
    }

    /// Whether the next block begins a packet.
    pub fn is_between_packets(&self) -> bool {
        self.begun == 0
    }

    /// Whether the plugin failed when it was last asked.
    pub fn is_failed(&self) -> bool {
        self.absence != Absence::There
    }

    /// Blocks that went without the plugin: they were encoded by whoever stands in, or not at all.
    pub fn concealed_blocks(&self) -> u64 {
        self.concealed
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
        self.begun = 0;
        let primed = self.plug.warm(history, 0, packet_ticks as usize, payload);
        self.absence = match primed {
            Ok(()) => Absence::There,
            Err(_) => Absence::Gone,
        };
        if let Some(stand_in) = self.stand_in.as_mut().filter(|_| primed.is_err()) {
            stand_in.come_in(history, 0, payload);
        }
        primed
    }
}
