//! Blocks in, packets out.

use jackfield_sdk::dsp::VoiceActivity;
use jackfield_sdk::prelude::*;

use crate::{Law, check_shape, descriptor};

/// Bytes, which are samples, in 10 ms.
const BLOCK: usize = 80;
/// Blocks in the longest packet.
const MOST_BLOCKS: usize = 6;

/// The encoder. It gathers 10 ms blocks into packets; a byte is a sample.
pub struct G711Encoder {
    parameters: (),
    active: Option<Active>,
}

struct Active {
    law: Law,
    /// Length of a packet.
    wanted: usize,
    gathered: [u8; BLOCK * MOST_BLOCKS],
    length: usize,
    activity: VoiceActivity,
    voice: bool,
    packets: u64,
}

impl Plugin for G711Encoder {
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
            active.length = 0;
            active.voice = false;
            active.activity = VoiceActivity::new();
        }
    }
}

impl AudioEncoder for G711Encoder {
    fn activate(&mut self, config: &EncoderConfig, _fmtp: &str) -> Result<(), Fault> {
        check_shape(config.sample_rate, config.channels)?;
        let law = Law::of_format(config.format)?;
        let blocks = match config.packet_ms {
            0 => 2,
            ms @ (10 | 20 | 30 | 40 | 50 | 60) => ms as usize / 10,
            _ => {
                return Err(Fault::invalid(
                    "G.711 packets last 10 to 60 ms in steps of 10: set `packet_ms` so, or to 0",
                ));
            }
        };
        self.active = Some(Active {
            law,
            wanted: blocks * BLOCK,
            gathered: [0; BLOCK * MOST_BLOCKS],
            length: 0,
            activity: VoiceActivity::new(),
            voice: false,
            packets: 0,
        });
        Ok(())
    }

    fn encode(&mut self, block: &[f32], payload: &mut [u8]) -> Result<Encoded, Fault> {
        let active = self
            .active
            .as_mut()
            .ok_or_else(|| Fault::state("call `activate` before `encode`"))?;
        if block.len() != BLOCK {
            return Err(Fault::invalid("pass exactly 10 ms at 8 kHz: 80 samples"));
        }
        if payload.len() < active.wanted {
            return Err(Fault::new(
                FaultCode::BufferTooSmall,
                "pass room for at least 1,275 bytes of payload",
            ));
        }
        for (byte, &sample) in active.gathered[active.length..].iter_mut().zip(block) {
            *byte = active.law.compress(sample);
        }
        active.length += BLOCK;
        active.voice |= active.activity.update(block);
        if active.length < active.wanted {
            return Ok(Encoded::default());
        }
        payload[..active.length].copy_from_slice(&active.gathered[..active.length]);
        let length = std::mem::take(&mut active.length) as u32;
        active.packets += 1;
        Ok(Encoded {
            bytes: length,
            ticks: length,
            voice: u32::from(std::mem::take(&mut active.voice)),
            dtx: 0,
        })
    }

    /// One byte for each sample, 8,000 times a second.
    fn limits(&mut self) -> Result<EncoderLimits, Fault> {
        let rate = DataRate::kbps(64);
        Ok(EncoderLimits::new(
            (rate, rate),
            (TimeDelta::ms(10), TimeDelta::ms(10 * MOST_BLOCKS as i64)),
        ))
    }
}
