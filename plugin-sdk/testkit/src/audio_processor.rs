//! The suite of audio processors.

use jackfield_sdk::prelude::*;

use crate::Subject;
use crate::module::range;
use crate::real_time;
use crate::signal::{self, lag, noise, voice};

crate::conformance::cases! { $ __audio_processor_cases audio_processor(Processors):
    module::t_2_descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::t_2_parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::t_2_statistics_are_as_many_as_described,
    module::t_2_reset_keeps_the_parameters,
    audio_processor::processing_before_activation_is_a_fault,
    audio_processor::an_invalid_format_is_a_fault,
    audio_processor::a_block_of_the_wrong_length_is_a_fault,
    audio_processor::every_offered_format_works,
    audio_processor::another_format_can_be_activated,
    audio_processor::silence_stays_silent,
    audio_processor::what_is_no_number_does_no_lasting_harm,
    audio_processor::t_2_the_declared_latency_is_true,
    audio_processor::equal_seeds_give_equal_output,
    audio_processor::t_2_a_successor_takes_over,
    audio_processor::a_nonsense_handover_does_no_harm,
    audio_processor::every_parameter_can_be_turned_while_it_runs,
    audio_processor::a_reset_in_the_middle_does_no_harm,
    audio_processor::any_capture_information_is_taken,
    audio_processor::t_3_audio_calls_are_real_time_safe,
}

type Processors = Subject<dyn AudioProcessor>;

/// Plugin `T` as it is.
pub fn direct<T: Plugin + AudioProcessor>() -> Processors {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + AudioProcessor>() -> Processors {
    Subject::new::<T>(|plugin| Box::new(AudioProcessorProxy::local(plugin)))
}

/// `process` before `activate` is answered with a fault.
pub fn processing_before_activation_is_a_fault(subject: &Processors) {
    let mut processor = subject.make(1);
    let format = subject.format();
    assert!(process(&mut *processor, &mut vec![0.1; format.block_len()]).is_err());
    processor.activate(&format).expect("an offered format");
    assert!(
        process(&mut *processor, &mut vec![0.1; format.block_len()]).is_ok(),
        "activation mends it"
    );
}

/// Formats that cannot be are refused, not accepted and not fatal.
pub fn an_invalid_format_is_a_fault(subject: &Processors) {
    for (rate, channels) in [
        (0, 1),
        (48_000, 0),
        (48_000, 9),
        (7_999, 1),
        (48_001, 1),
        (u32::MAX, u32::MAX),
    ] {
        let mut processor = subject.make(1);
        assert!(
            processor
                .activate(&AudioFormat::new(SampleRate::hz(rate), channels))
                .is_err(),
            "{rate} Hz x{channels}"
        );
        processor
            .activate(&subject.format())
            .expect("an offered format, afterwards");
    }
}

/// A block that is too short or too long is answered with a fault; the next one that fits is processed.
pub fn a_block_of_the_wrong_length_is_a_fault(subject: &Processors) {
    let format = subject.format();
    let mut processor = activated(subject, 1, &format);
    let right = format.block_len();
    for wrong in [0, 1, right - 1, right + 1, right * 2] {
        assert!(
            process(&mut *processor, &mut vec![0.1; wrong]).is_err(),
            "{wrong} samples"
        );
        if subject.descriptor.audio.render {
            assert!(
                processor.render(Timestamp::ZERO, &vec![0.1; wrong]).is_err(),
                "{wrong} far-end samples"
            );
        }
    }
    process(&mut *processor, &mut vec![0.1; right]).expect("the right length");
}

/// Two seconds of speech in every offered format come out as finite samples of a sane level.
pub fn every_offered_format_works(subject: &Processors) {
    for format in subject.formats() {
        let mut processor = activated(subject, 1, &format);
        let output = run(
            &mut *processor,
            &format,
            &speech(1, &format, 200),
            &speech(2, &format, 200),
        );
        assert_sane(&output, &format.to_string());
        let latency = processor.latency().expect("a latency");
        assert!(latency.sample_rate.as_hz() > 0, "the latency counts in a rate");
    }
}

/// An instance can be activated again in another format.
pub fn another_format_can_be_activated(subject: &Processors) {
    let mut processor = subject.make(1);
    for format in subject.formats().iter().chain(subject.formats().iter().rev()) {
        processor.activate(format).expect("an offered format");
        let output = run(
            &mut *processor,
            format,
            &speech(1, format, 5),
            &speech(2, format, 5),
        );
        assert_sane(&output, &format.to_string());
    }
}

/// Silence in gives nothing above −50 dBov (comfort noise is allowed), and nothing that stands still.
pub fn silence_stays_silent(subject: &Processors) {
    for format in subject.formats() {
        let mut processor = activated(subject, 1, &format);
        let silence = vec![0.0; format.block_len() * 150];
        let output = run(&mut *processor, &format, &silence, &silence);
        assert_sane(&output, &format.to_string());
        let settled = &output[output.len() / 2..];
        assert!(
            signal::level_db(settled) < -50.0,
            "{format}: {} dBov",
            signal::level_db(settled)
        );
        assert!(
            signal::dc(settled).abs() < 1e-3,
            "{format}: DC {}",
            signal::dc(settled)
        );
    }
}

/// Blocks of NaN and infinity, near and far, leave no trace half a second later.
pub fn what_is_no_number_does_no_lasting_harm(subject: &Processors) {
    for format in subject.formats() {
        for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-42] {
            let mut processor = activated(subject, 1, &format);
            let good = speech(1, &format, 30);
            run(&mut *processor, &format, &good, &good);
            for block in [
                vec![poison; format.block_len()],
                alternating(poison, format.block_len()),
            ] {
                let _ = processor.render(Timestamp::ZERO, &block);
                let _ = process(&mut *processor, &mut block.clone());
            }
            run(&mut *processor, &format, &speech(2, &format, 50), &good);
            let output = run(&mut *processor, &format, &speech(3, &format, 50), &good);
            assert_sane(&output, &format!("{format} after {poison}"));
        }
    }
}

