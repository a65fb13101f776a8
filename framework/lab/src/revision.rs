//! Which program ran a cell.

use std::fs::File;
use std::io;
use std::path::Path;

/// The first digits of the digest of a program's file: two builds that differ in anything have different ones, committed or not.
///
/// # Errors
/// If the file cannot be read.
pub fn of_program(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_hex()[..12].to_owned())
}
