//! What can be switched while sound flows is switched without a click.

use jackfield_processing_aec3::Aec3;
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::{db, largest_step, level_db, tone};

const FORMAT: AudioFormat = AudioFormat::MONO_48K;

fn run_with(turn: impl Fn(usize, &mut Aec3Switches)) -> (Vec<f32>, Vec<f32>) {
    let mut canceller = Aec3::create(&Environment::seeded(1)).unwrap();
    canceller.activate(&FORMAT).unwrap();
    let input = tone(300.0, 48_000, 480 * 400, 0.1);
    let mut output = input.clone();
    for (n, block) in output.chunks_exact_mut(480).enumerate() {
        let mut switches = Aec3Switches::default();
        turn(n, &mut switches);
        let parameters = canceller.parameters();
        parameters.high_pass = switches.high_pass;
        parameters.noise_suppression = switches.noise_suppression;
        parameters.gain_control = switches.gain_control;
        canceller.render(Timestamp::ZERO, &[0.0; 480]).unwrap();
        canceller
            .process(Timestamp::ZERO, block, &CaptureInfo::UNKNOWN, &mut {
                ProcessorReport::UNKNOWN
            })
            .unwrap();
    }
    (input, output)
}

#[derive(Default)]
struct Aec3Switches {
    high_pass: bool,
    noise_suppression: u32,
    gain_control: bool,
}

#[test]
fn the_high_pass_comes_and_goes_without_a_click() {
    let (input, output) = run_with(|n, switches| switches.high_pass = n / 60 % 2 == 1);
    let click = db((largest_step(&output[4_800..]) - largest_step(&input) * 1.1).max(0.0));
    assert!(click < -60.0, "{click} dB");
}

#[test]
fn noise_suppression_comes_and_goes_without_a_click() {
    let (input, output) = run_with(|n, switches| switches.noise_suppression = (n / 60 % 5) as u32);
    let click = db((largest_step(&output[4_800..]) - largest_step(&input) * 1.2).max(0.0));
    assert!(click < -50.0, "{click} dB");
}

#[test]
fn the_high_pass_takes_away_hum_and_leaves_the_voice() {
    for (hertz, least, most) in [(25.0, -30.0, -18.0), (100.0, -4.0, -2.0), (1_000.0, -0.3, 0.3)] {
        let mut canceller = Aec3::create(&Environment::seeded(1)).unwrap();
        canceller.parameters().high_pass = true;
        canceller.activate(&FORMAT).unwrap();
        let mut signal = tone(hertz, 48_000, 480 * 200, 0.1);
        let before = level_db(&signal[48_000..]);
        for block in signal.chunks_exact_mut(480) {
            canceller
                .process(Timestamp::ZERO, block, &CaptureInfo::UNKNOWN, &mut {
                    ProcessorReport::UNKNOWN
                })
                .unwrap();
        }
        let gain = level_db(&signal[48_000..]) - before;
        assert!((least..=most).contains(&gain), "{hertz} Hz: {gain} dB");
    }
}
