//! What can be wrong with a package.

/// A package that is none, or not whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// Not an archive.
    #[error("this is no package, or a damaged one ({0}); get it from its maker again")]
    Damaged(String),
    /// No `package.toml` in front.
    #[error(
        "its first entry is not package.toml, so it is no package of a plugin; make one with `jackfield plugin pack`"
    )]
    NoManifest,
    /// A `package.toml` that makes no sense.
    #[error("its package.toml cannot be read: {0}")]
    Manifest(String),
    /// A format of the future.
    #[error("it has format {0} and this host reads format 1; use a newer host")]
    Format(u32),
    /// A path that leads elsewhere.
    #[error("`{path}` cannot be the path of a file in a package: use up to four plain names, each file once")]
    Path {
        /// The path.
        path: String,
    },
    /// A link, a folder or a device.
    #[error("`{path}` is no plain file; a package holds nothing else")]
    NotAFile {
        /// The path.
        path: String,
    },
    /// Not the file that is named.
    #[error("`{path}` is not the file that package.toml names; get the package from its maker again")]
    Changed {
        /// The path.
        path: String,
    },
    /// A file that is named and not there.
    #[error("`{path}` is named in package.toml and not in the package; get the package from its maker again")]
    Missing {
        /// The path.
        path: String,
    },
    /// Too much of it.
    #[error("it holds more files than a package may")]
    TooMuch,
}
