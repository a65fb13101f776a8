//! Rows: what cells leave behind, in long form, and the Parquet files that they are kept in.
//!
//! ```
//! use jackfield_lab::rows::{Row, RowReader, RowWriter};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("dataset.parquet");
//! let row = Row { scenario: "rfc8867/5.1".into(), metric: "utilisation".into(), value: 0.9, ..Row::default() };
//!
//! let mut writer = RowWriter::new(std::fs::File::create(&path)?, &path)?;
//! writer.push(row.clone())?;
//! writer.finish()?;
//!
//! let read: Vec<Row> = RowReader::open(&path)?.collect::<Result<_, _>>()?;
//! assert_eq!(read, [row]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod columns;
mod error;
mod read;
mod write;

use std::sync::Arc;

pub use error::RowsError;
pub use read::RowReader;
pub use write::RowWriter;

/// The key under which a file says what its rows are, as a digest over all of them: see [`RowReader::verify`].
pub const CONTENT_KEY: &str = "jackfield.content";
/// The key under which a file says the version of its columns.
pub const SCHEMA_KEY: &str = "jackfield.schema";
/// The key under which the file of one cell carries the cell's specification.
pub const CELL_KEY: &str = "jackfield.cell";
/// The key under which a dataset carries its experiment.
pub const EXPERIMENT_KEY: &str = "jackfield.experiment";
/// The key under which a file says by which revision of the program its cells were run.
pub const REVISION_KEY: &str = "jackfield.revision";
/// The key under which the file of a cell that failed says why.
pub const FAILURE_KEY: &str = "jackfield.failure";

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

impl Default for Row {
    /// A row of this version with nothing in it.
    fn default() -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            schema: SCHEMA,
            experiment: none.clone(),
            cell: none.clone(),
            scenario: none.clone(),
            arm: none.clone(),
            seed: 0,
            flow: none.clone(),
            segment: none.clone(),
            metric: none.clone(),
            unit: none.clone(),
            value: 0.0,
            failure: none.clone(),
            digests: none.clone(),
            revision: none.clone(),
            trace_hash: none,
        }
    }
}

impl Row {
    /// What rows of a dataset are sorted by.
    pub fn key(&self) -> (&str, &str, &str, &str) {
        (&self.cell, &self.flow, &self.segment, &self.metric)
    }
}
