//! G.711, behaviour by behaviour.

mod concealment;
mod laws;
mod negotiation;

jackfield_testkit::conformance! { audio_codec: jackfield_codec_g711::G711, jackfield_codec_g711::G711Encoder, jackfield_codec_g711::G711Decoder }
jackfield_testkit::conformance! { audio_encoder: jackfield_codec_g711::G711Encoder }
jackfield_testkit::conformance! { audio_decoder: jackfield_codec_g711::G711Decoder }
