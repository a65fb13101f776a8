//! Tests of virtual time.

mod bbr;
mod c_plugins;
mod call;
mod controllers;
mod decisions;
mod executor;
mod light;
mod links;
mod network;
mod queues;
mod routes;
mod scenarios;
mod tcp;
mod warm_start;
mod watch;
mod whole_calls;
