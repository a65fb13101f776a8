//! E7.4: what resampling does to a tone, for every pair of a file's rate and a graph's.

use std::f64::consts::TAU;

use jackfield_capture_file::decode;
use jackfield_sdk::prelude::*;

/// For each pair the most that a tone may differ from the ideal one, in dBFS: largest deviation below 0.7 of the lower Nyquist frequency,
/// and root of the mean square over all of it up to 0.9. Where libwebrtc's `sinc_resampler_unittest.cc` has a bound for the largest
/// deviation it is far stricter. Where many samples become one the filter begins to fall before 0.9, which the mean tells.
const BOUNDS: &[(u32, u32, f64, f64)] = &[
    (8_000, 16_000, -105.0, -100.0),
    (8_000, 32_000, -105.0, -100.0),
    (8_000, 44_100, -105.0, -100.0),
    (8_000, 48_000, -105.0, -100.0),
    (16_000, 8_000, -105.0, -100.0),
    (16_000, 32_000, -105.0, -100.0),
    (16_000, 44_100, -105.0, -100.0),
    (16_000, 48_000, -105.0, -100.0),
    (22_050, 8_000, -105.0, -100.0),
    (22_050, 16_000, -105.0, -100.0),
    (22_050, 32_000, -105.0, -100.0),
    (22_050, 44_100, -105.0, -100.0),
    (22_050, 48_000, -105.0, -100.0),
    (32_000, 8_000, -105.0, -100.0),
    (32_000, 16_000, -105.0, -100.0),
    (32_000, 44_100, -105.0, -100.0),
    (32_000, 48_000, -105.0, -100.0),
    (44_100, 8_000, -105.0, -75.0),
    (44_100, 16_000, -105.0, -100.0),
    (44_100, 32_000, -105.0, -100.0),
    (44_100, 48_000, -105.0, -100.0),
    (48_000, 8_000, -105.0, -20.0),
    (48_000, 16_000, -105.0, -100.0),
    (48_000, 32_000, -105.0, -100.0),
    (48_000, 44_100, -105.0, -100.0),
    (96_000, 8_000, -105.0, -3.0),
    (96_000, 16_000, -105.0, -20.0),
    (96_000, 32_000, -105.0, -100.0),
    (96_000, 44_100, -105.0, -100.0),
    (96_000, 48_000, -105.0, -100.0),
];

/// Half a second of a tone as a WAV file of 32-bit floats.
fn file(rate: u32, hertz: f64) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..rate / 2 {
        let sample = (TAU * hertz * f64::from(n) / f64::from(rate)).sin();
        writer.write_sample(sample as f32).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// The largest deviation from the tone of peak 1 that fits best, and the root of the mean square, both in dBFS.
fn error(from: u32, to: u32, hertz: f64) -> (f64, f64) {
    let format = AudioFormat::new(SampleRate::hz(to), 1);
    let clip = decode(&file(from, hertz)[..], &format).unwrap();
    let block = format.block_samples();
    let mut heard = vec![0.0; clip.len() / block * block];
    for (n, block) in heard.chunks_exact_mut(block).enumerate() {
        clip.play((n * block.len()) as u64, false, block);
    }
    // Without beginning and end, where a filter has half a tone to work on.
    let steady = &heard[heard.len() / 4..heard.len() * 3 / 4];
    let turn = TAU * hertz / f64::from(to);
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (n, sample) in steady.iter().enumerate() {
        sine += f64::from(*sample) * (turn * n as f64).sin();
        cosine += f64::from(*sample) * (turn * n as f64).cos();
    }
    let phase = cosine.atan2(sine);
    let errors = steady
        .iter()
        .enumerate()
        .map(|(n, sample)| (f64::from(*sample) - (turn * n as f64 + phase).sin()).abs());
    let (mut largest, mut square) = (0.0_f64, 0.0);
    for error in errors {
        largest = largest.max(error);
        square += error * error;
    }
    let db = |size: f64| 20.0 * size.max(1e-9).log10();
    (db(largest), db((square / steady.len() as f64).sqrt()))
}

#[test]
fn e7_4_the_error_of_every_pair_of_rates_is_within_its_bound() {
    let mut over = Vec::new();
    for (from, to, most_largest, most_rms) in BOUNDS {
        let nyquist = f64::from(*from.min(to)) / 2.0;
        let (mut largest, mut rms) = (-200.0_f64, -200.0_f64);
        for step in 1..=18 {
            // A multiple of 100 Hz, so that whole periods fit into what is looked at.
            let share = 0.05 * f64::from(step);
            let hertz = (share * nyquist / 100.0).round() * 100.0;
            let (peak, mean) = error(*from, *to, hertz);
            if share <= 0.7 {
                largest = largest.max(peak);
            }
            rms = rms.max(mean);
        }
        println!("{from} -> {to}: largest {largest:.1} dBFS, RMS {rms:.1} dBFS");
        if largest > *most_largest || rms > *most_rms {
            over.push(format!(
                "{from} -> {to}: {largest:.1} (bound {most_largest}), RMS {rms:.1} (bound {most_rms})"
            ));
        }
    }
    assert!(over.is_empty(), "{over:#?}");
}
