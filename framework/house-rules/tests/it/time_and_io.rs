use jackfield_house_rules::sources::Source;
use jackfield_house_rules::time_and_io::breaches;
use jackfield_house_rules::workspace::{files, text};

use super::assert_none;

#[test]
fn e1_2_nothing_below_the_runtime_reads_a_clock_or_opens_anything() {
    let found: Vec<String> = files(&["rs"])
        .iter()
        .flat_map(|path| breaches(&Source::from_text(path, &text(path))))
        .collect();
    assert_none(&found);
}

#[test]
fn a_clock_a_thread_a_socket_and_unseeded_randomness_are_found() {
    for line in [
        "let now = std::time::Instant::now();",
        "let now = Instant::now();",
        "let now = SystemTime :: now();",
        "std::thread::spawn(|| ());",
        "use std::net::UdpSocket;",
        "let socket: Option<UdpSocket> = None;",
        "let number: u32 = rand::random();",
        "let text = std::fs::read_to_string(path);",
    ] {
        let source = Source::from_text(
            "framework/graph/src/sample.rs",
            &format!("fn sample() {{ {line} }}"),
        );
        // An import at the top of a file is found as well as a use in a function.
        let import = Source::from_text("plugins/mixer/sum/src/lib.rs", line);
        assert_eq!(breaches(&source).len().max(breaches(&import).len()), 1, "{line}");
    }
}

#[test]
fn words_in_comments_strings_and_tests_are_none_and_the_runtime_may() {
    let text = r#"
        // Instant::now() would be wrong here.
        fn sample() -> &'static str { "Instant::now" }
        #[cfg(test)]
        mod tests { fn clock() { Instant::now(); } }
        fn after() {}
    "#;
    assert_none(&breaches(&Source::from_text(
        "framework/graph/src/sample.rs",
        text,
    )));
    let clock = "fn clock() { Instant::now(); }";
    assert_none(&breaches(&Source::from_text(
        "framework/runtime/src/clock.rs",
        clock,
    )));
    assert_none(&breaches(&Source::from_text(
        "framework/graph/tests/it/main.rs",
        clock,
    )));
}
