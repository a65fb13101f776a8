//! Packets in, samples out.

use jackfield_sdk::dsp::{Concealment, VoiceActivity};
use jackfield_sdk::prelude::*;

use crate::{descriptor, wire_channels};

/// The decoder. Takes packets of any length up to 120 ms.
pub struct PcmDecoder {
    parameters: (),
    active: Option<Active>,
}

struct Active {
    sample_rate: SampleRate,
    channels: usize,
    on_wire: usize,
    concealment: Concealment,
    activity: VoiceActivity,
    decoded: u64,
    concealed: u64,
}

impl Plugin for PcmDecoder {
    const DESCRIPTOR: Descriptor = descriptor();
    const STATISTICS: &'static [Statistic] = &[
        Statistic::counter("decoded_packets", "packets", "Packets decoded."),
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
        let (decoded, concealed) = self
            .active
            .as_ref()
            .map_or((0, 0), |active| (active.decoded, active.concealed));
        (values[0], values[1]) = (decoded as f64, concealed as f64);
    }

    fn reset(&mut self, _: ResetReason) {
        if let Some(active) = &mut self.active {
            active.concealment.reset();
            active.activity = VoiceActivity::new();
        }
    }
}

impl PcmDecoder {
    fn active(&mut self) -> Result<&mut Active, Fault> {
        self.active
            .as_mut()
            .ok_or_else(|| Fault::state("call `activate` first"))
    }
}

impl AudioDecoder for PcmDecoder {
    fn activate(&mut self, config: &DecoderConfig, _fmtp: &str) -> Result<(), Fault> {
        let on_wire = wire_channels(config.format, config.sample_rate, config.channels)?;
        let channels = config.channels as usize;
        self.active = Some(Active {
            sample_rate: config.sample_rate,
            channels,
            on_wire,
            concealment: Concealment::new(config.sample_rate.as_hz(), channels),
            activity: VoiceActivity::new(),
            decoded: 0,
            concealed: 0,
        });
        Ok(())
    }

    fn probe(&mut self, packet: &[u8]) -> Result<PacketInfo, Fault> {
        let samples = self.active()?.samples(packet)?;
        Ok(PacketInfo {
            samples: samples as u32,
            redundancy: 0,
            dtx: 0,
            reserved: 0,
        })
    }

    fn decode(&mut self, packet: &[u8], pcm: &mut [f32]) -> Result<Decoded, Fault> {
        let active = self.active()?;
        let samples = active.samples(packet)?;
        active.check_room(samples, pcm)?;
        let plane = pcm.len() / active.channels;
        for (frame, wire) in packet.chunks_exact(active.on_wire * 2).enumerate() {
            let heard = |channel: usize| {
                f32::from(i16::from_be_bytes([wire[channel * 2], wire[channel * 2 + 1]])) / 32_768.0
            };
            for channel in 0..active.channels {
                pcm[channel * plane + frame] = match (active.on_wire, active.channels) {
                    (2, 1) => 0.5 * (heard(0) + heard(1)),
                    (1, _) => heard(0),
                    _ => heard(channel),
                };
            }
        }
        active.concealment.received(pcm, samples);
        active.decoded += 1;
        let block = active.sample_rate.samples(BLOCK_DURATION) as usize;
        let voice = pcm[..samples]
            .chunks(block)
            .fold(false, |voice, block| active.activity.update(block) | voice);
        Ok(Decoded {
            samples: samples as u32,
            voice: u32::from(voice),
        })
    }

    fn conceal(&mut self, samples: u32, pcm: &mut [f32]) -> Result<Decoded, Fault> {
        let active = self.active()?;
        active.check_room(samples as usize, pcm)?;
        active.concealment.lost(pcm, samples as usize);
        active.concealed += u64::from(samples);
        Ok(Decoded { samples, voice: 0 })
    }
}

impl Active {
    fn samples(&self, packet: &[u8]) -> Result<usize, Fault> {
        let frame = self.on_wire * 2;
        let samples = packet.len() / frame;
        if samples == 0
            || !packet.len().is_multiple_of(frame)
            || samples > self.sample_rate.as_hz() as usize * 12 / 100
        {
            return Err(Fault::invalid(
                "an L16 packet holds whole samples of every channel, up to 120 ms: drop this one and conceal",
            ));
        }
        Ok(samples)
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
}
