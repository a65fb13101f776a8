//! The lab: which of several plugins is better, by how much, on what, and how sure one can be.
//!
//! An [`experiment`] names arms (plugins in sockets), scenarios and seeds. Each combination is a *cell*, which runs in virtual time, is named
//! by its content and leaves rows in a file of its own. The cells of an experiment may run in any order, anywhere, more than once: the
//! table that they are merged into is the same byte for byte.
//!
//! The one contract: within a cell nothing reads a clock, starts a thread or draws from an unseeded generator. Threads are outside, in the
//! executor; what a cell gives depends on its specification, its plugins and the revision of the program alone.

mod canonical;
pub mod cell;
pub mod congestion;
pub mod decision;
pub mod executor;
pub mod experiment;
pub mod files;
pub mod merge;
pub mod metrics;
pub mod plan;
pub mod plugins;
pub mod replay;
pub mod report;
pub mod revision;
pub mod rows;
pub mod runner;
pub mod series;
pub mod statistics;
pub mod sweep;

use runner::Runner;

/// A runner for every kind of cell that there is.
pub fn runners() -> Vec<Box<dyn Runner>> {
    vec![Box::new(congestion::Congestion)]
}
