//! The latency that is declared is the one that is measured, for every combination of what can be switched on.

use jackfield_processing_aec3::Aec3;
use jackfield_sdk::prelude::*;
use jackfield_testkit::audio_processor::run;
use jackfield_testkit::signal::{lag, voice};

#[test]
fn every_combination_declares_its_latency() {
    for rate in [16_000, 32_000, 48_000] {
        let format = AudioFormat::new(SampleRate::hz(rate), 1);
        let near = voice(3, rate, format.block_len() * 300);
        let far = vec![0.0; near.len()];
        for noise_suppression in [0, 1, 4] {
            for gain_control in [false, true] {
                let mut canceller = Aec3::create(&Environment::seeded(1)).unwrap();
                canceller.parameters().noise_suppression = noise_suppression;
                canceller.parameters().gain_control = gain_control;
                canceller.activate(&format).unwrap();
                let output = run(&mut canceller, &format, &near, &far);
                let half = near.len() / 2;
                let found = lag(&near[half..], &output[half..], 1_200);
                let declared = Plugin::latency(&mut canceller).samples as usize;
                assert!(
                    found.samples.abs_diff(declared) * 2_000 <= rate as usize,
                    "{format}, noise suppression {noise_suppression}, gain control {gain_control}: {declared} declared, {found:?}"
                );
            }
        }
    }
}
