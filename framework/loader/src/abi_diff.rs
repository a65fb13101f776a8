//! What changed between the tables of two plugin files, or of a plugin file and this host, and whether older and newer still work together.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use jackfield_core::AREAS;
use jackfield_core::metadata::SECTION;
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSection};

use crate::error::{FileFault, LoadError};
use crate::metadata::{self, AreaText};
use crate::shape::{difference, text};

/// The shapes of the tables that somebody uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AbiText {
    areas: Vec<AreaText>,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbiChange {
    /// The area: `jackfield.pacer/1`.
    pub area: String,
    /// What changed, for a human.
    pub what: String,
    /// Whether a host and a plugin of which one has the change and the other has not still work together.
    pub compatible: bool,
}

impl fmt::Display for AbiChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.compatible {
            "compatible  "
        } else {
            "incompatible"
        };
        write!(f, "{kind}  {}: {}", self.area, self.what)
    }
}

impl AbiText {
    /// Of this host.
    pub fn of_host() -> Self {
        Self::of_text(&AREAS.iter().map(|area| text(area)).collect::<String>())
    }

    /// From lines `area`, `method` as they stand in `.jf_meta`; all other lines are passed over.
    pub fn of_text(text: &str) -> Self {
        let mut areas: Vec<AreaText> = Vec::new();
        for line in text.lines() {
            let mut fields = line.split('\t');
            match (fields.next(), fields.next(), areas.last_mut()) {
                (Some("area"), Some(id), _) => areas.push(AreaText {
                    id: id.to_owned(),
                    revision: fields
                        .next()
                        .and_then(|revision| revision.parse().ok())
                        .unwrap_or(0),
                    methods: Vec::new(),
                }),
                (Some("method"), Some(method), Some(area)) => area.methods.push(method.to_owned()),
                _ => {}
            }
        }
        // As in a file: where a table stands twice, the first counts.
        let mut known = BTreeSet::new();
        areas.retain(|area| known.insert(area.id.clone()));
        Self { areas }
    }

    /// Of a plugin file, without running any of it; it need not fit this host. A file of text is taken for the lines themselves.
    ///
    /// # Errors
    /// If it cannot be read, or says nothing of any table.
    pub fn of_file(path: &Path) -> Result<Self, LoadError> {
        let fail = |fault: FileFault| LoadError::File {
            path: path.to_owned(),
            fault,
        };
        let bytes = std::fs::read(path).map_err(|error| LoadError::Open {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let read = Self::of_text(text);
            return if read.areas.is_empty() {
                Err(fail(FileFault::NotElf))
            } else {
                Ok(read)
            };
        }
        let file = ElfFile64::<Endianness>::parse(&bytes[..]).map_err(|_| fail(FileFault::NotElf))?;
        let section = file
            .section_by_name(SECTION)
            .ok_or_else(|| fail(FileFault::NoMetadata))?;
        let data = section.data().map_err(|_| fail(FileFault::Cut))?;
        let frames = metadata::frames(data).map_err(|error| fail(error.into()))?;
        let mut areas: Vec<AreaText> = Vec::new();
        for area in frames.into_iter().flat_map(|frame| frame.areas) {
            if !areas.iter().any(|known| known.id == area.id) {
                areas.push(area);
            }
        }
        Ok(Self { areas })
    }

    /// What changed from this to `newer`, in the order of the tables.
    pub fn changes(&self, newer: &Self) -> Vec<AbiChange> {
        let mut changes = Vec::new();
        for area in &self.areas {
            match newer.areas.iter().find(|other| other.id == area.id) {
                Some(other) => compare(area, other, &mut changes),
                None => changes.push(change(area, false, "it is gone".to_owned())),
            }
        }
        let added = newer
            .areas
            .iter()
            .filter(|area| !self.areas.iter().any(|other| other.id == area.id));
        changes.extend(added.map(|area| change(area, true, "it is new".to_owned())));
        changes
    }
}

fn change(area: &AreaText, compatible: bool, what: String) -> AbiChange {
    AbiChange {
        area: area.id.clone(),
        what,
        compatible,
    }
}

fn compare(older: &AreaText, newer: &AreaText, changes: &mut Vec<AbiChange>) {
    for (old, new) in older.methods.iter().zip(&newer.methods) {
        let name = name_of(old);
        match difference(old, new) {
            Some((expected, found)) => {
                let what = format!("method `{name}`: `{expected}` became `{found}`");
                changes.push(change(newer, false, what));
            }
            None if new.len() > old.len() => {
                let what = format!("method `{name}`: something that it passes has grown");
                changes.push(change(newer, true, what));
            }
            None if new.len() < old.len() => {
                let what = format!("method `{name}`: something that it passes has lost its end");
                changes.push(change(newer, false, what));
            }
            None => {}
        }
    }
    let (had, has) = (older.methods.len(), newer.methods.len());
    for method in older.methods.iter().skip(has) {
        changes.push(change(
            newer,
            false,
            format!("method `{}` is gone", name_of(method)),
        ));
    }
    let revised = newer.revision > older.revision;
    for method in newer.methods.iter().skip(had) {
        let what = if revised {
            format!("method `{}` was appended", name_of(method))
        } else {
            format!(
                "method `{}` was appended without a new revision: mark it #[since({})]",
                name_of(method),
                older.revision.saturating_add(1)
            )
        };
        changes.push(change(newer, revised, what));
    }
    if newer.revision < older.revision || (revised && has <= had) {
        let what = format!("revision {} became {}", older.revision, newer.revision);
        changes.push(change(newer, false, what));
    }
}

fn name_of(method: &str) -> &str {
    method.split('(').next().unwrap_or(method)
}
