//! The validator: tells the author of a plugin what is wrong with it before a user does.
//!
//! Each [case](Report) runs in a process of its own with limits of time and memory, seeded, so that a plugin that crashes, hangs or ends the process
//! is a finding like any other. Every finding names the [`Rule`], what was seen, from where in the plugin, why it matters and what to do.
//! Rules have levels from 1, it lives, to 5, it lives long: 2 it behaves, 3 it is fit for the audio thread, 4 it is what it says.
//!
//! It must never run code of a plugin in the process that asks, and never judge what the documentation does not ask for.
//!
//! ```no_run
//! use jackfield_check::{Options, Validator};
//!
//! // A program runs its own cases: started with `--case`, all that it does is `jackfield_check::run_case(REQUEST)`.
//! let mut arguments = std::env::args().skip(1);
//! if arguments.next().as_deref() == Some("--case") {
//!     jackfield_check::run_case(&arguments.next().unwrap_or_default());
//! }
//! let validator = Validator::new(std::env::current_exe()?, &["--case"], Options::default());
//! let report = validator.check("target/release/libexample.so".as_ref(), None)?;
//! println!("{report}");
//! assert!(report.passed());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![allow(
    clippy::disallowed_methods,
    reason = "runs plugins in processes and on threads of its own, and measures how long they take"
)]

mod cases;
mod child;
mod file;
mod place;
mod process;
mod protocol;
mod report;
pub mod rule;
mod shim;
mod subject;
mod validator;
mod verdict;

pub use child::run_case;
pub use place::Place;
pub use report::{CaseOutcome, CaseReport, Finding, ModuleReport, Report, Seen};
pub use rule::{RULES, Rule};
pub use validator::{CheckError, HIGHEST_LEVEL, Options, Validator};
