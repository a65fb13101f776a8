//! Tests of virtual time.

mod bbr;
mod c_plugins;
mod call;
mod controllers;
mod decisions;
mod executor;
mod exports;
mod gcc;
mod light;
mod links;
mod nat;
mod network;
mod queues;
mod relay;
mod rfc8867;
mod replays;
mod routes;
mod scenarios;
mod scream;
mod tcp;
mod traces;
mod translation;
mod warm_start;
mod watch;
mod whole_calls;
