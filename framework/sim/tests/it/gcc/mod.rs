//! Google congestion control over simulated links, with the bounds of libwebrtc's own tests.

pub(crate) mod bench;
mod far_end;
pub(crate) mod ramps;
mod scenarios;
mod scripted;
