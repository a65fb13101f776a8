//! RNNoise against the suite of its area, and what a noise suppressor has to do beyond it.

mod noise;

jackfield_testkit::conformance! { audio_processor: jackfield_processing_ns_rnnoise::Rnnoise }
