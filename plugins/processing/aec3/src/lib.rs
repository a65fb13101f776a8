//! Echo canceller: AEC3 by sonora.
