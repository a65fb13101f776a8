//! Plays the sound of any media file that FFmpeg decodes: Opus, AAC, MP3, FLAC and so on, also out of a video.
//!
//! It must never decode on the audio thread, and never fetch anything from a network: the whole sound is decoded when the file is opened, and only
//! files are opened.
//!
//! ```no_run
//! use jackfield_capture_media_file::MediaFileSource;
//! use jackfield_sdk::prelude::*;
//!
//! let mut source = MediaFileSource::create(&Environment::seeded(1))?;
//! source.open("talk.webm", &AudioFormat::MONO_48K)?;
//! let mut block = [0.0; 480];
//! source.read(Timestamp::ZERO, &mut block)?;
//! # Ok::<(), Fault>(())
//! ```

mod decode;
mod source;

pub use decode::MAX_SAMPLES;
pub use source::{MediaFileSource, MediaFileSourceParameters};

use jackfield_sdk::prelude::*;

jackfield_sdk::export! { AudioSource => MediaFileSource }
