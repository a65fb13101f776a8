//! E11.3: the generator gives the frequency and level that were asked for, and the meter reads what is there.

use jackfield_capture_tone::{ToneMeter, ToneSource, Waveform};
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::{discontinuity_db, largest_step, level_db, tone};

fn source(rate: u32, location: &str) -> (ToneSource, AudioFormat) {
    let format = AudioFormat::new(SampleRate::hz(rate), 1);
    let mut source = ToneSource::create(&Environment::seeded(5)).unwrap();
    source.open(location, &format).unwrap();
    (source, format)
}

fn read(source: &mut ToneSource, format: &AudioFormat, blocks: usize) -> Vec<f32> {
    let mut output = vec![0.0; format.block_len() * blocks];
    for block in output.chunks_exact_mut(format.block_len()) {
        source.read(Timestamp::ZERO, block).unwrap();
    }
    output
}

fn measure(signal: &[f32], rate: u32, hertz: &str) -> ToneMeter {
    let format = AudioFormat::new(SampleRate::hz(rate), 1);
    let mut meter = ToneMeter::create(&Environment::seeded(1)).unwrap();
    meter.open(hertz, &format).unwrap();
    for block in signal.chunks_exact(format.block_len()) {
        meter.write(Timestamp::ZERO, block).unwrap();
    }
    meter
}

#[test]
fn e11_3_level_and_frequency_are_those_that_were_set() {
    for rate in [8_000, 16_000, 44_100, 48_000] {
        for (hertz, level) in [("440", -20.0), ("1000", -3.02), ("3000", -60.0)] {
            let (mut source, format) = source(rate, hertz);
            source.parameters().level = level;
            read(&mut source, &format, 5);
            let output = read(&mut source, &format, 100);
            assert!(
                (level_db(&output) - level).abs() < 0.05,
                "{rate} Hz: {} dB",
                level_db(&output)
            );
            let meter = measure(&output, rate, hertz);
            assert!(
                (meter.tone_dbov() - f64::from(level)).abs() < 0.1,
                "{rate} Hz: {} dB at {hertz}",
                meter.tone_dbov()
            );
            let beside = measure(&output, rate, "2000");
            assert!(
                beside.tone_dbov() < f64::from(level) - 40.0,
                "{} dB where no tone is",
                beside.tone_dbov()
            );
        }
    }
}

#[test]
fn the_meter_reads_a_tone_below_noise() {
    let signal: Vec<f32> = tone(1_000.0, 48_000, 48_000, 0.001)
        .iter()
        .zip(jackfield_testkit::signal::noise(1, 48_000, 0.001))
        .map(|(tone, noise)| tone + noise)
        .collect();
    let meter = measure(&signal, 48_000, "1000");
    assert!((meter.tone_dbov() + 63.0).abs() < 1.0, "{}", meter.tone_dbov());
}

#[test]
fn noise_has_the_level_that_was_set_and_is_white() {
    let (mut source, format) = source(48_000, "");
    source.parameters().waveform = 1;
    source.parameters().level = -30.0;
    assert_eq!(source.waveform(), Waveform::Noise);
    read(&mut source, &format, 5);
    let output = read(&mut source, &format, 200);
    assert!((level_db(&output) + 30.0).abs() < 0.2, "{}", level_db(&output));
    let neighbours: f32 = output.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let power: f32 = output.iter().map(|sample| sample * sample).sum();
    assert!(
        (neighbours / power).abs() < 0.02,
        "neighbours are correlated by {}",
        neighbours / power
    );
}

#[test]
fn two_seeds_give_two_noises() {
    let noise = |seed| {
        let mut source = ToneSource::create(&Environment::seeded(seed)).unwrap();
        source.parameters().waveform = 1;
        source.open("", &AudioFormat::MONO_48K).unwrap();
        read(&mut source, &AudioFormat::MONO_48K, 2)
    };
    assert_eq!(noise(1), noise(1));
    assert_ne!(noise(1), noise(2));
}

#[test]
fn a_sweep_goes_from_one_frequency_to_the_other() {
    let (mut source, format) = source(48_000, "200");
    source.parameters().waveform = 2;
    source.parameters().sweep_to = 3_200.0;
    source.parameters().sweep_time = 4.0;
    let output = read(&mut source, &format, 400);
    // Zero crossings upward in 100 ms around a moment tell the frequency there: 200 Hz doubles every second.
    for (second, hertz) in [
        (0.5_f32, 283.0),
        (1.0, 400.0),
        (2.0, 800.0),
        (3.0, 1_600.0),
        (3.5, 2_263.0),
    ] {
        let at = (second * 48_000.0) as usize;
        let crossings = output[at - 2_400..at + 2_400]
            .windows(2)
            .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
            .count();
        let measured = crossings as f32 * 10.0;
        assert!(
            (measured / hertz - 1.0).abs() < 0.05,
            "after {second} s: {measured} Hz, not {hertz}"
        );
    }
}

#[test]
fn a_new_level_or_frequency_makes_no_click() {
    let (mut source, format) = source(48_000, "300");
    let mut output = Vec::new();
    for n in 0..100 {
        source.parameters().level = [-20.0, -40.0, -12.0][n / 10 % 3];
        source.parameters().frequency = [300.0, 410.0][n / 7 % 2];
        output.extend(read(&mut source, &format, 1));
    }
    let own: Vec<f32> = tone(410.0, 48_000, 48_000, 0.36);
    assert!(
        discontinuity_db(&output, &own) < -60.0,
        "{}",
        largest_step(&output)
    );
}

#[test]
fn a_location_that_is_no_frequency_says_what_would_be_one() {
    for location in ["loud", "-5", "0", "30000", "NaN"] {
        let fault = ToneSource::create(&Environment::seeded(1))
            .unwrap()
            .open(location, &AudioFormat::MONO_48K)
            .unwrap_err();
        assert!(fault.text().contains("hertz"), "{fault}");
    }
}

#[test]
fn the_meter_knows_the_peak_and_what_is_no_number() {
    let mut meter = measure(&[0.5; 480], 48_000, "440");
    let mut values = [0.0; 4];
    meter.statistics(&mut values);
    assert!(
        (values[0] + 6.02).abs() < 0.01 && values[2] == 0.5 && values[3] == 1.0,
        "{values:?}"
    );
    let mut block = [0.1; 480];
    block[7] = f32::NAN;
    meter.write(Timestamp::ZERO, &block).unwrap();
    meter.statistics(&mut values);
    assert!(values[2].is_infinite());
}