/// The output lags behind the input by what is declared, within half a millisecond, measured by correlation at each offered rate.
pub fn t_2_the_declared_latency_is_true(subject: &Processors) {
    for format in subject.formats().iter().filter(|format| format.channels == 1) {
        let mut processor = activated(subject, 1, format);
        let near = voice(5, format.sample_rate.as_hz(), format.block_len() * 200);
        let output = run(&mut *processor, format, &near, &vec![0.0; near.len()]);
        let declared = processor.latency().expect("a latency");
        let rate = f64::from(format.sample_rate.as_hz());
        let declared = f64::from(declared.samples) * rate / f64::from(declared.sample_rate.as_hz());
        // The second half: whatever adapts has adapted.
        let half = near.len() / 2;
        let most = (declared + rate * 0.03) as usize;
        let found = lag(&near[half..], &output[half..], most);
        assert!(
            found.likeness > 0.3,
            "{format}: the output is not like the input: {found:?}"
        );
        let error_ms = (found.samples as f64 - declared).abs() / rate * 1e3;
        assert!(
            error_ms <= 0.5,
            "{format}: {declared:.1} samples declared, {} measured",
            found.samples
        );
    }
}

/// Two instances with one seed give the same bits. Asked of those only that say they are deterministic.
pub fn equal_seeds_give_equal_output(subject: &Processors) {
    if !subject.descriptor.deterministic {
        return;
    }
    for format in subject.formats() {
        let [a, b] = [7, 7].map(|seed| {
            let mut processor = activated(subject, seed, &format);
            run(
                &mut *processor,
                &format,
                &speech(1, &format, 60),
                &speech(2, &format, 60),
            )
        });
        let differs = a.iter().zip(&b).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs, None, "{format}: the first sample that differs");
    }
}

/// What one instance hands over, another takes, before and after it is activated, and works.
pub fn t_2_a_successor_takes_over(subject: &Processors) {
    let format = subject.format();
    let mut old = activated(subject, 1, &format);
    run(
        &mut *old,
        &format,
        &speech(1, &format, 100),
        &speech(2, &format, 100),
    );
    let mut state = ProcessorHandover::UNKNOWN;
    old.hand_over(&mut state).expect("what it has learnt");
    let mut early = subject.make(2);
    early.take_over(&state).expect("before activation");
    early.activate(&format).expect("an offered format");
    let mut late = activated(subject, 2, &format);
    late.take_over(&state).expect("after activation");
    for mut young in [early, late] {
        let output = run(
            &mut *young,
            &format,
            &speech(3, &format, 50),
            &speech(4, &format, 50),
        );
        assert_sane(&output, "after the takeover");
    }
}

