//! A plugin that something recorded is told to.

use std::collections::BTreeMap;

use jackfield_core::module::Module;
use jackfield_event_log::Identity;
use jackfield_loader::{Loader, Manifest, ParameterValue, Resolved, SocketManifest};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

/// A plugin as the manifest runs it, with the parameters and the seed of the recorded one if it is that.
pub(super) struct Wanted<'a> {
    pub(super) resolved: Resolved,
    given: &'a BTreeMap<String, ParameterValue>,
    recorded: Option<&'a Identity>,
}

/// What its results are called: by its id, and by what was set otherwise than usual.
pub(super) fn named(id: &str, given: &BTreeMap<String, ParameterValue>) -> String {
    let with = |name: String, (key, value): (&String, &ParameterValue)| format!("{name} {key}={value}");
    given.iter().fold(id.to_owned(), with)
}

impl<'a> Wanted<'a> {
    pub(super) fn resolve(
        socket: &str,
        (manifest, loader): (&Manifest, &Loader),
        id: &str,
        given: &'a BTreeMap<String, ParameterValue>,
        recorded: Option<&'a Identity>,
    ) -> Result<Self> {
        let base = manifest
            .socket(socket)
            .ok_or_else(|| miette!("the manifest has no socket `{socket}`"))?;
        let socket = SocketManifest {
            // It is this plugin that was asked for.
            fallback: None,
            ..base.with_plugin(id, given.clone())
        };
        let resolved = manifest
            .profile
            .resolve(loader, &socket)
            .into_diagnostic()
            .wrap_err_with(|| format!("`{id}` cannot be told anything"))?;
        if !resolved.module().deterministic {
            eprintln!("Warning: `{id}` says of itself that equal runs of it differ.");
        }
        Ok(Self {
            recorded: recorded.filter(|recorded| recorded.plugin == id),
            resolved,
            given,
        })
    }

    /// Whether it is the plugin of the recording.
    pub(super) fn is_recorded(&self) -> bool {
        self.recorded.is_some()
    }

    /// Whether it has the recorded parameters, too.
    pub(super) fn is_as_recorded(&self) -> bool {
        self.is_recorded() && self.given.is_empty()
    }

    /// The recorded one, or any.
    pub(super) fn seed(&self) -> u64 {
        self.recorded.map_or(1, |recorded| recorded.seed)
    }

    /// Sets the recorded parameters that were not given otherwise.
    pub(super) fn set_recorded(&self, module: &mut dyn Module) -> Result<()> {
        let id = &self.resolved.id;
        let known = &self.resolved.module().parameters;
        for (name, value) in self.recorded.map_or(&[][..], |recorded| &recorded.parameters) {
            match known.iter().position(|parameter| parameter.name == *name) {
                Some(index) if !self.given.contains_key(name) => module
                    .set_parameter(index as u32, *value)
                    .into_diagnostic()
                    .wrap_err_with(|| {
                        format!("`{id}` refuses the recorded {name} = {value}; set it with --param")
                    })?,
                Some(_) => {}
                None => eprintln!(
                    "Warning: `{id}` has no parameter `{name}` any more, which was recorded as {value}."
                ),
            }
        }
        Ok(())
    }
}

/// A parameter as it is given on the command line.
pub(super) fn parameter(text: &str) -> Result<(String, ParameterValue), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("write NAME=VALUE, such as rate=400")?;
    let value = match (value, value.parse::<f64>()) {
        ("true", _) => ParameterValue::Bool(true),
        ("false", _) => ParameterValue::Bool(false),
        (_, Ok(number)) if number.is_finite() => ParameterValue::Number(number),
        _ => ParameterValue::Text(value.to_owned()),
    };
    Ok((name.to_owned(), value))
}
