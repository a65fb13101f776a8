//! Tests of virtual time.

mod c_plugins;
mod call;
mod executor;
mod light;
mod network;
mod whole_calls;
