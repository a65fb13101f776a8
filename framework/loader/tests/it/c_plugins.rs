//! A plugin in C goes through the same door.

use std::collections::BTreeMap;

use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_processor::{AudioProcessor, CaptureInfo, ProcessorHandover, ProcessorReport};
use jackfield_core::module::{Module, ResetReason};
use jackfield_core::time::Timestamp;
use jackfield_core::{Fault, FaultCode};
use jackfield_loader::{LoadError, ParameterValue};

use crate::support::{
    C_GAIN, Folder, PROCESSOR, c_gain_source, header, processed, processor, replaced, socket,
};

#[test]
fn it_is_found_made_and_processes() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| source);
    let loader = folder.loader();
    let catalogue = loader.catalogue();
    let (_, module) = catalogue.modules().next().unwrap();
    assert_eq!(
        (
            module.id.as_str(),
            module.version.as_str(),
            module.license.as_str()
        ),
        (C_GAIN, "1.0.0", "MIT OR Apache-2.0")
    );
    assert_eq!(module.parameters[0].unit, "dB");

    let mut gain = processor(&loader, C_GAIN).unwrap();
    assert!((processed(&mut gain) - 1.0).abs() < 1e-6);
    gain.set_parameter(0, -6.0).unwrap();
    assert!((processed(&mut gain) - 0.501).abs() < 1e-3);
    assert_eq!(gain.parameter(0), Ok(-6.0));
    let mut statistics = [0.0];
    assert_eq!(gain.stats(&mut statistics), Ok(1));
    assert_eq!(statistics[0], 20.0, "it counts its blocks");
}

#[test]
fn a_change_is_reached_without_a_step() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| source);
    let mut gain = processor(&folder.loader(), C_GAIN).unwrap();
    gain.activate(&AudioFormat::MONO_48K).unwrap();
    gain.set_parameter(0, -20.0).unwrap();
    let mut block = [1.0_f32; 480];
    let mut report = ProcessorReport::UNKNOWN;
    gain.process(Timestamp::ZERO, &mut block, &CaptureInfo::UNKNOWN, &mut report)
        .unwrap();
    let largest = block
        .windows(2)
        .map(|pair| (pair[0] - pair[1]).abs())
        .fold(0.0, f32::max);
    assert!(largest < 0.003, "largest step {largest}");
    assert!((block[479] - 0.1).abs() < 1e-4);
    assert_eq!(report.gain_db, -20.0);
    assert!(
        report.voice_probability.is_nan(),
        "what it does not know stays unknown"
    );
}

#[test]
fn its_faults_carry_their_text() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| source);
    let mut gain = processor(&folder.loader(), C_GAIN).unwrap();
    let mut report = ProcessorReport::UNKNOWN;
    let early = gain
        .process(
            Timestamp::ZERO,
            &mut [0.0; 480],
            &CaptureInfo::UNKNOWN,
            &mut report,
        )
        .unwrap_err();
    assert_eq!(early.code(), FaultCode::State);
    assert_eq!(gain.last_fault(), Some(Fault::state("call activate first")));
    assert_eq!(
        gain.set_parameter(0, f64::NAN).unwrap_err().code(),
        FaultCode::Invalid
    );
    assert_eq!(gain.set_parameter(9, 0.0).unwrap_err().code(), FaultCode::Invalid);
    gain.reset(ResetReason::Stream).unwrap();
}

#[test]
fn methods_that_it_leaves_out_have_their_defaults_in_the_host() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| source);
    let mut gain = processor(&folder.loader(), C_GAIN).unwrap();
    assert_eq!(gain.render(Timestamp::ZERO, &[0.0; 480]), Ok(()));
    let mut state = ProcessorHandover::UNKNOWN;
    assert_eq!(gain.hand_over(&mut state), Ok(()));
    assert!(state.gain_db.is_nan());
}

#[test]
fn the_manifest_sets_its_parameters() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| source);
    let loader = folder.loader();
    let mut quiet = socket(C_GAIN);
    quiet.parameters = BTreeMap::from([("gain".to_owned(), ParameterValue::Number(-20.0))]);
    let resolved = loader.resolve(&quiet, PROCESSOR).unwrap();
    let mut gain = loader.create::<dyn AudioProcessor>(&resolved, 1).unwrap();
    assert!((processed(&mut gain) - 0.1).abs() < 1e-4);
}

#[test]
fn a_table_of_a_wrong_size_is_refused() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        replaced(
            &source,
            ".size = sizeof(jf_audio_processor_table_t)",
            ".size = sizeof(jf_audio_processor_table_t) - 8",
        )
    });
    let error = processor(&folder.loader(), C_GAIN).err().unwrap();
    assert!(matches!(error, LoadError::Table { .. }), "{error}");
    assert!(
        error.to_string().contains("80 bytes cannot be revision 2"),
        "{error}"
    );
}

#[test]
fn a_table_without_a_required_method_is_refused_by_name() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        let source = replaced(&source, "    .process = gain_process,\n", "");
        replaced(
            &source,
            "static jf_status_t gain_process",
            "__attribute__((unused)) static jf_status_t gain_process",
        )
    });
    let error = processor(&folder.loader(), C_GAIN).err().unwrap();
    assert_eq!(
        error.to_string(),
        "`example.processing.c-gain`: jackfield.audio-processor/1: the table lacks the required method `process`; fill it in"
    );
}

/// The author builds against an old header in which a struct had another field.
#[test]
fn a_plugin_built_with_another_header_is_refused_before_it_is_opened() {
    let folder = Folder::new();
    let other = replaced(&header(), "muted:uint32_t", "muted:float");
    folder.compile("gain.so", &c_gain_source(), &other);
    let fault = folder.fault().to_string();
    assert!(
        fault.contains("method `process` differs: expected `muted:uint32_t`, found `muted:float`"),
        "{fault}"
    );
    assert!(fault.contains("jackfield.audio-processor/1"), "{fault}");
}

#[test]
fn a_plugin_that_does_not_describe_its_tables_is_refused() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        replaced(&source, " JF_AUDIO_PROCESSOR_SHAPE)", ")")
    });
    let fault = folder.fault().to_string();
    assert!(fault.contains("JF_AUDIO_PROCESSOR_SHAPE"), "{fault}");
}

#[test]
fn what_it_logs_reaches_the_host() {
    use crate::faults::support::Lines;
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        let source = replaced(
            &source,
            "// ---- entry ----",
            "static jf_status_t start(const jf_host_t *host) {\n  host->log(host->context, 2, \"c\", 1, \"hello from C\", 12);\n  return JF_OK;\n}\n",
        );
        replaced(&source, "    .modules = modules,", "    .init = start,\n    .modules = modules,")
    });
    let lines = Lines::default();
    tracing::subscriber::with_default(lines.clone(), || {
        processor(&folder.loader(), C_GAIN).map(|_| ()).unwrap();
    });
    let text = lines.text();
    assert!(
        text.contains("WARN") && text.contains("hello from C") && text.contains("gain.so"),
        "{text}"
    );
}

#[test]
fn a_plugin_that_refuses_to_start_says_so() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        let source = replaced(
            &source,
            "// ---- entry ----",
            "static jf_status_t start(const jf_host_t *host) {\n  (void)host;\n  return JF_E_FAILED;\n}\n",
        );
        replaced(
            &source,
            "    .modules = modules,",
            "    .init = start,\n    .modules = modules,",
        )
    });
    let error = processor(&folder.loader(), C_GAIN).err().unwrap().to_string();
    assert!(error.contains("refused to start with status -5"), "{error}");
}
