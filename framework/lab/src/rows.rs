//! Rows: what cells leave behind, in long form.

use std::sync::Arc;

/// The version of the columns. It is raised when a column changes its meaning, never when one is added.
pub const SCHEMA: u32 = 1;

/// One value: of one metric, for one flow, over one segment, in one cell. Texts are shared between rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The version of the columns: [`SCHEMA`].
    pub schema: u32,
    /// The digest of the experiment, 64 hexadecimal digits.
    pub experiment: Arc<str>,
    /// The cell, 64 hexadecimal digits.
    pub cell: Arc<str>,
    /// The scenario's name, with its variant: `rfc8867/5.1+codel`.
    pub scenario: Arc<str>,
    /// The arm's name. The arm that repeats the baseline is called as [`Experiment::repeat`](crate::experiment::Experiment::repeat) says.
    pub arm: Arc<str>,
    /// What pairs the arms: rows of one scenario and seed met the same network.
    pub seed: u64,
    /// The flow's name, or `*` for all flows together.
    pub flow: Arc<str>,
    /// The segment's name, or `*` for the whole run.
    pub segment: Arc<str>,
    /// The metric's name.
    pub metric: Arc<str>,
    /// The metric's unit.
    pub unit: Arc<str>,
    /// The value. If the cell failed it is the worst that the metric knows; not a number where the metric does not apply.
    pub value: f64,
    /// Why the cell failed; empty if it ran to its end.
    pub failure: Arc<str>,
    /// Which plugins ran: `congestion=jackfield.congestion.gcc@blake3:…`, separated by spaces.
    pub digests: Arc<str>,
    /// The revision of the program that ran the cell.
    pub revision: Arc<str>,
    /// The digest of everything that happened on the wire, 64 hexadecimal digits; empty if the cell failed.
    pub trace_hash: Arc<str>,
}
