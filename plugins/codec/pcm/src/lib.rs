//! Audio codec: uncompressed 16-bit samples (RFC 3551 section 4.5.11), for networks where rate is no matter and for finding out what the
//! other codecs take away.
//!
//! Two payload formats, both with packets of 10 ms because longer ones do not fit a network's MTU: `L16/48000/1` (768 kbit/s) and
//! `L16/24000/2` (48 kHz stereo would take 1,920 bytes in 10 ms). Samples are big-endian, channels interleaved. A lost packet is made up by repeating
//! the last pitch period. It must never allocate once activated and never read a clock.
//!
//! Limits: one or two channels of samples for either format: mono is sent twice in stereo, stereo is mixed down to mono. Latency: none.
//!
//! ```
//! use jackfield_codec_pcm::{PcmDecoder, PcmEncoder};
//! use jackfield_sdk::prelude::*;
//!
//! # fn main() -> Result<(), Fault> {
//! let mut encoder = PcmEncoder::create(&Environment::seeded(1))?;
//! encoder.activate(&EncoderConfig::new(0, SampleRate::HZ_48000, 1, 10), "")?;
//! let mut decoder = PcmDecoder::create(&Environment::seeded(1))?;
//! decoder.activate(&DecoderConfig::new(0, SampleRate::HZ_48000, 1), "")?;
//!
//! let (mut payload, mut pcm) = ([0; 1_275], [0.0; 5_760]);
//! let packet = encoder.encode(&[0.25; 480], &mut payload)?;
//! assert_eq!((packet.bytes, packet.ticks, payload[0]), (960, 480, 0x20));
//! decoder.decode(&payload[..960], &mut pcm)?;
//! assert_eq!(pcm[..480], [0.25; 480]);
//! # Ok(())
//! # }
//! ```

mod decoder;
mod encoder;

pub use decoder::PcmDecoder;
pub use encoder::PcmEncoder;

use jackfield_sdk::prelude::*;

/// Rates and channels of the payload formats, by index.
const FORMATS: [(SampleRate, u32); 2] = [(SampleRate::HZ_48000, 1), (SampleRate::hz(24_000), 2)];

/// Who the three parts are: one plugin, so one id.
const fn descriptor() -> Descriptor {
    Descriptor::new("jackfield.codec.pcm", "Uncompressed", env!("CARGO_PKG_VERSION"))
        .vendor("Jackfield")
        .license("MIT OR Apache-2.0")
        .description("16-bit samples as they are (L16, RFC 3551): 48 kHz mono or 24 kHz stereo, 768 kbit/s")
        .audio(AudioCapabilities::rates(&[48_000, 24_000], 2))
        .power_efficient()
}

/// The channels on the wire of format `index`, if samples of this shape can be carried in it.
fn wire_channels(index: u32, sample_rate: SampleRate, channels: u32) -> Result<usize, Fault> {
    let Some(&(rate, on_wire)) = FORMATS.get(index as usize) else {
        return Err(Fault::unsupported(
            "L16 is offered in two formats: pass index 0 for 48 kHz mono or 1 for 24 kHz stereo",
        ));
    };
    if sample_rate != rate {
        return Err(Fault::unsupported(
            "the samples must have the rate of the payload format: convert them first",
        ));
    }
    if !(1..=2).contains(&channels) {
        return Err(Fault::unsupported("pass one or two channels: mix down first"));
    }
    Ok(on_wire as usize)
}

/// The codec as negotiation sees it.
pub struct Pcm {
    parameters: (),
}

impl Plugin for Pcm {
    const DESCRIPTOR: Descriptor = descriptor();
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { parameters: () })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl AudioCodec for Pcm {
    fn formats(&mut self, sink: &mut dyn PayloadFormatSink) -> Result<(), Fault> {
        for (rate, channels) in FORMATS {
            let format = PayloadFormat {
                clock_rate: rate,
                channels,
                static_payload_type: PayloadFormat::DYNAMIC,
                sample_rate: rate,
                max_channels: channels,
                packet_ms: 10,
            };
            sink.format("L16", &format, "")?;
        }
        Ok(())
    }

    /// Emphasis and channel order (RFC 3555) are not offered; nothing else has parameters, so the answer is empty.
    fn answer(&mut self, index: u32, offered: &str, answer: &mut dyn TextSink) -> Result<(), Fault> {
        if FORMATS.get(index as usize).is_none() {
            return Err(Fault::unsupported(
                "L16 is offered in two formats: pass index 0 or 1",
            ));
        }
        let emphasised = |pair: &str| pair.trim().to_ascii_lowercase().starts_with("emphasis");
        if offered.split(';').any(emphasised) {
            return Err(Fault::unsupported(
                "L16 with emphasis cannot be played: offer it without",
            ));
        }
        answer.text("")
    }
}

jackfield_sdk::export! { AudioCodec => Pcm, AudioEncoder => PcmEncoder, AudioDecoder => PcmDecoder }
