//! SCReAM v2 over simulated links, with the pacer that it would have in a call.

mod beside_tcp;
mod flows;
mod l4s;
mod libwebrtc;
