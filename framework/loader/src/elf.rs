//! What a plugin file says without being run: its section `.jf_meta` and the first bytes of its entries.

use jackfield_abi::ABI_MAJOR;
use jackfield_abi::entry::MAGIC;
use jackfield_core::AREAS;
use jackfield_core::metadata::SECTION;
use object::elf;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSection, ObjectSymbol};

use crate::error::FileFault;
use crate::metadata::{self, Frame};
use crate::shape;

/// The frames of a plugin file, after every check that needs none of its code: it is a whole shared library for this machine, its
/// metadata can be read, and its entries are there, with our magic and our major version. The bytes come from outside: whatever they are, the
/// answer is frames or an error.
///
/// # Errors
/// With what is wrong and what to do.
pub fn examine(bytes: &[u8]) -> Result<Vec<Frame>, FileFault> {
    let file = ElfFile64::<Endianness>::parse(bytes).map_err(|_| FileFault::NotElf)?;
    whole(&file, bytes)?;
    let Some(section) = file.section_by_name(SECTION) else {
        return Err(if file.sections().next().is_none() {
            FileFault::NoSections
        } else {
            FileFault::NoMetadata
        });
    };
    let data = section.data().map_err(|_| FileFault::Cut)?;
    let frames = metadata::frames(data)?;
    for frame in &frames {
        if frame.abi.0 != ABI_MAJOR {
            return Err(FileFault::AbiMajor { theirs: frame.abi.0 });
        }
        entry(&file, &frame.entry)?;
        shapes(frame)?;
    }
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for module in frames.iter().flat_map(|frame| &frame.modules) {
        if seen.contains(&(&module.area, &module.id)) {
            return Err(FileFault::Twice {
                id: module.id.clone(),
                area: module.area.clone(),
            });
        }
        seen.push((&module.area, &module.id));
    }
    Ok(frames)
}

/// The bytes of the section `.jf_meta`.
pub(crate) fn metadata(bytes: &[u8]) -> Option<&[u8]> {
    let file = ElfFile64::<Endianness>::parse(bytes).ok()?;
    file.section_by_name(SECTION)?.data().ok()
}

/// Every table that the plugin gives out is described, and as far as we know the area, its shape is ours.
pub(crate) fn shapes(frame: &Frame) -> Result<(), FileFault> {
    let module_area = AREAS[0].id;
    for area in frame
        .modules
        .iter()
        .map(|module| module.area.as_str())
        .chain([module_area])
    {
        if !frame.areas.iter().any(|shape| shape.id == area) {
            return Err(FileFault::NoShape {
                area: area.to_owned(),
            });
        }
    }
    AREAS.iter().try_for_each(|area| shape::check(frame, area))
}

/// A shared library for this machine all of whose segments lie within the file: the dynamic linker trusts what it maps.
fn whole(file: &ElfFile64<'_, Endianness>, bytes: &[u8]) -> Result<(), FileFault> {
    let endian = file.endian();
    let header = file.elf_header();
    let ours = if cfg!(target_arch = "x86_64") {
        elf::EM_X86_64
    } else {
        elf::EM_AARCH64
    };
    if header.e_machine(endian) != ours || endian != Endianness::default() {
        return Err(FileFault::OtherMachine);
    }
    if header.e_type(endian) != elf::ET_DYN {
        return Err(FileFault::NotShared);
    }
    for segment in file.elf_program_headers() {
        let end = segment.p_offset(endian).checked_add(segment.p_filesz(endian));
        if end.is_none_or(|end| end > bytes.len() as u64) {
            return Err(FileFault::Cut);
        }
    }
    Ok(())
}

/// The entry's first sixteen bytes hold no addresses, so they stand in the file as they will stand in memory.
fn entry(file: &ElfFile64<'_, Endianness>, symbol: &str) -> Result<(), FileFault> {
    let found = file
        .dynamic_symbols()
        .find(|one| one.name() == Ok(symbol) && one.is_definition());
    let Some(found) = found else {
        return Err(FileFault::NoEntry {
            symbol: symbol.to_owned(),
        });
    };
    let address = found.address();
    let start = file
        .sections()
        .find_map(|section| section.data_range(address, 16).ok().flatten());
    let Some(start) = start else {
        return Err(FileFault::NoEntry {
            symbol: symbol.to_owned(),
        });
    };
    if start[..8] != MAGIC {
        return Err(FileFault::Magic {
            symbol: symbol.to_owned(),
        });
    }
    let major = u16::from_ne_bytes([start[12], start[13]]);
    if major != ABI_MAJOR {
        return Err(FileFault::AbiMajor { theirs: major });
    }
    Ok(())
}
