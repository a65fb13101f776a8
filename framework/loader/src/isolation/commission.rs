//! What a plugin's process is told when it starts: which plugin, and what it may do.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jackfield_core::AREAS;
use serde::{Deserialize, Serialize, Serializer};

use crate::digest::Digest;
use crate::shape;

/// Something that a plugin in a process of its own may do beside computing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum Grant {
    /// Open sockets.
    Net,
    /// Read what stands at or below this path.
    Read(PathBuf),
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net => f.write_str("net"),
            Self::Read(path) => write!(f, "read:{}", path.display()),
        }
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text is no grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAGrant {
    /// Neither of the words.
    #[error("a plugin may be allowed \"net\", or \"read:\" with an absolute path")]
    Unknown,
    /// The path is relative.
    #[error("the path behind \"read:\" must be absolute, because the host may be started anywhere")]
    Relative,
}

impl FromStr for Grant {
    type Err = NotAGrant;

    fn from_str(text: &str) -> Result<Self, NotAGrant> {
        if text == "net" {
            return Ok(Self::Net);
        }
        match text.strip_prefix("read:").map(Path::new) {
            Some(path) if path.is_absolute() => Ok(Self::Read(path.to_owned())),
            Some(_) => Err(NotAGrant::Relative),
            None => Err(NotAGrant::Unknown),
        }
    }
}

impl TryFrom<String> for Grant {
    type Error = NotAGrant;

    fn try_from(text: String) -> Result<Self, NotAGrant> {
        text.parse()
    }
}

/// What a plugin's process is started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Commission {
    /// What host and process must agree on.
    pub(crate) build: String,
    /// The host's own copy of the plugin file, which it has checked.
    pub image: PathBuf,
    /// The file that it was copied from, to name it.
    pub source: PathBuf,
    /// The module.
    pub id: String,
    /// Its area.
    pub area: String,
    /// For all randomness that the instance uses.
    pub(crate) seed: u64,
    /// What is tried out with it.
    pub(crate) experiments: BTreeMap<String, String>,
    /// What it may do.
    pub allow: Vec<Grant>,
}

impl Commission {
    pub(crate) fn new(
        image: PathBuf,
        source: PathBuf,
        id: &str,
        area: &str,
        seed: u64,
        experiments: &BTreeMap<String, String>,
        allow: &[Grant],
    ) -> Self {
        Self {
            build: build(),
            image,
            source,
            id: id.to_owned(),
            area: area.to_owned(),
            seed,
            experiments: experiments.clone(),
            allow: allow.to_vec(),
        }
    }

    /// Whether the other side is of this build.
    pub(crate) fn is_of_this_build(&self) -> bool {
        self.build == build()
    }
}

/// The version and the shapes of all tables: two processes that agree on both understand each other.
fn build() -> String {
    let shapes: String = AREAS.iter().map(|area| shape::text(area)).collect();
    format!(
        "{} {}",
        env!("CARGO_PKG_VERSION"),
        Digest::of(shapes.as_bytes()).hex()
    )
}
