//! The runtime: real clock, audio thread, sockets, timers.
