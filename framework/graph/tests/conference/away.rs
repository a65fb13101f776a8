//! The process of a codec ends or hangs in a call: another one stands in at once, and it comes back as if nothing had been.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_core::audio::level_dbov;
use jackfield_core::audio_codec::{
    AudioDecoder, AudioDecoderProxy, AudioEncoder, AudioEncoderProxy, Decoded, DecoderConfig, Encoded,
    EncoderConfig, PacketInfo,
};
use jackfield_graph::command::Command;
use jackfield_graph::conference::SharedEncoder;
use jackfield_graph::receive::Decoder;
use jackfield_graph::send::{Encoder, Substitute};
use jackfield_sdk::prelude::*;

use crate::away::{Health, Process};

use super::codec_swap::in_step;
use super::plugins::{Codec, ROOM, made, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, bob, found_again, longest_gap, perfect};

impl<T: AudioEncoder> AudioEncoder for Process<T> {
    fn activate(&mut self, config: &EncoderConfig, fmtp: &str) -> Result<(), Fault> {
        self.call()?.activate(config, fmtp)
    }
    fn encode(&mut self, block: &[f32], payload: &mut [u8]) -> Result<Encoded, Fault> {
        self.call()?.encode(block, payload)
    }
}

impl<T: AudioDecoder> AudioDecoder for Process<T> {
    fn activate(&mut self, config: &DecoderConfig, fmtp: &str) -> Result<(), Fault> {
        self.call()?.activate(config, fmtp)
    }
    fn probe(&mut self, packet: &[u8]) -> Result<PacketInfo, Fault> {
        self.call()?.probe(packet)
    }
    fn decode(&mut self, packet: &[u8], pcm: &mut [f32]) -> Result<Decoded, Fault> {
        self.call()?.decode(packet, pcm)
    }
    fn conceal(&mut self, samples: u32, pcm: &mut [f32]) -> Result<Decoded, Fault> {
        self.call()?.conceal(samples, pcm)
    }
}

fn opus_encoder() -> AudioEncoderProxy {
    let mut proxy = AudioEncoderProxy::local(made::<OpusEncoder>());
    proxy
        .activate(&EncoderConfig::new(0, ROOM.sample_rate, 1, 20), "")
        .unwrap();
    proxy
}

fn opus_decoder() -> AudioDecoderProxy {
    let mut proxy = AudioDecoderProxy::local(made::<OpusDecoder>());
    proxy
        .activate(&DecoderConfig::new(0, ROOM.sample_rate, 1), "")
        .unwrap();
    proxy
}

/// Opus in a process of its own, for which `stand_in` encodes.
fn encoder(health: &Health, stand_in: Option<Codec>) -> Encoder {
    let process = Process::new(opus_encoder, health);
    let encoder = Encoder::new(Box::new(process), ROOM, ROOM).unwrap();
    match stand_in {
        None => encoder,
        Some(codec) => encoder.with_stand_in(Substitute {
            encoder: codec.encoder(20),
            codec: (codec != Codec::Opus).then(|| codec.key()),
            packet_blocks: 2,
            same_plugin: false,
        }),
    }
}

/// Ann speaks for twelve seconds, and Bob, who speaks too, is sent a mix of his own, Cid the one that all share. Both encoders are in processes that
/// end or hang together: in the middle of a packet, for half a second, and later for a block.
fn interrupted(fault: u32, stand_in: Option<Codec>) -> (Room, [(u32, Vec<f32>); 2], u64) {
    let (a, b) = (ann(12), bob(12));
    let health = Health::default();
    let mut room = Room::new(4, sum(4));
    let shared = SharedEncoder::new(Codec::Opus.key(), encoder(&health, stand_in));
    room.order(Command::AddSharedEncoder(Box::new(shared)));
    room.join(Invitation::to_speak(a.clone()));
    let bob = room.join(Invitation::to_speak(b.clone()).sent_by(encoder(&health, stand_in)));
    let cid = room.join(Invitation::to_listen());
    room.run_ms(3_010);
    let before = room.encoded.get(&(true, Codec::Pcmu.key())).copied().unwrap_or(0);
    assert_eq!(before, 0, "as long as it answers nobody stands in");
    health.becomes(fault);
    room.run_ms(500);
    health.becomes(Health::UP);
    room.run_ms(2_000);
    let stood_in = room.encoded.get(&(true, Codec::Pcmu.key())).copied().unwrap_or(0);
    health.becomes(fault);
    room.run_ms(10);
    health.becomes(Health::UP);
    room.run_ms(3_000);
    let listeners = [(bob, perfect(&[&a])), (cid, perfect(&[&a, &b]))];
    (room, listeners, stood_in)
}

