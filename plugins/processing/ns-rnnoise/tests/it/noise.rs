//! Noise goes, the voice stays, and the two are told apart.

use jackfield_processing_ns_rnnoise::Rnnoise;
use jackfield_sdk::prelude::*;
use jackfield_testkit::audio_processor::run;
use jackfield_testkit::real_time;
use jackfield_testkit::signal::{db, lag, largest_step, level_db, noise, voice};

const RATE: u32 = 48_000;
const SECOND: usize = RATE as usize;
const FORMAT: AudioFormat = AudioFormat::MONO_48K;
const LATENCY: usize = 480;

fn suppressor(strength: f32) -> Rnnoise {
    let mut suppressor = Rnnoise::create(&Environment::seeded(1)).unwrap();
    suppressor.parameters().strength = strength;
    suppressor.activate(&FORMAT).unwrap();
    suppressor
}

fn cleaned(suppressor: &mut Rnnoise, near: &[f32]) -> Vec<f32> {
    run(suppressor, &FORMAT, near, &vec![0.0; near.len()])
}

#[test]
fn e12_4_steady_noise_goes_down_by_12_db() {
    let near = noise(1, SECOND * 4, 0.05);
    let mut suppressor = suppressor(1.0);
    let output = cleaned(&mut suppressor, &near);
    let reduction = level_db(&near[SECOND * 2..]) - level_db(&output[SECOND * 2..]);
    assert!(reduction > 12.0, "{reduction} dB");
    let mut values = [0.0; 3];
    suppressor.statistics(&mut values);
    assert!(
        (values[1] - f64::from(level_db(&near))).abs() < 2.0,
        "noise at {} dBov is reported",
        values[1]
    );
}

#[test]
fn e12_4_a_voice_stays_and_noise_around_it_goes() {
    let voice = recorded_voice();
    let noise = noise(2, voice.len(), 0.02);
    let near: Vec<f32> = voice
        .iter()
        .zip(&noise)
        .map(|(voice, noise)| voice + noise)
        .collect();
    let output = cleaned(&mut suppressor(1.0), &near);
    // Blocks in which somebody speaks and blocks of pause, told by the clean voice.
    let level = |signal: &[f32], speaking: bool| {
        let blocks: Vec<f32> = (100..voice.len() / 480 - 2)
            .filter(|n| (level_db(&voice[n * 480..][..480]) > -35.0) == speaking)
            .filter(|n| speaking || level_db(&voice[(n - 2) * 480..][..2_400]) < -45.0)
            .flat_map(|n| signal[n * 480..][..480].to_vec())
            .collect();
        level_db(&blocks)
    };
    let late = &output[LATENCY..];
    let (kept, taken) = (
        level(late, true) - level(&voice, true),
        level(&near, false) - level(late, false),
    );
    assert!((-3.0..=1.0).contains(&kept), "the voice is at {kept} dB");
    assert!(taken > 12.0, "pauses are softer by {taken} dB");
    let found = lag(&voice[SECOND..], &output[SECOND..], 1_000);
    assert!(
        found.samples.abs_diff(LATENCY) <= 24 && found.likeness > 0.85,
        "{found:?}"
    );
}

#[test]
fn e12_6_voice_and_noise_are_told_apart() {
    let probability = |near: &[f32]| {
        let mut suppressor = suppressor(1.0);
        let mut sum = 0.0;
        for block in near.to_vec().chunks_exact_mut(480) {
            let mut report = ProcessorReport::UNKNOWN;
            suppressor
                .process(Timestamp::ZERO, block, &CaptureInfo::UNKNOWN, &mut report)
                .unwrap();
            sum += report.voice_probability;
        }
        sum / (near.len() / 480) as f32
    };
    let (speech, hiss) = (
        probability(&recorded_voice()),
        probability(&noise(3, SECOND * 3, 0.05)),
    );
    assert!(speech > 0.5 && hiss < 0.25, "speech {speech}, noise {hiss}");
}

#[test]
fn at_strength_0_the_voice_passes_and_is_only_late() {
    let near = voice(4, RATE, SECOND);
    let output = cleaned(&mut suppressor(0.0), &near);
    for (late, early) in output[LATENCY..].iter().zip(&near) {
        assert!((late - early).abs() < 1e-6, "{late} {early}");
    }
}

#[test]
fn strength_is_turned_without_a_click() {
    let near = jackfield_testkit::signal::tone(220.0, RATE, SECOND * 2, 0.2);
    let mut suppressor = suppressor(1.0);
    let mut output = near.clone();
    for (n, block) in output.chunks_exact_mut(480).enumerate() {
        suppressor.parameters().strength = if n / 10 % 2 == 0 { 1.0 } else { 0.0 };
        cleaned_block(&mut suppressor, block);
    }
    let click = db((largest_step(&output[4_800..]) - largest_step(&near) * 1.1).max(0.0));
    assert!(click < -50.0, "{click} dB");
}

#[test]
fn t_3_on_another_thread_only_the_first_block_allocates() {
    let mut suppressor = suppressor(1.0);
    let seen = on_another_thread(move || {
        let near = voice(5, RATE, 480 * 20);
        near.chunks_exact(480)
            .map(|block| {
                let mut block = block.to_vec();
                let ((), seen) = real_time::section(|| cleaned_block(&mut suppressor, &mut block));
                seen
            })
            .collect::<Vec<_>>()
    });
    for (n, seen) in seen.iter().enumerate().skip(1) {
        seen.assert_clean(&format!("block {n}"));
    }
    assert!(seen[0].mutex_locks == 0, "{}", seen[0]);
}

fn cleaned_block(suppressor: &mut Rnnoise, block: &mut [f32]) {
    suppressor
        .process(Timestamp::ZERO, block, &CaptureInfo::UNKNOWN, &mut {
            ProcessorReport::UNKNOWN
        })
        .unwrap();
}

/// A recorded voice at 48 kHz: the network was trained on people and takes no machine for one.
fn recorded_voice() -> Vec<f32> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../hosts/call-host/speech/reader-1.wav"
    );
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!((reader.spec().sample_rate, reader.spec().channels), (16_000, 1));
    let speech: Vec<f32> = reader
        .samples::<i16>()
        .map(|sample| f32::from(sample.unwrap()) / 32_768.0)
        .collect();
    let seconds = speech.len() / 16_000;
    upsampled(&speech[..seconds * 16_000])
}

/// Three times the rate, by a windowed sinc of 16 input samples to each side.
fn upsampled(signal: &[f32]) -> Vec<f32> {
    let kernel: Vec<f32> = (-48_i32..=48)
        .map(|n| {
            let x = std::f32::consts::PI * n as f32 / 3.0;
            let window = 0.5 + 0.5 * (std::f32::consts::PI * n as f32 / 49.0).cos();
            window * if n == 0 { 1.0 } else { x.sin() / x }
        })
        .collect();
    (0..signal.len() as i32 * 3)
        .map(|out| {
            (-48..=48)
                .filter(|n| (out + n).rem_euclid(3) == 0)
                .filter_map(|n| {
                    Some(signal.get(usize::try_from((out + n) / 3).ok()?)? * kernel[(n + 48) as usize])
                })
                .sum()
        })
        .collect()
}

#[allow(
    clippy::disallowed_methods,
    reason = "the audio thread is another than the one that activates"
)]
fn on_another_thread<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> R {
    std::thread::spawn(body).join().unwrap()
}
