//! The lab in virtual time: experiments as they are read, planned, run, broken off, taken up again and merged.

mod cells;
mod experiments;
mod many_cells;
mod merging;
mod plans;
mod sweeps;
mod toy;
