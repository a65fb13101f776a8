//! SCReAM v2 and NADA over simulated links, with the pacer that they would have in a call.

mod flows;
mod l4s;
mod rfc8867;
