//! stub
pub mod fault;
pub use fault::{Fault, FaultCode};
