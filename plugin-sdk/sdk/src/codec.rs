//! Parts for the authors of audio codecs: from one algorithm that turns a block into a packet and back to the three modules that a codec is.
//!
//! ```
//! use jackfield_sdk::codec::{BlockCodec, Codec, Decoder, Encoder};
//! use jackfield_sdk::prelude::*;
//!
//! /// One byte for each sample.
//! struct Bytes(());
//!
//! impl Plugin for Bytes {
//!     const DESCRIPTOR: Descriptor = Descriptor::new("example.codec.bytes", "Bytes", "1.0.0");
//!     type Parameters = ();
//!     fn create(_: &Environment) -> Result<Self, Fault> {
//!         Ok(Self(()))
//!     }
//!     fn parameters(&mut self) -> &mut () {
//!         &mut self.0
//!     }
//! }
//!
//! impl BlockCodec for Bytes {
//!     const NAME: &'static str = "X-BYTES";
//!     const SAMPLE_RATE: SampleRate = SampleRate::HZ_16000;
//!     const PACKET_BYTES: usize = 160;
//!     fn encode(&mut self, block: &[f32], packet: &mut [u8]) {
//!         packet.iter_mut().zip(block).for_each(|(byte, sample)| *byte = (sample * 127.0) as i8 as u8);
//!     }
//!     fn decode(&mut self, packet: &[u8], block: &mut [f32]) {
//!         block.iter_mut().zip(packet).for_each(|(sample, byte)| *sample = f32::from(*byte as i8) / 127.0);
//!     }
//! }
//!
//! jackfield_sdk::export! { AudioCodec => Codec<Bytes>, AudioEncoder => Encoder<Bytes>, AudioDecoder => Decoder<Bytes> }
//! ```

use jackfield_core::audio::{AudioFormat, BLOCK_DURATION, MAX_BLOCK_SAMPLES};
use jackfield_core::audio_codec::{
    AudioCodec, AudioDecoder, AudioEncoder, Decoded, DecoderConfig, Encoded, EncoderConfig, PacketInfo,
    PayloadFormat, PayloadFormatSink, TextSink,
};
use jackfield_core::environment::Environment;
use jackfield_core::module::{AudioCapabilities, Descriptor, Latency, Plugin, ResetReason};
use jackfield_core::stats::Statistic;
use jackfield_core::units::SampleRate;
use jackfield_core::{Fault, FaultCode};

use crate::dsp::{Concealment, VoiceActivity, sanitize};

/// A codec with one payload format: mono, each block of 10 ms a packet of its own, all packets of one length.
///
/// Encoder and decoder are instances of their own, so what one remembers the other does not see. Both methods are `[audio]`: they must not
/// allocate, lock or block.
pub trait BlockCodec: Plugin {
    /// Its encoding name in SDP (`a=rtpmap`): a token such as `X-MINE`.
    const NAME: &'static str;
    /// The rate of its samples and of its RTP clock.
    const SAMPLE_RATE: SampleRate;
    /// How long every packet is: at most 1,200 bytes.
    const PACKET_BYTES: usize;

    /// Turns a block of 10 ms, finite and within ±1.0, into a packet of [`Self::PACKET_BYTES`]. \[audio\]
    fn encode(&mut self, block: &[f32], packet: &mut [u8]);

    /// Turns a packet of [`Self::PACKET_BYTES`], whatever stands in it, into a block of 10 ms. \[audio\]
    fn decode(&mut self, packet: &[u8], block: &mut [f32]);
}

/// Samples of a block of `C`.
const fn block_samples<C: BlockCodec>() -> usize {
    C::SAMPLE_RATE.as_hz() as usize / 100
}

/// The module that negotiation sees.
pub struct Codec<C>(C);

/// The module that makes packets.
pub struct Encoder<C> {
    codec: C,
    activity: Option<VoiceActivity>,
    clean: [f32; MAX_BLOCK_SAMPLES],
}

/// The module that makes samples. What is lost it makes up with [`Concealment`].
pub struct Decoder<C> {
    codec: C,
    active: Option<(Concealment, VoiceActivity)>,
}

/// What all three take over from the codec, its formats excepted.
macro_rules! plugin_of_codec {
    ($module:ident, $codec:tt, $make:expr, $reset:expr) => {
        impl<C: BlockCodec> $module<C> {
            const RATES: &'static [u32] = &[C::SAMPLE_RATE.as_hz()];
        }

        impl<C: BlockCodec> Plugin for $module<C> {
            const DESCRIPTOR: Descriptor = C::DESCRIPTOR.audio(AudioCapabilities::rates(Self::RATES, 1));
            const STATISTICS: &'static [Statistic] = C::STATISTICS;
            type Parameters = C::Parameters;

            fn create(environment: &Environment) -> Result<Self, Fault> {
                C::create(environment).map($make)
            }

            fn parameters(&mut self) -> &mut C::Parameters {
                self.$codec.parameters()
            }

            fn parameter_changed(&mut self, index: u32) -> Result<(), Fault> {
                self.$codec.parameter_changed(index)
            }

            fn latency(&mut self) -> Latency {
                Plugin::latency(&mut self.$codec)
            }

            fn statistics(&mut self, values: &mut [f64]) {
                self.$codec.statistics(values);
            }

            fn reset(&mut self, reason: ResetReason) {
                Plugin::reset(&mut self.$codec, reason);
                $reset(self);
            }
        }
    };
}

