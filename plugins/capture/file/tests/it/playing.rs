//! E7.6: every kind of WAV file is played as it was recorded.

use std::path::Path;

use hound::{SampleFormat, WavSpec, WavWriter};
use jackfield_capture_file::FileSource;
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::{lag, level_db, rms, tone, voice};

use crate::files::{fresh, write};

fn open(path: &Path, format: &AudioFormat, looped: bool) -> FileSource {
    let mut source = FileSource::create(&Environment::seeded(1)).unwrap();
    source.parameters().looped = looped;
    source.open(path.to_str().unwrap(), format).unwrap();
    source
}

fn read(source: &mut FileSource, format: &AudioFormat, blocks: usize) -> Vec<f32> {
    let mut output = vec![0.0; format.block_len() * blocks];
    for block in output.chunks_exact_mut(format.block_len()) {
        source.read(Timestamp::ZERO, block).unwrap();
    }
    output
}

#[test]
fn e7_6_every_sample_format_is_read_to_its_own_accuracy() {
    let original = voice(1, 48_000, 24_000);
    for (bits, sample_format, accuracy) in [
        (8, SampleFormat::Int, -48.0),
        (16, SampleFormat::Int, -96.0),
        (24, SampleFormat::Int, -140.0),
        (32, SampleFormat::Int, -140.0),
        (32, SampleFormat::Float, -200.0),
    ] {
        let path = fresh();
        let spec = WavSpec {
            channels: 1,
            sample_rate: 48_000,
            bits_per_sample: bits,
            sample_format,
        };
        let mut writer = WavWriter::create(&path, spec).unwrap();
        for sample in &original {
            match sample_format {
                SampleFormat::Float => writer.write_sample(*sample).unwrap(),
                SampleFormat::Int => {
                    let full_scale = (1_i64 << (bits - 1)) as f64;
                    writer
                        .write_sample((f64::from(*sample) * full_scale).round() as i32)
                        .unwrap();
                }
            }
        }
        writer.finalize().unwrap();
        let output = read(
            &mut open(&path, &AudioFormat::MONO_48K, false),
            &AudioFormat::MONO_48K,
            50,
        );
        let error: Vec<f32> = output.iter().zip(&original).map(|(a, b)| a - b).collect();
        let db = 20.0 * rms(&error).max(1e-12).log10();
        assert!(db <= accuracy, "{bits} bits, {sample_format:?}: off by {db} dB");
    }
}

