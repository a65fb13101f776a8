//! What is mistyped is said, with what to write instead; and what is no mistake is none.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

fn jackfield(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jackfield"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn said(output: &Output) -> String {
    // Long lines are folded to the width of a terminal.
    let text = String::from_utf8_lossy(&output.stderr).replace('│', " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_address_or_a_folder_that_is_none_is_refused_with_what_to_write() {
    for (arguments, wanted) in [
        (
            &["serve", "--listen", "127.0.0.1"][..],
            "an IP address and a port",
        ),
        (
            &["serve", "--stun", "stun.example.org:3478"],
            "a name will not do",
        ),
        (
            &["impair", "--scenario", "x", "--to", "9"],
            "an IP address and a port",
        ),
        (
            &["plugin", "list", "--plugins", "/nowhere"],
            "--plugins /nowhere: there is no such folder",
        ),
        (
            &["ab", "list", "--plugins", "/nowhere"],
            "--plugins /nowhere: there is no such folder",
        ),
    ] {
        let output = jackfield(arguments).output().expect("the binary runs");
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said(&output).contains(wanted), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn a_host_says_at_its_start_that_no_room_can_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = folder.path().join("jackfield.toml");
    fs::write(
        &manifest,
        "profile = \"conference\"\n[sockets.noise]\nuse = \"example.processing.none\"\n",
    )
    .expect("written");
    let mut host = jackfield(&["serve", "--open", "--listen", "127.0.0.1:0", "--manifest"])
        .arg(&manifest)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut lines = BufReader::new(host.stderr.take().expect("piped"))
        .lines()
        .map_while(Result::ok);
    let warning = lines.find(|line| line.starts_with("Warning: as things stand no room can open"));
    host.kill().expect("it runs");
    host.wait().expect("it ends");
    assert!(warning.is_some_and(|warning| warning.contains("example.processing.none")));
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_command_without_a_word() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let run = jackfield(&["plugin", "list"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .expect("the binary runs");
    assert!(
        run.status.code() == Some(141) && !said(&run).contains("panicked"),
        "{}",
        said(&run)
    );
}
