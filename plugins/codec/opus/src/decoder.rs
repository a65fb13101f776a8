//! Packets in, samples out; and what to do when a packet is missing.

use jackfield_sdk::dsp::VoiceActivity;
use jackfield_sdk::prelude::*;

use crate::packet::Head;
use crate::{descriptor, known_format, supported};

/// The longest packet that there is, and the most that is made up in one go (RFC 6716 section 3.1).
const MAX_PACKET: TimeDelta = TimeDelta::ms(120);

/// The decoder. Takes whatever an Opus encoder makes, at any rate and with any channels, whatever was negotiated (RFC 7587 section 4.3).
pub struct OpusDecoder {
    parameters: (),
    active: Option<Active>,
}

impl Plugin for OpusDecoder {
    const DESCRIPTOR: Descriptor = descriptor();
    const STATISTICS: &'static [Statistic] = &[
        Statistic::counter("decoded_packets", "packets", "Packets decoded."),
        Statistic::counter(
            "recovered_samples",
            "samples",
            "Samples recovered from redundancy in a later packet.",
        ),
        Statistic::counter("concealed_samples", "samples", "Samples made up."),
    ];
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: (),
            active: None,
        })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let Some(active) = &self.active else {
            return values[..3].fill(0.0);
        };
        values[0] = active.decoded as f64;
        values[1] = active.recovered as f64;
        values[2] = active.concealed as f64;
    }

    fn reset(&mut self, _: ResetReason) {
        if let Some(active) = &mut self.active {
            // Cannot fail: the state is valid and the request takes no argument.
            let _ = active.decoder.reset_state();
            active.activity = VoiceActivity::new();
        }
    }
}

impl OpusDecoder {
    fn active(&mut self) -> Result<&mut Active, Fault> {
        self.active
            .as_mut()
            .ok_or_else(|| Fault::state("call `activate` first"))
    }
}

impl AudioDecoder for OpusDecoder {
    /// The fmtp line is not needed: every packet says itself how it is coded.
    fn activate(&mut self, config: &DecoderConfig, _fmtp: &str) -> Result<(), Fault> {
        known_format(config.format)?;
        let channels = supported(config.sample_rate, config.channels)?;
        let decoder = opus::Decoder::new(config.sample_rate.as_hz(), channels).map_err(refused)?;
        let channels = config.channels as usize;
        let scratch = vec![0.0; config.sample_rate.samples(MAX_PACKET) as usize * channels];
        self.active = Some(Active {
            decoder,
            sample_rate: config.sample_rate,
            channels,
            scratch,
            activity: VoiceActivity::new(),
            decoded: 0,
            recovered: 0,
            concealed: 0,
        });
        Ok(())
    }

    fn probe(&mut self, packet: &[u8]) -> Result<PacketInfo, Fault> {
        self.active()?.probe(packet)
    }

    fn decode(&mut self, packet: &[u8], pcm: &mut [f32]) -> Result<Decoded, Fault> {
        self.active()?.decode(packet, pcm)
    }

    fn recover(
        &mut self,
        later: &[u8],
        back: TimeDelta,
        samples: u32,
        pcm: &mut [f32],
    ) -> Result<Decoded, Fault> {
        self.active()?.recover(later, back, samples, pcm)
    }

    fn conceal(&mut self, samples: u32, pcm: &mut [f32]) -> Result<Decoded, Fault> {
        self.active()?.conceal(samples, pcm)
    }
}

/// A decoder at work.
struct Active {
    decoder: opus::Decoder,
    sample_rate: SampleRate,
    channels: usize,
    /// 120 ms, interleaved.
    scratch: Vec<f32>,
    activity: VoiceActivity,
    decoded: u64,
    recovered: u64,
    concealed: u64,
}

impl Active {
    fn probe(&self, packet: &[u8]) -> Result<PacketInfo, Fault> {
        let samples = self.decoder.get_nb_samples(packet).map_err(refused)?;
        let head = Head::parse(packet).ok_or_else(|| Fault::invalid("the packet ends too early: drop it"))?;
        let silent = is_silence(packet);
        Ok(PacketInfo {
            samples: samples as u32,
            redundancy: u32::from(!silent && head.has_redundancy()),
            dtx: u32::from(silent),
            reserved: 0,
        })
    }

