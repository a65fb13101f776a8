//! RFC 8867: all its cases as the scenario files have them, and of each what the RFC expects, for every controller with its default parameters.
//!
//! The RFC's expectations are sentences; the numbers by which they are judged stand at one place, in [`bounds`]. What a controller is known
//! not to do stands in [`exceptions`], and is asserted as well: whoever mends it has to take it out there. What holds in the few
//! weathers of every test run, and in fewer than nine of ten of thirty, is [`rare`].

mod basic;
mod bounds;
mod ecn;
mod exceptions;
mod expect;
mod extended;
mod rare;
mod seen;
