//! The audio domain, with real plugins behind their C tables.

mod alignment;
mod away;
mod bad_plugins;
mod codec_swap;
mod codec_trial;
mod converter;
mod cost;
mod decisions;
mod endurance;
mod explain;
mod jitter_swap;
mod mixer_swap;
mod narrow_paths;
mod no_false_alarm;
mod plugins;
mod processor_swap;
mod real_time;
mod room;
mod silence;
mod sound;
mod stall;
mod stereo;
mod transaction;
mod trial;
mod voice;
mod watchdog;
