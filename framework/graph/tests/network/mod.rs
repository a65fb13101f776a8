//! The network domain: two rooms and the network between them.

mod congestion;
mod early_feedback;
mod fan_out;
mod path_hints;
mod plugins;
mod receiving;
mod reports;
mod secure_path;
mod swapping;
mod world;
