//! Packets in, samples out.

use jackfield_sdk::dsp::{Concealment, VoiceActivity};
use jackfield_sdk::prelude::*;

use crate::{Law, check_shape, descriptor};

/// The longest packet that is taken: 120 ms.
const MAX_PACKET_BYTES: usize = 960;

/// The decoder. A byte is a sample; what is missing is made up by repeating the last pitch period.
pub struct G711Decoder {
    parameters: (),
    active: Option<Active>,
}

struct Active {
    law: Law,
    concealment: Concealment,
    activity: VoiceActivity,
    decoded: u64,
    concealed: u64,
}

impl Plugin for G711Decoder {
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

impl G711Decoder {
    fn active(&mut self) -> Result<&mut Active, Fault> {
        self.active
            .as_mut()
            .ok_or_else(|| Fault::state("call `activate` first"))
    }
}

impl AudioDecoder for G711Decoder {
    fn activate(&mut self, config: &DecoderConfig, _fmtp: &str) -> Result<(), Fault> {
        check_shape(config.sample_rate, config.channels)?;
        self.active = Some(Active {
            law: Law::of_format(config.format)?,
            concealment: Concealment::new(8_000, 1),
            activity: VoiceActivity::new(),
            decoded: 0,
            concealed: 0,
        });
        Ok(())
    }

    fn probe(&mut self, packet: &[u8]) -> Result<PacketInfo, Fault> {
        self.active()?;
        let samples = check_packet(packet)?;
        Ok(PacketInfo {
            samples,
            redundancy: 0,
            dtx: 0,
            reserved: 0,
        })
    }

    fn decode(&mut self, packet: &[u8], pcm: &mut [f32]) -> Result<Decoded, Fault> {
        let active = self.active()?;
        let samples = check_packet(packet)?;
        check_room(samples, pcm)?;
        for (sample, &byte) in pcm.iter_mut().zip(packet) {
            *sample = active.law.expand(byte);
        }
        active.concealment.received(pcm, packet.len());
        active.decoded += 1;
        let blocks = pcm[..packet.len()].chunks(80);
        let voice = blocks.fold(false, |voice, block| active.activity.update(block) | voice);
        Ok(Decoded {
            samples,
            voice: u32::from(voice),
        })
    }

    fn conceal(&mut self, samples: u32, pcm: &mut [f32]) -> Result<Decoded, Fault> {
        let active = self.active()?;
        check_room(samples, pcm)?;
        active.concealment.lost(pcm, samples as usize);
        active.concealed += u64::from(samples);
        Ok(Decoded { samples, voice: 0 })
    }
}

fn check_packet(packet: &[u8]) -> Result<u32, Fault> {
    if packet.is_empty() || packet.len() > MAX_PACKET_BYTES {
        return Err(Fault::invalid(
            "a G.711 packet holds 1 to 960 bytes, 120 ms: drop this one and conceal",
        ));
    }
    Ok(packet.len() as u32)
}

fn check_room(samples: u32, pcm: &[f32]) -> Result<(), Fault> {
    if pcm.len() < samples as usize {
        return Err(Fault::new(FaultCode::BufferTooSmall, "pass room for 120 ms"));
    }
    Ok(())
}
