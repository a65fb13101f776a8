//! Plays a WAV file (audio source) and records one (audio sink).
//!
//! Neither must ever touch the file on the audio thread: the source reads the whole file when it is opened, the sink passes its samples through
//! a ring to a thread of its own, which writes.
//!
//! ```
//! use jackfield_capture_file::{FileSink, FileSource};
//! use jackfield_sdk::prelude::*;
//!
//! let path = std::env::temp_dir().join(format!("jackfield-doc-{}.wav", std::process::id()));
//! let location = path.to_str().unwrap();
//!
//! let mut sink = FileSink::create(&Environment::seeded(1))?;
//! sink.open(location, &AudioFormat::MONO_48K)?;
//! sink.write(Timestamp::ZERO, &[0.5; 480])?;
//! sink.close()?;
//!
//! let mut source = FileSource::create(&Environment::seeded(1))?;
//! source.open(location, &AudioFormat::MONO_48K)?;
//! let mut block = [0.0; 480];
//! source.read(Timestamp::ZERO, &mut block)?;
//! assert_eq!(block, [0.5; 480]);
//! # std::fs::remove_file(path).unwrap();
//! # Ok::<(), Fault>(())
//! ```

#![allow(
    clippy::disallowed_methods,
    reason = "a recorder writes on a thread of its own, which sleeps while there is nothing to write"
)]

mod sink;
mod source;
mod wav;

use jackfield_sdk::prelude::*;

pub use sink::{FileSink, FileSinkParameters};
pub use source::{FileSource, FileSourceParameters};
pub use wav::{MAX_SAMPLES, decode};

jackfield_sdk::export! { AudioSource => FileSource, AudioSink => FileSink }
