//! What the child process of a case is asked, and the lines that it answers with.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a child is asked to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) file: PathBuf,
    pub(crate) id: String,
    pub(crate) area: String,
    pub(crate) case: String,
    pub(crate) seed: u64,
    pub(crate) quick: bool,
    pub(crate) location: Option<String>,
    pub(crate) processor_seconds: u64,
    pub(crate) wall_seconds: u32,
}

/// A line of the answer, as JSON. `shim::signals` writes some of them by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Message {
    /// An image of the plugin, the plugin's own first.
    Image {
        path: PathBuf,
        base: u64,
        start: u64,
        end: u64,
    },
    /// Something that it did.
    Sight {
        what: String,
        call: String,
        number: i64,
        times: u32,
        frames: Vec<u64>,
    },
    /// A signal that ends the process.
    Fault {
        signal: i32,
        touch: Option<String>,
        frames: Vec<u64>,
    },
    /// It wanted to end the process.
    Exit { status: i32, frames: Vec<u64> },
    /// A rule is broken.
    Broken {
        rule: String,
        what: String,
        frames: Vec<u64>,
    },
    /// A number worth knowing.
    Figure { name: String, value: f64, unit: String },
    /// What must be the same in every run of the case.
    Digest(String),
    /// The case does not apply.
    Skipped(String),
    /// The case has ended.
    Done,
}
