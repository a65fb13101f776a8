//! What comes out of an audio processor.

use jackfield_core::audio::AudioFormat;
use jackfield_core::units::SampleRate;
use jackfield_testkit::module::range;
use jackfield_testkit::signal::{Random, lag, level_db, noise};

use super::processor::{Processor, run, tick};
use crate::child::Bench;
use crate::rule;
use crate::shim::sights::Frames;

/// Louder by so much than what came in, nothing is what came in.
const MUCH_LOUDER_DB: f32 = 20.0;
/// Quieter than this there is nothing to hear of a voice.
const NOTHING_DB: f32 = -60.0;

/// A voice comes out as a voice, and what follows it ends in zeros.
pub(super) fn sound(bench: &Bench) {
    let processor = Processor::on(bench);
    let format = processor.subject.format();
    let mut instance = processor.activated(&format);
    let (said, _) = processor.voices(&format, 200);
    let nobody = vec![0.0; said.len()];
    let mut heard = said.clone();
    run(&mut *instance, &format, &mut heard, &nobody);
    let broken = |rule, what: String| bench.teller.broken(rule, &what, &Frames::NONE);
    if let Some(at) = heard
        .iter()
        .position(|sample| sample.is_nan() || sample.abs() > 8.0)
    {
        let many = heard
            .iter()
            .filter(|sample| sample.is_nan() || sample.abs() > 8.0)
            .count();
        let block = at / format.block_len();
        broken(
            &rule::NOT_A_NUMBER,
            format!(
                "{many} of {} samples cannot be played; the first is {} in block {block}",
                heard.len(),
                heard[at]
            ),
        );
        return;
    }
    let half = said.len() / 2;
    let (spoken, played) = (level_db(&said[half..]), level_db(&heard[half..]));
    let most = format.block_len() * 6;
    let found = lag(&said[half..], &heard[half..], most);
    if played < NOTHING_DB {
        broken(
            &rule::SILENT,
            format!("a voice at {spoken:.0} dBov comes out at {played:.0} dBov"),
        );
    } else if played > spoken + MUCH_LOUDER_DB || found.likeness < 0.1 {
        broken(
            &rule::NOISE,
            format!(
                "a voice at {spoken:.0} dBov comes out at {played:.0} dBov, and its likeness to what came in is {:.2} of 1",
                found.likeness
            ),
        );
    }
    let mut silence = vec![0.0; format.block_len() * 300];
    let nobody = silence.clone();
    run(&mut *instance, &format, &mut silence, &nobody);
    let tiny = silence.iter().filter(|sample| sample.is_subnormal()).count();
    if tiny > 0 {
        broken(
            &rule::DENORMALS,
            format!("{tiny} samples of the silence after a voice are too small to be normal"),
        );
    }
}

/// Every knob at one end or the other, every signal too loud or too quiet, and formats that nobody has.
pub(super) fn extremes(bench: &Bench) {
    let processor = Processor::on(bench);
    let format = processor.subject.format();
    let mut random = Random::new(processor.seed());
    let rounds = if bench.request.quick { 12 } else { 100 };
    for round in 0..rounds {
        let mut instance = processor.activated(&format);
        let mut knobs = Vec::new();
        for (index, parameter) in processor.subject.parameters.iter().enumerate() {
            let (min, max) = range(parameter);
            let value = [min, max, parameter.default][random.below(3) as usize];
            if instance.set_parameter(index as u32, value).is_ok() {
                knobs.push(format!("{} = {value}", parameter.name));
            }
        }
        let peak = [1.0, 8.0, 1e-4, 1e-30, 0.0][round % 5];
        let blocks = 20;
        let mut near = noise(random.bits(), format.block_len() * blocks, peak);
        let far = noise(random.bits(), near.len(), peak);
        run(&mut *instance, &format, &mut near, &far);
        if let Some(sample) = near.iter().find(|sample| !sample.is_finite()) {
            bench.teller.broken(
                &rule::EXTREMES,
                &format!(
                    "noise up to {peak} gives {sample} with {}",
                    if knobs.is_empty() {
                        "no parameters".to_owned()
                    } else {
                        knobs.join(", ")
                    }
                ),
                &Frames::NONE,
            );
            return;
        }
    }
    for (rate, channels) in [
        (0, 0),
        (1, 1),
        (100, 1),
        (44_101, 3),
        (96_000, 2),
        (192_000, 8),
        (48_000, u32::MAX),
        (u32::MAX, 1),
        (u32::MAX, u32::MAX),
    ] {
        let odd = AudioFormat::new(SampleRate::hz(rate), channels);
        let mut instance = processor.activated(&format);
        if instance.activate(&odd).is_ok() {
            let samples = u64::from(rate / 100) * u64::from(channels);
            let mut near = vec![0.25; samples.min(1 << 20) as usize];
            let far = near.clone();
            let _ = tick(&mut *instance, 0, &mut near, &far);
        }
        instance
            .activate(&format)
            .unwrap_or_else(|fault| panic!("after {rate} Hz x{channels}, {format} is refused: {fault}"));
        let (mut near, far) = processor.voices(&format, 3);
        run(&mut *instance, &format, &mut near, &far);
    }
}
