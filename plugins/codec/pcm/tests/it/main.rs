//! Uncompressed audio, behaviour by behaviour.

mod samples;

jackfield_testkit::conformance! { audio_codec: jackfield_codec_pcm::Pcm, jackfield_codec_pcm::PcmEncoder, jackfield_codec_pcm::PcmDecoder }
jackfield_testkit::conformance! { audio_encoder: jackfield_codec_pcm::PcmEncoder }
jackfield_testkit::conformance! { audio_decoder: jackfield_codec_pcm::PcmDecoder }
