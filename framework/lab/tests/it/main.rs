//! What an experiment's numbers become.

mod against_scipy;
mod coverage;
mod sequential;
