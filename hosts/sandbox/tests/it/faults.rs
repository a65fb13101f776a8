//! A plugin that ends its process, or does not answer, costs its host a block.

use jackfield_abi::thread::{Class, declare};
use jackfield_core::FaultCode;
use jackfield_core::module::Module;
use jackfield_core::units::TimeDelta;
use jackfield_loader::ProcessState;

use crate::support::{Bench, FACTOR, PATIENT, SIN, block, commit, process, signal};

/// With a deadline so long that only an end can end the wait: the kernel tells of it at once.
#[test]
fn t_6_a_process_that_ends_is_known_at_once_and_not_at_the_deadline() {
    let hour = TimeDelta::seconds(3_600);
    for (sin, how) in [(1.0, "panic"), (2.0, "abort"), (3.0, "segfault"), (6.0, "exit")] {
        let mut bench = Bench::new(hour);
        let mut processor = bench.misbehaves(&[]);
        assert_eq!(commit(&mut processor, sin), Some(FaultCode::Gone), "{how}");
        let mut samples = block(3);
        assert_eq!(
            process(&mut processor, &mut samples).unwrap_err().code(),
            FaultCode::Gone,
            "{how}"
        );
        assert_eq!(
            samples,
            block(3),
            "{how}: a block that went without the plugin is as it was"
        );
        // It would do the same again at its first block.
        processor.set_parameter(SIN, 0.0).unwrap();
        bench.pass(TimeDelta::ms(10));
        bench.pass_until(ProcessState::Up);
        process(&mut processor, &mut samples).unwrap();
        let status = bench.status();
        assert_eq!(
            (status.ends, status.restarts, status.concealed, status.missed),
            (1, 1, 2, 0),
            "{how}: {status:?}"
        );
    }
}

#[test]
fn t_6_a_plugin_that_hangs_misses_its_deadline_and_is_ended_and_started_again() {
    let mut bench = Bench::new(TimeDelta::ms(3));
    let mut processor = bench.misbehaves(&[]);
    assert_eq!(commit(&mut processor, 4.0), Some(FaultCode::TimedOut));
    // However often it is called meanwhile: what counts is time.
    for _ in 0..30 {
        bench.pass(TimeDelta::ms(10));
        for _ in 0..10 {
            assert_eq!(
                process(&mut processor, &mut block(0)).unwrap_err().code(),
                FaultCode::TimedOut
            );
        }
        assert_eq!(bench.status().state, ProcessState::Late);
    }
    bench.pass(TimeDelta::ms(20));
    assert_eq!(
        process(&mut processor, &mut block(0)).unwrap_err().code(),
        FaultCode::Gone
    );
    processor.set_parameter(SIN, 0.0).unwrap();
    bench.pass(TimeDelta::ms(10));
    bench.pass_until(ProcessState::Up);
    assert_eq!(bench.status().ends, 1);
    served(&bench, &mut processor, 1.0);
}

#[test]
fn an_answer_that_comes_late_is_thrown_away_and_not_taken_for_the_next_block() {
    let bench = Bench::new(TimeDelta::ms(20));
    let mut processor = bench.misbehaves(&[]);
    processor.set_parameter(FACTOR, 2.0).unwrap();
    assert_eq!(commit(&mut processor, 5.0), Some(FaultCode::TimedOut));
    // While it sleeps, blocks are as they came, and a parameter is kept for it.
    let mut samples = block(1);
    assert_eq!(
        process(&mut processor, &mut samples).unwrap_err().code(),
        FaultCode::TimedOut
    );
    assert_eq!(samples, block(1));
    processor.set_parameter(FACTOR, 0.5).unwrap();
    assert_eq!(
        processor.parameter(FACTOR).unwrap(),
        0.5,
        "what it was set to, whoever knows"
    );
    processor.set_parameter(SIN, 0.0).unwrap();
    for _ in 0..1_000_000 {
        if process(&mut processor, &mut block(0)).is_ok() {
            break;
        }
        std::thread::yield_now();
    }
    served(&bench, &mut processor, 0.5);
}

/// The next block comes back as the plugin makes it. On a busy machine a block may miss its deadline for another reason than the plugin's.
fn served(bench: &Bench, processor: &mut jackfield_core::audio_processor::AudioProcessorProxy, factor: f32) {
    for number in 0..1_000_000 {
        let mut samples = block(number);
        if process(processor, &mut samples).is_ok() {
            let wanted: Vec<f32> = block(number).iter().map(|sample| sample * factor).collect();
            assert_eq!(samples, wanted);
            return;
        }
        std::thread::yield_now();
    }
    panic!("no block came back: {:?}", bench.status());
}

#[test]
fn a_fault_that_the_plugin_tells_is_no_end() {
    let bench = Bench::new(PATIENT);
    let mut processor = bench.misbehaves(&[]);
    assert_eq!(commit(&mut processor, 12.0), Some(FaultCode::Invalid));
    assert_eq!(commit(&mut processor, 0.0), None);
    assert_eq!(bench.status().ends, 0);
}

/// Nobody speaks yet who has this processor, and the audio thread reads its statistics all the same.
#[test]
fn t_6_a_plugin_that_hangs_before_its_first_block_does_not_hold_the_audio_thread_up() {
    let bench = Bench::new(TimeDelta::ms(3));
    let mut processor = bench.misbehaves(&[]);
    signal(bench.status().process.unwrap(), "STOP");
    declare(Some(Class::Audio));
    let read = processor.stats(&mut [0.0; 4]);
    declare(None);
    assert_eq!(read.unwrap_err().code(), FaultCode::TimedOut);
    let status = bench.status();
    assert_eq!(
        (status.missed, status.state),
        (1, ProcessState::Late),
        "it waited as one does who has a deadline"
    );
}

#[test]
fn statistics_of_the_plugin_come_through_and_those_of_its_process_are_kept() {
    let bench = Bench::new(PATIENT);
    let mut processor = bench.misbehaves(&[]);
    for number in 0..5 {
        process(&mut processor, &mut block(number)).unwrap();
    }
    let mut values = [0.0; 4];
    assert_eq!(processor.stats(&mut values).unwrap(), 4);
    assert_eq!(values[0], 5.0);
    // activate, five blocks, the statistics.
    assert_eq!(bench.status().calls, 7);
}
