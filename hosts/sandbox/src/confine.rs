//! What a plugin's process gives up before the plugin's first instruction: limits, files and sockets by Landlock, system calls by seccomp. What is
//! left is what sound and pictures need: memory, threads, time, and reading the libraries that plugins are linked to.

#![allow(unsafe_code, reason = "sets limits; the block says why it holds")]

mod system_calls;

use std::io;
use std::path::PathBuf;

use jackfield_loader::isolation::{Commission, offered_confinement};
use jackfield_loader::{Confinement, Grant};
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

/// Where the dynamic linker finds libraries, and what threads are counted by.
const READABLE: &[&str] = &[
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
    "/dev/null",
    "/dev/urandom",
];
/// The most memory that a plugin may map: models are large.
const MOST_MEMORY: u64 = 16 << 30;
const MOST_DESCRIPTORS: u64 = 256;

/// Gives all of it up for good.
///
/// # Errors
/// If the machine refuses, or a path is not there that the manifest allows to read.
pub(crate) fn confine(commission: &Commission) -> Result<Confinement, String> {
    limit().map_err(|error| format!("cannot set limits: {error}"))?;
    let granted = granted_paths(commission)?;
    let landlock =
        close_files(commission, &granted).map_err(|error| format!("cannot set up Landlock: {error}"))?;
    let net = commission.allow.contains(&Grant::Net);
    system_calls::close(net).map_err(|error| format!("cannot filter system calls: {error}"))?;
    Ok(Confinement {
        landlock,
        seccomp: true,
    })
}

fn granted_paths(commission: &Commission) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    for grant in &commission.allow {
        if let Grant::Read(path) = grant {
            if !path.exists() {
                return Err(format!(
                    "the manifest allows it to read {}, which is not there; mend the path or make it",
                    path.display()
                ));
            }
            paths.push(path.clone());
        }
    }
    Ok(paths)
}

/// The version of Landlock that is in force; 0 for none.
fn close_files(commission: &Commission, granted: &[PathBuf]) -> Result<u32, RulesetError> {
    let abi = ABI::V6;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?;
    ruleset = if commission.allow.contains(&Grant::Net) {
        ruleset.scope(Scope::Signal)?
    } else {
        ruleset
            .handle_access(AccessNet::from_all(abi))?
            .scope(Scope::from_all(abi))?
    };
    let libraries = std::env::var_os("LD_LIBRARY_PATH");
    let libraries = libraries.iter().flat_map(std::env::split_paths);
    let readable = READABLE
        .iter()
        .map(PathBuf::from)
        .chain(libraries.filter(|path| path.is_absolute()))
        .chain([commission.image.clone()])
        .chain(granted.iter().cloned());
    let status = ruleset
        .create()?
        .add_rules(path_beneath_rules(
            readable,
            AccessFs::ReadFile | AccessFs::ReadDir,
        ))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::NotEnforced => 0,
        _ => offered_confinement().landlock,
    })
}

fn limit() -> io::Result<()> {
    for (what, most) in [
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_FSIZE, 0),
        (libc::RLIMIT_NOFILE, MOST_DESCRIPTORS),
        (libc::RLIMIT_AS, MOST_MEMORY),
    ] {
        let limit = libc::rlimit {
            rlim_cur: most,
            rlim_max: most,
        };
        // SAFETY: the kernel reads the two numbers.
        if unsafe { libc::setrlimit(what, &raw const limit) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}
