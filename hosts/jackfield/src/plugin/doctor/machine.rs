//! The folder for images, and whatever decides whether ten milliseconds are ten milliseconds. All of it is read from /proc and /sys.

use std::fs;
use std::path::Path;

use super::Finding;

/// Plugins are copied to a private folder and opened there, so nothing may forbid to run what lies in it.
pub(super) fn image_folder(folder: &Path) -> Finding {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let what = "image folder";
    if fs::metadata(folder).is_err() {
        return Finding::bad(
            what,
            format!("{} is not there", folder.display()),
            "set TMPDIR to a folder that is there",
        );
    }
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    match options_of(&mounts, &real) {
        Some(options) if options.split(',').any(|option| option == "noexec") => Finding::bad(
            what,
            format!(
                "{} is mounted noexec: no plugin can be opened from it",
                folder.display()
            ),
            "start the host with TMPDIR set to a folder on another file system, such as TMPDIR=$XDG_RUNTIME_DIR or TMPDIR=/var/tmp",
        ),
        _ => Finding::good(what, format!("{} lets plugins be opened", folder.display())),
    }
}

/// The mount options of the file system that `path` lies on, from the text of /proc/self/mounts.
fn options_of<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let place = fields.next()?.replace("\\040", " ");
            let options = fields.nth(1)?;
            path.starts_with(&place).then_some((place.len(), options))
        })
        // Of mounts one over the other, the last one counts.
        .max_by_key(|(length, _)| *length)
        .map(|(_, options)| options)
}

/// What decides whether the audio thread runs when it should.
pub(super) fn real_time() -> Vec<Finding> {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let clock = read("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let governors: Vec<String> = fs::read_dir("/sys/devices/system/cpu")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let text = fs::read_to_string(entry.path().join("cpufreq/scaling_governor")).ok()?;
            Some(text.trim().to_owned())
        })
        .collect();
    let runtime = read("/proc/sys/kernel/sched_rt_runtime_us");
    vec![
        priority(&limits),
        memory_lock(&limits),
        clock_source(clock.as_deref()),
        governor(&governors),
        throttling(runtime.as_deref()),
        processors(),
    ]
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The soft limit on a line of /proc/self/limits.
fn soft_limit(limits: &str, name: &str) -> Option<u64> {
    let line = limits.lines().find(|line| line.starts_with(name))?;
    let soft = line[name.len()..].split_whitespace().next()?;
    if soft == "unlimited" {
        Some(u64::MAX)
    } else {
        soft.parse().ok()
    }
}

fn priority(limits: &str) -> Finding {
    let what = "real-time priority";
    match soft_limit(limits, "Max realtime priority") {
        None => Finding::warning(
            what,
            "cannot be told",
            "look at `ulimit -r`; it should be 20 or more",
        ),
        Some(0) => Finding::warning(
            what,
            "this user may not have it, so other programs can delay the audio thread",
            "add `@audio - rtprio 20` to /etc/security/limits.d/audio.conf and yourself to the group audio, or LimitRTPRIO=20 to the service",
        ),
        Some(most) => Finding::good(
            what,
            if most == u64::MAX {
                "any".to_owned()
            } else {
                format!("up to {most}")
            },
        ),
    }
}

fn memory_lock(limits: &str) -> Finding {
    let what = "locked memory";
    const ENOUGH: u64 = 64 << 20;
    match soft_limit(limits, "Max locked memory") {
        Some(bytes) if bytes >= ENOUGH => Finding::good(what, "64 MiB or more may be locked"),
        Some(bytes) => Finding::warning(
            what,
            format!(
                "{} KiB at most, so pages of the audio path can be swapped out",
                bytes >> 10
            ),
            "add `@audio - memlock 65536` (or more) to /etc/security/limits.d/audio.conf, or LimitMEMLOCK=64M to the service",
        ),
        None => Finding::warning(what, "cannot be told", "look at `ulimit -l`"),
    }
}

fn clock_source(clock: Option<&str>) -> Finding {
    let what = "clock source";
    match clock {
        Some(fast @ ("tsc" | "kvm-clock" | "arch_sys_counter" | "hyperv_clocksource_tsc_page")) => {
            Finding::good(what, fast)
        }
        Some(slow) => Finding::warning(
            what,
            format!("{slow}: reading the time costs a system call each time"),
            "boot with clocksource=tsc if the processor has a steady one (`grep nonstop_tsc /proc/cpuinfo`)",
        ),
        None => Finding::warning(
            what,
            "cannot be told",
            "a container may hide it; look on the machine itself",
        ),
    }
}

