//! Tests of virtual time.

mod c_plugins;
mod call;
mod executor;
mod network;
mod whole_calls;
