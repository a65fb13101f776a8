//! Tests of virtual time.

mod c_plugins;
mod executor;
mod network;
