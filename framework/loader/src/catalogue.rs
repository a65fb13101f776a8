//! What plugins there are, found without running any of them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::digest::Digest;
use crate::error::FileFault;
use crate::manifest::Isolation;
use crate::metadata::ModuleInfo;
use crate::nearest::did_you_mean;
use crate::signature::PublicKey;

/// All plugins that one scan found. Never changes: another scan makes another catalogue.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Catalogue {
    files: Vec<Arc<PluginFile>>,
    problems: Vec<Problem>,
    folders: Vec<PathBuf>,
    #[serde(skip)]
    files_read: usize,
}

/// A file with plugins in it, or a plugin that is linked into the host.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginFile {
    /// Where the file lies; for a linked plugin, its entry's name.
    pub path: PathBuf,
    /// Whether it is linked in or loaded. A file is loaded into the host's process, or into one of its own if the manifest says so.
    pub isolation: Isolation,
    /// The digest of the file as it was scanned; a linked plugin has none.
    pub digest: Option<Digest>,
    /// Who signed it, if anybody did. The signature was verified when it was scanned.
    pub signer: Option<PublicKey>,
    /// The modules that it offers.
    pub modules: Vec<ModuleInfo>,
    /// Its place among the linked plugins.
    #[serde(skip)]
    pub(crate) linked: Option<usize>,
}

/// Something in a plugin folder that cannot be used. Nothing else is kept from use by it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "problem", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Problem {
    /// A folder that is not scanned.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// A file that is no plugin of this host.
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        #[serde(serialize_with = "as_text")]
        fault: FileFault,
    },
    /// A plugin that an earlier folder or file offers already.
    Duplicate {
        /// The plugin's id.
        id: String,
        /// The file that is used.
        used: PathBuf,
        /// The file whose plugin is not.
        ignored: PathBuf,
    },
}

impl Catalogue {
    pub(crate) fn new(folders: Vec<PathBuf>) -> Self {
        Self {
            folders,
            ..Self::default()
        }
    }

    /// Adds a file behind those that are there. Whoever came first keeps an id, with all modules of that id: the encoder of one file is
    /// never paired with the codec of another.
    pub(crate) fn add(&mut self, mut file: PluginFile) {
        let mut duplicates: Vec<(String, PathBuf)> = Vec::new();
        for module in &file.modules {
            let earlier = self.file_of(&module.id, file.isolation);
            if let Some(earlier) = earlier
                && !duplicates.iter().any(|(id, _)| *id == module.id)
            {
                duplicates.push((module.id.clone(), earlier.path.clone()));
            }
        }
        file.modules
            .retain(|module| !duplicates.iter().any(|(id, _)| *id == module.id));
        for (id, used) in duplicates {
            self.problems.push(Problem::Duplicate {
                id,
                used,
                ignored: file.path.clone(),
            });
        }
        if !file.modules.is_empty() {
            self.files.push(Arc::new(file));
        }
    }

    pub(crate) fn add_problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(crate) fn count_read(&mut self) {
        self.files_read += 1;
    }

    /// How many files had to be read for it: those that were new or had changed since a scan before.
    pub fn files_read(&self) -> usize {
        self.files_read
    }

    /// The files, in the order in which they were found.
    pub fn files(&self) -> &[Arc<PluginFile>] {
        &self.files
    }

    /// What could not be used, and why.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The folders that were scanned.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Every module with its file.
    pub fn modules(&self) -> impl Iterator<Item = (&PluginFile, &ModuleInfo)> {
        self.files
            .iter()
            .flat_map(|file| file.modules.iter().map(move |module| (&**file, module)))
    }

    /// Every module for `area`, with its file: what fits into a socket.
    pub fn of_area<'a>(&'a self, area: &'a str) -> impl Iterator<Item = (&'a PluginFile, &'a ModuleInfo)> {
        self.modules().filter(move |(_, module)| module.area == area)
    }

    /// The file that offers the plugin `id`.
    pub fn file_of(&self, id: &str, isolation: Isolation) -> Option<&Arc<PluginFile>> {
        self.files.iter().find(|file| {
            file.isolation.is_linked() == isolation.is_linked()
                && file.modules.iter().any(|module| module.id == id)
        })
    }

    /// The description of the module `id` for `area`.
    pub fn module(&self, id: &str, area: &str, isolation: Isolation) -> Option<&ModuleInfo> {
        self.file_of(id, isolation)?.module(id, area)
    }

    /// Whether any file has this digest.
    pub(crate) fn offers(&self, digest: Digest) -> bool {
        self.files.iter().any(|file| file.digest == Some(digest))
    }

    /// What to say to somebody who asked for a plugin that there is not.
    pub(crate) fn advice(&self, id: &str, isolation: Isolation) -> String {
        let other = match isolation {
            Isolation::Static => Isolation::InProcess,
            Isolation::InProcess | Isolation::Process => Isolation::Static,
        };
        if let Some(file) = self.file_of(id, other) {
            return format!(
                "it is there as isolation = \"{}\" ({})",
                other.name(),
                file.path.display()
            );
        }
        let names = self
            .modules()
            .filter(|(file, _)| file.isolation.is_linked() == isolation.is_linked())
            .map(|(_, module)| module.id.as_str());
        let near = did_you_mean(id, names);
        match isolation {
            Isolation::Static => format!("{near}this host links only what it registers with the loader"),
            _ if self.folders.is_empty() => {
                format!("{near}no folder was scanned: add one to [plugins] folders")
            }
            _ => {
                let folders: Vec<_> = self
                    .folders
                    .iter()
                    .map(|folder| folder.display().to_string())
                    .collect();
                format!(
                    "{near}looked in {}; see `jackfield plugin list`",
                    folders.join(", ")
                )
            }
        }
    }
}

impl PluginFile {
    /// The description of the module `id` for `area`.
    pub fn module(&self, id: &str, area: &str) -> Option<&ModuleInfo> {
        self.modules
            .iter()
            .find(|module| module.id == id && module.area == area)
    }

    /// Everything that it offers under `id`.
    pub fn modules_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a ModuleInfo> {
        self.modules.iter().filter(move |module| module.id == id)
    }
}

impl Problem {
    /// The file or folder that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Folder { path, .. } | Self::File { path, .. } | Self::Duplicate { ignored: path, .. } => {
                path
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::File { path, fault } => write!(f, "{}: {fault}", path.display()),
            Self::Duplicate { id, used, ignored } => {
                write!(
                    f,
                    "{}: `{id}` is already offered by {}; remove one of them",
                    ignored.display(),
                    used.display()
                )
            }
        }
    }
}

fn as_text<S: serde::Serializer>(fault: &FileFault, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fault)
}
