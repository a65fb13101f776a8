//! What goes through a process of its own is what goes through the host's.

use jackfield_core::FaultCode;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_processor::{AudioProcessor, ProcessorHandover};
use jackfield_core::module::{Latency, Module, ResetReason};
use jackfield_core::time::Timestamp;
use jackfield_core::units::SampleRate;
use jackfield_loader::{Isolation, LoadError, ProcessState};
use jackfield_testkit::real_time;

use crate::support::{Bench, FACTOR, GAIN, MISBEHAVES, PATIENT, block, process};

#[test]
fn t_5_the_same_plugin_gives_the_same_output_bit_for_bit_in_either_process() {
    let bench = Bench::new(PATIENT);
    let [mut here, mut there] = [Isolation::InProcess, Isolation::Process]
        .map(|isolation| bench.create(GAIN, isolation, &[]).unwrap());
    for number in 0..200 {
        let (mut near, mut far) = (block(number), block(number));
        for (processor, samples) in [(&mut here, &mut near), (&mut there, &mut far)] {
            if number == 0 {
                processor.activate(&AudioFormat::MONO_48K).unwrap();
            }
            if number % 20 == 5 {
                processor.set_parameter(0, number as f64 / 10.0 - 6.0).unwrap();
            }
            if number == 150 {
                processor.reset(ResetReason::Stream).unwrap();
            }
            processor.render(Timestamp::ZERO, &block(number + 1)).unwrap();
            process(processor, samples).unwrap();
        }
        assert_eq!(near, far, "block {number}");
    }
    let [here, there] = [here, there].map(|mut processor| {
        let mut values = [0.0; 4];
        let mut state = ProcessorHandover::UNKNOWN;
        processor.hand_over(&mut state).unwrap();
        let count = processor.stats(&mut values).unwrap();
        let known = (processor.parameter(0).unwrap(), processor.latency().unwrap());
        (count, values, known, state.gain_db)
    });
    assert_eq!(here, there);
    assert_eq!((here.0, here.2.1), (2, Latency::samples(0, SampleRate::HZ_48000)));
}

#[test]
fn a_fault_of_the_plugin_comes_through_with_its_words() {
    let bench = Bench::new(PATIENT);
    let mut processor = bench.create(MISBEHAVES, Isolation::Process, &[]).unwrap();
    let fault = process(&mut processor, &mut block(0)).unwrap_err();
    assert_eq!(fault.code(), FaultCode::State);
    assert_eq!(processor.last_fault().unwrap().text(), "activate comes first");
    let fault = processor
        .activate(&AudioFormat::new(SampleRate::HZ_48000, 3))
        .unwrap_err();
    assert_eq!(
        (fault.code(), fault.text()),
        (FaultCode::Unsupported, "3 channels are too many for me")
    );
    assert_eq!(
        processor.set_parameter(9, 1.0).unwrap_err().code(),
        FaultCode::Invalid
    );
    assert_eq!(
        processor.set_parameter(FACTOR, 9.0).unwrap_err().code(),
        FaultCode::Invalid
    );
    assert_eq!(processor.parameter(FACTOR).unwrap(), 1.0);
    assert_eq!(
        bench.status().state,
        ProcessState::Up,
        "nothing of this is an end"
    );
}

#[test]
fn what_does_not_fit_into_the_shared_memory_is_refused_and_the_line_stays_usable() {
    let bench = Bench::new(PATIENT);
    let mut processor = bench.misbehaves(&[]);
    let mut huge = vec![0.5; 2 << 20];
    let fault = process(&mut processor, &mut huge).unwrap_err();
    assert_eq!(fault.code(), FaultCode::BufferTooSmall);
    process(&mut processor, &mut block(0)).unwrap();
}

#[test]
fn the_audio_thread_makes_the_system_call_of_this_tier_and_does_nothing_else_that_it_must_not() {
    let bench = Bench::new(PATIENT);
    let mut processor = bench.misbehaves(&[]);
    let mut samples = block(0);
    process(&mut processor, &mut samples).unwrap();
    for _ in 0..50 {
        let (result, seen) = real_time::section(|| process(&mut processor, &mut samples).is_ok());
        assert!(result);
        assert_eq!(
            (seen.allocations, seen.frees, seen.mutex_locks),
            (0, 0, 0),
            "{seen}"
        );
        if real_time::sees_system_calls() {
            assert_eq!(seen.system_call, Some(libc::SYS_futex), "{seen}");
        }
    }
}

#[test]
fn a_plugin_that_is_not_there_and_a_program_that_is_not_there_are_told() {
    let bench = Bench::new(PATIENT);
    let error = bench
        .create("test.processing.nowhere", Isolation::Process, &[])
        .err()
        .unwrap();
    assert!(matches!(error, LoadError::NotFound { .. }), "{error}");

    let mut tier = bench.loader.process_tier().clone();
    tier.program = Some("/nowhere/jackfield-sandbox".into());
    let reason = tier.find_program().unwrap_err();
    assert!(
        reason.contains("/nowhere/jackfield-sandbox is not there") && reason.contains("JACKFIELD_SANDBOX"),
        "{reason}"
    );
}

#[test]
fn e1_2_an_instance_is_told_what_is_tried_out_whatever_process_it_is_in() {
    let bench = Bench::new(PATIENT);
    for isolation in [Isolation::InProcess, Isolation::Process] {
        let mut processor = bench.create(MISBEHAVES, isolation, &[]).unwrap();
        let mut statistics = [0.0; 4];
        assert_eq!(processor.stats(&mut statistics), Ok(4));
        assert_eq!(statistics[2], 7.0, "{isolation:?}");
    }
}
