//! Tests of virtual time.

mod c_plugins;
mod call;
mod controllers;
mod executor;
mod light;
mod network;
mod queues;
mod routes;
mod scenarios;
mod whole_calls;
