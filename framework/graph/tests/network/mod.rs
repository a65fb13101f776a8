//! The network domain: two rooms and the network between them.

mod allocation;
mod away;
mod congestion;
mod early_feedback;
mod fan_out;
mod marks;
mod outages;
mod path_hints;
mod plugins;
mod receiving;
mod remote_bitrate;
mod reports;
mod secure_path;
mod swapping;
mod world;
