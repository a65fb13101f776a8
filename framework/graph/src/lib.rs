//! The graph: a description is negotiated into a plan, and the plan is run, 10 ms a tick.
//!
//! The one contract: nothing here reads a clock, starts a thread or touches a socket. Whoever runs a room calls [`Conference::tick`] every
//! 10 ms of its own time, real or virtual, and everything else reaches it over rings: packets from the network domain, orders from the
//! control thread. On the audio thread nothing is allocated, freed or locked.

mod appetite;
pub mod codec_trial;
pub mod command;
pub mod conference;
pub mod converter;
mod decoding;
mod delay;
pub mod description;
mod explain;
mod fallback;
mod fifo;
mod history;
mod judge;
pub mod media;
pub mod mixing;
pub mod network;
pub mod plan;
mod prepared;
pub mod processor;
mod publish;
pub mod receive;
pub mod resources;
pub mod send;
pub mod stats;
pub mod stopwatch;
mod stretch;
pub mod strip;
pub mod swap;
mod swaps;
pub mod transaction;

pub use conference::Conference;
