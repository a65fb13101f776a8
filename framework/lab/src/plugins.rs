//! The plugins of an arm, found and opened as a call finds and opens them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jackfield_core::module::Module;
use jackfield_event_log::Identity;
use jackfield_loader::{
    Isolation, LoadError, Loader, LoaderOptions, Manifest, ParameterInfo, ParameterValue, Resolved,
    SocketManifest,
};
use serde::{Deserialize, Serialize};

use crate::experiment::Arm;
use crate::runner::Runner;

/// What a laboratory works with: where plugins come from, what kinds of cells it can run, and which program it is.
pub struct Bench {
    pub(crate) loader: Loader,
    pub(crate) manifest: Manifest,
    pub(crate) runners: Vec<Box<dyn Runner>>,
    /// Which revision of the program runs the cells. It goes into every row; cells that another revision ran are run anew.
    pub(crate) revision: Arc<str>,
    /// Where the files of scenarios are looked for that do not lie where they did.
    pub(crate) traces: Vec<PathBuf>,
}

/// What stands in a socket of a cell: as much as it takes to find the very same again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleSpec {
    /// The id of the plugin.
    #[serde(rename = "use")]
    pub id: String,
    /// Its parameters, by name.
    pub params: BTreeMap<String, ParameterValue>,
    /// The digest of its file, `blake3:…`; of one that is linked in, its version, `linked:…`.
    pub digest: String,
}

impl Bench {
    /// A bench that finds plugins where the options and the manifest say.
    ///
    /// # Errors
    /// If the loader cannot begin its work.
    pub fn new(
        options: LoaderOptions,
        manifest: Manifest,
        runners: Vec<Box<dyn Runner>>,
        revision: &str,
    ) -> Result<Self, LoadError> {
        let loader = Loader::new(options.with_manifest(&manifest))?;
        Ok(Self {
            loader,
            manifest,
            runners,
            revision: Arc::from(revision),
            traces: Vec::new(),
        })
    }

    /// The same bench, which looks into these folders too for traces that do not lie where they did when a cell was planned.
    pub fn with_traces(mut self, folders: Vec<PathBuf>) -> Self {
        self.traces = folders;
        self
    }

    /// What kinds of cells it can run.
    pub fn runners(&self) -> Vec<&dyn Runner> {
        self.runners.iter().map(AsRef::as_ref).collect()
    }

    /// The runner of a kind.
    pub fn runner(&self, kind: &str) -> Option<&dyn Runner> {
        self.runners
            .iter()
            .map(AsRef::as_ref)
            .find(|runner| runner.kind() == kind)
    }

    /// The revision of the program, as rows name it.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Finds what an arm puts into the sockets of its kind of run; what it does not name comes from the manifest. Fails with the socket
    /// and the reason.
    pub(crate) fn modules(
        &self,
        arm: &Arm,
        runner: &dyn Runner,
    ) -> Result<BTreeMap<String, ModuleSpec>, (String, String)> {
        let mut modules = BTreeMap::new();
        if arm.tcp.is_some() {
            return Ok(modules);
        }
        for &name in runner.sockets() {
            let fault = |reason: String| (name.to_owned(), reason);
            let Some(base) = self.manifest.socket(name) else {
                return Err(fault(format!("a call has no socket `{name}`")));
            };
            let socket = match arm.sockets.get(name) {
                // Whoever is named is compared, or nobody: a fallback in its place would be a comparison with another.
                Some(given) => SocketManifest {
                    fallback: None,
                    ..base.with_plugin(&given.id, given.parameters.clone())
                },
                None => base.clone(),
            };
            let resolved = self.resolve(&socket).map_err(|error| fault(error.to_string()))?;
            if !resolved.module().deterministic {
                return Err(fault(format!(
                    "`{}` says of itself that equal runs of it differ, so that none of its cells could be repeated; make it draw from the seed that it is given, then mark it deterministic",
                    resolved.id
                )));
            }
            modules.insert(
                name.to_owned(),
                ModuleSpec {
                    digest: digest(&resolved),
                    id: resolved.id,
                    params: resolved.parameters,
                },
            );
        }
        Ok(modules)
    }

    /// The plugins of a cell: those very ones that its specification names.
    pub(crate) fn plugins(&self, modules: &BTreeMap<String, ModuleSpec>) -> Result<Plugins, String> {
        let mut sockets = BTreeMap::new();
        for (name, module) in modules {
            let base = self.manifest.socket(name).ok_or_else(|| {
                format!("a call has no socket `{name}`; use the program that made the plan")
            })?;
            let socket = SocketManifest {
                fallback: None,
                ..base.with_plugin(&module.id, module.params.clone())
            };
            let resolved = self.resolve(&socket).map_err(|error| error.to_string())?;
            let found = digest(&resolved);
            if found != module.digest {
                return Err(format!(
                    "`{}` is not the plugin that was planned with: the plan has {}, and {} is {found}; put that file back, or plan again",
                    module.id,
                    module.digest,
                    resolved.file.path.display()
                ));
            }
            sockets.insert(name.clone(), resolved);
        }
        Ok(Plugins {
            loader: self.loader.clone(),
            sockets,
        })
    }

    fn resolve(&self, socket: &SocketManifest) -> Result<Resolved, LoadError> {
        self.manifest.profile.resolve(&self.loader, socket)
    }
}

fn digest(resolved: &Resolved) -> String {
    match (resolved.isolation, resolved.file.digest) {
        (Isolation::Static, _) | (_, None) => format!("linked:{}", resolved.module().version),
        (_, Some(digest)) => digest.to_string(),
    }
}

/// The plugins of one cell.
pub struct Plugins {
    loader: Loader,
    sockets: BTreeMap<String, Resolved>,
}

impl Plugins {
    /// Makes an instance of what stands in a socket, with the parameters of the arm.
    ///
    /// # Errors
    /// If there is no such socket, or the plugin refuses.
    pub fn create<A>(&self, socket: &str, seed: u64) -> Result<A::Proxy, String>
    where
        A: jackfield_abi::Area + ?Sized,
        A::Proxy: Module,
    {
        let resolved = self
            .sockets
            .get(socket)
            .ok_or_else(|| format!("this cell has nothing in the socket `{socket}`"))?;
        self.loader
            .create::<A>(resolved, seed)
            .map_err(|error| error.to_string())
    }

    /// Which plugin stands in a socket, and what its parameters are.
    ///
    /// # Errors
    /// If there is no such socket.
    pub fn identity(&self, socket: &str, seed: u64) -> Result<Identity, String> {
        let resolved = self
            .sockets
            .get(socket)
            .ok_or_else(|| format!("this cell has nothing in the socket `{socket}`"))?;
        let module = resolved.module();
        let value = |parameter: &ParameterInfo| {
            let given = resolved.parameters.get(&parameter.name);
            let value = given.and_then(|value| parameter.accept(value).ok());
            (parameter.name.clone(), value.unwrap_or(parameter.default))
        };
        Ok(Identity {
            plugin: resolved.id.clone(),
            version: module.version.clone(),
            seed,
            parameters: module.parameters.iter().map(value).collect(),
        })
    }
}
