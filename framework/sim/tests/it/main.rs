//! Tests of virtual time.

mod executor;
mod network;
