//! Tests of virtual time.

mod airtime;
mod bbr;
mod c_plugins;
mod call;
mod controllers;
mod decisions;
mod encoders;
mod executor;
mod exports;
mod frames;
mod gcc;
mod hard_paths;
mod in_place;
mod light;
mod links;
mod nat;
mod network;
mod peers;

mod queues;
mod relay;
mod repair;
mod replays;
mod rfc8867;
mod routes;
mod scenarios;
mod scream;
mod sources;
mod tcp;
mod traces;
mod translation;
mod warm_start;
mod watch;
mod whole_calls;
