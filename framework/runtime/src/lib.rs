//! The runtime: real clock, audio thread, sockets, timers.

pub mod view;
