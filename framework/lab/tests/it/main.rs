//! The lab in virtual time.

mod against_scipy;
mod coverage;
mod page;
mod sequential;
#[path = "../../examples/synthetic/mod.rs"]
mod synthetic;
mod verdict;
