//! Files that scenarios name, such as traces. A cell is named by what stands in them; where they lie is no part of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of a scenario, by the names that it gives them: paths that start at its folder.
#[derive(Clone, Debug, Default)]
pub struct Files {
    folder: PathBuf,
    read: BTreeMap<String, Read>,
}

#[derive(Clone, Debug)]
struct Read {
    digest: String,
    text: Arc<str>,
}

impl Files {
    /// Those that a scenario in `folder` may name; none has been read yet.
    pub fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            read: BTreeMap::new(),
        }
    }

    /// Reads the file of this name: from now on it is one of those that the scenario leans on.
    ///
    /// # Errors
    /// Why it cannot be read, with its path.
    pub fn open(&mut self, name: &str) -> Result<String, String> {
        let path = self.folder.join(name);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let read = Read {
            digest: digest(&text),
            text: Arc::from(text.as_str()),
        };
        self.read.insert(name.to_owned(), read);
        Ok(text)
    }

    /// What stands in a file that was opened when the cell was planned.
    ///
    /// # Errors
    /// If it was not.
    pub fn text(&self, name: &str) -> Result<String, String> {
        self.read
            .get(name)
            .map(|read| read.text.to_string())
            .ok_or_else(|| format!("`{name}` is none of the files that the plan names; plan again"))
    }

    /// The digests of those that were read, by name.
    pub fn digests(&self) -> BTreeMap<String, String> {
        self.read
            .iter()
            .map(|(name, read)| (name.clone(), read.digest.clone()))
            .collect()
    }

    /// The files with these digests: where they lay when the cell was planned, or by their last name in one of the folders `elsewhere`.
    ///
    /// # Errors
    /// Which of them is not there or is another one now, and what to do.
    pub(crate) fn pinned(
        digests: &BTreeMap<String, String>,
        folder: &Path,
        elsewhere: &[PathBuf],
    ) -> Result<Self, String> {
        let mut files = Self::of(folder);
        for (name, wanted) in digests {
            let own = Path::new(name).file_name().unwrap_or_default();
            let places: Vec<PathBuf> = std::iter::once(folder.join(name))
                .chain(elsewhere.iter().map(|folder| folder.join(own)))
                .collect();
            let mut other = None;
            let text = places.iter().find_map(|place| {
                let text = std::fs::read_to_string(place).ok()?;
                let found = digest(&text);
                if found == *wanted {
                    return Some(text);
                }
                other.get_or_insert((place, found));
                None
            });
            let text = match (text, other) {
                (Some(text), _) => text,
                (None, Some((place, found))) => {
                    return Err(format!(
                        "`{name}` is not the file that was planned with: the plan has {wanted}, and {} is {found}; put that file back, name its folder with --traces, or plan again",
                        place.display()
                    ));
                }
                (None, None) => {
                    let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
                    return Err(format!(
                        "the file `{name}` of the scenario ({wanted}) is not here; it was looked for at {}; put it there, or name its folder with --traces",
                        places.join(", ")
                    ));
                }
            };
            let read = Read {
                digest: wanted.clone(),
                text: Arc::from(text),
            };
            files.read.insert(name.clone(), read);
        }
        Ok(files)
    }
}

fn digest(text: &str) -> String {
    format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex())
}
