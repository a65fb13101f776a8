//! Pages of the documentation as scripts.
//!
//! A block ` ```sh ` is run, ` ```sh serve ` is run in the background until the end, ` ```toml file=PATH ` is written to that file, whatever
//! its language. Blocks of other kinds are not looked at.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// A fenced block: what stands behind the fence, and its lines.
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) text: String,
}

pub(crate) fn blocks(page: &str) -> Vec<Block> {
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

/// Runs the script of a page in `folder`, for somebody whose home is `home` and who has nothing of Jackfield's: what it printed.
pub(crate) fn follow(script: &str, folder: &Path, home: &Path, more: &[(&str, &Path)]) -> String {
    let run = Command::new("bash")
        .args(["-c", script])
        .current_dir(folder)
        .env("HOME", home)
        .envs(more.iter().copied())
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CACHE_HOME")
        .env_remove("JACKFIELD_PLUGIN_PATH")
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(
        run.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&run.stderr)
    );
    said
}
