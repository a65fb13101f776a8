//! The manifest, `jackfield.toml`: which plugin stands in which socket, with which parameters, and what stands by.
//!
//! ```
//! use jackfield_loader::{Isolation, Manifest};
//!
//! let manifest = Manifest::parse(
//!     r#"
//!     profile = "conference"            # sockets that are not listed below come from the profile
//!
//!     [plugins]
//!     folders = ["plugins"]             # relative to this file
//!
//!     [sockets.noise]
//!     use = ["acme.processing.hush", "jackfield.processing.ns-rnnoise"]   # the first one that there is
//!     params = { strength = 0.8 }
//!     fallback = "jackfield.processing.null"
//!     "#,
//!     "/etc/jackfield/jackfield.toml",
//! )?;
//! let noise = manifest.socket("noise").unwrap();
//! assert_eq!(noise.candidates[1], "jackfield.processing.ns-rnnoise");
//! assert_eq!(noise.isolation, Isolation::InProcess);
//! assert_eq!(manifest.socket("mixer").unwrap().candidates, ["jackfield.mixer.active-speaker"]);
//! # Ok::<(), jackfield_loader::TextError>(())
//! ```

mod links;
mod raw;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jackfield_core::audio::AudioFormat;
use jackfield_core::units::SampleRate;
use serde::Serialize;

pub use links::{LinkClass, LinkProfile, LinkProfiles};

use crate::digest::Digest;
use crate::isolation::Grant;
use crate::parameter::ParameterValue;
use crate::policy::Policy;
use crate::profile::Profile;
use crate::text_error::TextError;

/// What errors about manifests are called by.
const CODE: &str = "jackfield::manifest";

/// A manifest that has been read and checked: every socket of its profile is there, in signal order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifest {
    /// The kind of call.
    pub profile: Profile,
    /// Where plugin files are looked for, first one first; absolute.
    pub folders: Vec<PathBuf>,
    /// What is demanded of plugin files.
    pub policy: Policy,
    /// The folder that the manifest lies in; the built-in one lies in none.
    #[serde(skip)]
    pub(crate) home: Option<PathBuf>,
    /// What stands in each socket, in signal order.
    pub sockets: Vec<SocketManifest>,
    /// What a room is like.
    pub room: RoomManifest,
    /// Where what happens to congestion controllers is written down; nothing if nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_log: Option<EventLogManifest>,
    /// What is used of the links of participants.
    pub profiles: LinkProfiles,
    /// Where the host stops.
    pub limits: Limits,
    /// What is tried out with every instance: keys and values that plugins may know.
    pub experiments: BTreeMap<String, String>,
}

/// What the manifest says of one socket.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SocketManifest {
    /// The socket: `echo`.
    pub name: String,
    /// Ids of plugins, best first; the first one that is available is used. Never empty.
    pub candidates: Vec<String>,
    /// Parameters to set, by name.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// The plugin that is used if no candidate is available, and that stands by while the call runs.
    pub fallback: Option<String>,
    /// Where the plugin runs.
    pub isolation: Isolation,
    /// What the plugin may do beside computing, if it runs in a process of its own. It is for whatever plugin stands in the socket.
    pub allow: Vec<Grant>,
    /// The digest that the plugin's file must have.
    pub pin: Option<Digest>,
}

/// Where a plugin runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Isolation {
    /// Linked into the host.
    Static,
    /// Loaded from a file into the host's process.
    InProcess,
    /// Loaded from a file into a process of its own, which may do no more than it is allowed, and which may end without the host.
    Process,
}

impl Isolation {
    /// The name that manifests use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::InProcess => "in-process",
            Self::Process => "process",
        }
    }

    /// Whether it is linked into the host and not loaded from a file.
    pub const fn is_linked(self) -> bool {
        matches!(self, Self::Static)
    }
}

/// What a room is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RoomManifest {
    /// The most participants; who comes later is turned away.
    pub max_participants: u32,
    /// The rate, in hertz, at which the room mixes.
    pub sample_rate: u32,
    /// The channels in which the room mixes: 1 or 2.
    pub channels: u32,
    /// What becomes of video that a participant offers.
    pub video: RoomVideo,
}

/// What becomes of video that a participant offers. There is no codec for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RoomVideo {
    /// It is not let come.
    Refuse,
    /// It is let come, measured, and thrown away; its sender is told when each packet came, as for congestion control.
    Discard,
}

impl RoomManifest {
    /// The format in which the room mixes.
    pub const fn format(&self) -> AudioFormat {
        AudioFormat::new(SampleRate::hz(self.sample_rate), self.channels)
    }
}

/// Where what happens to the congestion controller of each connection is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventLogManifest {
    /// The folder; absolute.
    pub folder: PathBuf,
    /// A file stops before it has more megabytes (of 2^20 bytes) than this.
    pub megabytes: u32,
}

/// Where the host stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// The most plugin images that may be retired. Images are never unloaded, so each one costs memory until the host ends.
    pub images: usize,
}

impl Manifest {
    /// Reads a manifest from `text`. `file_name` is named in errors, and paths in the manifest are relative to its folder.
    ///
    /// # Errors
    /// With file, line, what was expected and the nearest name that would have been valid.
    pub fn parse(text: &str, file_name: impl AsRef<Path>) -> Result<Self, TextError> {
        read::manifest(text, file_name.as_ref())
    }

    /// Reads the manifest from the file at `path`.
    ///
    /// # Errors
    /// As [`Manifest::parse`], or if the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, TextError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            TextError::of(CODE, path, format!("cannot read the manifest: {error}"))
                .with_help("check the path; without a manifest, the profile `conference` runs as it is")
        })?;
        Self::parse(&text, path)
    }

    /// The profile `conference` with nothing changed: what runs without a manifest.
    ///
    /// # Panics
    /// Never: a test reads the text that is built in.
    pub fn embedded_default() -> Self {
        read::profile(Profile::Conference).expect("the built-in manifest is checked by a test")
    }

    /// The manifest of one socket.
    pub fn socket(&self, name: &str) -> Option<&SocketManifest> {
        self.sockets.iter().find(|socket| socket.name == name)
    }

    /// The same with every socket's plugin linked in, for hosts and tests that load no files.
    #[must_use]
    pub fn linked(mut self) -> Self {
        for socket in &mut self.sockets {
            socket.isolation = Isolation::Static;
            socket.allow.clear();
            socket.pin = None;
        }
        self
    }

    /// The JSON Schema of manifests, for editors.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(raw::RawManifest).to_value()
    }
}

impl SocketManifest {
    /// The same socket with another plugin in it: what a swap asks for. A pin goes with the plugin that it was for.
    #[must_use]
    pub fn with_plugin(&self, id: &str, parameters: BTreeMap<String, ParameterValue>) -> Self {
        let pin = self.pin.filter(|_| self.candidates == [id]);
        Self {
            candidates: vec![id.to_owned()],
            parameters,
            pin,
            ..self.clone()
        }
    }
}
