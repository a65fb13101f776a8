//! The suite of audio sinks.

use jackfield_sdk::prelude::*;

use crate::Subject;
use crate::real_time;
use crate::signal::noise;

crate::conformance::cases! { $ __audio_sink_cases audio_sink(Sinks):
    module::t_2_descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::t_2_parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::t_2_statistics_are_as_many_as_described,
    module::t_2_reset_keeps_the_parameters,
    audio_sink::writing_while_it_is_not_open_is_a_fault,
    audio_sink::a_place_that_cannot_be_is_a_fault,
    audio_sink::an_invalid_format_is_a_fault,
    audio_sink::a_block_of_the_wrong_length_is_a_fault,
    audio_sink::every_offered_format_works,
    audio_sink::it_can_be_closed_and_opened_again,
    audio_sink::what_is_no_number_is_taken,
    audio_sink::an_open_sink_can_be_dropped,
    audio_sink::t_3_audio_calls_are_real_time_safe,
}

type Sinks = Subject<dyn AudioSink>;

/// Plugin `T` as it is.
pub fn direct<T: Plugin + AudioSink>() -> Sinks {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + AudioSink>() -> Sinks {
    Subject::new::<T>(|plugin| Box::new(AudioSinkProxy::local(plugin)))
}

/// `write` before `open` and after `close` is answered with a fault; to close what is not open does no harm.
pub fn writing_while_it_is_not_open_is_a_fault(subject: &Sinks) {
    let format = subject.format();
    let block = vec![0.1; format.block_len()];
    let mut sink = subject.make(1);
    assert!(sink.write(Timestamp::ZERO, &block).is_err());
    sink.close().expect("nothing to close");
    sink.open(&subject.location, &format).expect("an offered format");
    sink.write(Timestamp::ZERO, &block).expect("a good block");
    sink.close().expect("a close");
    assert!(sink.write(Timestamp::ZERO, &block).is_err());
    sink.close().expect("a second close");
}

/// A location that cannot be is answered with a fault that says more than its code.
pub fn a_place_that_cannot_be_is_a_fault(subject: &Sinks) {
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

/// Formats that cannot be are refused; the sink can still be opened.
pub fn an_invalid_format_is_a_fault(subject: &Sinks) {
    for (rate, channels) in [
        (0, 1),
        (48_000, 0),
        (48_000, 9),
        (48_001, 1),
        (u32::MAX, u32::MAX),
    ] {
        let mut sink = subject.make(1);
        let format = AudioFormat::new(SampleRate::hz(rate), channels);
        assert!(
            sink.open(&subject.location, &format).is_err(),
            "{rate} Hz x{channels}"
        );
        sink.open(&subject.location, &subject.format())
            .expect("an offered format, afterwards");
    }
}

/// A block that is too short or too long is answered with a fault; the next one that fits is taken.
pub fn a_block_of_the_wrong_length_is_a_fault(subject: &Sinks) {
    let format = subject.format();
    let mut sink = opened(subject, &format);
    let right = format.block_len();
    for wrong in [0, 1, right - 1, right + 1, right * 2] {
        assert!(
            sink.write(Timestamp::ZERO, &vec![0.1; wrong]).is_err(),
            "{wrong} samples"
        );
    }
    sink.write(Timestamp::ZERO, &vec![0.1; right])
        .expect("the right length");
}

/// A second in every offered format is taken whole.
pub fn every_offered_format_works(subject: &Sinks) {
    for format in subject.formats() {
        let mut sink = opened(subject, &format);
        for n in 0..100 {
            let state = sink
                .write(
                    Timestamp::from_ms(n * 10),
                    &noise(n as u64, format.block_len(), 0.3),
                )
                .expect("a good block");
            assert_eq!(state.dropped, 0, "{format}: block {n} was dropped");
        }
        sink.close().expect("a close");
    }
}

/// Closed and opened again, in any format, a sink works.
pub fn it_can_be_closed_and_opened_again(subject: &Sinks) {
    let mut sink = subject.make(1);
    for format in subject.formats().iter().chain(&[subject.format()]) {
        sink.open(&subject.location, format).expect("an offered format");
        sink.write(Timestamp::ZERO, &vec![0.1; format.block_len()])
            .expect("a good block");
        sink.close().expect("a close");
    }
    // Without a close in between too.
    for format in [subject.format(), subject.format()] {
        sink.open(&subject.location, &format).expect("an offered format");
        sink.write(Timestamp::ZERO, &vec![0.1; format.block_len()])
            .expect("a good block");
    }
}

/// NaN, infinity and what lies beyond full scale: the sink does not fall over.
pub fn what_is_no_number_is_taken(subject: &Sinks) {
    let format = subject.format();
    let mut sink = opened(subject, &format);
    for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-42, -3.0] {
        sink.write(Timestamp::ZERO, &vec![poison; format.block_len()])
            .expect("a block of the right length");
    }
    let mut values = vec![0.0; subject.statistics.len()];
    sink.stats(&mut values).expect("statistics");
    sink.write(Timestamp::ZERO, &vec![0.1; format.block_len()])
        .expect("a good block");
    sink.close().expect("a close");
}

/// An instance that is dropped while it is open neither hangs nor panics.
pub fn an_open_sink_can_be_dropped(subject: &Sinks) {
    let format = subject.format();
    let mut sink = opened(subject, &format);
    sink.write(Timestamp::ZERO, &vec![0.1; format.block_len()])
        .expect("a good block");
    drop(sink);
}

/// From the first block after `open`, no call of the audio thread allocates, frees, locks or calls the system.
pub fn t_3_audio_calls_are_real_time_safe(subject: &Sinks) {
    for format in subject.formats() {
        let mut sink = opened(subject, &format);
        let block = noise(1, format.block_len(), 0.3);
        let mut values = vec![0.0; subject.statistics.len()];
        for n in 0..200 {
            let (result, seen) = real_time::section(|| sink.write(Timestamp::from_ms(n * 10), &block));
            result.expect("a good block");
            seen.assert_clean(&format!("block {n} in {format}"));
            let (_, seen) = real_time::section(|| sink.stats(&mut values));
            seen.assert_clean("statistics");
        }
        let (_, seen) = real_time::section(|| sink.reset(ResetReason::Stream));
        seen.assert_clean("reset");
    }
}

fn opened(subject: &Sinks, format: &AudioFormat) -> Box<dyn AudioSink> {
    let mut sink = subject.make(1);
    sink.open(&subject.location, format).unwrap_or_else(|fault| {
        panic!(
            "{format} is offered and `{}` not opened: {fault}",
            subject.location
        )
    });
    sink
}
