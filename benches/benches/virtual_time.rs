//! How much faster than real time a conference runs in virtual time on one core: three speakers and ten listeners with the whole default
//! chain; and where the time goes.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]

use std::time::Instant;

use jackfield_benches::Hall;
use jackfield_benches::plugins::{Codec, active_speaker, default_chain, made, processor, speech};
use jackfield_core::audio_processor::{AudioProcessor, CaptureInfo, ProcessorReport};
use jackfield_core::module::Plugin;
use jackfield_core::time::Timestamp;
use jackfield_graph::media::PacketBuffer;
use jackfield_graph::processor::PreparedProcessor;
use jackfield_processing_aec3::Aec3;
use jackfield_processing_gain::Gain;
use jackfield_processing_ns_rnnoise::Rnnoise;

/// Virtual seconds of each run.
fn seconds() -> usize {
    if std::env::args().any(|arg| arg == "--test") {
        1
    } else {
        60
    }
}

fn speed(name: &str, codec: Codec, chain: impl Fn() -> Vec<Box<PreparedProcessor>>) {
    let mut hall = Hall::with_codec(13, active_speaker(13), codec);
    for voice in ["reader-1", "reader-2", "cards"] {
        hall.join(Some(Hall::packets(codec, &speech(voice, 10))), chain());
    }
    for _ in 0..10 {
        hall.join(None, chain());
    }
    for _ in 0..200 {
        hall.step();
    }
    let mut runs: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..seconds() * 100 / 5 {
                hall.step();
            }
            (seconds() as f64 / 5.0) / start.elapsed().as_secs_f64()
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    let us = 10_000.0 / runs[2];
    println!(
        "virtual-time/{name}: {:.0} x real time (median of 5; {:.0} to {:.0}), {us:.0} us a tick, (heard, encoders) {:?}",
        runs[2],
        runs[0],
        runs[4],
        hall.heard_and_encoders()
    );
}

/// Microseconds per block of 10 ms of speech.
fn per_block(name: &str, mut work: impl FnMut(usize, &[f32])) {
    let speech = speech("reader-1", seconds().min(20));
    let start = Instant::now();
    let mut blocks = 0;
    for (n, block) in speech.chunks_exact(480).enumerate() {
        work(n, block);
        blocks += 1;
    }
    println!(
        "  {name}: {:.1} us per 10 ms",
        start.elapsed().as_secs_f64() * 1e6 / f64::from(blocks)
    );
}

fn processing<T: Plugin + AudioProcessor>(name: &str) {
    let mut plugin = made::<T>();
    plugin
        .activate(&jackfield_benches::plugins::ROOM)
        .expect("it takes 48 kHz mono");
    let mut near = [0.0; 480];
    per_block(name, |n, block| {
        near.copy_from_slice(block);
        let now = Timestamp::from_ms(n as i64 * 10);
        let mut report = ProcessorReport::UNKNOWN;
        let shown = plugin.render(now, block);
        let done = plugin.process(now, &mut near, &CaptureInfo::UNKNOWN, &mut report);
        assert!(shown.is_ok() && done.is_ok());
    });
}

fn main() {
    speed("opus, default-chain", Codec::Opus, default_chain);
    speed("opus, gain-only", Codec::Opus, || vec![processor::<Gain>()]);
    speed("opus, no-processing", Codec::Opus, Vec::new);
    speed("l16, gain-only", Codec::L16, || vec![processor::<Gain>()]);
    speed("l16, no-processing", Codec::L16, Vec::new);
    println!("where it goes, one call by itself:");
    processing::<Aec3>("echo canceller, render and process");
    processing::<Rnnoise>("noise suppressor");
    processing::<Gain>("gain");
    let mut mouth = Codec::Opus.encoder();
    let mut payload = PacketBuffer::new();
    let mut packets = Vec::new();
    per_block("Opus encoder", |_, block| {
        if mouth
            .encode(block, &mut payload)
            .expect("Opus takes any block")
            .ticks
            > 0
        {
            packets.push(payload.bytes().to_vec());
        }
    });
    let mut ear = Codec::Opus.decoder();
    let mut pcm = vec![0.0; 5_760];
    per_block("Opus decoder", |n, _| {
        if n % 2 == 0
            && let Some(packet) = packets.get(n / 2)
        {
            ear.decoder.decode(packet, &mut pcm).expect("it was just encoded");
        }
    });
}
