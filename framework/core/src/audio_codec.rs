//! Area: audio codec. Three traits under one plugin id: the codec itself (its RTP payload formats and how its fmtp lines are matched),
//! its encoder and its decoder. Because the payload format comes with the codec, a codec that nobody knows yet works end to end.

use jackfield_abi::Fault;
use jackfield_macros::{area, callback, ffi};

use crate::module::Module;
use crate::swap::{Join, SwapRules};
use crate::units::{DataRate, DataSize, SampleRate, TimeDelta};

/// How one is swapped. In the shadow its packets are decoded again, to see that a listener can.
pub const CODEC_SWAP: SwapRules = SwapRules {
    shadow: TimeDelta::ms(300),
    join: Join::PacketEdge,
    probation: TimeDelta::ms(400),
};

/// A codec as negotiation sees it. Its encoder and decoder are modules of their own with the same id.
///
/// # Example
/// ```
/// use jackfield_sdk::prelude::*;
/// use jackfield_sdk::codec::{BlockCodec, Codec, Decoder, Encoder};
///
/// /// A byte for each sample, at 16 kHz.
/// # struct Bytes {
/// #     parameters: (),
/// # }
/// # impl Plugin for Bytes {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.bytes", "Bytes", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { parameters: () })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// impl BlockCodec for Bytes {
///     const NAME: &'static str = "X-BYTES";
///     const SAMPLE_RATE: SampleRate = SampleRate::HZ_16000;
///     const PACKET_BYTES: usize = 160;
///     fn encode(&mut self, block: &[f32], packet: &mut [u8]) {
///         for (byte, sample) in packet.iter_mut().zip(block) {
///             *byte = (sample * 127.0).round() as i8 as u8;
///         }
///     }
///     fn decode(&mut self, packet: &[u8], block: &mut [f32]) {
///         for (sample, byte) in block.iter_mut().zip(packet) {
///             *sample = f32::from(*byte as i8) / 127.0;
///         }
///     }
/// }
///
/// struct Names(Vec<String>);
/// impl PayloadFormatSink for Names {
///     fn format(&mut self, name: &str, format: &PayloadFormat, _fmtp: &str) -> Result<(), Fault> {
///         self.0.push(format!("{name}/{}", format.clock_rate.as_hz()));
///         Ok(())
///     }
/// }
///
/// let mut codec = Codec::<Bytes>::create(&Environment::seeded(1))?;
/// let mut names = Names(Vec::new());
/// codec.formats(&mut names)?;
/// assert_eq!(names.0, ["X-BYTES/16000"]);
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.audio-codec/1")]
pub trait AudioCodec: Module {
    /// Tells every payload format that it can be carried in, best first. At any time, and the same each time: the place in this list is the
    /// index by which everything else names a format. [control]
    fn formats(&mut self, sink: &mut dyn PayloadFormatSink) -> Result<(), Fault>;

    /// Answers the fmtp parameters that a remote end offers for format `index` (text after the payload type of `a=fmtp`, may be empty):
    /// puts our own parameters into `answer`. At any time. Unknown parameters are no fault. Fails with `Unsupported` if the offer cannot be
    /// met or there is no such format. [control]
    fn answer(&mut self, index: u32, offered: &str, answer: &mut dyn TextSink) -> Result<(), Fault>;
}

/// Takes the payload formats of a codec.
#[callback]
pub trait PayloadFormatSink {
    /// One format: its encoding name in SDP (`opus`), its numbers, and the fmtp parameters to offer (may be empty).
    fn format(&mut self, name: &str, format: &PayloadFormat, fmtp: &str) -> Result<(), Fault>;
}

/// Takes a text.
#[callback]
pub trait TextSink {
    /// The text, or its next part.
    fn text(&mut self, text: &str) -> Result<(), Fault>;
}

impl TextSink for String {
    fn text(&mut self, text: &str) -> Result<(), Fault> {
        self.push_str(text);
        Ok(())
    }
}

/// The numbers of an RTP payload format (RFC 3551).
#[ffi]
#[derive(Eq)]
pub struct PayloadFormat {
    /// The RTP clock.
    pub clock_rate: SampleRate,
    /// Channels as `a=rtpmap` names them (Opus always says 2, RFC 7587 section 7).
    pub channels: u32,
    /// The static payload type (RFC 3551 table 4), or [`PayloadFormat::DYNAMIC`].
    pub static_payload_type: u32,
    /// The rate at which encoder and decoder work.
    pub sample_rate: SampleRate,
    /// The most channels that encoder and decoder work with.
    pub max_channels: u32,
    /// The usual length of a packet.
    pub packet_ms: u32,
}

