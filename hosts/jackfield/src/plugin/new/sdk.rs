//! Where a new plugin finds the SDK.

use std::path::{Path, PathBuf};

use miette::{Result, miette};

/// Where the SDK is.
#[derive(Debug)]
pub(crate) enum Sdk {
    /// The root of a checkout.
    Checkout(PathBuf),
    /// A Git repository.
    Git(String),
}

impl Sdk {
    /// The checkout at `given`, or that in whose `target` folder this command lies.
    pub(crate) fn checkout(given: Option<&Path>) -> Result<Self> {
        if let Some(given) = given {
            let root = root_of(given).ok_or_else(|| {
                miette!(
                    "{} holds no SDK: name the root of a checkout of Jackfield, in which plugin-sdk/sdk/Cargo.toml is",
                    given.display()
                )
            })?;
            return Ok(Self::Checkout(root));
        }
        let own = std::env::current_exe().ok();
        own.as_deref()
            .into_iter()
            .flat_map(Path::ancestors)
            .find_map(root_of)
            .map(Self::Checkout)
            .ok_or_else(|| {
                miette!(
                    "this command does not lie in a checkout of Jackfield, and the SDK is not published yet: name a checkout with --sdk DIR, or a repository with --sdk-git URL"
                )
            })
    }

    /// The right side of a line in `[dependencies]` for the crate `name`, which lies in `folder`.
    pub(crate) fn dependency(&self, folder: &str) -> String {
        match self {
            Self::Checkout(root) => format!("{{ path = {:?} }}", root.join(folder).display().to_string()),
            Self::Git(url) => format!("{{ git = {url:?} }}"),
        }
    }

    /// The folder `folder` of the checkout.
    pub(crate) fn path(&self, folder: &str) -> Result<PathBuf> {
        match self {
            Self::Checkout(root) => Ok(root.join(folder)),
            Self::Git(_) => Err(miette!("name a checkout with --sdk")),
        }
    }
}

/// The root of the checkout that `folder` is, or is `plugin-sdk` of.
fn root_of(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    [Some(folder.as_path()), folder.parent()]
        .into_iter()
        .flatten()
        .find(|root| root.join("plugin-sdk/sdk/Cargo.toml").is_file())
        .map(Path::to_owned)
}
