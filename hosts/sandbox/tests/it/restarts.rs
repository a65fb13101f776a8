//! A process that ended is started again, later each time, and is told what its predecessor knew from its host.

use jackfield_core::FaultCode;
use jackfield_core::module::Module;
use jackfield_core::units::TimeDelta;
use jackfield_loader::ProcessState;

use crate::support::{Bench, FACTOR, PATIENT, SIN, block, commit, process, signal};

#[test]
fn t_7_a_newcomer_is_set_up_as_its_predecessor_was() {
    let mut bench = Bench::new(PATIENT);
    let mut processor = bench.misbehaves(&[]);
    processor.set_parameter(FACTOR, 0.25).unwrap();
    let first = bench.status().process.unwrap();
    assert_eq!(commit(&mut processor, 2.0), Some(FaultCode::Gone));
    // Set while nobody is there.
    processor.set_parameter(SIN, 0.0).unwrap();
    assert_eq!(processor.parameter(SIN).unwrap(), 0.0);
    bench.pass(TimeDelta::ms(10));
    bench.pass_until(ProcessState::Up);
    assert_ne!(bench.status().process.unwrap(), first);
    let mut samples = block(4);
    process(&mut processor, &mut samples).expect("it was activated again");
    let wanted: Vec<f32> = block(4).iter().map(|sample| sample * 0.25).collect();
    assert_eq!(samples, wanted, "the parameter that was set survives");
}

#[test]
fn t_6_each_end_in_a_row_is_waited_for_longer_and_in_the_end_it_is_given_up() {
    let mut bench = Bench::new(PATIENT);
    let mut processor = bench.misbehaves(&[]);
    processor.set_parameter(SIN, 2.0).unwrap();
    let mut rests = Vec::new();
    loop {
        assert_eq!(
            process(&mut processor, &mut block(0)).unwrap_err().code(),
            FaultCode::Gone
        );
        bench.pass(TimeDelta::ms(1));
        if bench.status().state == ProcessState::GivenUp {
            break;
        }
        let mut rest = 0;
        // It rests as long as there is no process.
        while bench.status().process.is_none() {
            bench.pass(TimeDelta::ms(10));
            rest += 10;
        }
        rests.push(rest);
        bench.pass_until(ProcessState::Up);
    }
    assert_eq!(
        rests,
        [10, 100, 200, 400, 800, 1_600, 3_200],
        "ms, in steps of 10"
    );
    assert_eq!(bench.status().ends, 8);
    assert_eq!(
        process(&mut processor, &mut block(0)).unwrap_err().code(),
        FaultCode::Failed
    );
    processor.set_parameter(SIN, 0.0).unwrap();
    bench.pass(TimeDelta::seconds(60));
    assert_eq!(bench.status().state, ProcessState::GivenUp);
}

#[test]
fn a_long_time_without_an_end_begins_the_row_anew() {
    let mut bench = Bench::new(PATIENT);
    let mut processor = bench.misbehaves(&[]);
    for _ in 0..10 {
        assert_eq!(commit(&mut processor, 6.0), Some(FaultCode::Gone));
        processor.set_parameter(SIN, 0.0).unwrap();
        bench.pass(TimeDelta::ms(1));
        bench.pass_until(ProcessState::Up);
        bench.pass(TimeDelta::ms(10));
        bench.pass(TimeDelta::seconds(11));
        process(&mut processor, &mut block(0)).unwrap();
    }
    assert_eq!(bench.status().restarts, 10);
}

#[test]
fn a_process_that_ends_between_two_calls_is_started_again_before_the_next() {
    let mut bench = Bench::new(PATIENT);
    let mut processor = bench.misbehaves(&[]);
    let process_id = bench.status().process.unwrap();
    signal(process_id, "KILL");
    // The kernel marks its end, so that not even one call waits for nobody: the deadline here is 10 s.
    let gone = (0..1_000_000).find_map(|_| process(&mut processor, &mut block(0)).err());
    assert_eq!(gone.expect("it was killed").code(), FaultCode::Gone);
    bench.pass_until_started_again(process_id);
    process(&mut processor, &mut block(0)).unwrap();
}

#[test]
fn an_instance_that_is_dropped_takes_its_process_with_it() {
    let bench = Bench::new(PATIENT);
    let processor = bench.misbehaves(&[]);
    let process_id = bench.status().process.unwrap();
    drop(processor);
    assert!(bench.loader.processes().is_empty());
    assert!(!std::path::Path::new(&format!("/proc/{process_id}")).exists());
}
