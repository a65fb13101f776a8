//! stub
pub use jackfield_core as core;
