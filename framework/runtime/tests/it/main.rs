//! The runtime's tests: one file per behaviour.

#![allow(
    clippy::disallowed_methods,
    reason = "callers have real sockets and the machine's clock"
)]

mod caller;
mod calls;
mod code_points;
mod custom_codec;
mod event_log;
mod feedback_by_stream;
mod ledger;
mod links;
mod node_tracing;
mod parameter_values;
mod remb_alone;
mod renewed_codec;
mod scarce_plugin;
mod slow_plugin;
mod sockets_by_manifest;
mod stereo_rooms;
mod strangers;
mod transport_swap;
mod who_joins_meanwhile;
