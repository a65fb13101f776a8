//! The Opus codec, behaviour by behaviour, on recorded speech.

mod dtx;
mod latency;
mod live_changes;
mod negotiation;
mod network;
mod redundancy;
mod robustness;
mod round_trip;
mod support;
