//! A participant's strip, as on a mixing desk: what comes in, the chain of processors, and what goes out.

use std::sync::Arc;

use jackfield_core::audio::{AudioFormat, level_dbov};
use jackfield_core::audio_codec::NetworkHint;
use jackfield_core::audio_sink::AudioSink;
use jackfield_core::audio_source::AudioSource;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, TimeDelta};
use rtrb::Consumer;

use crate::command::SwapCodec;
use crate::media::InboundPacket;
use crate::processor::ProcessorSlot;
use crate::receive::{Receiver, Recycle};
use crate::send::Encoder;
use crate::stats::StripStats;
use crate::swap::SwapMeasure;

/// After so long without a packet a participant counts as silent.
const LEVEL_HOLD: TimeDelta = TimeDelta::ms(120);
/// The level of silence (RFC 6464).
pub(crate) const SILENCE_DBOV: f32 = -127.0;

/// One participant in the audio domain. Made on the control thread, sent to the audio thread, and sent back when it leaves.
pub struct Strip {
    pub(crate) id: u32,
    pub(crate) input: Input,
    pub(crate) slots: Vec<ProcessorSlot>,
    pub(crate) output: Output,
    pub(crate) muted: bool,
    pub(crate) level_dbov: f32,
    pub(crate) block: Vec<f32>,
    pub(crate) heard: bool,
    pub(crate) pulled: bool,
    pub(crate) stats: Arc<StripStats>,
    /// A swap of the codec that waits for the edge of a packet.
    pub(crate) codec_swap: Option<Box<SwapCodec>>,
    /// A swap of the decoders whose seam has not been heard yet.
    pub(crate) settling: Option<Settling>,
    level_at: Option<Timestamp>,
}

/// Decoders have been swapped: for so many blocks more the seam is listened to.
pub(crate) struct Settling {
    pub(crate) order: Box<SwapCodec>,
    pub(crate) measure: SwapMeasure,
    pub(crate) blocks: u32,
}

/// Where a participant's voice comes from.
pub enum Input {
    /// From the network domain.
    Packets {
        /// The ring.
        inbound: Consumer<InboundPacket>,
        /// What turns packets into blocks.
        receiver: Box<Receiver>,
    },
    /// From a source in this process, such as a robot's clip.
    Source(Box<dyn AudioSource>),
    /// It only listens.
    None,
}

/// Where a participant's mix goes.
pub enum Output {
    /// To the network domain.
    Encoded(Box<Encoding>),
    /// To a sink in this process.
    Sink(Box<dyn AudioSink>),
    /// It only speaks.
    None,
}

/// The encoding of a participant's own mix.
pub struct Encoding {
    /// The room's key of the codec that it takes.
    pub codec: u32,
    /// Its own encoder, for the time in which its own voice must be left out.
    pub encoder: Encoder,
    /// Whether it hears its own mix now.
    pub(crate) own: bool,
    /// The tick until which it goes on hearing its own mix after it fell silent.
    pub(crate) own_until: u64,
    /// What it hears or in which codec has changed, and the network domain is still to be told.
    pub(crate) rerouted: bool,
    /// What the path to it is like, once the network domain has said so.
    pub(crate) hint: Option<NetworkHint>,
    /// What resources let its mix be encoded to at most, those of this participant alone.
    pub(crate) own_most: DataRate,
    /// The limit that its encoder knows.
    pub(crate) most: DataRate,
    /// Its path does not bear what all who hear the same are sent.
    pub(crate) is_narrow: bool,
    /// The block of its own mix that was sent last: the render signal of its echo canceller.
    pub(crate) last_mix: Vec<f32>,
}

impl Encoding {
    /// The encoding of a participant that takes the codec with this key.
    pub fn new(codec: u32, encoder: Encoder, format: AudioFormat) -> Self {
        Self {
            codec,
            encoder,
            own: false,
            own_until: 0,
            rerouted: true,
            hint: None,
            own_most: DataRate::INFINITE,
            most: DataRate::INFINITE,
            is_narrow: false,
            last_mix: vec![0.0; format.block_len()],
        }
    }
}

impl Strip {
    /// A strip with number `id`, unique in its room.
    pub fn new(
        id: u32,
        format: AudioFormat,
        input: Input,
        slots: Vec<ProcessorSlot>,
        output: Output,
        stats: Arc<StripStats>,
    ) -> Self {
        Self {
            id,
            input,
            slots,
            output,
            muted: false,
            level_dbov: SILENCE_DBOV,
            block: vec![0.0; format.block_len()],
            heard: false,
            pulled: false,
            stats,
            codec_swap: None,
            settling: None,
            level_at: None,
        }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Moves what has come from the network into the receiver; what has no level by itself is decoded at once, to measure it. \[audio\]
    pub(crate) fn gather(&mut self, now: Timestamp, recycle: &mut dyn Recycle) {
        self.pulled = false;
        match &mut self.input {
            Input::Packets { inbound, receiver } => {
                let mut carries_level = self.level_at.is_some();
                while let Ok(packet) = inbound.pop() {
                    if let Some(level) = packet.level_dbov {
                        carries_level = true;
                        self.level_dbov = level;
                        self.level_at = Some(now);
                    }
                    receiver.insert(now, packet, recycle);
                }
                if !carries_level {
                    self.pull(now, true, recycle);
                    self.level_dbov = level_dbov(&self.block);
                } else if self.level_at.is_some_and(|at| now.since(at) > LEVEL_HOLD) {
                    self.level_dbov = SILENCE_DBOV;
                }
            }
            Input::Source(source) => {
                if source.read(now, &mut self.block).is_err() {
                    self.block.fill(0.0);
                }
                self.pulled = true;
                self.level_dbov = level_dbov(&self.block);
            }
            Input::None => {}
        }
    }

    /// Makes the next block, or lets it go by undecoded. \[audio\]
    pub(crate) fn pull(&mut self, now: Timestamp, decode: bool, recycle: &mut dyn Recycle) {
        if std::mem::replace(&mut self.pulled, true) {
            return;
        }
        if let Input::Packets { receiver, .. } = &mut self.input {
            receiver.pull(now, &mut self.block, decode, recycle);
            self.stats.receiver_failed(receiver.is_jitter_failed());
        } else {
            self.block.fill(0.0);
        }
    }
}