plugin_of_codec!(Codec, 0, Codec, |_: &mut Self| {});
plugin_of_codec!(
    Encoder,
    codec,
    |codec| Encoder {
        codec,
        activity: None,
        clean: [0.0; MAX_BLOCK_SAMPLES]
    },
    |encoder: &mut Self| encoder.activity = encoder.activity.take().map(|_| VoiceActivity::new())
);
plugin_of_codec!(
    Decoder,
    codec,
    |codec| Decoder { codec, active: None },
    |decoder: &mut Self| {
        if let Some((concealment, activity)) = &mut decoder.active {
            concealment.reset();
            *activity = VoiceActivity::new();
        }
    }
);

impl<C: BlockCodec> AudioCodec for Codec<C> {
    fn formats(&mut self, sink: &mut dyn PayloadFormatSink) -> Result<(), Fault> {
        let format = PayloadFormat {
            clock_rate: C::SAMPLE_RATE,
            channels: 1,
            static_payload_type: PayloadFormat::DYNAMIC,
            sample_rate: C::SAMPLE_RATE,
            max_channels: 1,
            packet_ms: 10,
        };
        sink.format(C::NAME, &format, "")
    }

    fn answer(&mut self, index: u32, _offered: &str, answer: &mut dyn TextSink) -> Result<(), Fault> {
        check_format::<C>(index, C::SAMPLE_RATE, 1)?;
        answer.text("")
    }
}

impl<C: BlockCodec> AudioEncoder for Encoder<C> {
    fn activate(&mut self, config: &EncoderConfig, _fmtp: &str) -> Result<(), Fault> {
        check_format::<C>(config.format, config.sample_rate, config.channels)?;
        if !config.packet_ms.is_multiple_of(10) {
            return Err(Fault::invalid("`packet_ms` is a multiple of 10, or 0"));
        }
        self.activity = Some(VoiceActivity::new());
        Ok(())
    }

    fn encode(&mut self, block: &[f32], payload: &mut [u8]) -> Result<Encoded, Fault> {
        let activity = self.activity.as_mut().ok_or_else(not_active)?;
        let clean = &mut self.clean[..block_samples::<C>()];
        if block.len() != clean.len() {
            return Err(Fault::invalid("pass exactly 10 ms at the rate of the codec"));
        }
        let packet = payload
            .get_mut(..C::PACKET_BYTES)
            .ok_or_else(|| Fault::new(FaultCode::BufferTooSmall, "pass room for 1,275 bytes of payload"))?;
        clean.copy_from_slice(block);
        sanitize(clean, 1.0);
        self.codec.encode(clean, packet);
        Ok(Encoded {
            bytes: C::PACKET_BYTES as u32,
            ticks: block.len() as u32,
            voice: u32::from(activity.update(clean)),
            dtx: 0,
        })
    }
}

impl<C: BlockCodec> AudioDecoder for Decoder<C> {
    fn activate(&mut self, config: &DecoderConfig, _fmtp: &str) -> Result<(), Fault> {
        check_format::<C>(config.format, config.sample_rate, config.channels)?;
        self.active = Some((Concealment::new(C::SAMPLE_RATE.as_hz(), 1), VoiceActivity::new()));
        Ok(())
    }

    fn probe(&mut self, packet: &[u8]) -> Result<PacketInfo, Fault> {
        self.active.as_ref().ok_or_else(not_active)?;
        if packet.len() != C::PACKET_BYTES {
            return Err(Fault::invalid(
                "a packet of this codec has another length: drop this one and conceal",
            ));
        }
        Ok(PacketInfo {
            samples: block_samples::<C>() as u32,
            ..PacketInfo::default()
        })
    }

    fn decode(&mut self, packet: &[u8], pcm: &mut [f32]) -> Result<Decoded, Fault> {
        let samples = self.probe(packet)?.samples;
        let (concealment, activity) = self.active.as_mut().ok_or_else(not_active)?;
        let block = room(pcm, samples)?;
        self.codec.decode(packet, block);
        sanitize(block, 1.0);
        concealment.received(block, samples as usize);
        let voice = u32::from(activity.update(block));
        Ok(Decoded { samples, voice })
    }

    fn conceal(&mut self, samples: u32, pcm: &mut [f32]) -> Result<Decoded, Fault> {
        let (concealment, _) = self.active.as_mut().ok_or_else(not_active)?;
        concealment.lost(room(pcm, samples)?, samples as usize);
        Ok(Decoded { samples, voice: 0 })
    }
}

fn check_format<C: BlockCodec>(index: u32, sample_rate: SampleRate, channels: u32) -> Result<(), Fault> {
    debug_assert!(
        AudioFormat::new(C::SAMPLE_RATE, 1).is_valid() && C::SAMPLE_RATE.samples(BLOCK_DURATION) > 0,
        "a codec's rate is 8 to 48 kHz"
    );
    if index != 0 || sample_rate != C::SAMPLE_RATE || channels != 1 {
        return Err(Fault::unsupported(
            "this codec has one format, mono at its own rate: pass index 0, and convert the samples first",
        ));
    }
    Ok(())
}

fn room(pcm: &mut [f32], samples: u32) -> Result<&mut [f32], Fault> {
    pcm.get_mut(..samples as usize)
        .ok_or_else(|| Fault::new(FaultCode::BufferTooSmall, "pass room for 120 ms"))
}

fn not_active() -> Fault {
    Fault::state("call `activate` first")
}