/// A handover from a predecessor that knows nothing, or talks nonsense, does no harm.
pub fn a_nonsense_handover_does_no_harm(subject: &Processors) {
    let format = subject.format();
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e30, 1e30, 0.0] {
        let mut processor = activated(subject, 1, &format);
        let nonsense = ProcessorHandover {
            echo_delay_ms: value,
            noise_floor_dbov: value,
            gain_db: value,
            ..ProcessorHandover::UNKNOWN
        };
        let _ = processor.take_over(&nonsense);
        run(
            &mut *processor,
            &format,
            &speech(1, &format, 50),
            &speech(2, &format, 50),
        );
        let output = run(
            &mut *processor,
            &format,
            &speech(1, &format, 50),
            &speech(2, &format, 50),
        );
        assert_sane(&output, &format!("after a handover full of {value}"));
    }
}

/// Every parameter can be set to its extremes between two blocks.
pub fn every_parameter_can_be_turned_while_it_runs(subject: &Processors) {
    let format = subject.format();
    for (index, parameter) in subject.parameters.iter().enumerate() {
        let mut processor = activated(subject, 1, &format);
        let (min, max) = range(parameter);
        let steps = (max - min).clamp(2.0, 4.0) as u32;
        for step in 0..=steps * 2 {
            let value = parameter
                .accept(min + (max - min) * f64::from(step % (steps + 1)) / f64::from(steps))
                .unwrap_or(min);
            processor
                .set_parameter(index as u32, value)
                .unwrap_or_else(|fault| panic!("`{}` = {value}: {fault}", parameter.name));
            let output = run(
                &mut *processor,
                &format,
                &speech(1, &format, 20),
                &speech(2, &format, 20),
            );
            assert_sane(&output, &format!("`{}` = {value}", parameter.name));
        }
    }
}

/// A reset between two blocks, for any reason, leaves an instance that works.
pub fn a_reset_in_the_middle_does_no_harm(subject: &Processors) {
    let format = subject.format();
    let mut processor = activated(subject, 1, &format);
    for reason in [
        ResetReason::Stream,
        ResetReason::EchoPath,
        ResetReason::Device,
        ResetReason::Stream,
    ] {
        run(
            &mut *processor,
            &format,
            &speech(1, &format, 30),
            &speech(2, &format, 30),
        );
        processor.reset(reason).expect("a reset is always possible");
        let output = run(
            &mut *processor,
            &format,
            &speech(3, &format, 30),
            &speech(4, &format, 30),
        );
        assert_sane(&output, "after a reset");
    }
}

/// Muted or not, with any delay, sensible or not: processing goes on.
pub fn any_capture_information_is_taken(subject: &Processors) {
    let format = subject.format();
    let mut processor = activated(subject, 1, &format);
    let block = speech(1, &format, 1);
    for delay in [-1, 0, 20_000, 499_000, 501_000, i64::MAX, i64::MIN] {
        for muted in [0, 1, 0] {
            let capture = CaptureInfo {
                muted,
                render_delay: TimeDelta::us(delay),
                ..CaptureInfo::UNKNOWN
            };
            let _ = processor.render(Timestamp::ZERO, &block);
            let mut near = block.clone();
            processor
                .process(Timestamp::ZERO, &mut near, &capture, &mut {
                    ProcessorReport::UNKNOWN
                })
                .unwrap_or_else(|fault| panic!("muted {muted}, delay {delay} us: {fault}"));
            assert_sane(&near, "whatever the capture information says");
        }
    }
}

