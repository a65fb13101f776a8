//! The lab in virtual time: experiments as they are read, planned, run, broken off, taken up again and merged; statistics beside scipy;
//! what reports say.

mod against_scipy;
mod cells;
mod congestion;
mod coverage;
mod documents;
mod experiments;
mod many_cells;
mod measures;
mod merging;
mod outside;
mod page;
mod plans;
mod sequential;
mod sweeps;
#[path = "../../examples/synthetic/mod.rs"]
mod synthetic;
mod toy;
mod traces;
mod verdict;
