//! The graph's tests, in virtual time.

mod away;
mod conference;
mod network;
