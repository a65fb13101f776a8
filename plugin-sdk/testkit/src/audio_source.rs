//! The suite of audio sources.

use jackfield_sdk::prelude::*;

use crate::Subject;
use crate::module::range;
use crate::real_time;
use crate::signal::{db, largest_step};

crate::conformance::cases! { $ __audio_source_cases audio_source(Sources):
    module::t_2_descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::t_2_parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::t_2_statistics_are_as_many_as_described,
    module::t_2_reset_keeps_the_parameters,
    audio_source::reading_before_it_is_open_is_a_fault,
    audio_source::a_place_that_does_not_exist_is_a_fault,
    audio_source::an_invalid_format_is_a_fault,
    audio_source::a_block_of_the_wrong_length_is_a_fault,
    audio_source::every_offered_format_works,
    audio_source::it_can_be_opened_again,
    audio_source::after_its_end_there_is_silence,
    audio_source::equal_seeds_give_equal_output,
    audio_source::t_2_a_successor_goes_on_where_it_stood,
    audio_source::every_parameter_can_be_turned_while_it_runs,
    audio_source::t_3_audio_calls_are_real_time_safe,
}

type Sources = Subject<dyn AudioSource>;

/// Plugin `T` as it is.
pub fn direct<T: Plugin + AudioSource>() -> Sources {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + AudioSource>() -> Sources {
    Subject::new::<T>(|plugin| Box::new(AudioSourceProxy::local(plugin)))
}

/// `read` before `open` is answered with a fault, and so is what a successor is told of nothing.
pub fn reading_before_it_is_open_is_a_fault(subject: &Sources) {
    let mut source = subject.make(1);
    assert!(source.read(Timestamp::ZERO, &mut [0.0; 480]).is_err());
    let _ = source.hand_over();
    assert!(
        source.take_over(&SourceHandover { position: u64::MAX }).is_ok()
            || source.read(Timestamp::ZERO, &mut [0.0; 480]).is_err()
    );
}

/// A location that names nothing is answered with a fault that says more than its code.
pub fn a_place_that_does_not_exist_is_a_fault(subject: &Sources) {
    for nowhere in [
        "/nowhere/at all/really.wav",
        "\u{0}",
        "no-such-thing-in-this-house:///",
    ] {
        let fault = subject
            .make(1)
            .open(nowhere, &subject.format())
            .expect_err("there is nothing there");
        assert!(fault.text().len() > 10, "`{nowhere}`: {fault}");
    }
}

/// Formats that cannot be are refused; the source can still be opened.
pub fn an_invalid_format_is_a_fault(subject: &Sources) {
    for (rate, channels) in [
        (0, 1),
        (48_000, 0),
        (48_000, 9),
        (48_001, 1),
        (u32::MAX, u32::MAX),
    ] {
        let mut source = subject.make(1);
        let format = AudioFormat::new(SampleRate::hz(rate), channels);
        assert!(
            source.open(&subject.location, &format).is_err(),
            "{rate} Hz x{channels}"
        );
        source
            .open(&subject.location, &subject.format())
            .expect("an offered format, afterwards");
    }
}

/// A block that is too short or too long is answered with a fault; the next one that fits is filled.
pub fn a_block_of_the_wrong_length_is_a_fault(subject: &Sources) {
    let format = subject.format();
    let mut source = opened(subject, 1, &format);
    let right = format.block_len();
    for wrong in [0, 1, right - 1, right + 1, right * 2] {
        assert!(
            source.read(Timestamp::ZERO, &mut vec![0.0; wrong]).is_err(),
            "{wrong} samples"
        );
    }
    source
        .read(Timestamp::ZERO, &mut vec![0.0; right])
        .expect("the right length");
}

/// In every offered format a second comes out that is finite, within full scale and not all silence.
pub fn every_offered_format_works(subject: &Sources) {
    for format in subject.formats() {
        let mut source = opened(subject, 1, &format);
        let output = read(&mut *source, &format, 100);
        let worst = output
            .iter()
            .find(|sample| !sample.is_finite() || sample.abs() > 1.0);
        assert_eq!(worst, None, "{format}");
        assert!(
            output.iter().any(|sample| *sample != 0.0),
            "{format}: nothing but silence"
        );
    }
}

/// A source can be opened again, in another format too, and then begins anew.
pub fn it_can_be_opened_again(subject: &Sources) {
    let format = subject.format();
    let mut source = opened(subject, 1, &format);
    let first = read(&mut *source, &format, 5);
    for other in subject.formats() {
        source.open(&subject.location, &other).expect("an offered format");
        read(&mut *source, &other, 3);
    }
    source
        .open(&subject.location, &format)
        .expect("an offered format");
    let again = read(&mut *source, &format, 5);
    if subject.descriptor.deterministic {
        assert!(first == again, "opened again it does not begin anew");
    }
}

/// Once a source says that it has ended, it gives silence and stays ended.
pub fn after_its_end_there_is_silence(subject: &Sources) {
    let format = subject.format();
    let mut source = opened(subject, 1, &format);
    for (index, parameter) in subject.parameters.iter().enumerate() {
        if parameter.name.contains("loop") {
            source.set_parameter(index as u32, 0.0).expect("within the range");
        }
    }
    let mut block = vec![0.0; format.block_len()];
    let mut ended = false;
    for n in 0..3_000 {
        let state = source
            .read(Timestamp::from_ms(n * 10), &mut block)
            .expect("a good block");
        if ended {
            assert_eq!(state.ended, 1, "ended is for ever");
            assert!(block.iter().all(|sample| *sample == 0.0), "sound after the end");
        }
        ended = state.ended != 0;
    }
}

/// Two instances with one seed give the same bits. Asked of those only that say they are deterministic.
pub fn equal_seeds_give_equal_output(subject: &Sources) {
    if !subject.descriptor.deterministic {
        return;
    }
    for format in subject.formats() {
        let [a, b] = [7, 7].map(|seed| read(&mut *opened(subject, seed, &format), &format, 40));
        assert!(
            a.iter().map(|s| s.to_bits()).eq(b.iter().map(|s| s.to_bits())),
            "{format}: two runs differ"
        );
    }
}

/// A successor with the same parameters goes on where its predecessor stood: nothing is skipped, nothing is played twice.
pub fn t_2_a_successor_goes_on_where_it_stood(subject: &Sources) {
    if !subject.descriptor.deterministic {
        return;
    }
    let format = subject.format();
    let mut whole = opened(subject, 1, &format);
    let expected = read(&mut *whole, &format, 60);
    let mut old = opened(subject, 1, &format);
    let mut output = read(&mut *old, &format, 37);
    let state = old.hand_over().expect("where it stands");
    assert_eq!(state.position, 37 * format.block_samples() as u64);
    let mut young = opened(subject, 1, &format);
    young.take_over(&state).expect("a position");
    output.extend(read(&mut *young, &format, 23));
    let error: Vec<f32> = output.iter().zip(&expected).map(|(a, b)| a - b).collect();
    let worst = db(error.iter().fold(0.0, |most: f32, e| most.max(e.abs())));
    assert!(worst < -60.0, "the successor is off by {worst} dB");
    assert!(
        db((largest_step(&output) - largest_step(&expected)).max(0.0)) < -60.0,
        "a click at the swap"
    );
}

/// Every parameter can be set to its extremes between two blocks.
pub fn every_parameter_can_be_turned_while_it_runs(subject: &Sources) {
    let format = subject.format();
    for (index, parameter) in subject.parameters.iter().enumerate() {
        let mut source = opened(subject, 1, &format);
        let (min, max) = range(parameter);
        for value in [max, min, parameter.default, max] {
            source
                .set_parameter(index as u32, value)
                .expect("within the range");
            let output = read(&mut *source, &format, 10);
            let worst = output
                .iter()
                .find(|sample| !sample.is_finite() || sample.abs() > 1.0);
            assert_eq!(worst, None, "`{}` = {value}", parameter.name);
        }
    }
}

/// From the first block after `open`, no call of the audio thread allocates, frees, locks or calls the system.
pub fn t_3_audio_calls_are_real_time_safe(subject: &Sources) {
    for format in subject.formats() {
        let mut source = opened(subject, 1, &format);
        let mut block = vec![0.0; format.block_len()];
        let mut values = vec![0.0; subject.statistics.len()];
        for n in 0..200 {
            let now = Timestamp::from_ms(n * 10);
            let (result, seen) = real_time::section(|| source.read(now, &mut block));
            result.expect("a good block");
            seen.assert_clean(&format!("block {n} in {format}"));
            if n % 10 == 5 {
                let (_, seen) = real_time::section(|| {
                    let _ = source.stats(&mut values);
                    let _ = source.hand_over();
                });
                seen.assert_clean("statistics and handover");
            }
        }
        let (_, seen) = real_time::section(|| source.reset(ResetReason::Stream));
        seen.assert_clean("reset");
    }
}

fn opened(subject: &Sources, seed: u64, format: &AudioFormat) -> Box<dyn AudioSource> {
    let mut source = subject.make(seed);
    source.open(&subject.location, format).unwrap_or_else(|fault| {
        panic!(
            "{format} is offered and `{}` not opened: {fault}",
            subject.location
        )
    });
    source
}

fn read(source: &mut dyn AudioSource, format: &AudioFormat, blocks: i64) -> Vec<f32> {
    let mut output = Vec::new();
    let mut block = vec![f32::NAN; format.block_len()];
    for n in 0..blocks {
        source
            .read(Timestamp::from_ms(n * 10), &mut block)
            .unwrap_or_else(|fault| panic!("block {n}: {fault}"));
        output.extend_from_slice(&block);
    }
    output
}
