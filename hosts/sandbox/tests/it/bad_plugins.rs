//! Plugins that do wrong are put into a call, each of those that would take the host with them, in the tier that is meant for them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use jackfield_core::audio_processor::AudioProcessor;
use jackfield_core::units::TimeDelta;
use jackfield_graph::processor::PreparedProcessor;
use jackfield_loader::{Isolation, Loader, LoaderOptions, ProcessTier};

use crate::graph_conference::plugins::ROOM;
use crate::graph_conference::trial::{Trial, assert_in_the_table};
use crate::support::{PROCESSOR, socket};

/// Short enough to wait for a plugin that hangs, long enough for a busy machine.
const DEADLINE: TimeDelta = TimeDelta::ms(10);

/// All that do wrong in one file.
fn bad_plugins() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let file = tests.parent().unwrap().join("../examples/libbad_plugins.so");
    assert!(
        file.exists(),
        "{} is missing: run `cargo build -p jackfield-bad --examples`, or `make plugins`",
        file.display()
    );
    file
}

fn row(name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(bad_plugins(), folder.path().join("bad_plugins.so")).unwrap();
    let loader = Loader::new(LoaderOptions {
        folders: vec![folder.path().to_owned()],
        process: ProcessTier {
            program: Some(PathBuf::from(env!("CARGO_BIN_EXE_jackfield-sandbox"))),
            block_deadline: DEADLINE,
            ..ProcessTier::default()
        },
        ..LoaderOptions::default()
    })
    .unwrap();
    let id = format!("jackfield.bad.{name}");
    let resolved = loader
        .resolve(&socket(&id, Isolation::Process, &[]), PROCESSOR)
        .unwrap();
    let plugin = loader.create::<dyn AudioProcessor>(&resolved, 1).unwrap();
    let newcomer = PreparedProcessor::new(Box::new(plugin), ROOM, ROOM, false).unwrap();
    let trial = Trial::of(Box::new(newcomer));
    assert!(
        trial.concealed <= 1,
        "{id}: {} blocks, {}",
        trial.concealed,
        trial.ending()
    );
    trial.row(&id, "process")
}

#[test]
fn t_6_a_plugin_that_would_take_the_host_with_it_costs_the_others_no_more_than_a_block() {
    assert_in_the_table(&[
        row("aborts"),
        row("segfaults"),
        row("loops-endlessly"),
        row("is-slow"),
        row("sleeps"),
        row("exits"),
        row("writes-past-its-buffer"),
        row("keeps-pointers"),
    ]);
}
