//! A loader whose plugins run in processes of their own, and blocks to process.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jackfield_abi::Area;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_processor::{AudioProcessor, AudioProcessorProxy, CaptureInfo, ProcessorReport};
use jackfield_core::module::Module;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_core::{Fault, FaultCode};
use jackfield_loader::{
    Grant, Isolation, LoadError, Loader, LoaderOptions, ProcessState, ProcessStatus, ProcessTier,
    SocketManifest,
};
use tempfile::TempDir;

pub(crate) const PROCESSOR: &str = "jackfield.audio-processor/1";
pub(crate) const GAIN: &str = "jackfield.processing.gain";
pub(crate) const MISBEHAVES: &str = "test.processing.misbehaves";

/// The parameters of the plugin that misbehaves.
pub(crate) const SIN: u32 = 0;
pub(crate) const FACTOR: u32 = 1;

/// A deadline that no busy machine misses.
pub(crate) const PATIENT: TimeDelta = TimeDelta::seconds(10);

/// Plugin files in a folder of their own, and a loader for them.
pub(crate) struct Bench {
    _folder: TempDir,
    pub(crate) loader: Loader,
    now: Timestamp,
}

impl Bench {
    pub(crate) fn new(block_deadline: TimeDelta) -> Self {
        Self::of(
            block_deadline,
            PathBuf::from(env!("CARGO_BIN_EXE_jackfield-sandbox")),
        )
    }

    /// With another program than ours.
    pub(crate) fn with_program(program: PathBuf) -> Self {
        Self::of(PATIENT, program)
    }

    fn of(block_deadline: TimeDelta, program: PathBuf) -> Self {
        let folder = folder_with(&[
            "libjackfield_codec_pcm.so",
            "libjackfield_congestion_fixed.so",
            "libjackfield_jitter_fixed.so",
            "libjackfield_mixer_sum.so",
            "libjackfield_pacing_null.so",
            "libjackfield_processing_gain.so",
            "../examples/libmisbehaves.so",
        ]);
        let loader = Loader::new(LoaderOptions {
            folders: vec![folder.path().to_owned()],
            process: ProcessTier {
                program: Some(program),
                block_deadline,
                ..ProcessTier::default()
            },
            experiments: BTreeMap::from([("trial".to_owned(), "7".to_owned())]),
            ..LoaderOptions::default()
        });
        Self {
            _folder: folder,
            loader: loader.unwrap(),
            now: Timestamp::ZERO,
        }
    }

    pub(crate) fn create(
        &self,
        id: &str,
        isolation: Isolation,
        allow: &[Grant],
    ) -> Result<AudioProcessorProxy, LoadError> {
        let resolved = self.loader.resolve(&socket(id, isolation, allow), PROCESSOR)?;
        self.loader.create::<dyn AudioProcessor>(&resolved, 7)
    }

    /// An instance for any area.
    pub(crate) fn instance<A>(&self, id: &str, isolation: Isolation) -> Result<A::Proxy, LoadError>
    where
        A: Area + ?Sized,
        A::Proxy: Module,
    {
        let resolved = self.loader.resolve(&socket(id, isolation, &[]), A::SHAPE.id)?;
        self.loader.create::<A>(&resolved, 7)
    }

    /// One that misbehaves when told so, activated.
    pub(crate) fn misbehaves(&self, allow: &[Grant]) -> AudioProcessorProxy {
        let mut processor = self.create(MISBEHAVES, Isolation::Process, allow).unwrap();
        processor.activate(&AudioFormat::MONO_48K).unwrap();
        processor
    }

    pub(crate) fn status(&self) -> ProcessStatus {
        self.loader.processes().remove(0)
    }

    /// Lets `time` pass in the eyes of the loader.
    pub(crate) fn pass(&mut self, time: TimeDelta) {
        self.now += time;
        self.loader.tend(self.now);
    }

    /// Lets time pass in steps of 10 ms until the process is in `state`. The machine's time passes too: a process takes its own to start.
    pub(crate) fn pass_until(&mut self, state: ProcessState) {
        for _ in 0..1_000_000 {
            if self.status().state == state {
                return;
            }
            self.pass(TimeDelta::us(100));
            std::thread::yield_now();
        }
        panic!("still not {state:?}: {:?}", self.status());
    }

    /// Lets time pass until another process than `former` answers.
    pub(crate) fn pass_until_started_again(&mut self, former: u32) {
        for _ in 0..1_000_000 {
            let status = self.status();
            if status.state == ProcessState::Up && status.process.is_some_and(|process| process != former) {
                return;
            }
            self.pass(TimeDelta::us(100));
            std::thread::yield_now();
        }
        panic!("not started again: {:?}", self.status());
    }
}

/// A loader as a host has one, with plugins as files and others linked in, and the folder of the files.
pub(crate) fn files_and_linked() -> (Loader, TempDir) {
    let folder = folder_with(&[
        "libjackfield_codec_opus.so",
        "libjackfield_congestion_fixed.so",
        "libjackfield_jitter_fixed.so",
        "libjackfield_mixer_sum.so",
        "libjackfield_pacing_null.so",
        "libjackfield_processing_gain.so",
    ]);
    let loader = Loader::new(LoaderOptions {
        folders: vec![folder.path().to_owned()],
        linked: crate::caller::linked(),
        process: ProcessTier {
            program: Some(PathBuf::from(env!("CARGO_BIN_EXE_jackfield-sandbox"))),
            ..ProcessTier::default()
        },
        ..LoaderOptions::default()
    });
    (loader.unwrap(), folder)
}

/// Sends a process a signal by its name.
pub(crate) fn signal(process: u32, name: &str) {
    assert!(try_signal(process, name));
}

/// The same; false if there is no such process any more.
pub(crate) fn try_signal(process: u32, name: &str) -> bool {
    std::process::Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status()
        .unwrap()
        .success()
}

fn folder_with(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for file in files {
        put(folder.path(), file);
    }
    folder
}

fn put(folder: &Path, name: &str) {
    let tests = std::env::current_exe().unwrap();
    let file = tests.parent().unwrap().join(name);
    let bytes = fs::read(&file).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; run all tests of the package, `cargo test -p jackfield-sandbox`",
            file.display()
        )
    });
    fs::write(folder.join(file.file_name().unwrap()), bytes).unwrap();
}

pub(crate) fn socket(id: &str, isolation: Isolation, allow: &[Grant]) -> SocketManifest {
    SocketManifest {
        name: "gain".to_owned(),
        candidates: vec![id.to_owned()],
        parameters: BTreeMap::new(),
        fallback: None,
        isolation,
        allow: allow.to_vec(),
        pin: None,
    }
}

/// 10 ms that differ from block to block and from sample to sample.
pub(crate) fn block(number: usize) -> Vec<f32> {
    (0..480)
        .map(|i| ((number * 480 + i) as f32 * 0.031).sin() * 0.4)
        .collect()
}

/// Processes `samples`; what the host is told.
pub(crate) fn process(
    processor: &mut AudioProcessorProxy,
    samples: &mut [f32],
) -> Result<ProcessorReport, Fault> {
    let mut report = ProcessorReport::UNKNOWN;
    processor.process(Timestamp::ZERO, samples, &CaptureInfo::UNKNOWN, &mut report)?;
    Ok(report)
}

/// Has the next block commit `sin`; the code of the fault, if there is one.
pub(crate) fn commit(processor: &mut AudioProcessorProxy, sin: f64) -> Option<FaultCode> {
    processor.set_parameter(SIN, sin).unwrap();
    process(processor, &mut block(0)).err().map(|fault| fault.code())
}