impl PayloadFormat {
    /// No static payload type: one of 96 to 127 is chosen in negotiation.
    pub const DYNAMIC: u32 = u32::MAX;
}

/// Turns blocks into packets.
///
/// Shapes: planar `f32`, 10 ms at the format's `sample_rate`, `config.channels` channels. Life: `activate`, then `encode` every 10 ms.
///
/// # Example
/// ```
/// # use jackfield_sdk::prelude::*;
/// # use jackfield_sdk::codec::{BlockCodec, Codec, Decoder, Encoder};
///
/// # /// A byte for each sample, at 16 kHz.
/// # struct Bytes {
/// #     parameters: (),
/// # }
/// # impl Plugin for Bytes {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.bytes", "Bytes", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { parameters: () })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// # impl BlockCodec for Bytes {
/// #     const NAME: &'static str = "X-BYTES";
/// #     const SAMPLE_RATE: SampleRate = SampleRate::HZ_16000;
/// #     const PACKET_BYTES: usize = 160;
/// #     fn encode(&mut self, block: &[f32], packet: &mut [u8]) {
/// #         for (byte, sample) in packet.iter_mut().zip(block) {
/// #             *byte = (sample * 127.0).round() as i8 as u8;
/// #         }
/// #     }
/// #     fn decode(&mut self, packet: &[u8], block: &mut [f32]) {
/// #         for (sample, byte) in block.iter_mut().zip(packet) {
/// #             *sample = f32::from(*byte as i8) / 127.0;
/// #         }
/// #     }
/// # }
///
/// // `Bytes` is the codec of the example beside `AudioCodec`: a byte for each sample, at 16 kHz.
/// let mut encoder = Encoder::<Bytes>::create(&Environment::seeded(1))?;
/// encoder.activate(&EncoderConfig::new(0, SampleRate::HZ_16000, 1, 10), "")?;
/// let mut payload = [0; 1_275];
/// let encoded = encoder.encode(&[0.5; 160], &mut payload)?;
/// assert_eq!((encoded.bytes, encoded.ticks), (160, 160));
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.audio-encoder/1")]
pub trait AudioEncoder: Module {
    /// Fixes format and fmtp (the remote end's parameters: what it wants to receive) and makes all that `encode` will need. Before the first
    /// block, and again for another format or packet length. Fails with `Unsupported` for what it does not offer. [control]
    fn activate(&mut self, config: &EncoderConfig, fmtp: &str) -> Result<(), Fault>;

    /// Takes the next 10 ms. When they complete a packet, writes it to `payload` (at least 1,275 bytes) and says so; else `bytes` is 0.
    /// Fails with `State` before `activate`, with `Invalid` if `block` is not one block, with `BufferTooSmall` if the packet has no room.
    /// Must not allocate, lock or block. [audio]
    fn encode(&mut self, block: &[f32], payload: &mut [u8]) -> Result<Encoded, Fault>;

    /// Tells what the network is like now; what follows from it (rate, redundancy, packet length) is the codec's own choice. Between two
    /// blocks. Must not allocate, lock or block. [audio]
    fn network(&mut self, hint: &NetworkHint) -> Result<(), Fault> {
        let _ = hint;
        Ok(())
    }

    /// Between which bounds it can work, as things stand. Before `activate` nothing is known. Must not allocate, lock or block. [audio]
    #[since(2)]
    fn limits(&mut self) -> Result<EncoderLimits, Fault> {
        Ok(EncoderLimits::UNKNOWN)
    }
}

/// How an encoder is set up.
#[ffi(grows)]
pub struct EncoderConfig {
    /// The size of this struct in bytes.
    pub size: u32,
    /// Index of the payload format among those the codec tells.
    pub format: u32,
    /// The rate of the blocks.
    pub sample_rate: SampleRate,
    /// Channels of the blocks.
    pub channels: u32,
    /// Length of a packet in ms, a multiple of 10; 0 for the codec's usual.
    pub packet_ms: u32,
    /// Zero.
    pub reserved: u32,
}

