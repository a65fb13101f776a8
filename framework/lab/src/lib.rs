//! Experiments.

pub mod statistics;
