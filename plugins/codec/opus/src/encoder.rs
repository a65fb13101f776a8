//! Blocks in, packets out.

use jackfield_sdk::dsp::VoiceActivity;
use jackfield_sdk::prelude::*;

use crate::fmtp::Fmtp;
use crate::settings::{Circumstances, OpusEncoderParameters};
use crate::{CLOCK_RATE, MAX_PACKET_BYTES, descriptor, known_format, supported};

/// The longest packet that is gathered.
const MAX_PACKET_MS: u32 = 60;
/// What is shown to an encoder that starts afresh in mid-stream, so that its filters and its look-ahead hold the recent past.
const PRIMER_MS: u32 = 20;

/// The encoder. It gathers 10 ms blocks into packets; with DTX the first packet of a silence is sent, so that the other end knows,
/// and the rest are kept back.
pub struct OpusEncoder {
    parameters: OpusEncoderParameters,
    active: Option<Active>,
}

impl Plugin for OpusEncoder {
    const DESCRIPTOR: Descriptor = descriptor();
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("bitrate", "bit/s", "The rate that it aims for, after all caps."),
        Statistic::gauge("packet_ms", "ms", "Length of a packet."),
        Statistic::gauge("expected_loss", "%", "The loss that its redundancy is made for."),
        Statistic::counter("packets", "packets", "Packets made."),
        Statistic::counter("bytes", "B", "Payload made."),
        Statistic::counter("dtx_packets", "packets", "Packets kept back because of silence."),
    ];
    type Parameters = OpusEncoderParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: OpusEncoderParameters::defaults(),
            active: None,
        })
    }

    fn parameters(&mut self) -> &mut OpusEncoderParameters {
        &mut self.parameters
    }

    fn parameter_changed(&mut self, _: u32) -> Result<(), Fault> {
        self.active
            .as_mut()
            .map_or(Ok(()), |active| active.apply(&self.parameters))
    }

    fn latency(&mut self) -> Latency {
        match &mut self.active {
            Some(active) => active.latency(),
            None if self.parameters.application() == opus::Application::LowDelay => {
                Latency::samples(120, CLOCK_RATE)
            }
            None => Latency::samples(312, CLOCK_RATE),
        }
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let Some(active) = &self.active else {
            return values[..6].fill(0.0);
        };
        values[0] = f64::from(active.circumstances.bitrate(&self.parameters));
        values[1] = f64::from(active.packet_ms);
        values[2] = f64::from(active.circumstances.loss(&self.parameters));
        values[3] = active.packets as f64;
        values[4] = active.bytes as f64;
        values[5] = active.kept_back as f64;
    }

    fn reset(&mut self, _: ResetReason) {
        if let Some(active) = &mut self.active {
            active.forget();
        }
    }
}

impl AudioEncoder for OpusEncoder {
    fn activate(&mut self, config: &EncoderConfig, fmtp: &str) -> Result<(), Fault> {
        known_format(config.format)?;
        self.active = Some(Active::new(config, Fmtp::parse(fmtp), &self.parameters)?);
        Ok(())
    }

    fn encode(&mut self, block: &[f32], payload: &mut [u8]) -> Result<Encoded, Fault> {
        let active = self
            .active
            .as_mut()
            .ok_or_else(|| Fault::state("call `activate` before `encode`"))?;
        active.encode(&self.parameters, block, payload)
    }

    fn network(&mut self, hint: &NetworkHint) -> Result<(), Fault> {
        let active = self
            .active
            .as_mut()
            .ok_or_else(|| Fault::state("call `activate` before `network`"))?;
        active.circumstances.network(hint, &self.parameters);
        active.apply(&self.parameters)
    }

    /// RFC 6716 section 2.1.1, and the packets that the receiver takes.
    fn limits(&mut self) -> Result<EncoderLimits, Fault> {
        Ok(self.active.as_ref().map_or(EncoderLimits::UNKNOWN, |active| {
            let longest = active.circumstances.longest_packet();
            EncoderLimits::new(
                (DataRate::kbps(6), DataRate::kbps(510)),
                (TimeDelta::ms(10), longest),
            )
        }))
    }
}

