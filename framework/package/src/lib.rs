//! Packages of plugins: one file, `hush-1.0.0.jfp`, with the plugin, its signature, its licence and its documentation.
//!
//! A package is a tar archive packed with gzip, so that everybody can look into one. Its first entry is `package.toml`, which names every other
//! entry with its digest. Reading one takes bytes and gives files in memory, all of them checked; nothing is written anywhere, and nothing of a
//! plugin is run. A package that holds a link, a path that leads elsewhere, a file that is not named or not the one that is named, is refused.
//!
//! ```
//! use jackfield_package::{About, Package};
//!
//! let about = About::new("example.processing.hush", "1.0.0", "MIT", "libhush.so");
//! let package = Package::new(about, vec![
//!     ("libhush.so".to_owned(), b"a plugin".to_vec()),
//!     ("LICENSE".to_owned(), b"as you like".to_vec()),
//! ])?;
//! let bytes = package.to_bytes()?;
//! assert_eq!(Package::from_bytes(&bytes)?.plugin(), b"a plugin");
//! # Ok::<(), jackfield_package::PackageError>(())
//! ```

mod error;

use std::collections::BTreeMap;
use std::io::{Read, Write};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use jackfield_loader::Digest;
use serde::{Deserialize, Serialize};

pub use error::PackageError;

/// The name of the first entry.
const MANIFEST: &str = "package.toml";
/// The version of the format.
const FORMAT: u32 = 1;
/// Bounds against a small file that unpacks into a large one.
const MOST_FILES: usize = 1_000;
const LARGEST: u64 = 600 << 20;

/// What a package says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The version of the format: 1.
    pub format: u32,
    /// The id of the plugin; of several, the first one's.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence, an SPDX expression.
    pub license: String,
    /// What it was built for: `x86_64-linux`.
    pub target: String,
    /// Which of the files is the plugin.
    pub plugin: String,
    /// Every file with its digest.
    #[serde(default)]
    pub digests: BTreeMap<String, String>,
}

/// A package: every file of it is in memory and is the one that `package.toml` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    about: About,
    files: Vec<(String, Vec<u8>)>,
}

impl About {
    /// A package of the plugin file `plugin`, built for this machine.
    pub fn new(name: &str, version: &str, license: &str, plugin: &str) -> Self {
        Self {
            format: FORMAT,
            name: name.to_owned(),
            version: version.to_owned(),
            license: license.to_owned(),
            target: this_target(),
            plugin: plugin.to_owned(),
            digests: BTreeMap::new(),
        }
    }
}

/// What packages for this machine are built for.
pub fn this_target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

impl Package {
    /// A package of these files, each with its path in it; the digests are computed.
    ///
    /// # Errors
    /// If a path cannot be one, or the plugin is not among them.
    pub fn new(mut about: About, files: Vec<(String, Vec<u8>)>) -> Result<Self, PackageError> {
        about.digests = files
            .iter()
            .map(|(path, bytes)| (path.clone(), Digest::of(bytes).to_string()))
            .collect();
        let package = Self { about, files };
        package.check()?;
        Ok(package)
    }

    /// Reads a package.
    ///
    /// # Errors
    /// With what is wrong with it and what to do.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PackageError> {
        let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(LARGEST));
        let damaged = |error: std::io::Error| PackageError::Damaged(error.to_string());
        let mut about: Option<About> = None;
        let mut files = Vec::new();
        for entry in archive.entries().map_err(damaged)? {
            let mut entry = entry.map_err(damaged)?;
            let path =
                String::from_utf8(entry.path_bytes().into_owned()).map_err(|_| PackageError::Path {
                    path: "a path that is not UTF-8".to_owned(),
                })?;
            if entry.header().entry_type() != tar::EntryType::Regular {
                return Err(PackageError::NotAFile { path });
            }
            if files.len() >= MOST_FILES {
                return Err(PackageError::TooMuch);
            }
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(damaged)?;
            match &about {
                None if path == MANIFEST => {
                    let text = std::str::from_utf8(&content).map_err(|_| PackageError::NoManifest)?;
                    about = Some(
                        toml::from_str(text)
                            .map_err(|error| PackageError::Manifest(error.message().to_owned()))?,
                    );
                }
                None => return Err(PackageError::NoManifest),
                Some(_) => files.push((path, content)),
            }
        }
        let about = about.ok_or(PackageError::NoManifest)?;
        // The checksum of the whole stands at its end.
        std::io::copy(&mut archive.into_inner(), &mut std::io::sink()).map_err(damaged)?;
        let package = Self { about, files };
        package.check()?;
        Ok(package)
    }

    /// The bytes of the package; the same files always give the same.
    ///
    /// # Errors
    /// If a path is longer than an archive can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PackageError> {
        let damaged = |error: std::io::Error| PackageError::Damaged(error.to_string());
        let manifest =
            toml::to_string(&self.about).map_err(|error| PackageError::Manifest(error.to_string()))?;
        let zip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        let mut archive = tar::Builder::new(zip);
        let entries = [(MANIFEST, manifest.as_bytes())];
        let files = self
            .files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
        for (path, bytes) in entries.into_iter().chain(files) {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(0);
            header.set_entry_type(tar::EntryType::Regular);
            archive.append_data(&mut header, path, bytes).map_err(damaged)?;
        }
        let mut zip = archive.into_inner().map_err(damaged)?;
        zip.flush().map_err(damaged)?;
        zip.finish().map_err(damaged)
    }

    /// What it says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Its files, each with its path in it.
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// The bytes of the file at `path`.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files
            .iter()
            .find(|(own, _)| own == path)
            .map(|(_, bytes)| bytes.as_slice())
    }

    /// The bytes of the plugin.
    ///
    /// # Panics
    /// Never: a package without one is refused when it is made or read.
    pub fn plugin(&self) -> &[u8] {
        self.file(&self.about.plugin).expect("checked when it was made")
    }

    fn check(&self) -> Result<(), PackageError> {
        if self.about.format != FORMAT {
            return Err(PackageError::Format(self.about.format));
        }
        for (index, (path, bytes)) in self.files.iter().enumerate() {
            if !is_path(path)
                || path == MANIFEST
                || self.files[..index].iter().any(|(other, _)| other == path)
            {
                return Err(PackageError::Path { path: path.clone() });
            }
            let named = self
                .about
                .digests
                .get(path)
                .and_then(|text| text.parse::<Digest>().ok());
            if named != Some(Digest::of(bytes)) {
                return Err(PackageError::Changed { path: path.clone() });
            }
        }
        for path in self.about.digests.keys() {
            if self.file(path).is_none() {
                return Err(PackageError::Missing { path: path.clone() });
            }
        }
        if !self.about.plugin.contains('/') && self.file(&self.about.plugin).is_some() {
            Ok(())
        } else {
            Err(PackageError::Missing {
                path: self.about.plugin.clone(),
            })
        }
    }
}

/// Whether a file may be called so: up to four plain names below each other.
fn is_path(path: &str) -> bool {
    path.len() <= 200
        && path.split('/').count() <= 4
        && path.split('/').all(|name| {
            !name.is_empty()
                && !name.starts_with('.')
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
        })
}
