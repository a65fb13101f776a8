//! What the manifest's `[policy]` demands of every plugin file before it is used.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use crate::catalogue::PluginFile;
use crate::digest::Digest;
use crate::signature::PublicKey;

/// What is demanded of plugin files. Plugins that are linked into the host are part of it and not asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Policy {
    /// What every file must be.
    pub require: Requirement,
    /// Whose signatures count, by the names that the manifest gives them.
    pub signers: BTreeMap<String, PublicKey>,
    /// The digest that the file of a plugin must have, by the plugin's id, in whatever socket it stands.
    pub pins: BTreeMap<String, Digest>,
    /// Folders outside the manifest's own in which plugins may lie.
    pub folders: Vec<PathBuf>,
    /// Every digest that is pinned, in a socket or above.
    #[serde(skip)]
    pub(crate) pinned: BTreeSet<Digest>,
}

/// What every plugin file must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Requirement {
    /// A whole plugin; a signature that it has must be true.
    #[default]
    Any,
    /// Pinned by its digest.
    Pinned,
    /// Signed by one of the signers.
    Signed,
}

impl Requirement {
    /// The name that manifests use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Pinned => "pinned",
            Self::Signed => "signed",
        }
    }
}

/// Why a file may not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyBreach {
    /// Another digest is pinned.
    #[error(
        "[policy.pins] pins {expected} for `{id}` and the file has {found}; put the pinned file back, or pin the new one once you trust it"
    )]
    Pin {
        /// The plugin.
        id: String,
        /// What is pinned.
        expected: Digest,
        /// What was found.
        found: Digest,
    },
    /// Nothing is pinned.
    #[error(
        "the manifest requires pinned plugins; if you trust this file, add to [policy.pins]: \"{id}\" = \"{found}\""
    )]
    NotPinned {
        /// The plugin.
        id: String,
        /// Its digest.
        found: Digest,
    },
    /// There is no signature.
    #[error(
        "the manifest requires signed plugins and this one has no signature; get it signed, or sign it with `jackfield plugin sign`"
    )]
    NotSigned,
    /// Somebody else signed.
    #[error(
        "it is signed by {signer}, whom the manifest does not name; if you trust them, add the key to [policy.signers]"
    )]
    OtherSigner {
        /// Who signed.
        signer: PublicKey,
    },
}

impl Policy {
    /// Whether `file` may be used.
    ///
    /// # Errors
    /// With the reason why it may not.
    pub fn check(&self, file: &PluginFile) -> Result<(), PolicyBreach> {
        let Some(found) = file.digest else { return Ok(()) };
        for module in &file.modules {
            if let Some(expected) = self.pins.get(&module.id)
                && *expected != found
            {
                return Err(PolicyBreach::Pin {
                    id: module.id.clone(),
                    expected: *expected,
                    found,
                });
            }
        }
        match (self.require, file.signer) {
            (Requirement::Any, _) => Ok(()),
            (Requirement::Pinned, _) if self.is_pinned(file) => Ok(()),
            (Requirement::Pinned, _) => Err(PolicyBreach::NotPinned {
                id: file
                    .modules
                    .first()
                    .map_or_else(String::new, |module| module.id.clone()),
                found,
            }),
            (Requirement::Signed, None) => Err(PolicyBreach::NotSigned),
            (Requirement::Signed, Some(signer)) if self.name_of(signer).is_some() => Ok(()),
            (Requirement::Signed, Some(signer)) => Err(PolicyBreach::OtherSigner { signer }),
        }
    }

    /// Whether the manifest pins this very file, in a socket or in `[policy.pins]`.
    pub fn is_pinned(&self, file: &PluginFile) -> bool {
        file.digest.is_some_and(|digest| self.pinned.contains(&digest))
    }

    /// What the manifest calls this signer; nothing if it does not name them.
    pub fn name_of(&self, signer: PublicKey) -> Option<&str> {
        self.signers
            .iter()
            .find(|(_, key)| **key == signer)
            .map(|(name, _)| name.as_str())
    }
}
