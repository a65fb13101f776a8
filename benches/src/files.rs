//! Plugins from their files, opened by the loader as a host does.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jackfield_core::audio_processor::{AudioProcessor, AudioProcessorProxy};
use jackfield_loader::isolation::SANDBOX;
use jackfield_loader::{Isolation, Loader, LoaderOptions, Manifest, ProcessTier};

/// A loader that knows one plugin file, which cargo built beside the bench.
///
/// # Panics
/// If it was not built, or is no plugin.
pub fn loader(file: &str) -> Loader {
    let built = built(file);
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    std::fs::copy(&built, folder.path().join(file))
        .unwrap_or_else(|e| panic!("{}: {e}: run `cargo bench -p jackfield-benches`", built.display()));
    let options = LoaderOptions {
        // Kept: a plugin is read when an instance is made.
        folders: vec![folder.keep()],
        process: ProcessTier {
            program: Some(program(SANDBOX)),
            ..ProcessTier::default()
        },
        ..LoaderOptions::default()
    };
    Loader::new(options).expect("a loader can be made")
}

/// A processor of that loader.
///
/// # Panics
/// If it cannot be made.
pub fn processor(loader: &Loader, id: &str, isolation: Isolation) -> AudioProcessorProxy {
    let manifest = Manifest::embedded_default();
    let mut socket = manifest
        .socket("gain")
        .expect("the profile has it")
        .with_plugin(id, BTreeMap::new());
    socket.isolation = isolation;
    let resolved = loader
        .resolve(&socket, "jackfield.audio-processor/1")
        .expect("the file is a plugin");
    loader
        .create::<dyn AudioProcessor>(&resolved, 1)
        .unwrap_or_else(|e| panic!("{e}: run `cargo build --release --workspace` first"))
}

/// Where cargo puts the plugin file `file` that it builds for a bench.
pub fn built(file: &str) -> PathBuf {
    beside_the_bench().join(file)
}

/// Where cargo puts the program `name`, if the workspace was built before.
pub fn program(name: &str) -> PathBuf {
    beside_the_bench().parent().unwrap_or(Path::new(".")).join(name)
}

fn beside_the_bench() -> PathBuf {
    let bench = std::env::current_exe().expect("a bench is a file");
    bench.parent().unwrap_or(Path::new(".")).to_owned()
}
