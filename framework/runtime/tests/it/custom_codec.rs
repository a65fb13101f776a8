//! E22.7: a codec that nobody but its plugin knows carries a voice through a call: offered, negotiated, decoded, mixed, encoded. Nothing of
//! the framework names it.

use std::time::{Duration, Instant};

use jackfield_core::audio::level_dbov;
use jackfield_runtime::{Engine, EngineOptions};
use jackfield_sdk::prelude::*;
use jackfield_transport_ice_dtls::IceDtls;

use super::JACKFIELD_PLUGIN;
use super::caller::{Caller, Codec, loader, manifest, transport};

/// Its RTP clock, its samples and its packets: 16 kHz, 20 ms.
const RATE: SampleRate = SampleRate::hz(16_000);
const PACKET: usize = 320;

/// One byte a sample: the square root of its size, and its sign.
fn squeezed(sample: f32) -> u8 {
    let size = (sample.abs().min(1.0).sqrt() * 127.0).round() as u8;
    if sample < 0.0 { 0x80 | size } else { size }
}

fn stretched(byte: u8) -> f32 {
    let size = (f32::from(byte & 0x7F) / 127.0).powi(2);
    if byte & 0x80 == 0 { size } else { -size }
}

const fn descriptor() -> Descriptor {
    Descriptor::new("example.codec.root", "Root", "1.0.0")
        .vendor("Example")
        .license("MIT")
        .description("A codec of nobody's")
        .audio(AudioCapabilities::rates(&[16_000], 1))
}

macro_rules! part {
    ($name:ident { $($field:ident: $type:ty),* }) => {
        #[derive(Default)]
        pub(crate) struct $name { parameters: (), $($field: $type),* }

        impl Plugin for $name {
            const DESCRIPTOR: Descriptor = descriptor();
            type Parameters = ();

            fn create(_: &Environment) -> Result<Self, Fault> {
                Ok(Self::default())
            }

            fn parameters(&mut self) -> &mut () {
                &mut self.parameters
            }
        }
    };
}

part! { Root {} }
part! { RootEncoder { waiting: Vec<u8> } }
part! { RootDecoder {} }

impl AudioCodec for Root {
    fn formats(&mut self, sink: &mut dyn PayloadFormatSink) -> Result<(), Fault> {
        let format = PayloadFormat {
            clock_rate: RATE,
            channels: 1,
            static_payload_type: PayloadFormat::DYNAMIC,
            sample_rate: RATE,
            max_channels: 1,
            packet_ms: 20,
        };
        sink.format("X-ROOT", &format, "law=2")
    }

    fn answer(&mut self, _: u32, offered: &str, answer: &mut dyn TextSink) -> Result<(), Fault> {
        if offered.contains("law=2") {
            answer.text("law=2")
        } else {
            Err(Fault::unsupported("only the second law is spoken"))
        }
    }
}

impl AudioEncoder for RootEncoder {
    fn activate(&mut self, _: &EncoderConfig, fmtp: &str) -> Result<(), Fault> {
        assert_eq!(fmtp, "law=2", "what the peer said");
        self.waiting.reserve(PACKET);
        Ok(())
    }

    fn encode(&mut self, block: &[f32], payload: &mut [u8]) -> Result<Encoded, Fault> {
        self.waiting.extend(block.iter().map(|sample| squeezed(*sample)));
        if self.waiting.len() < PACKET {
            return Ok(Encoded::default());
        }
        payload[..PACKET].copy_from_slice(&self.waiting);
        self.waiting.clear();
        Ok(Encoded {
            bytes: PACKET as u32,
            ticks: PACKET as u32,
            voice: 1,
            dtx: 0,
        })
    }
}

impl AudioDecoder for RootDecoder {
    fn activate(&mut self, _: &DecoderConfig, fmtp: &str) -> Result<(), Fault> {
        assert_eq!(fmtp, "law=2", "what we said");
        Ok(())
    }

    fn probe(&mut self, packet: &[u8]) -> Result<PacketInfo, Fault> {
        Ok(PacketInfo {
            samples: packet.len() as u32,
            ..PacketInfo::default()
        })
    }

    fn decode(&mut self, packet: &[u8], pcm: &mut [f32]) -> Result<Decoded, Fault> {
        for (sample, byte) in pcm.iter_mut().zip(packet) {
            *sample = stretched(*byte);
        }
        Ok(Decoded {
            samples: packet.len() as u32,
            voice: 1,
        })
    }

    fn conceal(&mut self, samples: u32, pcm: &mut [f32]) -> Result<Decoded, Fault> {
        pcm[..samples as usize].fill(0.0);
        Ok(Decoded { samples, voice: 0 })
    }
}

const ROOT: Codec = Codec {
    payload_type: 120,
    lines: "a=rtpmap:120 X-ROOT/16000\r\na=fmtp:120 law=2\r\n",
    ticks: PACKET as u32,
};

/// How strongly 1 kHz is in what was heard, as a share of all: what was said is such a tone.
fn share_of_tone(pcm: &[f32]) -> f32 {
    let (mut sine, mut cosine, mut all) = (0.0, 0.0, 0.0);
    for (n, sample) in pcm.iter().enumerate() {
        let phase = std::f32::consts::TAU * 1_000.0 * n as f32 / 16_000.0;
        sine += sample * phase.sin();
        cosine += sample * phase.cos();
        all += sample * sample;
    }
    2.0 * (sine * sine + cosine * cosine) / (all * pcm.len() as f32)
}

#[tokio::test(flavor = "multi_thread")]
async fn e22_7_a_codec_of_nobodys_carries_a_voice_through_a_call() {
    let engine = Engine::start(EngineOptions::new(
        manifest("profile = \"conference\"\n[sockets.noise]\nuse = \"jackfield.processing.null\"\n[sockets.echo]\nuse = \"jackfield.processing.null\"\n"),
        loader(&[JACKFIELD_PLUGIN]),
    ))
    .unwrap();
    let room = engine.open_room("room").unwrap();
    let mut ann = Caller::join_in(&room, "Ann", transport::<IceDtls>(1), ROOT).await;
    let mut bob = Caller::join_in(&room, "Bob", transport::<IceDtls>(2), ROOT).await;
    ann.connect();
    bob.connect();
    let begin = Instant::now();
    for number in 0..75 {
        while begin.elapsed() < Duration::from_millis(20 * number) {
            ann.step();
            bob.step();
        }
        let said: Vec<u8> = (0..PACKET)
            .map(|n| {
                let at = number as usize * PACKET + n;
                squeezed(0.3 * (std::f32::consts::TAU * 1_000.0 * at as f32 / 16_000.0).sin())
            })
            .collect();
        ann.say(&said);
    }
    bob.run_until(|bob| bob.heard.len() >= 75);
    assert!(bob.heard.iter().all(|(_, payload)| payload.len() == PACKET));
    let pcm: Vec<f32> = bob.heard[40..60]
        .iter()
        .flat_map(|(_, payload)| payload.iter().map(|byte| stretched(*byte)))
        .collect();
    assert!(level_dbov(&pcm) > -25.0, "{} dBov", level_dbov(&pcm));
    let share = share_of_tone(&pcm);
    assert!(share > 0.9, "what is heard is what was said: {share}");
    engine.close().await;
}