/// From the first block after `activate`, no call of the audio thread allocates, frees, locks or calls the system.
pub fn t_3_audio_calls_are_real_time_safe(subject: &Processors) {
    for format in subject.formats() {
        let mut processor = activated(subject, 1, &format);
        let (near, far) = (speech(1, &format, 120), speech(2, &format, 120));
        let length = format.block_len();
        let mut block = vec![0.0; length];
        let mut values = vec![0.0; subject.statistics.len()];
        for (n, (near, far)) in near
            .chunks_exact(length)
            .zip(far.chunks_exact(length))
            .enumerate()
        {
            let now = Timestamp::from_ms(n as i64 * 10);
            block.copy_from_slice(near);
            let (result, seen) = real_time::section(|| {
                processor.render(now, far)?;
                processor.process(now, &mut block, &CaptureInfo::UNKNOWN, &mut {
                    ProcessorReport::UNKNOWN
                })
            });
            result.expect("a good block");
            seen.assert_clean_but(subject.scratch_allocations, &format!("block {n} in {format}"));
            if n % 10 == 5 {
                turn_parameters(&mut *processor, subject, n / 10);
                let (_, seen) = real_time::section(|| {
                    let _ = processor.stats(&mut values);
                    let _ = processor.latency();
                    let _ = processor.hand_over(&mut { ProcessorHandover::UNKNOWN });
                });
                seen.assert_clean("statistics, latency and handover");
            }
        }
        let (_, seen) = real_time::section(|| {
            processor.process(Timestamp::ZERO, &mut [], &CaptureInfo::UNKNOWN, &mut {
                ProcessorReport::UNKNOWN
            })
        });
        seen.assert_clean("refusing a block of the wrong length");
        let (_, seen) = real_time::section(|| processor.reset(ResetReason::Stream));
        seen.assert_clean("reset");
    }
}

fn turn_parameters(processor: &mut dyn AudioProcessor, subject: &Processors, round: usize) {
    for (index, parameter) in subject.parameters.iter().enumerate() {
        let (min, max) = range(parameter);
        let value = parameter
            .accept(min + (max - min) * (round % 5) as f64 / 4.0)
            .unwrap_or(min);
        let (result, seen) = real_time::section(|| processor.set_parameter(index as u32, value));
        result.unwrap_or_else(|fault| panic!("`{}` = {value}: {fault}", parameter.name));
        seen.assert_clean(&format!("setting `{}` to {value}", parameter.name));
    }
}

fn activated(subject: &Processors, seed: u64, format: &AudioFormat) -> Box<dyn AudioProcessor> {
    let mut processor = subject.make(seed);
    processor
        .activate(format)
        .unwrap_or_else(|fault| panic!("{format} is offered and refused: {fault}"));
    processor
}

fn process(processor: &mut dyn AudioProcessor, near: &mut [f32]) -> Result<(), Fault> {
    processor.process(Timestamp::ZERO, near, &CaptureInfo::UNKNOWN, &mut {
        ProcessorReport::UNKNOWN
    })
}

/// Runs whole blocks through a processor and returns what came out.
pub fn run(processor: &mut dyn AudioProcessor, format: &AudioFormat, near: &[f32], far: &[f32]) -> Vec<f32> {
    let mut output = near.to_vec();
    let length = format.block_len();
    for (n, (near, far)) in output
        .chunks_exact_mut(length)
        .zip(far.chunks_exact(length))
        .enumerate()
    {
        let now = Timestamp::from_ms(n as i64 * 10);
        processor
            .render(now, far)
            .unwrap_or_else(|fault| panic!("render, block {n}: {fault}"));
        processor
            .process(now, near, &CaptureInfo::UNKNOWN, &mut {
                ProcessorReport::UNKNOWN
            })
            .unwrap_or_else(|fault| panic!("process, block {n}: {fault}"));
    }
    output
}

/// Blocks of speech, planar, each channel its own voice.
pub fn speech(seed: u64, format: &AudioFormat, blocks: usize) -> Vec<f32> {
    let samples = format.block_samples();
    let voices: Vec<Vec<f32>> = (0..u64::from(format.channels))
        .map(|channel| voice(seed * 16 + channel, format.sample_rate.as_hz(), samples * blocks))
        .collect();
    (0..blocks)
        .flat_map(|block| {
            voices
                .iter()
                .flat_map(move |voice| &voice[block * samples..][..samples])
        })
        .copied()
        .collect()
}

fn alternating(poison: f32, length: usize) -> Vec<f32> {
    noise(9, length, 0.1)
        .iter()
        .enumerate()
        .map(|(i, sample)| if i % 7 == 0 { poison } else { *sample })
        .collect()
}

#[track_caller]
fn assert_sane(output: &[f32], what: &str) {
    let worst = output
        .iter()
        .find(|sample| !sample.is_finite() || sample.abs() > 8.0);
    assert_eq!(worst, None, "{what}: a sample that is no number or above +18 dB");
}
