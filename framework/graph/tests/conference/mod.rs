//! The audio domain, with real plugins behind their C tables.

mod codec_swap;
mod converter;
mod cost;
mod endurance;
mod explain;
mod jitter_swap;
mod mixer_swap;
mod plugins;
mod processor_swap;
mod real_time;
mod room;
mod sound;
mod voice;
mod watchdog;
