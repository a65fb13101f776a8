//! A kind of run that costs nothing: a number drawn from the seed, so that cells, tables and experiments can be tried by thousands.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jackfield_lab::experiment::Experiment;
use jackfield_lab::files::Files;
use jackfield_lab::metrics::Registry;
use jackfield_lab::plugins::{Bench, Plugins};
use jackfield_lab::runner::{Job, Measured, Outcome, Runner};
use jackfield_loader::{LoaderOptions, Manifest};
use serde_json::Value;

/// Each scenario says how many flows it has and what goes wrong.
pub(crate) struct Toy;

impl Toy {
    fn values(job: &Job<'_>, value: impl Fn(u64) -> f64) -> Vec<Measured> {
        let flows = job.content["flows"].as_u64().unwrap_or(1);
        let mut values = Vec::new();
        for flow in 0..flows {
            for metric in ["utilisation", "delay_p95"] {
                values.push(Measured {
                    flow: Arc::from(format!("flow {flow}")),
                    segment: Arc::from("*"),
                    metric: Arc::from(metric),
                    unit: Arc::from(""),
                    value: value(flow),
                });
            }
        }
        values
    }
}

impl Runner for Toy {
    fn kind(&self) -> &'static str {
        "toy"
    }

    fn sockets(&self) -> &'static [&'static str] {
        &["congestion", "pacer"]
    }

    fn metrics(&self) -> Registry {
        Registry::network()
    }

    fn scenarios(&self, content: &Value, _: &mut Files) -> Result<Vec<String>, String> {
        match content["names"].as_array() {
            Some(names) => Ok(names
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()),
            None => Err("the key `names` is missing".to_owned()),
        }
    }

    fn outline(&self, job: &Job<'_>) -> Result<Vec<Measured>, String> {
        Ok(Self::values(job, |_| -1.0))
    }

    fn run(&self, job: &Job<'_>, _: &Plugins) -> Result<Outcome, String> {
        match job.content["trouble"].as_str() {
            Some("panic") => panic!("nobody expected\nthis"),
            Some("fault") => return Err("it did not work out".to_owned()),
            _ => {}
        }
        let trace_hash = *blake3::hash(format!("{} {}", job.scenario, job.seed).as_bytes()).as_bytes();
        let drawn = f64::from(u32::from_le_bytes([
            trace_hash[0],
            trace_hash[1],
            trace_hash[2],
            0,
        ])) / f64::from(1 << 24);
        Ok(Outcome {
            trace_hash,
            values: Self::values(job, |flow| drawn + flow as f64),
        })
    }
}

/// A bench with what is linked into this test.
pub(crate) fn bench() -> Bench {
    bench_of("revision 1")
}

pub(crate) fn bench_of(revision: &str) -> Bench {
    let linked = vec![
        jackfield_congestion_fixed::JACKFIELD_PLUGIN,
        jackfield_pacing_null::JACKFIELD_PLUGIN,
    ];
    let options = LoaderOptions {
        linked,
        ..LoaderOptions::default()
    };
    Bench::new(
        options,
        Manifest::embedded_default().linked(),
        vec![Box::new(Toy)],
        revision,
    )
    .unwrap()
}

/// A folder with a scenario and an experiment in it.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder };
        desk.put("one.toml", "names = [\"calm\", \"rough\"]\nflows = 2\n");
        desk
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    pub(crate) fn experiment(&self, seeds: usize) -> Experiment {
        self.read(&text(&format!("seeds = {seeds}"))).unwrap()
    }

    pub(crate) fn read(&self, text: &str) -> Result<Experiment, jackfield_loader::TextError> {
        Experiment::parse(text, &self.path().join("experiment.toml"), &[&Toy])
    }
}

/// An experiment that says `seeds`.
pub(crate) fn text(seeds: &str) -> String {
    format!(
        r#"name = "toy"
question = "Is slow better than quick?"
kind = "toy"
{seeds}
primary = ["utilisation"]

[[arms]]
name = "slow"
congestion = {{ use = "jackfield.congestion.fixed", params = {{ rate = 100.0 }} }}

[[arms]]
name = "quick"
congestion = "jackfield.congestion.fixed"

[[scenarios]]
files = "one.toml"
"#
    )
}
