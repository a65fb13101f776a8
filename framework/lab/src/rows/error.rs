//! What can be wrong with a file of rows.

use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

/// A file of rows cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowsError {
    /// It cannot be read.
    #[error("{}: {error}; check that it is there and readable", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It cannot be written. Nothing that was there before is lost.
    #[error("{}: {error}; {}, then go on with the same command: what is done is kept", .path.display(), remedy(.error))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is cut off, or something else than a table.
    #[error("{} is not a whole table: {reason}; remove it and run its cells again", .path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// It can be read, and what it says is not what was written.
    #[error("{} was changed after it was written: its rows do not have the digest that it names; remove it and run its cells again", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// It lacks a column.
    #[error("{} has no column `{column}`; it was not written by `jackfield ab`", .path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A later version of the program wrote it.
    #[error("{} has version {schema} of the columns and this program knows {}; use the program that wrote it, or run its cells again", .path.display(), super::SCHEMA)]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        schema: u32,
    },
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "choose a folder in which you may write"
        }
        io::ErrorKind::NotFound => "make the folder",
        _ => "see to it",
    }
}

impl RowsError {
    pub(crate) fn read(path: &Path, error: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            error,
        }
    }

    pub(crate) fn write(path: &Path, error: io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            error,
        }
    }

    pub(crate) fn broken(path: &Path, reason: impl Into<String>) -> Self {
        Self::Broken {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    /// What the library said while a file was read.
    pub(super) fn of_reading(path: &Path, error: ParquetError) -> Self {
        match io_error(error) {
            Ok(error) if error.kind() != io::ErrorKind::UnexpectedEof => Self::read(path, error),
            Ok(error) => Self::broken(path, error.to_string()),
            Err(error) => Self::broken(path, error.to_string()),
        }
    }

    /// What the library said while a file was written.
    pub(super) fn of_writing(path: &Path, error: ParquetError) -> Self {
        Self::write(
            path,
            io_error(error).unwrap_or_else(|error| io::Error::other(error.to_string())),
        )
    }

    /// Whether the file is at fault, so that running its cells again mends it.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Broken { .. } | Self::Changed { .. } | Self::Column { .. }
        )
    }
}

/// The error of the operating system in an error of the library, if that is what it is.
fn io_error(error: ParquetError) -> Result<io::Error, ParquetError> {
    match error {
        ParquetError::External(inner) => inner
            .downcast::<io::Error>()
            .map(|error| *error)
            .map_err(ParquetError::External),
        other => Err(other),
    }
}
