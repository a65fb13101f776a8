//! The graph's tests, in virtual time.

mod conference;
mod network;