    fn decode(&mut self, packet: &[u8], pcm: &mut [f32]) -> Result<Decoded, Fault> {
        let samples = self.decoder.get_nb_samples(packet).map_err(refused)?;
        self.check_room(samples, pcm)?;
        let scratch = &mut self.scratch[..samples * self.channels];
        let written = self
            .decoder
            .decode_float(packet, scratch, false)
            .map_err(refused)?;
        self.deinterleave(written, pcm);
        self.decoded += 1;
        let loud = self.is_loud(written, pcm);
        let voice = !is_silence(packet)
            && Head::parse(packet)
                .and_then(|head| head.has_voice())
                .unwrap_or(loud);
        Ok(Decoded {
            samples: written as u32,
            voice: u32::from(voice),
        })
    }

    fn recover(
        &mut self,
        later: &[u8],
        back: TimeDelta,
        samples: u32,
        pcm: &mut [f32],
    ) -> Result<Decoded, Fault> {
        let rate = self.sample_rate.as_hz();
        let Some(head) = Head::parse(later) else {
            return Ok(Decoded::default());
        };
        // The copy is of the one frame before the packet's first; anything else is not in it.
        let adjacent = (self.sample_rate.samples(back) - i64::from(samples)).abs() <= i64::from(rate / 1_000);
        let whole = samples >= head.frame_samples(rate) && samples.is_multiple_of(rate / 400);
        if is_silence(later) || !head.has_redundancy() || !adjacent || !whole {
            return Ok(Decoded::default());
        }
        let samples = samples as usize;
        if samples * self.channels > self.scratch.len() {
            return Ok(Decoded::default());
        }
        self.check_room(samples, pcm)?;
        let scratch = &mut self.scratch[..samples * self.channels];
        let written = self.decoder.decode_float(later, scratch, true).map_err(refused)?;
        self.deinterleave(written, pcm);
        self.recovered += written as u64;
        Ok(Decoded {
            samples: written as u32,
            voice: u32::from(self.is_loud(written, pcm)),
        })
    }

    fn conceal(&mut self, samples: u32, pcm: &mut [f32]) -> Result<Decoded, Fault> {
        let samples = samples as usize;
        self.check_room(samples, pcm)?;
        let step = self.sample_rate.as_hz() as usize / 400;
        let plane = pcm.len() / self.channels;
        let mut done = 0;
        while done < samples {
            let part = (samples - done).min(self.scratch.len() / self.channels);
            // libopus makes up whole steps of 2.5 ms; what is too much is dropped.
            let whole = part.div_ceil(step) * step;
            let scratch = &mut self.scratch[..whole * self.channels];
            self.decoder.decode_float(&[], scratch, false).map_err(refused)?;
            for (channel, plane) in pcm.chunks_exact_mut(plane).enumerate() {
                let made = scratch[channel..].iter().step_by(self.channels);
                for (sample, &made) in plane[done..done + part].iter_mut().zip(made) {
                    *sample = made;
                }
            }
            done += part;
        }
        self.concealed += samples as u64;
        Ok(Decoded {
            samples: samples as u32,
            voice: 0,
        })
    }

    fn check_room(&self, samples: usize, pcm: &[f32]) -> Result<(), Fault> {
        if !pcm.len().is_multiple_of(self.channels) {
            return Err(Fault::invalid("pass one plane of equal length for each channel"));
        }
        if pcm.len() / self.channels < samples {
            return Err(Fault::new(
                FaultCode::BufferTooSmall,
                "pass room for 120 ms in each channel",
            ));
        }
        Ok(())
    }

    fn deinterleave(&self, samples: usize, pcm: &mut [f32]) {
        let plane = pcm.len() / self.channels;
        if plane == 0 {
            return;
        }
        for (channel, plane) in pcm.chunks_exact_mut(plane).enumerate() {
            let decoded = self.scratch[channel..].iter().step_by(self.channels);
            for (sample, &decoded) in plane[..samples].iter_mut().zip(decoded) {
                *sample = decoded;
            }
        }
    }

    /// Whether the first channel is louder than its background.
    fn is_loud(&mut self, samples: usize, pcm: &[f32]) -> bool {
        let block = self.sample_rate.as_hz() as usize / 100;
        pcm[..samples]
            .chunks(block)
            .fold(false, |loud, block| self.activity.update(block) | loud)
    }
}

/// Whether a packet says nothing but "silence": a table of contents with at most one byte (RFC 6716 section 3.2.1).
fn is_silence(packet: &[u8]) -> bool {
    packet.len() <= 2
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn refused(error: opus::Error) -> Fault {
    match error.code() {
        opus::ErrorCode::InvalidPacket | opus::ErrorCode::BadArg => {
            Fault::invalid("this is no Opus packet: drop it and conceal")
        }
        _ => Fault::failed(error.description()),
    }
}
