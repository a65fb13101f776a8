//! The SDK's tests that need recordings: one file per behaviour.

mod reference_clips;
