//! All that a plugin file tells without being run: who its modules are, which tables it speaks, what it exports and what it needs.

use object::elf;
use object::read::elf::{Dyn, ElfFile64, FileHeader};
use object::{Endianness, Object, ObjectSymbol};
use serde::Serialize;

use jackfield_core::AREAS;

use crate::digest::Digest;
use crate::elf::examine;
use crate::error::FileFault;
use crate::metadata::ModuleInfo;

/// What was found in a plugin file.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// The symbol of each entry; a file has one for each plugin that is linked into it, usually one.
    pub entries: Vec<String>,
    /// The version of the boundary that it was built for: major and minor.
    pub abi: (u16, u16),
    /// Its modules.
    pub modules: Vec<ModuleInfo>,
    /// The tables that it speaks.
    pub tables: Vec<TableInfo>,
    /// Every symbol that it exports.
    pub exports: Vec<String>,
    /// Every symbol that it takes from elsewhere.
    pub imports: Vec<String>,
    /// The libraries that it needs, by the names that the dynamic linker looks for.
    pub libraries: Vec<String>,
    /// The oldest version of the C library that has all it needs, such as `2.34`; empty if it needs none.
    pub c_library: String,
}

/// A table that a plugin speaks, beside ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableInfo {
    /// The area.
    pub area: String,
    /// The plugin's revision of it.
    pub revision: u32,
    /// The methods, in the order of the table, each with what it takes and gives.
    pub methods: Vec<String>,
    /// This host's revision; nothing if it does not know the area.
    pub ours: Option<u32>,
    /// How many methods of this host's table the plugin's does not have, because it is older.
    pub absent: usize,
}

impl Inspection {
    /// Looks into the bytes of a plugin file.
    ///
    /// # Errors
    /// If this host could not use it.
    pub fn of(bytes: &[u8]) -> Result<Self, FileFault> {
        let frames = examine(bytes)?;
        let file = ElfFile64::<Endianness>::parse(bytes).map_err(|_| FileFault::NotElf)?;
        let symbols = |undefined: bool| {
            let mut names: Vec<String> = file
                .dynamic_symbols()
                .filter(|symbol| symbol.is_undefined() == undefined)
                .filter_map(|symbol| symbol.name().ok())
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect();
            names.sort();
            names.dedup();
            names
        };
        let (libraries, c_library) = needs(&file, bytes);
        Ok(Self {
            digest: Digest::of(bytes),
            bytes: bytes.len() as u64,
            entries: frames.iter().map(|frame| frame.entry.clone()).collect(),
            abi: frames[0].abi,
            tables: frames
                .iter()
                .flat_map(|frame| &frame.areas)
                .map(|area| {
                    let ours = AREAS.iter().find(|ours| ours.id == area.id);
                    TableInfo {
                        area: area.id.clone(),
                        revision: area.revision,
                        methods: area.methods.clone(),
                        ours: ours.map(|ours| ours.revision),
                        absent: ours.map_or(0, |ours| ours.methods.len().saturating_sub(area.methods.len())),
                    }
                })
                .collect(),
            modules: frames.into_iter().flat_map(|frame| frame.modules).collect(),
            exports: symbols(false),
            imports: symbols(true),
            libraries,
            c_library,
        })
    }
}

/// The libraries that the dynamic linker will look for, and the newest version of the C library among what is asked of them.
fn needs(file: &ElfFile64<'_, Endianness>, bytes: &[u8]) -> (Vec<String>, String) {
    let endian = file.endian();
    let Ok(sections) = file.elf_header().sections(endian, bytes) else {
        return Default::default();
    };
    let Ok(Some((entries, index))) = sections.dynamic(endian, bytes) else {
        return Default::default();
    };
    let Ok(strings) = sections.strings(endian, bytes, index) else {
        return Default::default();
    };
    let libraries = entries
        .iter()
        .filter(|entry| entry.tag(endian) == elf::DT_NEEDED)
        .filter_map(|entry| entry.string(endian, strings).ok())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect();
    let text = file
        .section_by_name_bytes(b".dynstr")
        .and_then(|section| object::ObjectSection::data(&section).ok())
        .unwrap_or_default();
    let newest = text
        .split(|byte| *byte == 0)
        .filter_map(|name| std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_"))
        .filter_map(|version| Some((numbers(version)?, version)))
        .max();
    (
        libraries,
        newest.map_or_else(String::new, |(_, version)| version.to_owned()),
    )
}

/// `2.34` as numbers, so that versions can be compared.
fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

/// Whether the version `needed` of a library is newer than `there`, as numbers.
pub fn is_newer(needed: &str, there: &str) -> bool {
    match (numbers(needed), numbers(there)) {
        (Some(needed), Some(there)) => needed > there,
        _ => false,
    }
}
