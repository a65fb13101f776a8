//! Tests of virtual time.

mod bbr;
mod c_plugins;
mod call;
mod executor;
mod light;
mod network;
mod warm_start;
mod watch;
mod whole_calls;
