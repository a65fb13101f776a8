//! Tests of virtual time.

mod c_plugins;
mod call;
mod controllers;
mod decisions;
mod executor;
mod exports;
mod light;
mod links;
mod network;
mod queues;
mod relay;
mod routes;
mod scenarios;
mod tcp;
mod traces;
mod translation;
mod whole_calls;
