//! Event logs: what is written is read again, whatever is read harms nobody, and a ring loses nothing silently.

mod jitter;
mod reading;
mod recording;
mod ring;
mod toy;
mod written_is_read;
