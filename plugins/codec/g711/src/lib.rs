//! Audio codec: G.711, the codec of the telephone (ITU-T G.711; RFC 3551 section 4.5.14): 8 kHz, 64 kbit/s, no memory and no delay.
//!
//! Two payload formats, with the payload types that they have had since 1996: `PCMU/8000` (μ-law, 0) and `PCMA/8000` (A-law, 8). The codec has
//! no redundancy and no comfort noise of its own; a lost packet is made up by repeating the last pitch period (after G.711
//! Appendix I). It must never allocate once activated and never read a clock.
//!
//! Limits: 8 kHz mono; packets of 10 to 60 ms. Latency: none.
//!
//! ```
//! use jackfield_codec_g711::{G711Decoder, G711Encoder};
//! use jackfield_sdk::prelude::*;
//!
//! # fn main() -> Result<(), Fault> {
//! const PCMA: u32 = 1;
//! let mut encoder = G711Encoder::create(&Environment::seeded(1))?;
//! encoder.activate(&EncoderConfig::new(PCMA, SampleRate::HZ_8000, 1, 10), "")?;
//! let mut decoder = G711Decoder::create(&Environment::seeded(1))?;
//! decoder.activate(&DecoderConfig::new(PCMA, SampleRate::HZ_8000, 1), "")?;
//!
//! let (mut payload, mut pcm) = ([0; 1_275], [0.0; 960]);
//! let packet = encoder.encode(&[0.25; 80], &mut payload)?;
//! assert_eq!((packet.bytes, packet.ticks), (80, 80));
//! decoder.decode(&payload[..80], &mut pcm)?;
//! assert!((pcm[0] - 0.25).abs() < 0.01);
//! # Ok(())
//! # }
//! ```

mod decoder;
mod encoder;

pub use decoder::G711Decoder;
pub use encoder::G711Encoder;

use audio_codec_algorithms as tables;
use jackfield_sdk::prelude::*;

/// The two laws of compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Law {
    Mu,
    A,
}

impl Law {
    /// By the index of the payload format.
    fn of_format(index: u32) -> Result<Self, Fault> {
        match index {
            0 => Ok(Self::Mu),
            1 => Ok(Self::A),
            _ => Err(Fault::unsupported(
                "G.711 has two payload formats: pass index 0 for PCMU or 1 for PCMA",
            )),
        }
    }

    fn compress(self, sample: f32) -> u8 {
        // One bad sample is silence, not noise.
        let sample = if sample.is_finite() {
            (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
        } else {
            0
        };
        match self {
            Self::Mu => tables::encode_ulaw(sample),
            Self::A => tables::encode_alaw(sample),
        }
    }

    fn expand(self, byte: u8) -> f32 {
        let sample = match self {
            Self::Mu => tables::decode_ulaw(byte),
            Self::A => tables::decode_alaw(byte),
        };
        f32::from(sample) / 32_768.0
    }
}

/// Who the three parts are: one plugin, so one id.
const fn descriptor() -> Descriptor {
    Descriptor::new("jackfield.codec.g711", "G.711", env!("CARGO_PKG_VERSION"))
        .vendor("Jackfield")
        .license("MIT OR Apache-2.0")
        .description("G.711 (PCMU, PCMA), the codec of the telephone: 8 kHz, 64 kbit/s")
        .audio(AudioCapabilities::rates(&[8_000], 1))
        .power_efficient()
}

fn check_shape(sample_rate: SampleRate, channels: u32) -> Result<(), Fault> {
    if sample_rate == SampleRate::HZ_8000 && channels == 1 {
        Ok(())
    } else {
        Err(Fault::unsupported(
            "G.711 works at 8 kHz mono: convert the signal first",
        ))
    }
}

/// The codec as negotiation sees it.
pub struct G711 {
    parameters: (),
}

impl Plugin for G711 {
    const DESCRIPTOR: Descriptor = descriptor();
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { parameters: () })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl AudioCodec for G711 {
    fn formats(&mut self, sink: &mut dyn PayloadFormatSink) -> Result<(), Fault> {
        for (name, static_payload_type) in [("PCMU", 0), ("PCMA", 8)] {
            let format = PayloadFormat {
                clock_rate: SampleRate::HZ_8000,
                channels: 1,
                static_payload_type,
                sample_rate: SampleRate::HZ_8000,
                max_channels: 1,
                packet_ms: 20,
            };
            sink.format(name, &format, "")?;
        }
        Ok(())
    }

    /// The format has no parameters, so any offer is met and the answer is empty.
    fn answer(&mut self, index: u32, _offered: &str, answer: &mut dyn TextSink) -> Result<(), Fault> {
        Law::of_format(index)?;
        answer.text("")
    }
}

jackfield_sdk::export! { AudioCodec => G711, AudioEncoder => G711Encoder, AudioDecoder => G711Decoder }
