//! Where plugins are looked for, and the loader that looks there.

use std::path::{Path, PathBuf};

use clap::Args;
use jackfield_loader::discovery::{named_folders, standard_folders};
use jackfield_loader::{Loader, LoaderOptions, Manifest};
use miette::{IntoDiagnostic, Result, miette};

/// Where plugins are looked for.
#[derive(Debug, Args)]
pub(crate) struct Folders {
    /// Look for plugins in this folder too, before all others, those of the manifest among them. May be given several times.
    #[arg(long = "plugins", value_name = "DIR")]
    plugins: Vec<PathBuf>,
}

impl Folders {
    /// The same, with `folder` before all others.
    pub(crate) fn and_first(&self, folder: Option<&Path>) -> Self {
        let first = folder.map(Path::to_owned).into_iter();
        Self {
            plugins: first.chain(self.plugins.iter().cloned()).collect(),
        }
    }

    /// The manifest, or the built-in one, and a loader that has scanned its folders, those of the command line, of `JACKFIELD_PLUGIN_PATH`,
    /// `plugins` beside the executable, the executable's own, and those in which plugins are installed on this machine.
    pub(crate) fn load(&self, manifest: Option<&Path>) -> Result<(Manifest, Loader)> {
        self.load_with(manifest, None)
    }

    /// The same for a command that runs no plugin: what was found in files that have not changed is remembered from one run to the next.
    pub(crate) fn look(&self, manifest: Option<&Path>) -> Result<(Manifest, Loader)> {
        self.load_with(manifest, cache_folder().map(|folder| folder.join("plugins.json")))
    }

    fn load_with(&self, manifest: Option<&Path>, cache: Option<PathBuf>) -> Result<(Manifest, Loader)> {
        let manifest = match manifest {
            Some(path) => Manifest::read(path)?,
            None => Manifest::embedded_default(),
        };
        let mut options = LoaderOptions {
            folders: self.all()?,
            cache,
            ..LoaderOptions::default()
        }
        .with_manifest(&manifest);
        // Who names a folder on the command line wants what lies there, whatever the manifest names.
        let named = self.named();
        options.folders.retain(|folder| !named.contains(folder));
        options.folders.splice(0..0, named);
        let loader = Loader::new(options).into_diagnostic()?;
        Ok((manifest, loader))
    }

    /// Every folder in which plugins are looked for, those of a manifest excepted. Those of the command line must be there: one that is mistyped
    /// would be looked into in vain.
    pub(crate) fn all(&self) -> Result<Vec<PathBuf>> {
        if let Some(folder) = self.plugins.iter().find(|folder| !folder.is_dir()) {
            return Err(miette!(
                "--plugins {}: there is no such folder; name the one that the plugin files lie in",
                folder.display()
            ));
        }
        let mut folders = self.named();
        folders.extend(named_folders());
        if let Some(own) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
            folders.push(own.join("plugins"));
            folders.push(own.to_owned());
        }
        folders.extend(standard_folders());
        folders.retain(|folder| folder.is_dir());
        Ok(folders)
    }

    /// Those of the command line.
    pub(crate) fn named(&self) -> Vec<PathBuf> {
        self.plugins
            .iter()
            .map(|folder| std::path::absolute(folder).unwrap_or_else(|_| folder.clone()))
            .collect()
    }
}

/// Where this program may remember things that can be found out again: `$XDG_CACHE_HOME/jackfield`, or `~/.cache/jackfield`.
fn cache_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let named = named.filter(|named| named.is_absolute());
    let cache = named.or_else(|| std::env::home_dir().map(|home| home.join(".cache")))?;
    cache.is_absolute().then(|| cache.join("jackfield"))
}
