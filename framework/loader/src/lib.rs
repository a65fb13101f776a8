//! The loader: from a manifest to running instances of plugins.
//!
//! It reads the manifest, finds plugins without running any of their code, opens a private copy of those that are chosen after checking
//! it in every way that data can be checked, and makes instances. It must never unload an image, never open a file that somebody else can
//! change meanwhile, and never let one bad file keep the others from use. It is for the control thread.
//!
//! ```
//! use jackfield_core::audio::AudioFormat;
//! use jackfield_core::audio_processor::AudioProcessor;
//! use jackfield_loader::{Loader, LoaderOptions, Manifest};
//!
//! // A host that links its plugins; with folders in the options (or the manifest) they come from files.
//! let linked = vec![jackfield_processing_gain::JACKFIELD_PLUGIN];
//! let loader = Loader::new(LoaderOptions { linked, ..LoaderOptions::default() })?;
//!
//! let manifest = Manifest::embedded_default().linked();
//! let gain = loader.resolve(manifest.socket("gain").unwrap(), "jackfield.audio-processor/1")?;
//! let mut instance = loader.create::<dyn AudioProcessor>(&gain, 1)?;
//! instance.activate(&AudioFormat::MONO_48K).unwrap();
//! # Ok::<(), jackfield_loader::LoadError>(())
//! ```

mod abi_diff;
pub mod cache;
mod catalogue;
mod digest;
pub mod discovery;
mod elf;
mod error;
mod host_log;
mod image;
pub mod inspection;
pub mod isolation;
mod ledger;
mod loader;
pub mod manifest;
pub mod metadata;
mod nearest;
pub mod parameter;
mod policy;
mod private_folder;
pub mod profile;
mod shape;
pub mod signature;
mod text_error;

pub use abi_diff::{AbiChange, AbiText};
pub use catalogue::{Catalogue, PluginFile, Problem};
pub use digest::{Digest, NotADigest};
pub use elf::examine;
pub use error::{FileFault, LoadError};
pub use image::Image;
pub use isolation::{Confinement, Grant, ProcessState, ProcessStatus, ProcessTier};
pub use ledger::{Ledger, LedgerEntry};
pub use loader::{Loader, LoaderOptions, Resolved};
pub use manifest::{
    EventLogManifest, Isolation, Limits, LinkClass, LinkProfile, LinkProfiles, Manifest, RoomManifest,
    RoomVideo, SocketManifest,
};
pub use metadata::{AudioInfo, Frame, ModuleInfo, StatisticInfo, Support};
pub use nearest::did_you_mean;
pub use parameter::{ParameterError, ParameterInfo, ParameterKind, ParameterValue};
pub use policy::{Policy, PolicyBreach, Requirement};
pub use profile::{Profile, Scope, SocketDefinition};
pub use signature::{PublicKey, SecretKey, Signature, SignatureError};
pub use text_error::TextError;
