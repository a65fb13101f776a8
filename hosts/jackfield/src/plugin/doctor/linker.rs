//! What the dynamic linker will look for when a plugin is opened.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use jackfield_loader::Catalogue;
use jackfield_loader::inspection::{Inspection, is_newer};

use super::Finding;

/// Every library that a plugin needs and this machine does not have, and every plugin that needs a newer C library.
pub(super) fn libraries(catalogue: &Catalogue) -> Vec<Finding> {
    let there = Libraries::of_this_machine();
    let c_library = own_c_library();
    let mut findings = Vec::new();
    for file in catalogue.files() {
        let Some(inspection) = std::fs::read(&file.path)
            .ok()
            .and_then(|bytes| Inspection::of(&bytes).ok())
        else {
            continue;
        };
        for library in &inspection.libraries {
            if !there.has(library) {
                findings.push(Finding::bad(
                    "shared libraries",
                    format!("{} needs {library}, which is not there", file.path.display()),
                    format!("install the package that has {library} (`apt-file search {library}` names it), or get a build of the plugin for this system"),
                ));
            }
        }
        if let Some(own) = &c_library
            && is_newer(&inspection.c_library, own)
        {
            findings.push(Finding::bad(
                "C library",
                format!(
                    "{} needs version {} and {own} is here",
                    file.path.display(),
                    inspection.c_library
                ),
                "get a build of the plugin for this system, or build it here",
            ));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::good(
            "shared libraries",
            "every library that a plugin needs is there",
        ));
    }
    findings
}

/// What the dynamic linker finds by name.
struct Libraries {
    cached: BTreeSet<String>,
    folders: Vec<PathBuf>,
}

impl Libraries {
    fn of_this_machine() -> Self {
        let listed = ["/sbin/ldconfig", "/usr/sbin/ldconfig", "ldconfig"]
            .iter()
            .find_map(|program| Command::new(program).arg("-p").output().ok())
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default();
        let path = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        folders.extend(["/lib", "/usr/lib", "/lib64", "/usr/lib64"].map(PathBuf::from));
        Self {
            cached: names(&listed),
            folders,
        }
    }

    fn has(&self, library: &str) -> bool {
        if library.contains('/') {
            return Path::new(library).is_file();
        }
        self.cached.contains(library) || self.folders.iter().any(|folder| folder.join(library).is_file())
    }
}

/// The libraries that `ldconfig -p` lists.
fn names(listed: &str) -> BTreeSet<String> {
    listed
        .lines()
        .filter_map(|line| line.split_once(" => "))
        .filter_map(|(name, _)| name.split_whitespace().next().map(str::to_owned))
        .collect()
}

fn own_c_library() -> Option<String> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().strip_prefix("glibc ").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_libraries_are_read_from_the_linkers_list() {
        let listed = "2 libs found in cache `/etc/ld.so.cache'\n\tlibm.so.6 (libc6,x86-64) => /lib/x86_64-linux-gnu/libm.so.6\n\tlibc.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib/x86_64-linux-gnu/libc.so.6\n";
        assert_eq!(
            names(listed),
            BTreeSet::from(["libm.so.6", "libc.so.6"].map(str::to_owned))
        );
        assert!(
            !Libraries {
                cached: names(listed),
                folders: Vec::new()
            }
            .has("libnowhere.so.1")
        );
    }
}
