//! The network domain: two rooms and the network between them.

mod allocation;
mod away;
mod congestion;
mod crowd;
mod early_feedback;
mod estimating;
mod event_log;
mod fan_out;
mod marks;
mod outages;
mod path_hints;
mod plugins;
mod probing;
mod profiles;
mod receiving;
mod remote_bitrate;
mod reports;
mod secure_path;
mod sharing;
mod swapping;
mod world;
