//! The lab in virtual time: experiments as they are read, planned, run, broken off, taken up again and merged; statistics beside scipy.

mod against_scipy;
mod cells;
mod coverage;
mod experiments;
mod many_cells;
mod merging;
mod plans;
mod sequential;
mod sweeps;
mod toy;
