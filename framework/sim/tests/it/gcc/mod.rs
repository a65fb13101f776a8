//! Google congestion control over simulated links, with the bounds of libwebrtc's own tests.

mod bench;
mod ramps;
mod scenarios;
