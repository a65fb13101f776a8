//! The validator names the sin of each bad plugin, and where in its code it is.

use jackfield_check::{CaseOutcome, Options, Report};

use super::support::{bad_plugins, check, in_c, quick};

/// Only the cases that can find it and those of the first level: the rest is the business of whoever wrote it.
fn judged(name: &str, only: Option<&str>) -> Report {
    let options = Options {
        only: only.map(str::to_owned),
        ..quick()
    };
    check(&bad_plugins(), Some(&format!("jackfield.bad.{name}")), options)
}

/// The report names the rule, and a place in the plugin's own code if there is one to name.
#[track_caller]
fn names(report: &Report, rule: &str, function: Option<&str>) {
    assert!(!report.passed());
    let found: Vec<_> = report
        .findings()
        .filter(|finding| finding.rule.id == rule)
        .collect();
    assert!(!found.is_empty(), "`{rule}` is not among:\n{report}");
    if let Some(function) = function {
        let places: Vec<String> = found
            .iter()
            .flat_map(|finding| &finding.seen)
            .flat_map(|seen| &seen.stack)
            .map(ToString::to_string)
            .collect();
        assert!(
            places
                .iter()
                .any(|place| place.contains(function) && place.contains("libbad_plugins.so+0x")),
            "`{function}` is not among {places:?}"
        );
    }
}

macro_rules! sins {
    ($($test:ident: $plugin:literal breaks $rule:literal $(from $function:literal)? $(seen in $only:literal)?;)*) => {
        $(
            #[test]
            fn $test() {
                let function: &[&str] = &[$($function)?];
                let only: &[&str] = &[$($only)?];
                names(&judged($plugin, only.first().copied()), $rule, function.first().copied());
            }
        )*
    };
}

sins! {
    t_3_a_panic_in_process_is_named: "panics-in-process" breaks "panics" from "panics_in_process";
    t_3_a_panic_in_drop_is_named: "panics-in-drop" breaks "panics-in-drop" from "panics_in_drop" seen in "sound";
    an_abort_is_named: "aborts" breaks "aborts" from "aborts";
    a_segfault_is_named: "segfaults" breaks "crashes" from "segfaults";
    an_endless_loop_is_named: "loops-endlessly" breaks "hangs" from "loops_endlessly";
    a_plugin_that_is_too_slow_is_named: "is-slow" breaks "misses-deadlines";
    t_3_a_sleep_is_named: "sleeps" breaks "calls-the-system" from "sleeps";
    t_3_an_allocation_is_named: "allocates" breaks "allocates" from "allocates" seen in "real-time";
    t_3_a_free_is_named: "allocates" breaks "frees" from "allocates" seen in "real-time";
    t_3_a_lock_is_named: "locks" breaks "locks" from "locks" seen in "other-threads";
    a_sample_that_is_no_number_is_named: "gives-nan" breaks "not-a-number" seen in "sound";
    silence_for_a_voice_is_named: "gives-silence" breaks "silent" seen in "sound";
    noise_for_a_voice_is_named: "gives-noise" breaks "noise" seen in "sound";
    denormal_numbers_are_named: "gives-denormals" breaks "denormals" seen in "sound";
    an_explosion_is_named: "explodes" breaks "not-a-number" seen in "sound";
    t_2_a_lie_about_latency_is_named: "lies-about-latency" breaks "latency" seen in "latency";
    a_lie_about_determinism_is_named: "lies-about-determinism" breaks "determinism" seen in "repeatable";
    a_look_at_addresses_is_named: "looks-at-addresses" breaks "depends-on-addresses" seen in "addresses";
    a_look_at_the_clock_is_named: "reads-a-clock" breaks "depends-on-the-clock" seen in "clocks";
    t_3_a_clock_that_is_read_is_named: "reads-a-clock" breaks "reads-a-clock" from "reads_a_clock" seen in "real-time";
    a_write_past_the_buffer_is_named: "writes-past-its-buffer" breaks "writes-past-its-buffer" from "writes_past_its_buffer" seen in "fenced";
    a_kept_pointer_is_named: "keeps-pointers" breaks "keeps-pointers" from "keeps_pointers" seen in "kept-pointers";
    an_exit_is_named: "exits" breaks "exits" from "exits";
    a_leak_is_named: "leaks" breaks "leaks" from "leaks" seen in "leaks";
    memory_that_grows_is_named: "grows" breaks "grows" from "grows" seen in "growth";
    threads_left_behind_are_named: "spawns-threads" breaks "leaves-threads" seen in "threads";
    files_left_open_are_named: "leaves-files-open" breaks "leaves-descriptors" seen in "threads";
    t_3_a_call_of_the_host_from_the_wrong_thread_is_named: "logs-in-process" breaks "calls-the-host" from "logs_in_process" seen in "real-time";
    t_2_a_state_that_does_not_survive_is_named: "forgets-its-state" breaks "handover" seen in "handover";
    a_plugin_that_always_fails_is_named: "fails" breaks "conformance" seen in "sound";
}

#[test]
fn a_table_of_a_wrong_size_is_named() {
    let (_folder, file) = in_c("wrong-size-table");
    let report = check(&file, None, quick());
    names(&report, "table-size", None);
}

#[test]
fn a_plugin_from_the_future_is_named_without_running_it() {
    let (_folder, file) = in_c("abi-from-the-future");
    let report = check(&file, None, quick());
    assert_eq!(report.broken(), ["abi-version"]);
    assert!(report.modules.is_empty());
}

#[test]
fn a_library_that_does_not_say_what_it_is_is_named() {
    let (_folder, file) = in_c("no-descriptor");
    assert_eq!(check(&file, None, quick()).broken(), ["not-a-plugin"]);
}

#[test]
fn a_plugin_that_does_not_live_is_not_asked_further() {
    let report = judged("aborts", None);
    let module = &report.modules[0];
    assert_eq!(module.passes, 0);
    assert!(
        module
            .cases
            .iter()
            .all(|case| case.level == 1 || case.outcome == CaseOutcome::NotRun)
    );
}

#[test]
fn one_bad_module_of_a_file_does_not_speak_for_another() {
    let options = Options { level: 1, ..quick() };
    let report = check(&bad_plugins(), None, options);
    let passes = |name: &str| {
        let id = format!("jackfield.bad.{name}");
        report
            .modules
            .iter()
            .find(|module| module.id == id)
            .map(|module| module.passes)
    };
    assert_eq!(passes("aborts"), Some(0));
    assert_eq!(passes("gives-silence"), Some(1));
}
