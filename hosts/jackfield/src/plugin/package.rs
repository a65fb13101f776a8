//! `jackfield plugin pack` and `install`: a plugin in one file for others, and back.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use jackfield_loader::{Digest, Loader, LoaderOptions, Manifest, Signature};
use jackfield_package::{About, Package, this_target};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use super::inspect::inspect;
use super::sign::{read, read_key};

/// Make a package (.jfp) of a plugin, its signature, its licence and its documentation.
#[derive(Debug, Args)]
pub(crate) struct PackCommand {
    /// The plugin file.
    plugin: PathBuf,
    /// The folder of its project: its licence files, its README.md and the .md files in its docs are packed too.
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,
    /// Sign it with this secret key first.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The package to write; without it, the plugin's name and version in the current folder.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Install the plugin of a package where this machine's hosts look for plugins.
#[derive(Debug, Args)]
pub(crate) struct InstallCommand {
    /// The package (.jfp).
    package: PathBuf,
    /// The plugin folder; without it that of the user, ~/.local/share/jackfield/plugins.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// The manifest whose policy it must meet.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

impl PackCommand {
    /// Writes the package.
    pub(crate) fn run(self) -> Result<()> {
        let inspection = inspect(&self.plugin)?;
        let module = &inspection.modules[0];
        let name = file_name(&self.plugin)?;
        let bytes = read(&self.plugin)?;
        let signature = match &self.key {
            Some(key) => Some(Signature::make(&read_key(key)?, inspection.digest)),
            None => Signature::beside(&self.plugin).into_diagnostic()?,
        };
        if let Some(signature) = &signature {
            signature.verify(Digest::of(&bytes)).into_diagnostic()?;
        }
        let mut files = vec![(name.clone(), bytes)];
        files.extend(signature.map(|signature| (format!("{name}.sig"), signature.to_string().into_bytes())));
        let words = words_of(&self.project)?;
        if !words.iter().any(|(path, _)| is_licence(path)) {
            eprintln!(
                "No licence file is in {}: who gets the package reads \"{}\" and not what it says. Name the project's folder with --project.",
                self.project.display(),
                module.license
            );
        }
        files.extend(words);
        let about = About::new(&module.id, &module.version, &module.license, &name);
        let package = Package::new(about, files).into_diagnostic()?;
        let output = self
            .output
            .unwrap_or_else(|| PathBuf::from(format!("{}-{}.jfp", module.id, module.version)));
        let bytes = package.to_bytes().into_diagnostic()?;
        fs::write(&output, &bytes)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", output.display()))?;
        println!("{} ({} bytes):", output.display(), bytes.len());
        for (path, bytes) in package.files() {
            println!("  {path} ({} bytes)", bytes.len());
        }
        Ok(())
    }
}

impl InstallCommand {
    /// Checks the package in every way that data can be checked, then puts it where it belongs.
    pub(crate) fn run(self) -> Result<()> {
        let bytes = read(&self.package)?;
        let package = Package::from_bytes(&bytes)
            .into_diagnostic()
            .wrap_err_with(|| self.package.display().to_string())?;
        let about = package.about();
        if about.target != this_target() {
            return Err(miette!(
                "{} was built for {} and this machine is {}; get the package for this machine",
                self.package.display(),
                about.target,
                this_target()
            ));
        }
        let manifest = match &self.manifest {
            Some(path) => Manifest::read(path)?,
            None => Manifest::embedded_default(),
        };
        let into = self
            .into
            .or_else(own_folder)
            .ok_or_else(|| miette!("there is no home folder: name the plugin folder with --into DIR"))?;
        fs::create_dir_all(&into)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot make {}", into.display()))?;
        // Everything is tried in a folder of its own, so that a host never finds half of a plugin.
        let staging = tempfile::tempdir_in(&into).into_diagnostic()?;
        let plugin = staging.path().join(format!("{}.so", about.name));
        write(&plugin, package.plugin())?;
        if let Some(signature) = package.file(&format!("{}.sig", about.plugin)) {
            write(&Signature::path_of(&plugin), signature)?;
        }
        check(&manifest, staging.path(), &about.name)?;
        let words = into.join(&about.name);
        for (path, bytes) in package.files() {
            if !path.starts_with(&about.plugin) {
                write(&words.join(path), bytes)?;
            }
        }
        let installed = into.join(format!("{}.so", about.name));
        // The signature first: a plugin beside the signature of another is refused, one without is not.
        let signature = Signature::path_of(&plugin);
        if signature.is_file() {
            rename(&signature, &Signature::path_of(&installed))?;
        } else {
            let _ = fs::remove_file(Signature::path_of(&installed));
        }
        rename(&plugin, &installed)?;
        println!(
            "{} {} is installed as {}.",
            about.name,
            about.version,
            installed.display()
        );
        Ok(())
    }
}

/// The one plugin in `folder` is one that this host can use and the manifest allows.
fn check(manifest: &Manifest, folder: &Path, id: &str) -> Result<()> {
    let options = LoaderOptions {
        folders: vec![folder.canonicalize().into_diagnostic()?],
        ..LoaderOptions::default()
    };
    let catalogue = Loader::new(options).into_diagnostic()?.catalogue();
    if let [problem, ..] = catalogue.problems() {
        return Err(miette!("{problem}"));
    }
    for file in catalogue.files() {
        manifest
            .policy
            .check(file)
            .into_diagnostic()
            .wrap_err("the manifest's policy forbids this plugin")?;
    }
    let is_there = catalogue.modules().any(|(_, module)| module.id == id);
    is_there.then_some(()).ok_or_else(|| {
        miette!("the package says that it is `{id}` and its plugin is another; get it from its maker again")
    })
}

/// The licence files, the README and the documentation of a project, each with its path in a package.
fn words_of(project: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut paths = Vec::new();
    let unreadable = |folder: &Path| format!("cannot read {}", folder.display());
    for (folder, prefix) in [(project.to_owned(), ""), (project.join("docs"), "docs/")] {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry
                .into_diagnostic()
                .wrap_err_with(|| unreadable(&folder))?
                .path();
            let name = file_name(&path)?;
            let is_wanted =
                is_licence(&name) || name == "README.md" || (!prefix.is_empty() && name.ends_with(".md"));
            if path.is_file() && is_wanted {
                paths.push((format!("{prefix}{name}"), path));
            }
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|(name, path)| Ok((name, read(&path)?)))
        .collect()
}

fn is_licence(name: &str) -> bool {
    let name = name.to_uppercase();
    ["LICENSE", "LICENCE", "COPYING", "NOTICE"]
        .iter()
        .any(|begins| name.starts_with(begins))
}

fn file_name(path: &Path) -> Result<String> {
    path.file_name()
        .and_then(|name| name.to_str())
        .map(str::to_owned)
        .ok_or_else(|| miette!("{} has no name that a package can hold", path.display()))
}

fn own_folder() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.filter(|data| data.is_absolute());
    let data = data.or_else(|| std::env::home_dir().map(|home| home.join(".local/share")))?;
    Some(data.join("jackfield/plugins"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, bytes))
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot write {}", path.display()))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot write {}", to.display()))
}