/// An encoder at work.
struct Active {
    encoder: opus::Encoder,
    sample_rate: SampleRate,
    channels: usize,
    circumstances: Circumstances,
    application: opus::Application,
    /// Length of the packet that is being gathered.
    packet_ms: u32,
    /// Interleaved: the primer, then what is gathered.
    samples: Vec<f32>,
    gathered_ms: u32,
    activity: VoiceActivity,
    voice: bool,
    silent: bool,
    /// The next packet must not lean on earlier ones.
    independent: bool,
    packets: u64,
    bytes: u64,
    kept_back: u64,
}

impl Active {
    fn new(config: &EncoderConfig, remote: Fmtp, parameters: &OpusEncoderParameters) -> Result<Self, Fault> {
        let channels = supported(config.sample_rate, config.channels)?;
        let circumstances = Circumstances::new(config.packet_ms, remote)?;
        let application = parameters.application();
        let mut encoder =
            opus::Encoder::new(config.sample_rate.as_hz(), channels, application).map_err(refused)?;
        if !remote.stereo {
            encoder
                .set_force_channels(Some(opus::Channels::Mono))
                .map_err(refused)?;
        }
        encoder
            .set_max_bandwidth(remote.max_bandwidth())
            .map_err(refused)?;
        encoder.set_vbr(!remote.constant_rate).map_err(refused)?;
        let channels = config.channels as usize;
        let samples = config
            .sample_rate
            .samples(TimeDelta::ms(i64::from(PRIMER_MS + MAX_PACKET_MS))) as usize
            * channels;
        let mut active = Self {
            encoder,
            sample_rate: config.sample_rate,
            channels,
            packet_ms: circumstances.packet_ms(parameters),
            circumstances,
            application,
            samples: vec![0.0; samples],
            gathered_ms: 0,
            activity: VoiceActivity::new(),
            voice: false,
            silent: false,
            independent: false,
            packets: 0,
            bytes: 0,
            kept_back: 0,
        };
        active.apply(parameters)?;
        Ok(active)
    }

    /// Hands the settings to libopus, which takes each of them between two packets without a gap.
    fn apply(&mut self, parameters: &OpusEncoderParameters) -> Result<(), Fault> {
        let remote = &self.circumstances.remote;
        let bitrate = opus::Bitrate::Bits(self.circumstances.bitrate(parameters));
        self.encoder.set_bitrate(bitrate).map_err(refused)?;
        self.encoder
            .set_complexity(parameters.complexity)
            .map_err(refused)?;
        self.encoder
            .set_inband_fec(parameters.fec && remote.in_band_fec)
            .map_err(refused)?;
        self.encoder
            .set_packet_loss_perc(self.circumstances.loss(parameters))
            .map_err(refused)?;
        self.encoder
            .set_dtx(parameters.dtx || remote.dtx)
            .map_err(refused)
    }

    fn encode(
        &mut self,
        parameters: &OpusEncoderParameters,
        block: &[f32],
        payload: &mut [u8],
    ) -> Result<Encoded, Fault> {
        let per_channel = self.samples_in(10);
        if block.len() != per_channel * self.channels {
            return Err(Fault::invalid(
                "pass exactly 10 ms for each channel, at the rate that `activate` was told",
            ));
        }
        if payload.len() < MAX_PACKET_BYTES {
            return Err(Fault::new(
                FaultCode::BufferTooSmall,
                "pass room for at least 1,275 bytes of payload",
            ));
        }
        if self.gathered_ms == 0 {
            self.begin_packet(parameters)?;
        }
        self.gather(block);
        if self.gathered_ms < self.packet_ms {
            return Ok(Encoded::default());
        }
        self.finish_packet(payload)
    }

