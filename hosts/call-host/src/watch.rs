//! A folder of plugins under development: what appears or changes in it is in the running calls as soon as it is whole, or everybody in the
//! rooms is told why not.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jackfield_loader::Catalogue;
use jackfield_runtime::{Engine, Room, SocketError};
use tokio::time::MissedTickBehavior;

use crate::shared::Shared;

/// How often the folder is looked at. Asking the file system is cheap, and works on every one of them; notices of changes do not.
const LOOK_EVERY: Duration = Duration::from_millis(80);
/// A file that was the same at so many looks running is whole: a linker writes its output in many pieces.
const STILL_LOOKS: u32 = 2;
/// A socket that somebody else is changing is tried again so often.
const ATTEMPTS: u32 = 100;

/// Watches `folder` until the host closes.
pub(crate) async fn watch(shared: Arc<Shared>, folder: PathBuf) {
    let mut watched = Watched::default();
    // What is there already was found when the engine started.
    watched.accept(&look(&folder));
    let mut beat = tokio::time::interval(LOOK_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shared.closing.cancelled() => return,
            _ = beat.tick() => {}
        }
        let whole = watched.look(look(&folder));
        if whole.is_empty() {
            continue;
        }
        tracing::info!(?whole, "plugin files have changed");
        let loader = shared.engine.loader().clone();
        let Ok(catalogue) = tokio::task::spawn_blocking(move || loader.rescan()).await else {
            continue;
        };
        let rooms = shared.engine.rooms();
        tell_problems(&rooms, &catalogue, &whole);
        for room in rooms {
            shared
                .tasks
                .spawn(renew(shared.engine.clone(), room, whole.clone()));
        }
    }
}

/// Everybody hears of a file that cannot be used.
fn tell_problems(rooms: &[Room], catalogue: &Catalogue, whole: &[PathBuf]) {
    for problem in catalogue.problems() {
        let is_new = whole
            .iter()
            .any(|path| path.file_name() == problem.path().file_name());
        if !is_new {
            continue;
        }
        let (path, message) = (problem.path().display().to_string(), problem.to_string());
        tracing::warn!(path, message, "a plugin file cannot be used");
        for room in rooms {
            room.tell_problem(&path, &message);
        }
    }
}

/// Swaps what has changed into the calls of a room.
async fn renew(engine: Engine, room: Room, whole: Vec<PathBuf>) {
    for _ in 0..ATTEMPTS {
        let mut busy = false;
        for (socket, renewed) in room.renew().await {
            match renewed {
                Ok(report) => {
                    tracing::info!(room = room.name(), socket, outcome = ?report.outcome, "renewed");
                }
                Err(SocketError::Busy { .. }) => busy = true,
                Err(error) => {
                    let path = whole
                        .first()
                        .map_or_else(String::new, |path| path.display().to_string());
                    tracing::warn!(room = room.name(), socket, %error, "cannot renew a plugin");
                    room.tell_problem(&path, &error.to_string());
                }
            }
        }
        if !busy || engine.room(room.name()).is_none() {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// By what a file is told from another version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

type Seen = HashMap<PathBuf, Stamp>;

/// The plugin files in a folder as they stand now; one that cannot be read, because it is just being replaced, is there at the next look.
fn look(folder: &Path) -> Seen {
    let entries = fs::read_dir(folder).into_iter().flatten().map_while(Result::ok);
    let files = entries.filter_map(|entry| {
        let path = entry.path();
        let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let stamp = Stamp {
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        };
        (path.extension() == Some(OsStr::new("so"))).then_some((path, stamp))
    });
    files.collect()
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Watched {
    accepted: Seen,
    /// Files that have changed, and at how many looks running they were the same since.
    changing: HashMap<PathBuf, (Stamp, u32)>,
}

impl Watched {
    fn accept(&mut self, seen: &Seen) {
        self.accepted.clone_from(seen);
    }

    /// Takes a look in; gives the files that have changed and are whole now.
    fn look(&mut self, seen: Seen) -> Vec<PathBuf> {
        let mut whole = Vec::new();
        self.changing.retain(|path, _| seen.contains_key(path));
        for (path, stamp) in seen {
            if self.accepted.get(&path) == Some(&stamp) {
                self.changing.remove(&path);
                continue;
            }
            let (last, still) = self.changing.entry(path.clone()).or_insert((stamp, 0));
            *still = if *last == stamp { *still + 1 } else { 1 };
            *last = stamp;
            if *still >= STILL_LOOKS {
                self.changing.remove(&path);
                self.accepted.insert(path.clone(), stamp);
                whole.push(path);
            }
        }
        whole.sort();
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(files: &[(&str, u64)]) -> Seen {
        let stamp = |size| Stamp {
            inode: 1,
            size,
            modified: (0, 0),
        };
        files
            .iter()
            .map(|(name, size)| (PathBuf::from(name), stamp(*size)))
            .collect()
    }

    #[test]
    fn a_file_counts_when_it_has_stood_still() {
        let mut watched = Watched::default();
        watched.accept(&seen(&[("old.so", 7)]));
        let looks = [
            (vec![("old.so", 7)], vec![]),
            (vec![("old.so", 7), ("new.so", 1)], vec![]),
            (vec![("old.so", 7), ("new.so", 2)], vec![]),
            (vec![("old.so", 7), ("new.so", 2)], vec!["new.so"]),
            (vec![("old.so", 7), ("new.so", 2)], vec![]),
            (vec![("new.so", 2)], vec![]),
            (vec![("old.so", 9), ("new.so", 2)], vec![]),
            (vec![("old.so", 9), ("new.so", 2)], vec!["old.so"]),
        ];
        for (at, (files, whole)) in looks.into_iter().enumerate() {
            let wanted: Vec<PathBuf> = whole.into_iter().map(PathBuf::from).collect();
            assert_eq!(watched.look(seen(&files)), wanted, "look {at}");
        }
    }
}
