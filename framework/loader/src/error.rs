//! What can go wrong between a manifest and a running instance. Every text says what to do next.

use std::io;
use std::path::PathBuf;

use jackfield_abi::{ABI_MAJOR, Fault, ImportError};
use jackfield_core::congestion_controller::CongestionRole;

use crate::digest::Digest;
use crate::manifest::Isolation;
use crate::metadata::MetadataError;
use crate::parameter::ParameterError;
use crate::policy::PolicyBreach;
use crate::signature::SignatureError;

/// A file cannot be a plugin of this host. Found without running any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// Not an ELF file.
    #[error("it is not a 64-bit ELF file; put only plugin files with the ending .so into a plugin folder")]
    NotElf,
    /// For another kind of processor.
    #[error(
        "it was built for another kind of processor; build it for {}",
        std::env::consts::ARCH
    )]
    OtherMachine,
    /// An executable or object file.
    #[error("it is not a shared library; build it with crate-type = [\"cdylib\"] or -shared")]
    NotShared,
    /// Shorter than its own headers say.
    #[error("it is cut off; copy it again, to another name first and then rename it")]
    Cut,
    /// Stripped of its section headers.
    #[error(
        "it has no section headers, so its metadata cannot be found; strip it with `strip --strip-all`, not with --strip-sections"
    )]
    NoSections,
    /// A shared library that is no plugin.
    #[error(
        "it has no section .jf_meta, so it is not a plugin; export one with `export!` (Rust) or JF_META (C)"
    )]
    NoMetadata,
    /// Metadata that cannot be read.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// Another major version of the boundary.
    #[error(
        "it was built for major version {theirs} of the plugin boundary and this host has {ABI_MAJOR}; build it with this host's SDK or use a host of that version"
    )]
    AbiMajor {
        /// The plugin's.
        theirs: u16,
    },
    /// The entry is not there.
    #[error(
        "its metadata names the entry `{symbol}`, which it does not export; do not hide the symbol with a linker script or -fvisibility=hidden"
    )]
    NoEntry {
        /// The symbol.
        symbol: String,
    },
    /// The entry is something else.
    #[error("`{symbol}` does not begin with the magic of a plugin entry; use `export!` or fill in JF_MAGIC")]
    Magic {
        /// The symbol.
        symbol: String,
    },
    /// One module twice.
    #[error("it holds `{id}` for {area} twice; give each module an id of its own")]
    Twice {
        /// The id.
        id: String,
        /// The area.
        area: String,
    },
    /// Too large to be a plugin.
    #[error("it is larger than {0} bytes; strip it")]
    TooLarge(u64),
    /// The shape of a table differs.
    #[error("{area}: {difference}; build the plugin with the SDK or header that comes with this host")]
    Shape {
        /// The area.
        area: String,
        /// The first difference, on one line.
        difference: String,
    },
    /// The metadata does not say what shape a table has.
    #[error(
        "its metadata has no `area` line for {area}, so its tables cannot be checked; add the shape (in C: JF_{}_SHAPE)",
        shape_macro(area)
    )]
    NoShape {
        /// The area.
        area: String,
    },
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// The signature beside it does not fit.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// What an earlier run found wrong with the same file.
    #[error("{0}")]
    Remembered(String),
    /// A link out of the folders in which plugins may lie.
    #[error(
        "it is a link to {}, outside the folders in which plugins may lie; put the file itself there, or add its folder to `folders` in [policy]",
        .target.display()
    )]
    Outside {
        /// Where it leads.
        target: PathBuf,
    },
}

fn shape_macro(area: &str) -> String {
    let name = area.rsplit('.').next().unwrap_or(area);
    name.split('/')
        .next()
        .unwrap_or(name)
        .replace('-', "_")
        .to_uppercase()
}

