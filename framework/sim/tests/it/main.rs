//! Tests of virtual time.

mod airtime;
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
mod network;
mod queues;
mod relay;
mod repair;
mod routes;
mod scenarios;
mod scream;
mod tcp;
mod traces;
mod translation;
mod warm_start;
mod watch;
mod whole_calls;
