//! What a plugin in a process of its own needs of the kernel, and of us.

use std::fs;
use std::path::Path;

use super::Finding;

/// The program that runs one plugin in a process of its own.
const PROGRAM: &str = "jackfield-sandbox";

pub(super) fn findings() -> Vec<Finding> {
    let own = std::env::current_exe().ok();
    let beside = own
        .as_deref()
        .and_then(Path::parent)
        .map(|folder| folder.join(PROGRAM));
    vec![
        program(beside.as_deref().filter(|path| path.is_file())),
        landlock(fs::read_to_string("/sys/kernel/security/lsm").ok().as_deref()),
        seccomp(
            fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail")
                .ok()
                .as_deref(),
        ),
    ]
}

fn program(found: Option<&Path>) -> Finding {
    match found {
        Some(path) => Finding::good("sandbox", path.display().to_string()),
        None => Finding::warning(
            "sandbox",
            format!("{PROGRAM} does not lie beside this program, so no plugin can have a process of its own"),
            format!("build it (`cargo build -p {PROGRAM}`) or install it beside this program"),
        ),
    }
}

fn landlock(modules: Option<&str>) -> Finding {
    let what = "Landlock";
    match modules {
        Some(modules) if modules.trim().split(',').any(|module| module == "landlock") => {
            Finding::good(what, "closes files to plugins in a process of their own")
        }
        Some(_) => Finding::warning(
            what,
            "this kernel runs without it, so files are not closed to plugins in a process of their own",
            "boot a kernel of 5.13 or newer with lsm=landlock,… on its command line",
        ),
        None => Finding::warning(
            what,
            "cannot be told: /sys/kernel/security is not mounted here",
            "mount -t securityfs securityfs /sys/kernel/security, or look on the machine itself",
        ),
    }
}

fn seccomp(actions: Option<&str>) -> Finding {
    let what = "seccomp";
    match actions {
        Some(actions)
            if actions
                .split_whitespace()
                .any(|action| action == "kill_process" || action == "errno") =>
        {
            Finding::good(what, "closes system calls to plugins in a process of their own")
        }
        _ => Finding::warning(
            what,
            "this kernel runs without filters, so system calls are not closed to plugins in a process of their own",
            "run a kernel with CONFIG_SECCOMP_FILTER",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::doctor::Verdict;

    #[test]
    fn a_kernel_without_landlock_or_seccomp_is_a_warning() {
        assert_eq!(
            landlock(Some("capability,landlock,yama\n")).verdict,
            Verdict::Good
        );
        assert_eq!(landlock(Some("capability,yama\n")).verdict, Verdict::Warning);
        assert_eq!(landlock(None).verdict, Verdict::Warning);
        assert_eq!(
            seccomp(Some("kill_process kill_thread errno\n")).verdict,
            Verdict::Good
        );
        assert_eq!(seccomp(None).verdict, Verdict::Warning);
        assert_eq!(program(None).verdict, Verdict::Warning);
    }
}
