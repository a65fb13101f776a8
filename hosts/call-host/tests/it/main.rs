//! The call host over real sockets: every refusal, resuming, tokens, nonsense from outside, the page, HTTPS, metrics, closing.
#![allow(
    clippy::disallowed_methods,
    reason = "these tests talk to a real host in real time"
)]

mod closing;
mod http_interface;
mod joining;
mod limits;
mod malformed_input;
mod metrics;
mod names;
mod origins;
mod page;
mod requests;
mod resuming;
mod robots;
mod slow_clients;
mod support;
mod swaps;
mod tls;
mod token_bucket;
mod tokens;
mod watching;