impl EncoderConfig {
    /// Format `format`, `channels` channels at `sample_rate`, packets of `packet_ms`.
    pub const fn new(format: u32, sample_rate: SampleRate, channels: u32, packet_ms: u32) -> Self {
        Self {
            size: size_of::<Self>() as u32,
            format,
            sample_rate,
            channels,
            packet_ms,
            reserved: 0,
        }
    }
}

/// What an encoder made of a block.
#[ffi]
#[derive(Eq, Default)]
pub struct Encoded {
    /// Length of the packet in bytes; 0 if none is complete, or if DTX keeps it back.
    pub bytes: u32,
    /// RTP clock ticks that have passed with the packet, also when DTX keeps it back; 0 while it is incomplete.
    pub ticks: u32,
    /// 1 if the encoder takes it for speech, else 0.
    pub voice: u32,
    /// 1 if this packet is comfort noise or nothing at all (DTX), else 0.
    pub dtx: u32,
}

/// What the network is like, for an encoder.
#[ffi(grows)]
pub struct NetworkHint {
    /// The size of this struct in bytes.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// The rate that this stream may use, payload only.
    pub target: DataRate,
    /// The round-trip time.
    pub round_trip: TimeDelta,
    /// Share of packets lost, 0 to 1.
    pub loss: f32,
    /// Mean length of a burst of losses, in packets.
    pub mean_burst: f32,
    /// What the whole path bears, for all streams together; zero if unknown.
    pub bandwidth: DataRate,
    /// What each packet adds to its payload on the wire; zero if unknown.
    pub overhead: DataSize,
    /// The shortest packet that the receiver takes (`minptime`); zero if it did not say.
    pub shortest_packet: TimeDelta,
    /// The longest (`maxptime`); zero if it did not say.
    pub longest_packet: TimeDelta,
    /// Share of packets lost that redundancy in the packet behind would have recovered, 0 to 1; never more than `loss`.
    pub recoverable_loss: f32,
    /// Zero.
    pub reserved2: u32,
}

impl NetworkHint {
    /// A hint with a target rate and a share of losses.
    pub const fn new(target: DataRate, loss: f32, mean_burst: f32, round_trip: TimeDelta) -> Self {
        Self {
            size: size_of::<Self>() as u32,
            reserved: 0,
            target,
            round_trip,
            loss,
            mean_burst,
            bandwidth: DataRate::ZERO,
            overhead: DataSize::ZERO,
            shortest_packet: TimeDelta::ZERO,
            longest_packet: TimeDelta::ZERO,
            recoverable_loss: 0.0,
            reserved2: 0,
        }
    }
}

/// Between which bounds an encoder can work. Zero in a field means: unknown.
#[ffi(grows)]
#[derive(Eq)]
pub struct EncoderLimits {
    /// The size of this struct in bytes.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// The least rate.
    pub minimum: DataRate,
    /// The greatest rate.
    pub maximum: DataRate,
    /// The shortest packet.
    pub shortest_packet: TimeDelta,
    /// The longest packet.
    pub longest_packet: TimeDelta,
}

impl EncoderLimits {
    /// Nothing known.
    pub const UNKNOWN: Self = Self {
        size: size_of::<Self>() as u32,
        reserved: 0,
        minimum: DataRate::ZERO,
        maximum: DataRate::ZERO,
        shortest_packet: TimeDelta::ZERO,
        longest_packet: TimeDelta::ZERO,
    };

    /// Rates and lengths of packets, each from the least to the greatest.
    pub const fn new(rates: (DataRate, DataRate), packets: (TimeDelta, TimeDelta)) -> Self {
        Self {
            minimum: rates.0,
            maximum: rates.1,
            shortest_packet: packets.0,
            longest_packet: packets.1,
            ..Self::UNKNOWN
        }
    }
}

