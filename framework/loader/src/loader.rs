//! The loader: one door for whoever needs a plugin.

mod resolving;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jackfield_abi::{Area, Fault};
use jackfield_core::environment::Environment;
use jackfield_core::module::Module;
use jackfield_core::time::Timestamp;
use jackfield_sdk::StaticPlugin;

use crate::catalogue::{Catalogue, PluginFile};
use crate::digest::Digest;
use crate::discovery::{Scanner, Scope};
use crate::elf;
use crate::error::LoadError;
use crate::image::{Image, linked_frames};
use crate::isolation::{self, ProcessStatus, ProcessTier, Registry};
use crate::ledger::{Ledger, LedgerEntry};
use crate::manifest::{Isolation, Manifest};
use crate::policy::Policy;
use crate::private_folder::PrivateFolder;
use crate::signature::{Signature, SignatureError};

pub use resolving::Resolved;

/// What a loader starts with.
#[derive(Clone)]
pub struct LoaderOptions {
    /// Folders to scan, first one first; absolute.
    pub folders: Vec<PathBuf>,
    /// Plugins that are linked into the host.
    pub linked: Vec<StaticPlugin>,
    /// What is demanded of plugin files before they are used.
    pub policy: Policy,
    /// Where folders and links may lead: each plugin folder and each file in it must lie in one of these. Without a manifest, the plugin
    /// folders themselves.
    pub roots: Option<Vec<PathBuf>>,
    /// A file that remembers between two runs of a program what was found in which file; none unless said. For programs that list plugins
    /// and do not run them.
    pub cache: Option<PathBuf>,
    /// The most retired images.
    pub retired_images: usize,
    /// Where the folder for private copies is made; the system's folder for temporary files if nothing is said. It must not be mounted
    /// `noexec`.
    pub image_folder: Option<PathBuf>,
    /// Whether files and folders that anybody may change are taken all the same.
    pub allow_world_writable: bool,
    /// How plugins in processes of their own are run.
    pub process: ProcessTier,
    /// What is tried out with every instance: keys and values that plugins may know.
    pub experiments: BTreeMap<String, String>,
}

impl Default for LoaderOptions {
    fn default() -> Self {
        Self {
            folders: Vec::new(),
            linked: Vec::new(),
            policy: Policy::default(),
            roots: None,
            cache: None,
            retired_images: 64,
            image_folder: None,
            allow_world_writable: false,
            process: ProcessTier::default(),
            experiments: BTreeMap::new(),
        }
    }
}

impl LoaderOptions {
    /// The same with what the manifest says: its folders in front, its limit, its policy, its experiments before those that are there. The folders that are there already are the host's
    /// own, in which plugins may lie whatever the manifest says.
    #[must_use]
    pub fn with_manifest(mut self, manifest: &Manifest) -> Self {
        let roots = self
            .folders
            .iter()
            .chain(&manifest.policy.folders)
            .chain(&manifest.home);
        self.roots = Some(roots.cloned().collect());
        self.policy = manifest.policy.clone();
        self.folders.splice(0..0, manifest.folders.iter().cloned());
        self.retired_images = manifest.limits.images;
        self.experiments.extend(manifest.experiments.clone());
        self
    }
}

/// Finds, checks and opens plugins. Clones share everything. For the control thread: calls read files and take a lock.
#[derive(Clone)]
pub struct Loader {
    shared: Arc<Shared>,
}

struct Shared {
    options: LoaderOptions,
    processes: Arc<Registry>,
    state: Mutex<State>,
}

struct State {
    scanner: Scanner,
    catalogue: Arc<Catalogue>,
    images: Vec<(Arc<Image>, u64)>,
    linked: Vec<Option<Arc<Image>>>,
    folder: PrivateFolder,
}

impl Loader {
    /// A loader that has scanned its folders once. Files that cannot be used are no error: the catalogue lists them.
    ///
    /// # Errors
    /// If a linked plugin is not of this build, or no private folder can be made.
    pub fn new(options: LoaderOptions) -> Result<Self, LoadError> {
        let parent = options.image_folder.clone().unwrap_or_else(std::env::temp_dir);
        let folder = PrivateFolder::new(&parent)?;
        for plugin in &options.linked {
            linked_frames(plugin)?;
        }
        let linked = vec![None; options.linked.len()];
        let state = State {
            scanner: Scanner::new(options.cache.clone()),
            catalogue: Arc::default(),
            images: Vec::new(),
            linked,
            folder,
        };
        let loader = Self {
            shared: Arc::new(Shared {
                options,
                processes: Arc::default(),
                state: Mutex::new(state),
            }),
        };
        loader.rescan();
        Ok(loader)
    }

