//! Blocks in, packets out.

use jackfield_sdk::dsp::VoiceActivity;
use jackfield_sdk::prelude::*;

use crate::{descriptor, wire_channels};

/// The encoder. Every block is a packet, whatever length was asked for: longer ones do not fit a network's MTU.
pub struct PcmEncoder {
    parameters: (),
    active: Option<Active>,
}

struct Active {
    samples: usize,
    channels: usize,
    on_wire: usize,
    activity: VoiceActivity,
    packets: u64,
}

impl Plugin for PcmEncoder {
    const DESCRIPTOR: Descriptor = descriptor();
    const STATISTICS: &'static [Statistic] = &[Statistic::counter("packets", "packets", "Packets made.")];
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
        values[0] = self.active.as_ref().map_or(0.0, |active| active.packets as f64);
    }

    fn reset(&mut self, _: ResetReason) {
        if let Some(active) = &mut self.active {
            active.activity = VoiceActivity::new();
        }
    }
}

impl AudioEncoder for PcmEncoder {
    fn activate(&mut self, config: &EncoderConfig, _fmtp: &str) -> Result<(), Fault> {
        let on_wire = wire_channels(config.format, config.sample_rate, config.channels)?;
        if !config.packet_ms.is_multiple_of(10) {
            return Err(Fault::invalid("`packet_ms` is a multiple of 10, or 0"));
        }
        self.active = Some(Active {
            samples: config.sample_rate.samples(BLOCK_DURATION) as usize,
            channels: config.channels as usize,
            on_wire,
            activity: VoiceActivity::new(),
            packets: 0,
        });
        Ok(())
    }

    fn encode(&mut self, block: &[f32], payload: &mut [u8]) -> Result<Encoded, Fault> {
        let active = self
            .active
            .as_mut()
            .ok_or_else(|| Fault::state("call `activate` before `encode`"))?;
        if block.len() != active.samples * active.channels {
            return Err(Fault::invalid(
                "pass exactly 10 ms for each channel, at the rate that `activate` was told",
            ));
        }
        let bytes = active.samples * active.on_wire * 2;
        if payload.len() < bytes {
            return Err(Fault::new(
                FaultCode::BufferTooSmall,
                "pass room for at least 1,275 bytes of payload",
            ));
        }
        for (frame, wire) in payload[..bytes].chunks_exact_mut(active.on_wire * 2).enumerate() {
            for (channel, wire) in wire.chunks_exact_mut(2).enumerate() {
                wire.copy_from_slice(&active.sample(block, frame, channel).to_be_bytes());
            }
        }
        active.packets += 1;
        let voice = active.activity.update(block);
        Ok(Encoded {
            bytes: bytes as u32,
            ticks: active.samples as u32,
            voice: u32::from(voice),
            dtx: 0,
        })
    }

    /// Two bytes for each sample, in packets of one block.
    fn limits(&mut self) -> Result<EncoderLimits, Fault> {
        Ok(self.active.as_ref().map_or(EncoderLimits::UNKNOWN, |active| {
            let block = DataSize::bytes((2 * active.samples * active.on_wire) as i64);
            let rate = block / BLOCK_DURATION;
            EncoderLimits::new((rate, rate), (BLOCK_DURATION, BLOCK_DURATION))
        }))
    }
}

impl Active {
    /// What is sent in `channel`: the block's own channel, its only one, or the mean of its two.
    fn sample(&self, block: &[f32], frame: usize, channel: usize) -> i16 {
        let sample = match (self.channels, self.on_wire) {
            (2, 1) => 0.5 * (block[frame] + block[self.samples + frame]),
            (1, _) => block[frame],
            _ => block[channel * self.samples + frame],
        };
        // One bad sample is silence, not noise.
        if sample.is_finite() {
            (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
        } else {
            0
        }
    }
}
