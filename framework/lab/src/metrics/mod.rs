//! What is measured of a run.

mod catalogue;
pub mod registry;

pub use registry::{Better, Metric, NameTaken, Registry, Unit};