    /// What the last scan found.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.state().catalogue.clone()
    }

    /// Scans again. Files that have not changed are not read again; running instances are not touched.
    pub fn rescan(&self) -> Arc<Catalogue> {
        let options = &self.shared.options;
        let mut state = self.state();
        let mut catalogue = Catalogue::new(options.folders.clone());
        for (index, plugin) in options.linked.iter().enumerate() {
            if let Ok(frames) = linked_frames(plugin) {
                catalogue.add(PluginFile {
                    path: PathBuf::from(&frames[0].entry),
                    isolation: Isolation::Static,
                    digest: None,
                    signer: None,
                    modules: frames.into_iter().flat_map(|frame| frame.modules).collect(),
                    linked: Some(index),
                });
            }
        }
        let scope = Scope {
            folders: &options.folders,
            roots: options.roots.as_deref(),
            allow_world_writable: options.allow_world_writable,
        };
        state.scanner.scan(&scope, &mut catalogue);
        state.catalogue = Arc::new(catalogue);
        state.catalogue.clone()
    }

    /// Makes an instance for the area `A`, such as `dyn AudioProcessor`, and sets the parameters of the manifest. `seed` is for all
    /// randomness that the instance uses. A codec's encoder is made from what its socket was resolved to. \[control\]
    ///
    /// # Errors
    /// If the file changed since the scan, is refused, or cannot make an instance; or if it is to run in a process of its own and that cannot be.
    pub fn create<A>(&self, plugin: &Resolved, seed: u64) -> Result<A::Proxy, LoadError>
    where
        A: Area + ?Sized,
        A::Proxy: Module,
    {
        permit(&self.shared.options.policy, &plugin.file)?;
        let module = plugin.file.module(&plugin.id, A::SHAPE.id);
        let mut proxy = if plugin.isolation == Isolation::Process {
            let (image, _) = self.state().copy(&plugin.file)?;
            let order = isolation::Order {
                image: &image,
                source: &plugin.file.path,
                id: &plugin.id,
                seed,
                experiments: &self.shared.options.experiments,
                allow: &plugin.allow,
                parameters: module.map_or(0, |module| module.parameters.len()),
            };
            isolation::create::<A>(&self.shared.options.process, &self.shared.processes, &order)?
        } else {
            self.image(&plugin.file)?
                .create::<A>(&plugin.id, &self.environment(&plugin.id, seed)?)?
        };
        let Some(module) = module else {
            return Ok(proxy);
        };
        for (index, parameter) in (0..).zip(&module.parameters) {
            if let Some(value) = plugin.parameters.get(&parameter.name) {
                let refused = |reason: String| LoadError::Parameter {
                    socket: plugin.socket.clone(),
                    id: plugin.id.clone(),
                    reason,
                };
                let value = parameter
                    .accept(value)
                    .map_err(|error| refused(error.to_string()))?;
                proxy
                    .set_parameter(index, value)
                    .map_err(|fault| refused(format!("parameter `{}`: {fault}", parameter.name)))?;
            }
        }
        Ok(proxy)
    }

    fn environment(&self, id: &str, seed: u64) -> Result<Environment, LoadError> {
        environment(seed, &self.shared.options.experiments).map_err(|fault| LoadError::Create {
            id: id.to_owned(),
            fault,
        })
    }

    /// The image of a file as it was scanned: opened once, and once more when its content is another. \[control\]
    ///
    /// # Errors
    /// If the policy forbids it, the file changed since the scan, is refused, or too many images are retired.
    pub fn image(&self, file: &PluginFile) -> Result<Arc<Image>, LoadError> {
        permit(&self.shared.options.policy, file)?;
        let mut state = self.state();
        match (file.linked, file.digest) {
            (Some(index), _) => state.linked(index, &self.shared.options),
            (None, Some(digest)) => state.loaded(file, digest, self.shared.options.retired_images),
            (None, None) => Err(LoadError::Changed {
                path: file.path.clone(),
            }),
        }
    }

    /// Sees to the plugins in processes of their own: notes who ended, and starts again whose time has come. To be called every 10 ms or so
    /// while there are any. Never waits for a plugin. \[control\]
    pub fn tend(&self, now: Timestamp) {
        self.shared.processes.tend(now);
    }

    /// What is known of each plugin in a process of its own. \[control\]
    pub fn processes(&self) -> Vec<ProcessStatus> {
        self.shared.processes.status()
    }

    /// How plugins in processes of their own are run.
    pub fn process_tier(&self) -> &ProcessTier {
        &self.shared.options.process
    }

    /// Every image that was opened from a file, and which are retired.
    pub fn ledger(&self) -> Ledger {
        let cap = self.shared.options.retired_images;
        self.state().ledger(cap)
    }

    /// A panic while the lock was held cannot leave the state half changed: each change is one assignment.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn linked(&mut self, index: usize, options: &LoaderOptions) -> Result<Arc<Image>, LoadError> {
        if let Some(image) = &self.linked[index] {
            return Ok(image.clone());
        }
        let image = Arc::new(Image::linked(&options.linked[index])?);
        self.linked[index] = Some(image.clone());
        Ok(image)
    }

    fn loaded(&mut self, file: &PluginFile, digest: Digest, cap: usize) -> Result<Arc<Image>, LoadError> {
        if let Some((image, _)) = self
            .images
            .iter()
            .find(|(image, _)| image.digest() == Some(digest))
        {
            return Ok(image.clone());
        }
        let retired = self.ledger(cap).retired();
        if retired > cap {
            return Err(LoadError::TooManyImages { retired, cap });
        }
        let path = &file.path;
        let (copy, bytes) = self.copy(file)?;
        let frames = elf::examine(&bytes).map_err(|fault| LoadError::File {
            path: path.clone(),
            fault,
        })?;
        let image = Arc::new(Image::open(&copy, path, Some(digest), frames)?);
        tracing::info!(plugin = %path.display(), %digest, "opened a plugin image");
        self.images.push((image.clone(), bytes.len() as u64));
        Ok(image)
    }

    /// The host's own copy of a file as it was scanned, and what stands in it. None of it is run.
    fn copy(&self, file: &PluginFile) -> Result<(PathBuf, Vec<u8>), LoadError> {
        let path = &file.path;
        let changed = || LoadError::Changed { path: path.clone() };
        let digest = file.digest.ok_or_else(changed)?;
        let io = |error| LoadError::Io {
            path: path.clone(),
            error,
        };
        let bytes = fs::read(path).map_err(io)?;
        if Digest::of(&bytes) != digest {
            return Err(changed());
        }
        // What a scan remembered from an earlier run is no proof.
        if let Some(signer) = file.signer {
            let signature = Signature::beside(path).and_then(|found| found.ok_or(SignatureError::Unreadable));
            let verified = signature.and_then(|found| found.verify(digest).map(|()| found.signer));
            if verified != Ok(signer) {
                return Err(LoadError::Changed { path: path.clone() });
            }
        }
        let (copy, bytes) = self.folder.keep(&bytes, digest).map_err(io)?;
        if Digest::of(&bytes) != digest {
            return Err(io(std::io::Error::other("its private copy came out different")));
        }
        Ok((copy, bytes))
    }

    fn ledger(&self, cap: usize) -> Ledger {
        let entry = |(image, bytes): &(Arc<Image>, u64)| {
            let digest = image.digest()?;
            Some(LedgerEntry {
                path: image.path().to_owned(),
                digest,
                bytes: *bytes,
                modules: image
                    .modules()
                    .map(|module| format!("{} {}", module.id, module.version))
                    .collect(),
                instances_made: image.instances_made(),
                retired: !self.catalogue.offers(digest),
            })
        };
        Ledger {
            images: self.images.iter().filter_map(entry).collect(),
            cap,
        }
    }
}

/// The surroundings of an instance.
///
/// # Errors
/// If the experiments do not fit into them.
pub(crate) fn environment(seed: u64, experiments: &BTreeMap<String, String>) -> Result<Environment, Fault> {
    experiments
        .iter()
        .try_fold(Environment::seeded(seed), |environment, (key, value)| {
            environment.with_experiment(key, value)
        })
}

/// Refuses what the policy forbids.
fn permit(policy: &Policy, file: &PluginFile) -> Result<(), LoadError> {
    policy.check(file).map_err(|breach| LoadError::Policy {
        path: file.path.clone(),
        breach,
    })
}
