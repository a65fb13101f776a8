//! From a socket of the manifest to the plugin that is to stand in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jackfield_core::AREAS;

use super::{Loader, permit};
use crate::catalogue::{Catalogue, PluginFile};
use crate::digest::Digest;
use crate::error::LoadError;
use crate::isolation::{self, Grant};
use crate::manifest::{Isolation, SocketManifest};
use crate::metadata::ModuleInfo;
use crate::nearest::did_you_mean;
use crate::parameter::ParameterValue;
use crate::policy::Policy;

impl Loader {
    /// Chooses the plugin for a socket: the first candidate that is there, fits `area` and has the pinned digest, else the fallback.
    ///
    /// # Errors
    /// If neither can be used, with the reason against each; or if a parameter does not fit the plugin that was chosen.
    pub fn resolve(&self, socket: &SocketManifest, area: &str) -> Result<Resolved, LoadError> {
        let (policy, catalogue) = (&self.shared.options.policy, self.catalogue());
        let mut tried: Vec<(String, Box<LoadError>)> = Vec::new();
        for id in &socket.candidates {
            match find(policy, &catalogue, socket, id, area, socket.pin) {
                Ok(file) => {
                    return resolved(policy, socket, id, area, file, socket.parameters.clone(), &tried);
                }
                // A file that is not the pinned one is a reason to stop, not to look for something else.
                Err(error @ LoadError::Pin { .. }) => return Err(error),
                Err(error) => tried.push((id.clone(), Box::new(error))),
            }
        }
        if let Some(id) = &socket.fallback {
            match find(policy, &catalogue, socket, id, area, None) {
                // The parameters are for the candidates.
                Ok(file) => return resolved(policy, socket, id, area, file, BTreeMap::new(), &tried),
                Err(error) => tried.push((id.clone(), Box::new(error))),
            }
        }
        match tried.len() {
            1 => Err(*tried.remove(0).1),
            _ => Err(LoadError::NoneAvailable {
                socket: socket.name.clone(),
                tried,
            }),
        }
    }

    /// The fallback of a socket, to stand by while the call runs; nothing if the manifest names none.
    ///
    /// # Errors
    /// If it is not there or does not fit.
    pub fn resolve_fallback(
        &self,
        socket: &SocketManifest,
        area: &str,
    ) -> Result<Option<Resolved>, LoadError> {
        let Some(id) = &socket.fallback else {
            return Ok(None);
        };
        let file = find(
            &self.shared.options.policy,
            &self.catalogue(),
            socket,
            id,
            area,
            None,
        )?;
        resolved(
            &self.shared.options.policy,
            socket,
            id,
            area,
            file,
            BTreeMap::new(),
            &[],
        )
        .map(Some)
    }
}

/// A plugin that was chosen for a socket: which one, from which version of which file, with which parameters.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The socket.
    pub socket: String,
    /// The plugin.
    pub id: String,
    /// Where it comes from.
    pub file: Arc<PluginFile>,
    /// The parameters to set, by name.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// The manifest pins the file.
    pub pinned: bool,
    /// Why plugins were passed over that the manifest prefers.
    pub passed_over: Vec<String>,
    /// Where it runs.
    pub isolation: Isolation,
    /// What it may do if it runs in a process of its own.
    pub allow: Vec<Grant>,
    area: String,
}

impl Resolved {
    /// The description of the module that stands in the socket.
    ///
    /// # Panics
    /// Never: a plugin without the module is not resolved.
    pub fn module(&self) -> &ModuleInfo {
        self.file
            .module(&self.id, &self.area)
            .expect("checked when it was resolved")
    }
}

fn find(
    policy: &Policy,
    catalogue: &Catalogue,
    socket: &SocketManifest,
    id: &str,
    area: &str,
    pin: Option<Digest>,
) -> Result<Arc<PluginFile>, LoadError> {
    if socket.isolation == Isolation::Process
        && let Some(known) = AREAS.iter().find(|known| known.id == area)
        && let Some(reason) = isolation::obstacle(known)
    {
        return Err(LoadError::NotInAProcess {
            id: id.to_owned(),
            area: area.to_owned(),
            reason,
        });
    }
    let Some(file) = catalogue.file_of(id, socket.isolation) else {
        let advice = catalogue.advice(id, socket.isolation);
        return Err(LoadError::NotFound {
            id: id.to_owned(),
            isolation: socket.isolation,
            advice,
        });
    };
    if file.module(id, area).is_none() {
        let offered: Vec<_> = file.modules_of(id).map(|module| module.area.as_str()).collect();
        let offered = offered.join(", ");
        return Err(LoadError::WrongArea {
            id: id.to_owned(),
            wanted: area.to_owned(),
            offered,
        });
    }
    if let (Some(expected), Some(found)) = (pin, file.digest)
        && expected != found
    {
        return Err(LoadError::Pin {
            socket: socket.name.clone(),
            path: file.path.clone(),
            expected,
            found,
        });
    }
    permit(policy, file)?;
    Ok(file.clone())
}

fn resolved(
    policy: &Policy,
    socket: &SocketManifest,
    id: &str,
    area: &str,
    file: Arc<PluginFile>,
    parameters: BTreeMap<String, ParameterValue>,
    tried: &[(String, Box<LoadError>)],
) -> Result<Resolved, LoadError> {
    for (name, value) in &parameters {
        let known: Vec<_> = file
            .modules_of(id)
            .flat_map(|module| &module.parameters)
            .collect();
        match known.iter().find(|parameter| parameter.name == *name) {
            Some(parameter) => {
                parameter
                    .accept(value)
                    .map_err(|error| LoadError::parameter(&socket.name, id, &error))?;
            }
            None => {
                let names = || known.iter().map(|parameter| parameter.name.as_str());
                let all: Vec<_> = names().collect();
                let all = if all.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("it has: {}", all.join(", "))
                };
                let reason = format!(
                    "there is no parameter `{name}`; {}{all}",
                    did_you_mean(name, names())
                );
                return Err(LoadError::Parameter {
                    socket: socket.name.clone(),
                    id: id.to_owned(),
                    reason,
                });
            }
        }
    }
    Ok(Resolved {
        pinned: socket.pin.is_some() && socket.candidates.iter().any(|candidate| candidate == id)
            || policy.is_pinned(&file),
        socket: socket.name.clone(),
        id: id.to_owned(),
        file,
        parameters,
        passed_over: tried.iter().map(|(_, reason)| reason.to_string()).collect(),
        isolation: socket.isolation,
        allow: socket.allow.clone(),
        area: area.to_owned(),
    })
}
