//! g711, behaviour by behaviour.

jackfield_testkit::conformance! { audio_codec: jackfield_codec_g711::G711, jackfield_codec_g711::G711Encoder, jackfield_codec_g711::G711Decoder }
jackfield_testkit::conformance! { audio_encoder: jackfield_codec_g711::G711Encoder }
jackfield_testkit::conformance! { audio_decoder: jackfield_codec_g711::G711Decoder }
