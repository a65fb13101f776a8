//! Plugin files that panic: the host goes on, knows where it was, and prints nothing.

pub(crate) mod support;

use std::process::Command;

use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_processor::{AudioProcessor, CaptureInfo, ProcessorReport};
use jackfield_core::module::Module;
use jackfield_core::time::Timestamp;
use jackfield_core::{Fault, FaultCode};
use jackfield_loader::LoadError;

use crate::support::{Folder, panics_file, processed, processor};

const IN_CREATE: &str = "test.processing.panics-in-create";
const IN_PROCESS: &str = "test.processing.panics-in-process";

#[test]
fn t_6_a_panic_in_create_is_an_error_that_says_what_and_where() {
    let folder = Folder::new();
    folder.put_file(&panics_file());
    let error = processor(&folder.loader(), IN_CREATE).err().unwrap();
    let LoadError::Create { id, fault } = error else {
        panic!("{error}")
    };
    assert_eq!((id.as_str(), fault.code()), (IN_CREATE, FaultCode::Panicked));
    assert!(
        fault.text().starts_with("no instance today at ") && fault.text().contains("panics.rs:"),
        "{fault}"
    );
}

#[test]
fn t_6_a_panic_in_a_method_is_a_fault_and_the_instance_is_out_of_use() {
    let folder = Folder::new();
    folder.put_file(&panics_file());
    let loader = folder.loader();
    let mut plugin = processor(&loader, IN_PROCESS).unwrap();
    plugin.activate(&AudioFormat::MONO_48K).unwrap();
    plugin.set_parameter(0, 1.0).unwrap();
    let process = |plugin: &mut jackfield_core::audio_processor::AudioProcessorProxy| -> Fault {
        let mut report = ProcessorReport::UNKNOWN;
        plugin
            .process(
                Timestamp::ZERO,
                &mut [0.0; 480],
                &CaptureInfo::UNKNOWN,
                &mut report,
            )
            .unwrap_err()
    };
    assert_eq!(process(&mut plugin).code(), FaultCode::Panicked);
    let text = plugin.last_fault().unwrap().text().to_owned();
    assert!(
        text.starts_with("block of 480 samples refused at ") && text.contains("panics.rs:"),
        "{text}"
    );
    assert_eq!(process(&mut plugin).code(), FaultCode::Poisoned);
    let poisoned = plugin.activate(&AudioFormat::MONO_48K).unwrap_err();
    assert_eq!(
        (poisoned.code(), poisoned.text()),
        (FaultCode::Poisoned, text.as_str())
    );
    drop(plugin);

    let mut fresh = processor(&loader, IN_PROCESS).unwrap();
    assert_eq!(
        processed(&mut fresh),
        1.0,
        "a fresh instance of the same image works"
    );
}

/// The hook that prints panics is the plugin's own, in its own copy of the standard library, and it is silent. Seen from outside, because
/// a test's own output is captured.
#[test]
fn a_plugin_that_panics_prints_nothing() {
    let run = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "faults::t_6_a_panic_in_a_method_is_a_fault_and_the_instance_is_out_of_use",
            "--nocapture",
        ])
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
    );
    assert!(run.status.success() && out.contains("1 passed"), "{out}{err}");
    assert!(
        !err.contains("panicked") && !out.contains("panicked"),
        "{out}{err}"
    );
}

#[test]
fn what_a_plugin_in_rust_logs_reaches_the_host() {
    let folder = Folder::new();
    folder.put_file(&panics_file());
    let lines = support::Lines::default();
    tracing::subscriber::with_default(lines.clone(), || {
        processor(&folder.loader(), IN_PROCESS).map(|_| ()).unwrap();
    });
    let text = lines.text();
    assert!(
        text.contains("INFO") && text.contains("made with seed 7") && text.contains("libpanics.so"),
        "{text}"
    );
}

#[test]
fn e1_2_experiments_and_the_log_reach_an_instance_without_any_global() {
    let folder = Folder::new();
    folder.put_file(&panics_file());
    let with = |experiments: &[(&str, &str)]| {
        let mut options = folder.options();
        options.experiments = experiments
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let lines = support::Lines::default();
        let loader = jackfield_loader::Loader::new(options).unwrap();
        let made =
            tracing::subscriber::with_default(lines.clone(), || processor(&loader, IN_PROCESS).map(|_| ()));
        (made, lines.text())
    };
    let (made, said) = with(&[("trap", "soft"), ("other", "1")]);
    assert!(made.is_ok() && said.contains("and trap soft"), "{said}");
    let (made, said) = with(&[]);
    assert!(made.is_ok() && said.contains("and trap none"), "{said}");
    let (made, _) = with(&[("trap", &"x".repeat(500))]);
    let error = made.unwrap_err();
    assert!(matches!(error, LoadError::Create { .. }), "{error}");
}
