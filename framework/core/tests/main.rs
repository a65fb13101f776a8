//! The boundary as a host and its plugins see it: every `#[area]` crosses it in both directions, and older and
//! newer meet.

#![allow(
    unsafe_code,
    reason = "puts tables of other builds behind proxies, as a loader does"
)]

mod boundary;
mod header;
