//! Audio codec: Opus (RFC 6716) over RTP (RFC 7587), by libopus 1.6.1.
//!
//! One RTP payload format, `opus/48000/2`. The encoder gathers 10 ms blocks into packets of 10, 20, 40 or 60 ms and can be turned up and
//! down while it runs: rate, complexity, redundancy (in-band FEC), DTX, packet length and application. The decoder recovers a lost packet
//! from the redundancy in the next one and otherwise makes it up with libopus's own concealment.
//!
//! Limits: mono and stereo; blocks at 8, 12, 16, 24 or 48 kHz; a packet is never longer than 1,275 bytes, so that it fits the path's
//! MTU. It must never allocate once activated and never read a clock. DRED and deep concealment (libopus 1.5) are not built in.
//!
//! Latency: what libopus looks ahead, 312 samples at 48 kHz (6.5 ms), or 120 with the application `lowdelay`. The encoder declares it;
//! the decoder adds none. The time that it takes to gather a packet is not counted.
//!
//! ```
//! use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
//! use jackfield_sdk::prelude::*;
//!
//! # fn main() -> Result<(), Fault> {
//! let mut encoder = OpusEncoder::create(&Environment::seeded(1))?;
//! encoder.activate(&EncoderConfig::new(0, SampleRate::HZ_48000, 1, 20), "useinbandfec=1")?;
//! let mut decoder = OpusDecoder::create(&Environment::seeded(1))?;
//! decoder.activate(&DecoderConfig::new(0, SampleRate::HZ_48000, 1), "useinbandfec=1")?;
//!
//! let (block, mut payload, mut pcm) = ([0.0; 480], [0; 1_275], [0.0; 5_760]);
//! assert_eq!(encoder.encode(&block, &mut payload)?.bytes, 0, "a packet takes two blocks");
//! let packet = encoder.encode(&block, &mut payload)?;
//! let decoded = decoder.decode(&payload[..packet.bytes as usize], &mut pcm)?;
//! assert_eq!((packet.ticks, decoded.samples), (960, 960));
//! # Ok(())
//! # }
//! ```

mod codec;
mod decoder;
mod encoder;
mod fmtp;
mod packet;
mod settings;

pub use codec::Opus;
pub use decoder::OpusDecoder;
pub use encoder::OpusEncoder;
pub use settings::OpusEncoderParameters;

use jackfield_sdk::prelude::*;

/// The rates at which libopus works, best first.
const SAMPLE_RATES: &[u32] = &[48_000, 24_000, 16_000, 12_000, 8_000];
/// The RTP clock, whatever the rate of the samples (RFC 7587 section 4.1).
const CLOCK_RATE: SampleRate = SampleRate::HZ_48000;
/// The longest frame that Opus knows, and the longest packet that the encoder makes, in bytes (RFC 6716 section 3.2.1).
const MAX_PACKET_BYTES: usize = 1_275;

/// Who the three parts are: one plugin, so one id.
const fn descriptor() -> Descriptor {
    Descriptor::new("jackfield.codec.opus", "Opus", env!("CARGO_PKG_VERSION"))
        .vendor("Jackfield")
        .license("MIT OR Apache-2.0")
        .description("Opus, the codec of the web: 6 to 510 kbit/s, speech and music, redundancy and DTX (RFC 6716, RFC 7587)")
        .audio(AudioCapabilities::rates(SAMPLE_RATES, 2))
}

/// The format, if libopus can work in it.
fn supported(sample_rate: SampleRate, channels: u32) -> Result<opus::Channels, Fault> {
    if !SAMPLE_RATES.contains(&sample_rate.as_hz()) {
        return Err(Fault::unsupported(
            "Opus works at 8, 12, 16, 24 or 48 kHz: convert the signal first",
        ));
    }
    match channels {
        1 => Ok(opus::Channels::Mono),
        2 => Ok(opus::Channels::Stereo),
        _ => Err(Fault::unsupported(
            "Opus over RTP takes one or two channels: mix down first (RFC 7587 section 4.3)",
        )),
    }
}

/// The only payload format has index 0.
fn known_format(index: u32) -> Result<(), Fault> {
    if index == 0 {
        Ok(())
    } else {
        Err(Fault::unsupported("Opus has one payload format: pass index 0"))
    }
}

jackfield_sdk::export! { AudioCodec => Opus, AudioEncoder => OpusEncoder, AudioDecoder => OpusDecoder }
