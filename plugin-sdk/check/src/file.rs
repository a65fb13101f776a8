//! What can be said of a plugin file without running any of it.

use std::fs;
use std::path::Path;

use jackfield_loader::{FileFault, ModuleInfo, examine};

use crate::rule::{self, Rule};

/// Why a file was refused: the rule that it breaks, and how.
pub(crate) struct Refused {
    pub(crate) rule: &'static Rule,
    pub(crate) what: String,
}

/// The modules of a plugin file.
pub(crate) fn modules(bytes: &[u8]) -> Result<Vec<ModuleInfo>, Refused> {
    let frames = examine(bytes).map_err(|fault| Refused {
        rule: rule_of(&fault),
        what: fault.to_string(),
    })?;
    Ok(frames.into_iter().flat_map(|frame| frame.modules).collect())
}

/// The bytes of a file that may be a plugin.
pub(crate) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    fs::read(path)
}

/// The rule that a file breaks with this fault.
pub(crate) fn rule_of(fault: &FileFault) -> &'static Rule {
    match fault {
        FileFault::Metadata(_) | FileFault::Twice { .. } => &rule::DESCRIPTOR,
        FileFault::AbiMajor { .. } => &rule::ABI_VERSION,
        FileFault::NoEntry { .. } | FileFault::Magic { .. } => &rule::ENTRY,
        FileFault::Shape { .. } | FileFault::NoShape { .. } => &rule::TABLE_SHAPE,
        _ => &rule::NOT_A_PLUGIN,
    }
}
