//! The tutorial, followed word by word: every listing is written and every command run, in one shell, exactly as printed.
//!
//! A block ` ```sh ` is run, ` ```sh serve ` is run in the background until the end, ` ```rust file=PATH ` is written to that file. Blocks of
//! other kinds are not looked at.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fenced block: what stands behind the fence, and its lines.
struct Block {
    kind: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(kind), None) => {
                open = Some(Block {
                    kind: kind.to_owned(),
                    text: String::new(),
                });
            }
            (None, Some(block)) => {
                let _ = writeln!(block.text, "{line}");
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "the last block does not end");
    blocks
}

/// One script of all blocks, so that what one exports or where it goes to holds for the next.
pub(crate) fn script(page: &str) -> String {
    let mut script =
        String::from("set -eu\nhosts=\"\"\ntrap 'for host in $hosts; do kill $host; done' EXIT\n");
    for (number, Block { kind, text }) in blocks(page).into_iter().enumerate() {
        let _ = match kind.split_whitespace().collect::<Vec<_>>()[..] {
            ["sh"] => write!(script, "{text}"),
            // Until it says where to go. The shell becomes the host, so that what is ended is the host.
            ["sh", "serve"] => write!(
                script,
                "(\nexec {text}) >\"$HOME/serve-{number}\" 2>&1 &\nhosts=\"$hosts $!\"\nfor _ in $(seq 300); do grep -q ^Open \"$HOME/serve-{number}\" && break; sleep 0.1; done\ngrep ^Open \"$HOME/serve-{number}\" || {{ cat \"$HOME/serve-{number}\"; exit 1; }}\n"
            ),
            [_, file] if file.starts_with("file=") => {
                write!(
                    script,
                    "cat >{} <<'JACKFIELD_LISTING'\n{text}JACKFIELD_LISTING\n",
                    &file[5..]
                )
            }
            _ => Ok(()),
        };
    }
    script
}

/// A home that keeps what was compiled from one run to the next.
fn home() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tutorial");
    let _ = fs::remove_dir_all(home.join("my-plugins"));
    fs::create_dir_all(home.join("my-plugins")).expect("made");
    // What is compiled once serves the next run, too.
    let config = format!(
        "[build]\ntarget-dir = {:?}\n[net]\noffline = true\n[profile.release]\nopt-level = 1\n",
        home.join("target")
    );
    fs::create_dir_all(home.join("my-plugins/.cargo")).expect("made");
    fs::write(home.join("my-plugins/.cargo/config.toml"), config).expect("written");
    home
}

#[test]
fn t_7_the_tutorial_works_word_by_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the checkout");
    let page = fs::read_to_string(root.join("docs/tutorial/first-plugin.md")).expect("the tutorial");
    let home = home();
    let real_home = std::env::home_dir().expect("a home");
    let kept = |variable: &str, folder: &str| {
        std::env::var_os(variable).map_or_else(|| real_home.join(folder), PathBuf::from)
    };
    // The tutorial's paths begin at the project; what is compiled lies elsewhere. (A link would lead out of the manifest's folder.)
    let script = script(&page).replace(
        "cargo build --release\n",
        "cargo build --release\nmkdir -p target/release\ncp \"$HOME\"/target/release/*.so target/release\n",
    );
    let run = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&root)
        .env("HOME", &home)
        .env("CARGO_HOME", kept("CARGO_HOME", ".cargo"))
        .env("RUSTUP_HOME", kept("RUSTUP_HOME", ".rustup"))
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CACHE_HOME")
        .env_remove("JACKFIELD_PLUGIN_PATH")
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert_eq!(said.matches("test result: ok").count() % 3, 0, "{said}");
    for wanted in [
        "example.processing.soft-clip 0.1.0 — Soft clip",
        "example.processing.loud 0.1.0 — Loud",
        "\"outcome\":\"committed\"",
        "\"outcome\":\"parameters-set\"",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
    assert_eq!(said.matches("\"outcome\":\"committed\"").count(), 2, "{said}");
}

#[test]
fn the_listing_of_the_tutorial_is_a_plugin_of_at_most_40_lines() {
    let page = include_str!("../../../../docs/tutorial/first-plugin.md");
    for block in blocks(page).iter().filter(|block| block.kind.starts_with("rust")) {
        let lines = block
            .text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count();
        assert!(lines <= 40, "{lines} lines");
    }
}
