//! E7.4, E7.7: the converters that negotiation inserts.

use std::f64::consts::TAU;

use jackfield_core::audio::AudioFormat;
use jackfield_core::units::SampleRate;
use jackfield_graph::converter::Converter;
use proptest::prelude::*;

fn format(hz: u32, channels: u32) -> AudioFormat {
    AudioFormat::new(SampleRate::hz(hz), channels)
}

/// Converts a sine of `hertz` and peak 1; gives the largest deviation from the ideal sine of the same peak, whatever its delay, in dBFS.
fn error_db(from: u32, to: u32, hertz: f64) -> f64 {
    let mut converter = Converter::new(format(from, 1), format(to, 1)).unwrap();
    let (n_in, n_out) = (from as usize / 100, to as usize / 100);
    let mut heard = Vec::new();
    for block in 0..60 {
        let input: Vec<f32> = (0..n_in)
            .map(|i| (TAU * hertz * (block * n_in + i) as f64 / f64::from(from)).sin() as f32)
            .collect();
        let mut output = vec![0.0; n_out];
        converter.convert(&input, &mut output);
        heard.extend(output.into_iter().map(f64::from));
    }
    // After the beginning: the sine of this frequency that fits best, brought to peak 1.
    let steady = &heard[20 * n_out..];
    let turn = TAU * hertz / f64::from(to);
    let (mut s, mut c) = (0.0, 0.0);
    for (i, sample) in steady.iter().enumerate() {
        s += sample * (turn * i as f64).sin();
        c += sample * (turn * i as f64).cos();
    }
    let phase = c.atan2(s);
    let error = steady
        .iter()
        .enumerate()
        .map(|(i, sample)| (sample - (turn * i as f64 + phase).sin()).abs())
        .fold(0.0, f64::max);
    20.0 * error.max(1e-9).log10()
}

/// The worst error at frequencies of `low` to `high` of the lower Nyquist frequency, at multiples of 50 Hz so that whole periods fit.
fn worst(from: u32, to: u32, low: f64, high: f64) -> f64 {
    let nyquist = f64::from(from.min(to)) / 2.0;
    (1..)
        .map(|n| f64::from(n) * 50.0)
        .skip_while(|hz| *hz < low * nyquist)
        .take_while(|hz| *hz <= high * nyquist)
        .step_by(((high - low) * nyquist / 50.0 / 24.0).max(1.0) as usize)
        .map(|hz| error_db(from, to, hz))
        .fold(-200.0, f64::max)
}

/// Bounds of libwebrtc's `sinc_resampler_unittest.cc` for the pairs that have whole blocks of 10 ms.
const BOUNDS: &[(u32, u32, f64)] = &[
    (8_000, 44_100, -62.73),
    (8_000, 48_000, -63.43),
    (16_000, 44_100, -62.54),
    (16_000, 48_000, -63.95),
    (32_000, 44_100, -63.32),
    (32_000, 48_000, -64.04),
    (44_100, 48_000, -62.63),
    (48_000, 44_100, -64.04),
];

#[test]
fn e7_4_the_errors_are_within_the_bounds_of_the_sinc_resampler() {
    let mut over = Vec::new();
    for (from, to, bound) in BOUNDS {
        let (pass, edge) = (worst(*from, *to, 0.01, 0.7), worst(*from, *to, 0.7, 0.9));
        println!("{from} -> {to}: {pass:.1} dBFS below 0.7, {edge:.1} to 0.9");
        if pass > *bound || edge > -6.02 {
            over.push(format!(
                "{from} -> {to}: {pass:.1} (bound {bound}), {edge:.1} (bound -6.02)"
            ));
        }
    }
    assert!(over.is_empty(), "{over:#?}");
}

#[test]
fn e7_4_downwards_as_well() {
    for (from, to) in [
        (48_000, 8_000),
        (48_000, 16_000),
        (48_000, 32_000),
        (44_100, 16_000),
        (44_100, 8_000),
    ] {
        let pass = worst(from, to, 0.01, 0.7);
        println!("{from} -> {to}: {pass:.1} dBFS below 0.7");
        assert!(pass < -60.0, "{from} -> {to}: {pass:.1} dBFS");
    }
}