#[test]
fn t_6_an_encoder_that_does_not_answer_is_stood_in_for_without_a_gap() {
    for fault in [Health::GONE, Health::LATE] {
        let (room, listeners, _) = interrupted(fault, Some(Codec::Opus));
        for (listener, said) in &listeners {
            let guest = room.guest(*listener);
            assert!(in_step(&guest.packets), "a packet every 20 ms, whoever made it");
            let (median, worst) = found_again(said, &guest.heard);
            assert!(median > 0.93 && worst > 0.5, "median {median}, worst {worst}");
        }
        let encoder = &room.guest(listeners[0].0).stats.encoder;
        // Half a second, the rest of a packet, and a packet.
        assert!(
            (50..=56).contains(&encoder.concealed_blocks()),
            "{} blocks went without it",
            encoder.concealed_blocks()
        );
        assert!(!encoder.is_bypassed(), "it is back");
    }
}

#[test]
fn t_6_another_codec_that_was_negotiated_stands_in_for_an_encoder() {
    let (room, listeners, stood_in) = interrupted(Health::GONE, Some(Codec::Pcmu));
    assert!((25..=27).contains(&stood_in), "{stood_in} packets in G.711");
    for (listener, said) in &listeners {
        let guest = room.guest(*listener);
        assert!(in_step(&guest.packets), "a packet every 20 ms, in either codec");
        let (median, worst) = found_again(said, &guest.heard);
        assert!(median > 0.93 && worst > 0.5, "median {median}, worst {worst}");
        assert!(
            longest_gap(&guest.heard[96_000..6 * 48_000]) < 960,
            "no hole where one takes over from the other"
        );
    }
}

#[test]
fn t_6_with_nobody_to_stand_in_the_media_clock_goes_on_and_packets_come_back_in_step() {
    let (room, listeners, _) = interrupted(Health::GONE, None);
    for (listener, _) in &listeners {
        let guest = room.guest(*listener);
        assert!(in_step(&guest.packets), "what is missing takes its time");
        let missing = guest.packets.len() - guest.arrivals.len();
        assert!(
            (26..=28).contains(&missing),
            "{missing} packets are missing: the half second, and the block"
        );
    }
}

/// A decoder for Opus in a process of its own, and whoever comes after it.
fn decoders(health: &Health, stands_in: bool) -> Vec<Decoder> {
    let isolated = Decoder {
        decoder: Box::new(Process::new(opus_decoder, health)),
        ..Codec::Opus.decoder()
    };
    let stand_in = stands_in.then(|| Codec::Opus.decoder());
    let others = [Codec::Pcmu.decoder()];
    [isolated].into_iter().chain(stand_in).chain(others).collect()
}

/// Ann speaks, and for `away_ms` the process of her decoder does not answer; what Bob hears, and Ann's numbers.
fn deaf(fault: u32, stands_in: bool, away_ms: i64) -> (Room, Vec<f32>, [u32; 2]) {
    let a = ann(10);
    let health = Health::default();
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(a.clone()).decoded_by(decoders(&health, stands_in)));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(4_000);
    health.becomes(fault);
    room.run_ms(away_ms);
    health.becomes(Health::UP);
    room.run_ms(5_000);
    (room, a, [ann, bob])
}

#[test]
fn t_6_a_decoder_that_does_not_answer_is_stood_in_for_without_a_concealed_sample() {
    for fault in [Health::GONE, Health::LATE] {
        let (room, said, [ann, bob]) = deaf(fault, true, 500);
        let stats = &room.guest(ann).stats;
        assert_eq!(stats.concealed_samples.load(Relaxed), 0);
        assert_eq!(stats.undecodable.load(Relaxed), 0);
        let away = stats.decoder.concealed_blocks();
        assert!((24..=26).contains(&away), "{away} packets went without it");
        assert!(!stats.decoder.is_bypassed(), "it is back");
        let (median, worst) = found_again(&perfect(&[&said]), room.heard(bob));
        assert!(median > 0.93 && worst > 0.5, "median {median}, worst {worst}");
    }
}

#[test]
fn t_6_with_nobody_to_stand_in_for_a_decoder_the_voice_is_made_up_until_it_is_back() {
    for fault in [Health::GONE, Health::LATE] {
        let (room, said, [ann, bob]) = deaf(fault, false, 40);
        let stats = &room.guest(ann).stats;
        let away = stats.decoder.concealed_blocks();
        assert!((2..=3).contains(&away), "{away} packets went without it");
        assert_eq!(
            stats.concealed_samples.load(Relaxed),
            away * 960,
            "what was made up is counted, and nothing else is missing"
        );
        assert_eq!(stats.late.load(Relaxed), 0);
        let heard = room.heard(bob);
        // Loud enough is what is said there; nothing of it has become silence.
        let at = 4_000 * 48..4_200 * 48;
        let holes = heard[at]
            .chunks(480)
            .filter(|block| level_dbov(block) < -60.0)
            .count();
        assert!(holes <= 1, "{holes} silent blocks");
        let (median, worst) = found_again(&perfect(&[&said]), heard);
        assert!(median > 0.93 && worst > 0.2, "median {median}, worst {worst}");
    }
}