/// A plugin could not be found, opened or instantiated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The folder for private copies cannot be made.
    #[error("cannot make a private folder for plugin images in {}: {reason}; set another one in the host's options", .path.display())]
    PrivateFolder {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No plugin has this id.
    #[error("there is no plugin `{id}` ({}); {advice}", .isolation.name())]
    NotFound {
        /// The id.
        id: String,
        /// Where it was to run.
        isolation: Isolation,
        /// The nearest id, and where plugins were looked for.
        advice: String,
    },
    /// The plugin is for something else.
    #[error(
        "`{id}` does not fit: {wanted} is wanted and it offers {offered}; choose another one from `jackfield plugin list`"
    )]
    WrongArea {
        /// The id.
        id: String,
        /// The area of the socket.
        wanted: String,
        /// The areas of the plugin.
        offered: String,
    },
    /// A congestion controller decides at the other end of the path.
    #[error(
        "`{id}` does not fit into the socket `{socket}`: it decides {}, and that socket decides {}; choose another one from `jackfield plugin list`", end(*.offered), end(*.wanted)
    )]
    WrongRole {
        /// The socket.
        socket: String,
        /// The id.
        id: String,
        /// Where the socket decides.
        wanted: CongestionRole,
        /// Where the plugin does.
        offered: CongestionRole,
    },
    /// Neither the candidates nor the fallback of a socket can be used.
    #[error("no plugin for the socket `{socket}`: {}", reasons(.tried))]
    NoneAvailable {
        /// The socket.
        socket: String,
        /// Each id with the reason against it.
        tried: Vec<(String, Box<LoadError>)>,
    },
    /// The file is not the one that the manifest pins.
    #[error("{} is not the file that the manifest pins for `{socket}`: expected {expected}, found {found}; put the pinned file back, or pin the new one once you trust it", .path.display())]
    Pin {
        /// The socket.
        socket: String,
        /// The file.
        path: PathBuf,
        /// The digest in the manifest.
        expected: Digest,
        /// The digest of the file.
        found: Digest,
    },
    /// The manifest's policy forbids the file.
    #[error("{} is refused: {breach}", .path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why.
        breach: PolicyBreach,
    },
    /// The manifest sets a parameter that there is not, or to a value that does not fit.
    #[error("socket `{socket}`, plugin `{id}`: {reason}")]
    Parameter {
        /// The socket.
        socket: String,
        /// The plugin.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// The file changed after it was scanned.
    #[error("{} has changed since the last scan; scan again, then choose the plugin anew", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file is no plugin that this host can run.
    #[error("{}: {fault}", .path.display())]
    File {
        /// The file, or the name of a static plugin.
        path: PathBuf,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// The file cannot be read or copied.
    #[error("{}: {error}; check that it is there, readable, and that the disk is not full", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The dynamic linker refused.
    #[error("{}: the dynamic linker refused it: {reason}; see `ldd` for libraries that it lacks", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What it said.
        reason: String,
    },
    /// The entry of the plugin is not as it must be.
    #[error("{}: the entry `{symbol}` {what}", .path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The symbol.
        symbol: String,
        /// What is wrong with it.
        what: String,
    },
    /// The compiler's layout proof of a Rust plugin differs from ours.
    #[error("{}: the layout proof differs: {difference}; build the plugin with the SDK that comes with this host", .path.display())]
    Proof {
        /// The file.
        path: PathBuf,
        /// The first difference, on one line.
        difference: String,
    },
    /// Too many old images are still mapped.
    #[error(
        "{retired} retired plugin images are still mapped and the limit is {cap}: images are never unloaded; restart the host, or raise `images` in [limits]"
    )]
    TooManyImages {
        /// How many there are.
        retired: usize,
        /// How many there may be.
        cap: usize,
    },
    /// The plugin could not make an instance.
    #[error("`{id}` could not make an instance: {fault}")]
    Create {
        /// The plugin.
        id: String,
        /// What it said.
        fault: Fault,
    },
    /// A plugin of this area cannot run in a process of its own.
    #[error(
        "`{id}` cannot run in a process of its own: {reason} ({area}); set isolation = \"in-process\" for its socket"
    )]
    NotInAProcess {
        /// The plugin.
        id: String,
        /// Its area.
        area: String,
        /// Why.
        reason: String,
    },
    /// The process of a plugin could not be started or did not get ready.
    #[error("`{id}` could not be started in a process of its own: {reason}")]
    Process {
        /// The plugin.
        id: String,
        /// Why.
        reason: String,
    },
    /// The instance's table was refused.
    #[error("`{id}`: {error}")]
    Table {
        /// The plugin.
        id: String,
        /// What is wrong with it.
        error: ImportError,
    },
}

impl LoadError {
    pub(crate) fn parameter(socket: &str, id: &str, reason: &ParameterError) -> Self {
        Self::Parameter {
            socket: socket.to_owned(),
            id: id.to_owned(),
            reason: reason.to_string(),
        }
    }
}

fn end(role: CongestionRole) -> &'static str {
    match role {
        CongestionRole::Sender => "at the sender, from what the remote end reports",
        CongestionRole::Receiver => "at the receiver, from the packets that come",
        CongestionRole::Either => "at either end",
    }
}

fn reasons(tried: &[(String, Box<LoadError>)]) -> String {
    tried
        .iter()
        .map(|(_, reason)| reason.to_string())
        .collect::<Vec<_>>()
        .join("; ")
}
