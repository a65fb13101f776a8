//! What a plugin may do in a process of its own: compute, and what the manifest allows.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use jackfield_core::FaultCode;
use jackfield_loader::isolation::offered_confinement;
use jackfield_loader::{Grant, Isolation, LoadError};

use crate::support::{Bench, MISBEHAVES, PATIENT, commit};

const READS: f64 = 7.0;
const OPENS_A_SOCKET: f64 = 8.0;
const STARTS_A_PROCESS: f64 = 9.0;
const WRITES: f64 = 10.0;
const STARTS_A_THREAD: f64 = 11.0;
const KILLS_ITS_HOST: f64 = 13.0;

#[test]
fn t_7_without_leave_it_opens_no_file_and_no_socket_and_starts_nothing() {
    let bench = Bench::new(PATIENT);
    let mut processor = bench.misbehaves(&[]);
    for sin in [READS, OPENS_A_SOCKET, STARTS_A_PROCESS, WRITES, KILLS_ITS_HOST] {
        assert_eq!(commit(&mut processor, sin), Some(FaultCode::Failed), "sin {sin}");
        let said = processor.last_fault().unwrap();
        assert!(
            said.text().contains("denied") || said.text().contains("not permitted"),
            "sin {sin}: {said}"
        );
    }
    assert_eq!(
        commit(&mut processor, STARTS_A_THREAD),
        None,
        "threads are what sound may need"
    );
    assert_eq!(commit(&mut processor, 0.0), None);
    assert_eq!(bench.status().ends, 0, "being refused is no end");
    let confinement = bench.status().confinement;
    assert_eq!(
        confinement,
        offered_confinement(),
        "all that the machine offers is in force"
    );
    assert!(confinement.seccomp);
}

#[test]
fn t_7_what_the_manifest_allows_works_and_nothing_beside_it() {
    let bench = Bench::new(PATIENT);
    let mut net = bench.misbehaves(&[Grant::Net]);
    assert_eq!(commit(&mut net, OPENS_A_SOCKET), None);
    assert_eq!(commit(&mut net, READS), Some(FaultCode::Failed));
    drop(net);
    let mut reads = bench.misbehaves(&["read:/etc/hostname".parse().unwrap()]);
    assert_eq!(commit(&mut reads, READS), None, "{:?}", reads.last_fault());
    assert_eq!(commit(&mut reads, OPENS_A_SOCKET), Some(FaultCode::Failed));
    assert_eq!(commit(&mut reads, WRITES), Some(FaultCode::Failed));
}

#[test]
fn a_path_that_is_not_there_is_told_when_the_plugin_starts() {
    let bench = Bench::new(PATIENT);
    let allow = ["read:/models/of/nobody".parse().unwrap()];
    let error = bench
        .create(MISBEHAVES, Isolation::Process, &allow)
        .err()
        .unwrap();
    let LoadError::Process { reason, .. } = &error else {
        panic!("{error}")
    };
    assert!(
        reason.contains("/models/of/nobody, which is not there"),
        "{reason}"
    );
}

#[test]
fn a_program_that_is_no_sandbox_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("jackfield-sandbox");
    fs::write(&program, "#!/bin/sh\nexit 3\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let bench = Bench::with_program(program);
    let error = bench.create(MISBEHAVES, Isolation::Process, &[]).err().unwrap();
    assert!(
        error
            .to_string()
            .contains("ended before it was ready: it ended itself with exit code 3"),
        "{error}"
    );
}
