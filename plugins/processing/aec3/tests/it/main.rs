//! AEC3 against the suite of its area, and what an echo canceller has to do beyond it.

mod echo;
mod latency;
mod switching;

jackfield_testkit::conformance! { audio_processor: jackfield_processing_aec3::Aec3; scratch_allocations: 80 }
