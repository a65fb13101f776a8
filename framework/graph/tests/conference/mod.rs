//! The audio domain, with real plugins behind their C tables.

mod alignment;
mod codec_swap;
mod converter;
mod cost;
mod decisions;
mod endurance;
mod explain;
mod jitter_swap;
mod mixer_swap;
mod plugins;
mod processor_swap;
mod real_time;
mod room;
mod sound;
mod transaction;
mod voice;
mod watchdog;
