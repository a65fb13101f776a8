//! How long `jackfield plugin list` takes with 100 plugins, each a file with an id of its own: cold, when every file is read, and warm, when
//! what was found is remembered from the run before. What is measured is the whole command, from its start to its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use jackfield_benches::files::{built, program};
use serde_json::Value;
use tempfile::TempDir;

const PLUGINS: usize = 100;

/// What is copied, and the id in it, which every copy has another of.
const TEMPLATES: [(&str, &str); 5] = [
    ("libjackfield_processing_gain.so", "jackfield.processing.gain"),
    ("libjackfield_processing_null.so", "jackfield.processing.null"),
    ("libjackfield_mixer_sum.so", "jackfield.mixer.sum"),
    ("libjackfield_jitter_adaptive.so", "jackfield.jitter.adaptive"),
    ("libjackfield_codec_pcm.so", "jackfield.codec.pcm"),
];

/// The command by itself, so that the plugins that lie beside it are not listed too, a folder of plugins, and a home for what is remembered.
struct Place {
    folder: TempDir,
    command: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let command = folder.path().join("jackfield");
        fs::copy(program("jackfield"), &command).expect("`cargo build --release --workspace` was run before");
        let place = Self { folder, command };
        fs::create_dir(place.plugins()).expect("it is ours");
        for (template, (file, id)) in TEMPLATES.into_iter().enumerate() {
            let mut bytes = fs::read(built(file)).expect("cargo built it beside the bench");
            let places = places(&bytes, id);
            for number in (template..PLUGINS).step_by(TEMPLATES.len()) {
                let own = id.replacen("jackfield", &format!("vendor{number:03}"), 1);
                for at in &places {
                    bytes[*at..][..id.len()].copy_from_slice(own.as_bytes());
                }
                fs::write(place.plugins().join(format!("lib{number:03}.so")), &bytes).expect("it is ours");
            }
        }
        place
    }

    fn plugins(&self) -> PathBuf {
        self.folder.path().join("under-test")
    }

    fn list(&self, arguments: &[&str]) -> Output {
        Command::new(&self.command)
            .args(["plugin", "list", "--plugins"])
            .arg(self.plugins())
            .args(arguments)
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .env("XDG_DATA_HOME", self.folder.path())
            .env_remove("JACKFIELD_PLUGIN_PATH")
            .output()
            .expect("the command starts")
    }

    fn forget(&self) {
        let _ = fs::remove_dir_all(self.folder.path().join("cache"));
    }
}

/// Where `id` stands in a file.
fn places(bytes: &[u8], id: &str) -> Vec<usize> {
    let is_there = |at: &usize| bytes[*at..].starts_with(id.as_bytes());
    (0..bytes.len()).filter(is_there).collect()
}

/// All of them are listed, and nothing is wrong with any.
fn check(place: &Place) {
    let output = place.list(&["--json"]);
    let list: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let is_under_test = |plugin: &&Value| {
        let path = plugin["path"].as_str();
        path.is_some_and(|path| Path::new(path).starts_with(place.plugins()))
    };
    let plugins = list["plugins"].as_array().expect("a list");
    let mut ids: Vec<&str> = plugins
        .iter()
        .filter(is_under_test)
        .filter_map(|plugin| plugin["id"].as_str())
        .collect();
    // A codec has three modules with one id.
    ids.dedup();
    assert_eq!(ids.len(), PLUGINS, "{:#}", list["problems"]);
}

fn plugin_list(criterion: &mut Criterion) {
    let place = Place::new();
    let mut group = criterion.benchmark_group("plugin-list/100");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.bench_function("cold", |bench| {
        bench.iter(|| {
            place.forget();
            place.list(&[])
        });
    });
    check(&place);
    group.sample_size(50);
    group.bench_function("warm", |bench| bench.iter(|| place.list(&[])));
    group.finish();
}

criterion_group!(benches, plugin_list);
criterion_main!(benches);
