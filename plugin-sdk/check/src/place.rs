//! Where in a plugin something happened: addresses as symbols of its files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use object::{Object, ObjectSymbol, SymbolKind};
use serde::Serialize;

/// A place in a plugin's code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Place {
    /// The function, as far as the file tells.
    pub function: Option<String>,
    /// The file's name.
    pub file: String,
    /// Bytes from the start of the image, what `addr2line -e FILE` takes.
    pub offset: u64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.function {
            Some(function) => write!(f, "{function} ({}+{:#x})", self.file, self.offset),
            None => write!(f, "{}+{:#x}", self.file, self.offset),
        }
    }
}

/// An image as it lay in a child process.
#[derive(Clone, Debug)]
pub(crate) struct Mapped {
    pub(crate) path: PathBuf,
    pub(crate) base: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// The symbols of files, read once.
#[derive(Default)]
pub(crate) struct Symbols {
    files: HashMap<PathBuf, Vec<(u64, String)>>,
}

/// What begins the names of functions that are not the author's: a runtime's allocator, collections, panics.
const RUNTIME: &[&str] = &[
    "__r",
    "_$LT$alloc",
    "alloc::",
    "std::",
    "core::",
    "<alloc::",
    "<std::",
    "<core::",
    "hashbrown::",
    "<hashbrown::",
    "rust_",
    "__cxa",
    "_Un",
    "<T as alloc",
    "<T as core",
    "<&",
    "<F as core",
];

impl Symbols {
    /// The frames of a stack within the plugin, innermost first. The runtime's own above the author's are left out, if the author's are there.
    pub(crate) fn places(&mut self, images: &[Mapped], frames: &[u64]) -> Vec<Place> {
        let all: Vec<Place> = frames
            .iter()
            .filter_map(|frame| self.place(images, *frame))
            .collect();
        let is_runtime = |place: &Place| {
            place
                .function
                .as_ref()
                .is_none_or(|name| RUNTIME.iter().any(|start| name.starts_with(start)))
        };
        let first = all.iter().position(|place| !is_runtime(place)).unwrap_or(0);
        all.into_iter().skip(first).take(4).collect()
    }

    fn place(&mut self, images: &[Mapped], address: u64) -> Option<Place> {
        let image = images
            .iter()
            .find(|image| (image.start..image.end).contains(&address))?;
        let offset = address - image.base;
        let symbols = self
            .files
            .entry(image.path.clone())
            .or_insert_with(|| read(&image.path).unwrap_or_default());
        // The address is where the call comes back to: the byte before it is still the call.
        let before = symbols.partition_point(|(start, _)| *start < offset);
        let function = before.checked_sub(1).map(|at| symbols[at].1.clone());
        Some(Place {
            function,
            file: image.path.file_name()?.to_string_lossy().into_owned(),
            offset,
        })
    }
}

/// The functions of a file by address.
fn read(path: &Path) -> Option<Vec<(u64, String)>> {
    let bytes = std::fs::read(path).ok()?;
    let file = object::read::elf::ElfFile64::<object::Endianness>::parse(&*bytes).ok()?;
    let mut functions: Vec<(u64, String)> = file
        .symbols()
        .chain(file.dynamic_symbols())
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
        .filter_map(|symbol| {
            let name = rustc_demangle::demangle(symbol.name().ok()?);
            Some((symbol.address(), format!("{name:#}")))
        })
        .collect();
    functions.sort();
    functions.dedup_by_key(|(address, _)| *address);
    Some(functions)
}
