//! Tests of virtual time.

mod bbr;
mod c_plugins;
mod call;
mod controllers;
mod executor;
mod gcc;
mod light;
mod network;
mod queues;
mod routes;
mod scenarios;
mod warm_start;
mod watch;
mod whole_calls;
