//! A codec at work: from blocks to packets and back.

use jackfield_sdk::prelude::*;

use super::{Offered, Parts};
use crate::audio_decoder::MAX_SAMPLES;
use crate::audio_encoder::PAYLOAD;
use crate::signal::voice;

/// An encoder, a network that may lose packets, and a decoder.
pub(crate) struct Line {
    pub(crate) encoder: Box<dyn AudioEncoder>,
    pub(crate) decoder: Box<dyn AudioDecoder>,
    offered: Offered,
    channels: usize,
    pub(crate) lose_every: usize,
    packets: usize,
    pub(crate) ticks: u64,
    pub(crate) samples_sent: u64,
    pub(crate) voice: u32,
    /// So many samples of a lost packet are still to be filled in.
    missing: Option<u32>,
}

impl Line {
    pub(crate) fn new(parts: &Parts, offered: &Offered, channels: u32, packet_ms: u32) -> Self {
        let (mut encoder, mut decoder) = (parts.encoder.make(1), parts.decoder.make(1));
        let config = EncoderConfig {
            packet_ms,
            ..encoder_config(offered, channels)
        };
        // Both ends want to hear every channel that there is.
        let fmtp = if channels == 2 {
            format!("{};stereo=1", offered.fmtp)
        } else {
            offered.fmtp.clone()
        };
        encoder.activate(&config, &fmtp).expect("an offered format");
        let config = DecoderConfig::new(offered.index, offered.format.sample_rate, channels);
        decoder.activate(&config, &fmtp).expect("an offered format");
        Self {
            encoder,
            decoder,
            offered: offered.clone(),
            channels: channels as usize,
            lose_every: usize::MAX,
            packets: 0,
            ticks: 0,
            samples_sent: 0,
            voice: 0,
            missing: None,
        }
    }

    /// The latency of encoder and decoder together, in samples.
    pub(crate) fn latency(&mut self) -> usize {
        let rate = u64::from(self.offered.format.sample_rate.as_hz());
        let of = |latency: Latency| {
            u64::from(latency.samples) * rate / u64::from(latency.sample_rate.as_hz().max(1))
        };
        let encoder = self.encoder.latency().expect("a latency");
        (of(encoder) + of(self.decoder.latency().expect("a latency"))) as usize
    }

    /// Sends all planes through and returns what comes out.
    pub(crate) fn run(&mut self, clean: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let block = self.offered.format.sample_rate.as_hz() as usize / 100;
        let mut heard = vec![Vec::new(); self.channels];
        for n in 0..clean[0].len() / block {
            let planar: Vec<f32> = clean
                .iter()
                .flat_map(|plane| &plane[n * block..(n + 1) * block])
                .copied()
                .collect();
            for (heard, plane) in heard.iter_mut().zip(self.block(&planar)) {
                heard.extend(plane);
            }
        }
        heard
    }

    /// Sends a block and returns the planes of what comes out, if anything does.
    pub(crate) fn block(&mut self, block: &[f32]) -> Vec<Vec<f32>> {
        let mut payload = [0; PAYLOAD];
        let encoded = self.encoder.encode(block, &mut payload).expect("a good block");
        let mut heard = vec![Vec::new(); self.channels];
        if encoded.ticks == 0 {
            assert_eq!(encoded.bytes, 0, "a packet lasts some time");
            return heard;
        }
        self.ticks += u64::from(encoded.ticks);
        self.voice += encoded.voice;
        let rate = u64::from(self.offered.format.sample_rate.as_hz());
        let samples =
            (u64::from(encoded.ticks) * rate / u64::from(self.offered.format.clock_rate.as_hz())) as u32;
        self.packets += 1;
        if encoded.bytes == 0 {
            self.give(&mut heard, |decoder, pcm| decoder.conceal(samples, pcm));
        } else if self.packets.is_multiple_of(self.lose_every) {
            self.missing = Some(samples);
            return heard;
        }
        if encoded.bytes > 0 {
            let packet = &payload[..encoded.bytes as usize];
            let info = self.decoder.probe(packet).expect("its own packet");
            assert_eq!(info.samples, samples, "the RTP clock and the packet agree");
            if let Some(missing) = self.missing.take() {
                let back = self.offered.format.sample_rate.duration(i64::from(missing));
                let recovered = self.give(&mut heard, |decoder, pcm| {
                    decoder.recover(packet, back, missing, pcm)
                });
                if recovered == 0 {
                    self.give(&mut heard, |decoder, pcm| decoder.conceal(missing, pcm));
                }
                self.samples_sent += u64::from(missing);
            }
            self.give(&mut heard, |decoder, pcm| decoder.decode(packet, pcm));
        }
        self.samples_sent += u64::from(samples);
        heard
    }

    fn give(
        &mut self,
        heard: &mut [Vec<f32>],
        make: impl FnOnce(&mut dyn AudioDecoder, &mut [f32]) -> Result<Decoded, Fault>,
    ) -> u32 {
        let mut pcm = vec![0.0; MAX_SAMPLES * self.channels];
        let decoded = make(&mut *self.decoder, &mut pcm).expect("its own packet");
        for (heard, plane) in heard.iter_mut().zip(pcm.chunks(MAX_SAMPLES)) {
            heard.extend_from_slice(&plane[..decoded.samples as usize]);
        }
        decoded.samples
    }
}

pub(crate) fn encoder_config(offered: &Offered, channels: u32) -> EncoderConfig {
    EncoderConfig::new(offered.index, offered.format.sample_rate, channels, 0)
}

/// Voices, a different one for each channel.
pub(crate) fn planes(rate: u32, channels: u32, blocks: usize) -> Vec<Vec<f32>> {
    (0..channels)
        .map(|channel| voice(u64::from(channel) + 1, rate, blocks * rate as usize / 100))
        .collect()
}