#[test]
fn e7_4_what_lies_above_the_lower_nyquist_frequency_is_gone() {
    for (to, hertz) in [(8_000, 5_000.0), (16_000, 9_500.0)] {
        let mut converter = Converter::new(format(48_000, 1), format(to, 1)).unwrap();
        let mut peak = 0.0_f32;
        for block in 0..50 {
            let input: Vec<f32> = (0..480)
                .map(|i| (TAU * hertz * (block * 480 + i) as f64 / 48e3).sin() as f32)
                .collect();
            let mut output = vec![0.0; to as usize / 100];
            converter.convert(&input, &mut output);
            if block > 5 {
                peak = output.iter().fold(peak, |most, s| most.max(s.abs()));
            }
        }
        assert!(
            20.0 * peak.log10() < -60.0,
            "{hertz} Hz to {to}: {} dB",
            20.0 * peak.log10()
        );
    }
}

#[test]
fn e7_4_equal_rates_pass_bit_by_bit() {
    let mut converter = Converter::new(format(44_100, 1), format(44_100, 1)).unwrap();
    let input: Vec<f32> = (0..441).map(|i| i as f32 / 441.0).collect();
    let mut output = vec![0.0; 441];
    converter.convert(&input, &mut output);
    assert_eq!((input, converter.latency_samples()), (output, 0));
}

#[test]
fn the_stated_latency_is_the_measured_one() {
    for (from, to) in [
        (8_000, 48_000),
        (16_000, 48_000),
        (48_000, 16_000),
        (44_100, 48_000),
    ] {
        let mut converter = Converter::new(format(from, 1), format(to, 1)).unwrap();
        let (n_in, n_out) = (from as usize / 100, to as usize / 100);
        let mut heard = Vec::new();
        for block in 0..6 {
            let mut input = vec![0.0; n_in];
            if block == 2 {
                input[0] = 1.0;
            }
            let mut output = vec![0.0; n_out];
            converter.convert(&input, &mut output);
            heard.extend(output);
        }
        let peak = (0..heard.len())
            .max_by(|a, b| heard[*a].abs().total_cmp(&heard[*b].abs()))
            .unwrap();
        let latency = peak as i64 - 2 * n_out as i64;
        assert!(
            (latency - converter.latency_samples() as i64).abs() <= 1,
            "{from} -> {to}: {latency}, stated {}",
            converter.latency_samples()
        );
    }
}

#[test]
fn e7_7_channels_are_copied_averaged_or_kept() {
    let convert = |from: u32, to: u32, input: &[f32]| {
        let mut converter = Converter::new(format(8_000, from), format(8_000, to)).unwrap();
        let planes: Vec<f32> = input.iter().flat_map(|value| vec![*value; 80]).collect();
        let mut output = vec![9.0; 80 * to as usize];
        converter.convert(&planes, &mut output);
        output.chunks_exact(80).map(|plane| plane[40]).collect::<Vec<_>>()
    };
    assert_eq!(convert(1, 2, &[0.5]), [0.5, 0.5]);
    assert_eq!(convert(2, 1, &[0.5, 0.25]), [0.375]);
    assert_eq!(convert(2, 4, &[0.5, 0.25]), [0.5, 0.25, 0.0, 0.0]);
    assert_eq!(convert(4, 2, &[0.5, 0.25, 0.1, 0.2]), [0.5, 0.25]);
}

#[test]
fn formats_without_whole_blocks_are_refused_by_name() {
    for hz in [22_050, 96_000, 7_000] {
        let refused = Converter::new(format(hz, 1), format(48_000, 1))
            .err()
            .unwrap()
            .to_string();
        assert!(
            refused.contains(&hz.to_string()) && refused.contains("steps of 100 Hz"),
            "{refused}"
        );
    }
}

proptest! {
    #[test]
    fn no_input_makes_it_panic(from in 80_u32..=480, to in 80_u32..=480, channels in 1_u32..=3, wrong in 0_usize..1_500) {
        let made = Converter::new(format(from * 100, channels), format(to * 100, 1));
        if let Ok(mut converter) = made {
            let mut output = vec![1.0; to as usize];
            converter.convert(&vec![0.1; wrong], &mut output);
            converter.convert(&vec![0.1; from as usize * channels as usize], &mut output);
            prop_assert!(output.iter().all(|sample| sample.is_finite()));
        }
    }
}
