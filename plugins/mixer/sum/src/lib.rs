//! Mixer that adds everyone up.
