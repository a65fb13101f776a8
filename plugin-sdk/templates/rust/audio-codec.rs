//! PLUGIN_TITLE: an audio codec. One byte for each sample, at 16 kHz: 128 kbit/s; put your own into `encode` and `decode`.

use jackfield_sdk::codec::{BlockCodec, Codec, Decoder, Encoder};
use jackfield_sdk::prelude::*;

/// One instance: one direction of one participant's voice.
pub struct PluginName {
    parameters: (),
}

impl Plugin for PluginName {
    const DESCRIPTOR: Descriptor = Descriptor::new("PLUGIN_ID", "PLUGIN_TITLE", "0.1.0")
        .vendor("PLUGIN_VENDOR")
        .license("MIT OR Apache-2.0")
        .description("One byte for each sample, at 16 kHz.");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { parameters: () })
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl BlockCodec for PluginName {
    /// What the codec is called in SDP. Peers that know the name and the clock can be called with it.
    const NAME: &'static str = "X-PLUGIN_UPPER";
    const SAMPLE_RATE: SampleRate = SampleRate::HZ_16000;
    const PACKET_BYTES: usize = 160;
    // Ten milliseconds in, a packet out. No allocation, no lock, no clock in here.
    fn encode(&mut self, block: &[f32], packet: &mut [u8]) {
        for (byte, sample) in packet.iter_mut().zip(block) {
            *byte = (sample.abs().sqrt().copysign(*sample) * 127.0).round() as i8 as u8;
        }
    }
    fn decode(&mut self, packet: &[u8], block: &mut [f32]) {
        for (sample, byte) in block.iter_mut().zip(packet) {
            let root = f32::from(*byte as i8) / 127.0;
            *sample = root * root.abs();
        }
    }
}

jackfield_sdk::export! {
    AudioCodec => Codec<PluginName>, AudioEncoder => Encoder<PluginName>, AudioDecoder => Decoder<PluginName>
}