    /// Puts changes into effect that need a packet's edge.
    fn begin_packet(&mut self, parameters: &OpusEncoderParameters) -> Result<(), Fault> {
        self.packet_ms = self.circumstances.packet_ms(parameters);
        let application = parameters.application();
        if application != self.application {
            // libopus fixes the application with the first packet. So it starts afresh, is shown the recent past, and makes its next
            // packet decodable without a memory of that past that the decoder does not share.
            self.encoder.reset_state().map_err(refused)?;
            self.encoder.set_application(application).map_err(refused)?;
            self.application = application;
            let mut unsent = [0; MAX_PACKET_BYTES];
            let primer = self.samples_in(PRIMER_MS) * self.channels;
            self.encoder
                .encode_float(&self.samples[..primer], &mut unsent)
                .map_err(refused)?;
            self.independent = true;
        }
        Ok(())
    }

    fn gather(&mut self, block: &[f32]) {
        let per_channel = self.samples_in(10);
        let start = self.samples_in(PRIMER_MS + self.gathered_ms) * self.channels;
        let frames = self.samples[start..].chunks_exact_mut(self.channels);
        for (sample, frame) in frames.take(per_channel).enumerate() {
            for (channel, value) in frame.iter_mut().enumerate() {
                let given = block[channel * per_channel + sample];
                // One bad sample must not poison the encoder's filters for ever.
                *value = if given.is_finite() {
                    given.clamp(-1.0, 1.0)
                } else {
                    0.0
                };
            }
        }
        self.voice |= self.activity.update(block);
        self.gathered_ms += 10;
    }

    fn finish_packet(&mut self, payload: &mut [u8]) -> Result<Encoded, Fault> {
        let primer = self.samples_in(PRIMER_MS) * self.channels;
        let end = self.samples_in(PRIMER_MS + self.packet_ms) * self.channels;
        self.gathered_ms = 0;
        let voice = std::mem::take(&mut self.voice);
        if self.independent {
            self.encoder.set_prediction_disabled(true).map_err(refused)?;
        }
        let bytes = self
            .encoder
            .encode_float(&self.samples[primer..end], &mut payload[..MAX_PACKET_BYTES]);
        if std::mem::take(&mut self.independent) {
            self.encoder.set_prediction_disabled(false).map_err(refused)?;
        }
        self.samples.copy_within(end - primer..end, 0);

        let bytes = bytes.map_err(refused)?;
        let ticks = CLOCK_RATE.samples(TimeDelta::ms(i64::from(self.packet_ms))) as u32;
        // With DTX a packet of two bytes or fewer says nothing but "silence" (RFC 6716 section 3.2.1). The first one is worth sending:
        // it tells the other end that what follows is a pause and no loss.
        let silent = bytes <= 2 && self.encoder.get_dtx().map_err(refused)?;
        let keep_back = silent && self.silent;
        self.silent = silent;
        if keep_back {
            self.kept_back += 1;
            return Ok(Encoded {
                bytes: 0,
                ticks,
                voice: 0,
                dtx: 1,
            });
        }
        self.packets += 1;
        self.bytes += bytes as u64;
        Ok(Encoded {
            bytes: bytes as u32,
            ticks,
            voice: u32::from(voice && !silent),
            dtx: u32::from(silent),
        })
    }

    fn latency(&mut self) -> Latency {
        let samples = self.encoder.get_lookahead().unwrap_or(0);
        Latency::samples(u32::try_from(samples).unwrap_or(0), self.sample_rate)
    }

    fn forget(&mut self) {
        // Cannot fail: the state is valid and the request takes no argument.
        let _ = self.encoder.reset_state();
        self.samples.fill(0.0);
        self.gathered_ms = 0;
        self.activity = VoiceActivity::new();
        self.voice = false;
        self.silent = false;
        self.independent = false;
    }

    fn samples_in(&self, ms: u32) -> usize {
        (self.sample_rate.as_hz() / 1_000 * ms) as usize
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn refused(error: opus::Error) -> Fault {
    Fault::failed(error.description())
}
