//! A new gain is reached without a click, whoever sets it: a person at a fader or a swap.

use jackfield_processing_gain::Gain;
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::{discontinuity_db, level_db, tone};

const FORMAT: AudioFormat = AudioFormat::MONO_48K;

fn gain(db: f32) -> Gain {
    let mut gain = Gain::create(&Environment::seeded(1)).unwrap();
    gain.parameters().gain = db;
    gain.activate(&FORMAT).unwrap();
    gain
}

fn process(gain: &mut Gain, signal: &mut [f32]) {
    for block in signal.chunks_exact_mut(480) {
        gain.process(Timestamp::ZERO, block, &CaptureInfo::UNKNOWN, &mut {
            ProcessorReport::UNKNOWN
        })
        .unwrap();
    }
}

#[test]
fn at_0_db_what_fits_passes_bit_for_bit() {
    let input = tone(997.0, 48_000, 4_800, 1.0);
    let mut output = input.clone();
    process(&mut gain(0.0), &mut output);
    assert_eq!(output, input);
}

#[test]
fn a2_4_the_gain_is_the_one_that_was_set() {
    for db in [-40.0, -6.0, 6.0, 12.0] {
        let mut output = tone(997.0, 48_000, 48_000, 0.1);
        let before = level_db(&output);
        process(&mut gain(db), &mut output);
        assert!(
            (level_db(&output) - before - db).abs() < 0.01,
            "{db} dB gave {}",
            level_db(&output) - before
        );
    }
}

#[test]
fn a_fader_moved_between_blocks_makes_no_click() {
    let input = tone(200.0, 48_000, 48_000, 0.2);
    let mut output = input.clone();
    let mut gain = gain(0.0);
    for (n, block) in output.chunks_exact_mut(480).enumerate() {
        gain.parameters().gain = [0.0, -60.0, 6.0, -20.0][n / 5 % 4];
        process(&mut gain, block);
    }
    // The loudest stretch is 6 dB above the input, and so are its own steps.
    let loudest: Vec<f32> = input.iter().map(|sample| sample * 2.0).collect();
    let click = discontinuity_db(&output, &loudest);
    assert!(click < -60.0, "{click} dB");
}

#[test]
fn e10_4_no_gain_drives_a_sample_above_full_scale() {
    let mut output = tone(997.0, 48_000, 48_000, 0.9);
    process(&mut gain(30.0), &mut output);
    assert!(output.iter().all(|sample| sample.abs() <= 1.0));
}

#[test]
fn e12_8_a_successor_starts_at_the_gain_that_was_there() {
    let mut signal = tone(200.0, 48_000, 9_600, 0.2);
    let own = signal.iter().map(|sample| sample * 2.0).collect::<Vec<_>>();
    let (before, after) = signal.split_at_mut(4_800);
    let mut old = gain(6.0);
    process(&mut old, before);
    let mut state = ProcessorHandover::UNKNOWN;
    old.hand_over(&mut state).unwrap();
    let mut young = gain(-20.0);
    young.take_over(&state).unwrap();
    process(&mut young, after);
    assert!(discontinuity_db(&signal, &own) < -60.0);
    assert!(level_db(&signal[7_200..]) < -30.0, "and then goes to its own");
}