#[test]
fn e7_6_chunks_that_nobody_knows_and_the_long_header_are_read() {
    // "fmt " as WAVE_FORMAT_EXTENSIBLE (40 bytes), then a LIST chunk, then the data.
    let samples: Vec<i16> = (0..480).map(|n| n * 10).collect();
    let mut body = Vec::new();
    body.extend(b"WAVEfmt ");
    body.extend(40_u32.to_le_bytes());
    body.extend(0xFFFE_u16.to_le_bytes());
    body.extend(1_u16.to_le_bytes());
    body.extend(48_000_u32.to_le_bytes());
    body.extend(96_000_u32.to_le_bytes());
    body.extend(2_u16.to_le_bytes());
    body.extend(16_u16.to_le_bytes());
    body.extend(22_u16.to_le_bytes());
    body.extend(16_u16.to_le_bytes());
    body.extend(4_u32.to_le_bytes());
    body.extend([1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    body.extend(b"LIST");
    body.extend(4_u32.to_le_bytes());
    body.extend(b"INFO");
    body.extend(b"data");
    body.extend((samples.len() as u32 * 2).to_le_bytes());
    body.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    let mut file = b"RIFF".to_vec();
    file.extend((body.len() as u32).to_le_bytes());
    file.extend(body);
    let path = fresh();
    std::fs::write(&path, file).unwrap();
    let output = read(
        &mut open(&path, &AudioFormat::MONO_48K, false),
        &AudioFormat::MONO_48K,
        1,
    );
    for (heard, written) in output.iter().zip(&samples) {
        assert_eq!(*heard, f32::from(*written) / 32_768.0);
    }
}

#[test]
fn e7_4_a_tone_keeps_pitch_and_level_at_every_rate() {
    for from in [8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000] {
        let path = fresh();
        write(&path, from, 1, &tone(1_000.0, from, from as usize, 0.5));
        for to in [8_000, 16_000, 32_000, 44_100, 48_000] {
            let format = AudioFormat::new(SampleRate::hz(to), 1);
            let output = read(&mut open(&path, &format, false), &format, 100);
            let middle = &output[to as usize / 4..to as usize * 3 / 4];
            // Whatever is not a sine of 1 kHz is error; half a sample of delay is none.
            let [sine, cosine] = [0.0, 0.25].map(|turn| reference(to, turn, middle.len()));
            let part =
                |of: &[f32]| middle.iter().zip(of).map(|(a, b)| a * b).sum::<f32>() / (of.len() as f32 / 2.0);
            let (a, b) = (part(&sine), part(&cosine));
            let error: Vec<f32> = middle
                .iter()
                .zip(sine.iter().zip(&cosine))
                .map(|(s, (x, y))| s - a * x - b * y)
                .collect();
            assert!(
                (a.hypot(b) - 0.5).abs() < 0.002,
                "{from} to {to}: the tone is {}",
                a.hypot(b)
            );
            assert!(
                level_db(&error) < -70.0,
                "{from} to {to}: off by {} dB",
                level_db(&error)
            );
        }
    }
}

fn reference(rate: u32, turn: f64, samples: usize) -> Vec<f32> {
    (0..samples)
        .map(|n| ((n as f64 * 1_000.0 / f64::from(rate) + turn) * std::f64::consts::TAU).sin() as f32)
        .collect()
}

#[test]
fn what_the_lower_rate_cannot_hold_is_taken_away_and_not_folded_back() {
    let path = fresh();
    write(&path, 48_000, 1, &tone(6_000.0, 48_000, 48_000, 0.5));
    let format = AudioFormat::new(SampleRate::HZ_8000, 1);
    let output = read(&mut open(&path, &format, false), &format, 100);
    assert!(
        level_db(&output[800..7_200]) < -60.0,
        "{} dB",
        level_db(&output[800..7_200])
    );
}

#[test]
fn e7_7_stereo_is_mixed_down_and_mono_spread() {
    let left = tone(500.0, 48_000, 4_800, 0.4);
    let right = tone(700.0, 48_000, 4_800, 0.4);
    let path = fresh();
    let interleaved: Vec<f32> = left.iter().zip(&right).flat_map(|(l, r)| [*l, *r]).collect();
    write(&path, 48_000, 2, &interleaved);
    let mono = read(
        &mut open(&path, &AudioFormat::MONO_48K, false),
        &AudioFormat::MONO_48K,
        10,
    );
    for (n, sample) in mono.iter().enumerate() {
        assert!((sample - (left[n] + right[n]) / 2.0).abs() < 1e-4);
    }
    let four = AudioFormat::new(SampleRate::HZ_48000, 4);
    let output = read(&mut open(&path, &four, false), &four, 1);
    assert!((output[100] - left[100]).abs() < 1e-4 && (output[580] - right[100]).abs() < 1e-4);
    assert!(
        output[960..].iter().all(|sample| *sample == 0.0),
        "channels that the file does not have are silent"
    );
}

#[test]
fn a_loop_has_no_gap() {
    let path = fresh();
    // 1,000 samples are ten whole periods: the loop is a tone without end.
    let period = tone(480.0, 48_000, 1_000, 0.5);
    write(&path, 48_000, 1, &period);
    let output = read(
        &mut open(&path, &AudioFormat::MONO_48K, true),
        &AudioFormat::MONO_48K,
        50,
    );
    let endless = tone(480.0, 48_000, 24_000, 0.5);
    let found = lag(&endless, &output, 0);
    assert!(found.likeness > 0.999_9, "{found:?}");
}

#[test]
fn the_end_is_told_and_silence_follows() {
    let path = fresh();
    write(&path, 48_000, 1, &[0.5; 700]);
    let mut source = open(&path, &AudioFormat::MONO_48K, false);
    let mut block = [0.0; 480];
    assert_eq!(source.read(Timestamp::ZERO, &mut block).unwrap().ended, 0);
    assert_eq!(source.read(Timestamp::ZERO, &mut block).unwrap().ended, 1);
    assert!(block[..220].iter().all(|s| *s > 0.4) && block[220..].iter().all(|s| *s == 0.0));
}
