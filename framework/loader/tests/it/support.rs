//! Where the plugin files come from.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_processor::{AudioProcessor, AudioProcessorProxy, CaptureInfo, ProcessorReport};
use jackfield_core::time::Timestamp;
use jackfield_loader::{
    FileFault, Isolation, LoadError, Loader, LoaderOptions, Problem, Resolved, SocketManifest,
};
use tempfile::TempDir;

/// The area of most of the plugins here.
pub(crate) const PROCESSOR: &str = "jackfield.audio-processor/1";
/// The id of the plugin in C.
pub(crate) const C_GAIN: &str = "example.processing.c-gain";

/// The gain of the workspace as a file. It is a dependency of these tests, so cargo has built it beside them.
pub(crate) fn gain_file() -> PathBuf {
    beside_the_tests("libjackfield_processing_gain.so")
}

/// The plugin that changes nothing, as a file.
pub(crate) fn null_file() -> PathBuf {
    beside_the_tests("libjackfield_processing_null.so")
}

/// The plugin that panics, as a file.
pub(crate) fn panics_file() -> PathBuf {
    beside_the_tests("../examples/libpanics.so")
}

fn beside_the_tests(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let file = tests.parent().unwrap().join(name);
    assert!(
        file.exists(),
        "{} is missing: run all tests of the package, `cargo test -p jackfield-loader`",
        file.display()
    );
    file
}

/// A plugin folder that only its owner may write.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Puts a file into the folder as an installer does: under another name first.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        let unfinished = self.path().join("unfinished");
        fs::write(&unfinished, bytes).unwrap();
        fs::rename(&unfinished, &path).unwrap();
        path
    }

    pub(crate) fn put_file(&self, file: &Path) -> PathBuf {
        self.put(
            file.file_name().unwrap().to_str().unwrap(),
            &fs::read(file).unwrap(),
        )
    }

    /// Compiles `source` against `header` into a plugin file.
    pub(crate) fn compile(&self, name: &str, source: &str, header: &str) -> PathBuf {
        let build = tempfile::tempdir().unwrap();
        fs::write(build.path().join("jackfield.h"), header).unwrap();
        fs::write(build.path().join("plugin.c"), source).unwrap();
        let built = build.path().join("plugin.so");
        let run = Command::new("cc")
            .args([
                "-std=c11",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-pedantic",
                "-O2",
                "-fPIC",
                "-fvisibility=hidden",
                "-shared",
            ])
            .arg("-I")
            .arg(build.path())
            .arg("-o")
            .arg(&built)
            .arg(build.path().join("plugin.c"))
            .arg("-lm")
            .output()
            .expect("a C compiler is part of the setup");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        self.put(name, &fs::read(built).unwrap())
    }

    /// The gain in C, changed by `change`.
    pub(crate) fn c_gain(&self, name: &str, change: impl FnOnce(String) -> String) -> PathBuf {
        self.compile(name, &change(c_gain_source()), &header())
    }

    pub(crate) fn options(&self) -> LoaderOptions {
        LoaderOptions {
            folders: vec![self.path().to_owned()],
            ..LoaderOptions::default()
        }
    }

    pub(crate) fn loader(&self) -> Loader {
        Loader::new(self.options()).unwrap()
    }

    /// What the scan of this folder has against its only file.
    pub(crate) fn fault(&self) -> FileFault {
        match self.loader().catalogue().problems() {
            [Problem::File { fault, .. }] => fault.clone(),
            other => panic!("expected one bad file, found {other:?}"),
        }
    }
}

pub(crate) fn c_gain_source() -> String {
    fs::read_to_string(sdk().join("c/gain.c")).unwrap()
}

pub(crate) fn header() -> String {
    fs::read_to_string(sdk().join("abi/include/jackfield.h")).unwrap()
}

fn sdk() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk")
}

/// `text` with `old`, which is there, replaced.
pub(crate) fn replaced(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "`{old}` is not in the source any more");
    text.replace(old, new)
}

/// A socket with this plugin in it.
pub(crate) fn socket(id: &str) -> SocketManifest {
    SocketManifest {
        name: "gain".to_owned(),
        candidates: vec![id.to_owned()],
        parameters: BTreeMap::new(),
        fallback: None,
        isolation: Isolation::InProcess,
        allow: Vec::new(),
        pin: None,
    }
}

pub(crate) fn resolve(loader: &Loader, id: &str) -> Result<Resolved, LoadError> {
    loader.resolve(&socket(id), PROCESSOR)
}

/// An instance of `id`, from the scan to the last check.
pub(crate) fn processor(loader: &Loader, id: &str) -> Result<AudioProcessorProxy, LoadError> {
    loader.create::<dyn AudioProcessor>(&resolve(loader, id)?, 7)
}

/// What comes out of `processor` for a block of ones.
pub(crate) fn processed(processor: &mut AudioProcessorProxy) -> f32 {
    processor.activate(&AudioFormat::MONO_48K).unwrap();
    let mut block = [1.0; 480];
    // A gain may take a few blocks to get to where it is set.
    for _ in 0..10 {
        block = [1.0; 480];
        let mut report = ProcessorReport::UNKNOWN;
        processor
            .process(Timestamp::ZERO, &mut block, &CaptureInfo::UNKNOWN, &mut report)
            .unwrap();
    }
    block[479]
}
