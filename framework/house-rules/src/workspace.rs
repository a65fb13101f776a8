//! The workspace as `cargo metadata` describes it, and the files that it is made of.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The root of the repository.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .ancestors()
        .nth(2)
        .expect("this crate lies two folders below the root")
        .to_path_buf()
}

/// How one package needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DependencyKind {
    /// In what it ships, its build script included.
    Shipped,
    /// In its tests, examples and benches only.
    Tests,
}

/// One line of a package's dependency tables.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The name of the package depended on.
    pub name: String,
    /// What it is needed for.
    pub kind: DependencyKind,
    /// Whether it is a package of this workspace.
    pub ours: bool,
}

/// A package: one of the workspace or one from a registry.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder below the root with `/` between the parts; empty for a package that is not of this workspace.
    pub folder: String,
    /// Its licence expression, as written in its manifest.
    pub licence: Option<String>,
    /// What its library is built as, such as `cdylib` and `rlib`; empty without a library.
    pub crate_types: Vec<String>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
}

impl Package {
    /// Whether it is a package of this workspace.
    pub fn is_ours(&self) -> bool {
        !self.folder.is_empty()
    }
}

/// Every package of the workspace and, with `all`, every package that one of them draws in.
///
/// # Panics
/// If `cargo metadata` cannot be run or says something that is no metadata: then nothing can be checked.
pub fn packages(all: bool) -> Vec<Package> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root());
    if !all {
        command.arg("--no-deps");
    }
    let output = command.output().expect("cargo can be run");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let root = root();
    list(&metadata["packages"])
        .iter()
        .map(|package| read_package(package, &root))
        .collect()
}

/// All files below the root with one of these extensions, as paths with `/` between the parts, in order. What is built,
/// fetched or hidden is left out.
pub fn files(extensions: &[&str]) -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).expect("folders of the repository can be read");
        for entry in entries.map(|entry| entry.expect("folders of the repository can be read")) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if path.is_dir() {
                let left_out = [
                    "target",
                    "node_modules",
                    "dist",
                    "corpus",
                    "artifacts",
                    "__pycache__",
                ];
                if !name.starts_with('.') && !left_out.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if extensions
                .iter()
                .any(|extension| path.extension().is_some_and(|own| own == *extension))
            {
                found.push(relative(&path, &root));
            }
        }
    }
    found.sort();
    found
}

/// The text of a file of the repository.
///
/// # Panics
/// If it is not there or not text.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read_package(package: &Value, root: &Path) -> Package {
    let manifest = PathBuf::from(word(&package["manifest_path"]));
    let ours = package["source"].is_null();
    let folder = manifest
        .parent()
        .filter(|_| ours)
        .map(|folder| relative(folder, root))
        .unwrap_or_default();
    let library = list(&package["targets"]).iter().find(|target| {
        list(&target["kind"])
            .iter()
            .any(|kind| ["lib", "rlib", "cdylib", "proc-macro"].contains(&word(kind).as_str()))
    });
    Package {
        name: word(&package["name"]),
        folder,
        licence: package["license"].as_str().map(str::to_owned),
        crate_types: library
            .map(|target| list(&target["crate_types"]).iter().map(word).collect())
            .unwrap_or_default(),
        dependencies: list(&package["dependencies"])
            .iter()
            .map(|dependency| Dependency {
                name: word(&dependency["name"]),
                kind: if dependency["kind"] == "dev" {
                    DependencyKind::Tests
                } else {
                    DependencyKind::Shipped
                },
                ours: dependency["path"].is_string(),
            })
            .collect(),
    }
}

fn relative(path: &Path, root: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
