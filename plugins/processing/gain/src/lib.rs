//! Audio processor that applies a gain.