/// Turns packets into samples, and makes up what is missing.
///
/// Shapes: output is planar `f32` at `config.sample_rate`; `pcm` holds `config.channels` planes of `pcm.len() / channels` samples, and the
/// samples written stand at the start of each plane. Life: `activate`, then the rest in any order; packets may hold anything, for they come
/// from outside.
///
/// # Example
/// ```
/// # use jackfield_sdk::prelude::*;
/// # use jackfield_sdk::codec::{BlockCodec, Codec, Decoder, Encoder};
///
/// # /// A byte for each sample, at 16 kHz.
/// # struct Bytes {
/// #     parameters: (),
/// # }
/// # impl Plugin for Bytes {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.bytes", "Bytes", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { parameters: () })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// # impl BlockCodec for Bytes {
/// #     const NAME: &'static str = "X-BYTES";
/// #     const SAMPLE_RATE: SampleRate = SampleRate::HZ_16000;
/// #     const PACKET_BYTES: usize = 160;
/// #     fn encode(&mut self, block: &[f32], packet: &mut [u8]) {
/// #         for (byte, sample) in packet.iter_mut().zip(block) {
/// #             *byte = (sample * 127.0).round() as i8 as u8;
/// #         }
/// #     }
/// #     fn decode(&mut self, packet: &[u8], block: &mut [f32]) {
/// #         for (sample, byte) in block.iter_mut().zip(packet) {
/// #             *sample = f32::from(*byte as i8) / 127.0;
/// #         }
/// #     }
/// # }
///
/// // `Bytes` is the codec of the example beside `AudioCodec`: a byte for each sample, at 16 kHz.
/// let mut decoder = Decoder::<Bytes>::create(&Environment::seeded(1))?;
/// decoder.activate(&DecoderConfig::new(0, SampleRate::HZ_16000, 1), "")?;
/// let mut pcm = [0.0; 160];
/// let decoded = decoder.decode(&[127; 160], &mut pcm)?;
/// assert_eq!((decoded.samples, pcm[0]), (160, 1.0));
/// // Nothing came in time: something is made up.
/// assert_eq!(decoder.conceal(160, &mut pcm)?.samples, 160);
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.audio-decoder/1")]
pub trait AudioDecoder: Module {
    /// Fixes format and fmtp (our own parameters: what we said we want to receive). Before anything else, and again for another format. Fails
    /// with `Unsupported` for what it does not offer. [control]
    fn activate(&mut self, config: &DecoderConfig, fmtp: &str) -> Result<(), Fault>;

    /// Looks into a packet without decoding it; nothing that is decoded later changes by that. Fails with `Invalid` if it is none. Must not
    /// allocate, lock or block. [audio]
    fn probe(&mut self, packet: &[u8]) -> Result<PacketInfo, Fault>;

    /// Decodes a packet (at most 120 ms). Gives as many samples as `probe` says. Fails with `Invalid` if it is none: the host then
    /// conceals. Must not allocate, lock or block. [audio]
    fn decode(&mut self, packet: &[u8], pcm: &mut [f32]) -> Result<Decoded, Fault>;

    /// Recovers the `samples` samples that lie `back` before the packet `later`, from redundancy in it (in-band FEC, DRED). `samples` of 0
    /// in the answer: it holds none, and the host conceals. `later` itself is decoded afterwards. Must not allocate, lock or block. [audio]
    fn recover(
        &mut self,
        later: &[u8],
        back: TimeDelta,
        samples: u32,
        pcm: &mut [f32],
    ) -> Result<Decoded, Fault> {
        let _ = (later, back, samples, pcm);
        Ok(Decoded::default())
    }

    /// Makes up `samples` samples, exactly so many, for a packet that is missing; before the first packet they are quiet. Must not
    /// allocate, lock or block. [audio]
    fn conceal(&mut self, samples: u32, pcm: &mut [f32]) -> Result<Decoded, Fault>;
}

/// How a decoder is set up.
#[ffi(grows)]
pub struct DecoderConfig {
    /// The size of this struct in bytes.
    pub size: u32,
    /// Index of the payload format among those the codec tells.
    pub format: u32,
    /// The rate of the output.
    pub sample_rate: SampleRate,
    /// Channels of the output.
    pub channels: u32,
}

impl DecoderConfig {
    /// Format `format`, `channels` channels at `sample_rate`.
    pub const fn new(format: u32, sample_rate: SampleRate, channels: u32) -> Self {
        Self {
            size: size_of::<Self>() as u32,
            format,
            sample_rate,
            channels,
        }
    }
}

/// What a packet holds.
#[ffi]
#[derive(Eq, Default)]
pub struct PacketInfo {
    /// Samples per channel at the decoder's rate.
    pub samples: u32,
    /// 1 if it holds redundancy for earlier packets, else 0.
    pub redundancy: u32,
    /// 1 if it is comfort noise, else 0.
    pub dtx: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a decoder gave.
#[ffi]
#[derive(Eq, Default)]
pub struct Decoded {
    /// Samples per channel written.
    pub samples: u32,
    /// 1 if they are speech, 0 if comfort noise or unknown.
    pub voice: u32,
}
