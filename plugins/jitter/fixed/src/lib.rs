//! Jitter buffer with a fixed delay.
