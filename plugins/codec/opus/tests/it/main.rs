//! The Opus codec, behaviour by behaviour, on recorded speech.

mod dtx;
mod latency;
mod live_changes;
mod negotiation;
mod network;
mod redundancy;
mod robustness;
mod round_trip;
mod support;

jackfield_testkit::conformance! { audio_codec: jackfield_codec_opus::Opus, jackfield_codec_opus::OpusEncoder, jackfield_codec_opus::OpusDecoder }
jackfield_testkit::conformance! { audio_encoder: jackfield_codec_opus::OpusEncoder }
jackfield_testkit::conformance! { audio_decoder: jackfield_codec_opus::OpusDecoder }
