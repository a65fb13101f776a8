//! The lab in virtual time.

mod against_scipy;
mod coverage;
mod sequential;
