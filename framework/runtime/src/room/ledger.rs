//! What was set on a room's sockets, whatever stood in them: it is set again on every newcomer that knows it, whether that comes in by a swap,
//! stays after a roll-back or stands in for one that broke.

use std::collections::BTreeMap;

use jackfield_loader::{ModuleInfo, ParameterInfo, ParameterValue, Resolved};

use crate::fitting::Socket;

/// By socket and by the name of the parameter.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    sockets: BTreeMap<String, BTreeMap<String, Entry>>,
}

/// The last value of a parameter.
#[derive(Clone, Debug)]
struct Entry {
    value: ParameterValue,
    /// A parameter of the same name in another unit is another parameter.
    unit: String,
}

impl Ledger {
    /// With what the manifest sets.
    pub(super) fn new(sockets: &[Socket]) -> Self {
        let mut ledger = Self::default();
        for socket in sockets {
            ledger.note(socket.name(), socket.module(), &socket.resolved.parameters);
        }
        ledger
    }

    /// These were set on the plugin that `module` describes.
    pub(super) fn note(&mut self, socket: &str, module: &ModuleInfo, set: &BTreeMap<String, ParameterValue>) {
        let entries = self.sockets.entry(socket.to_owned()).or_default();
        for parameter in &module.parameters {
            if let Some(value) = set.get(&parameter.name) {
                let entry = Entry {
                    value: value.clone(),
                    unit: parameter.unit.clone(),
                };
                entries.insert(parameter.name.clone(), entry);
            }
        }
    }

    /// Adds to the parameters of a newcomer, which `module` describes, whatever was set on its socket before that it knows and accepts; what is
    /// asked of it in particular comes first.
    pub(super) fn replay(&self, socket: &str, module: &ModuleInfo, newcomer: &mut Resolved) {
        let Some(entries) = self.sockets.get(socket) else {
            return;
        };
        for parameter in &module.parameters {
            if let Some(entry) = entries.get(&parameter.name)
                && entry.fits(parameter)
            {
                let value = || entry.value.clone();
                newcomer
                    .parameters
                    .entry(parameter.name.clone())
                    .or_insert_with(value);
            }
        }
    }
}

impl Entry {
    fn fits(&self, parameter: &ParameterInfo) -> bool {
        self.unit == parameter.unit && parameter.accept(&self.value).is_ok()
    }
}
