//! Benchmarks of Jackfield: what they have in common. The benchmarks themselves are in `benches/`; `docs/benchmarks.md` says what they
//! measured and on what.
//!
//! It must never be linked by anything else.
//!
//! ```
//! let mut room = jackfield_benches::Hall::new(2, jackfield_benches::plugins::sum(2));
//! room.join(None, Vec::new());
//! room.step();
//! ```

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]

mod call;
pub mod files;
mod hall;
pub mod percentiles;
pub mod plugins;

pub use call::{Call, Quality};
pub use hall::{Hall, RealStopwatch};
