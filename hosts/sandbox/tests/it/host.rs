//! A plugin's process never outlives its host, whatever ended that.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use jackfield_core::units::TimeDelta;

use crate::support::{Bench, commit};

/// Run by the test below, in a process of its own, with a plugin that hangs as hard as one can.
#[test]
#[ignore = "ends its process"]
fn a_host_that_is_killed() {
    let bench = Bench::new(TimeDelta::ms(1));
    let mut processor = bench.misbehaves(&[]);
    commit(&mut processor, 4.0);
    println!("process {}", bench.status().process.unwrap());
    std::process::abort();
}

#[test]
fn t_6_a_process_ends_with_its_host_even_while_its_plugin_hangs() {
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "host::a_host_that_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let process = lines.map_while(Result::ok).find_map(|line| {
        let at = line.find("process ")?;
        line[at + 8..].trim().parse::<u32>().ok()
    });
    let process = process.expect("the host says whose process it started");
    assert!(!host.wait().unwrap().success());
    let state = PathBuf::from(format!("/proc/{process}/stat"));
    let ended = (0..1_000_000).any(|_| {
        std::thread::yield_now();
        // One that ended and that nobody has waited for yet is a zombie.
        std::fs::read_to_string(&state).map_or(true, |stat| stat.contains(") Z "))
    });
    assert!(ended, "process {process} goes on without its host");
}

#[test]
fn started_by_hand_it_says_what_it_is() {
    let run = Command::new(env!("CARGO_BIN_EXE_jackfield-sandbox"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success());
    assert!(said.contains("started by a Jackfield host"), "{said}");
}