fn governor(governors: &[String]) -> Finding {
    let what = "CPU governor";
    let slow = governors
        .iter()
        .filter(|one| ["powersave", "conservative"].contains(&one.as_str()))
        .count();
    match governors.first() {
        None => Finding::good(
            what,
            "none: the processor's clock is not ours to set, as in a virtual machine",
        ),
        Some(_) if slow > 0 => Finding::warning(
            what,
            format!(
                "{slow} of {} cores save power, so a block can take longer when little else runs",
                governors.len()
            ),
            "cpupower frequency-set --governor performance",
        ),
        Some(first) => Finding::good(what, first.clone()),
    }
}

fn throttling(runtime: Option<&str>) -> Finding {
    let what = "real-time share";
    match runtime.and_then(|text| text.parse::<i64>().ok()) {
        Some(0) => Finding::warning(
            what,
            "real-time threads may not run at all",
            "sysctl kernel.sched_rt_runtime_us=950000",
        ),
        Some(us) if us < 0 => Finding::good(what, "not bounded"),
        Some(us) => Finding::good(what, format!("{us} µs of each second's period")),
        None => Finding::good(what, "not bounded by this kernel"),
    }
}

fn processors() -> Finding {
    let what = "processors";
    match std::thread::available_parallelism() {
        Ok(count) if count.get() == 1 => Finding::warning(
            what,
            "1, so audio, network and everything else wait for each other",
            "give the host two processors or more",
        ),
        Ok(count) => Finding::good(what, count.to_string()),
        Err(error) => Finding::warning(what, format!("cannot be told: {error}"), "look at `nproc`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::doctor::Verdict;

    #[test]
    fn the_mount_that_counts_is_the_nearest_and_the_last() {
        let mounts = "a / ext4 rw 0 0\nb /tmp tmpfs rw,noexec 0 0\nc /tmp\\040dir tmpfs rw 0 0\nd /var ext4 rw,noexec 0 0\ne /var ext4 rw 0 0\n";
        let of = |path: &str| options_of(mounts, Path::new(path));
        assert_eq!(of("/home/ann"), Some("rw"));
        assert_eq!(of("/tmp/x"), Some("rw,noexec"));
        assert_eq!(of("/tmp dir/x"), Some("rw"));
        assert_eq!(
            of("/tmpfoo"),
            Some("rw"),
            "a name that only begins alike is another"
        );
        assert_eq!(of("/var/tmp"), Some("rw"));
        assert_eq!(options_of("", Path::new("/")), None);
    }

    #[test]
    fn a_limit_of_nothing_is_a_warning_with_what_to_do() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \nMax locked memory         8388608              8388608              bytes     \nMax realtime priority     0                    0                    \n";
        assert_eq!(priority(limits).verdict, Verdict::Warning);
        assert!(priority(limits).advice.contains("rtprio"));
        assert_eq!(memory_lock(limits).verdict, Verdict::Warning);
        let free = limits
            .replace("8388608", "unlimited")
            .replace("priority     0 ", "priority     95");
        assert_eq!(priority(&free).verdict, Verdict::Good);
        assert_eq!(memory_lock(&free).verdict, Verdict::Good);
        assert_eq!(priority("").verdict, Verdict::Warning);
    }

    #[test]
    fn a_slow_clock_and_a_governor_that_saves_power_are_warnings() {
        assert_eq!(clock_source(Some("tsc")).verdict, Verdict::Good);
        assert_eq!(clock_source(Some("hpet")).verdict, Verdict::Warning);
        assert_eq!(clock_source(None).verdict, Verdict::Warning);
        assert_eq!(governor(&[]).verdict, Verdict::Good);
        assert_eq!(governor(&["performance".to_owned()]).verdict, Verdict::Good);
        let mixed = ["performance", "powersave"].map(str::to_owned);
        assert_eq!(governor(&mixed).verdict, Verdict::Warning);
        assert_eq!(throttling(Some("0")).verdict, Verdict::Warning);
        assert_eq!(throttling(Some("-1")).verdict, Verdict::Good);
    }
}
