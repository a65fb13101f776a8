//! The echo canceller AEC3 of WebRTC by crate `sonora`, with that suite's noise suppressor and gain control behind it if they are switched on.
//!
//! It must never touch the microphone more than asked: only the echo canceller works unless a parameter says otherwise, and the high-pass that
//! the suite would force on is off, because it changes the voice more than the canceller does.
//!
//! **Echo path.** The echo must come at least 4 ms after the far-end block was shown (a loudspeaker's buffer sees to that) and at most about
//! 500 ms after it.
//!
//! **Allocation.** sonora 0.2 makes and drops small scratch buffers while it processes a block: about 40 for mono and 65 for stereo. They
//! balance, they take no lock and no system call, and the plugin's tests hold all three; yet the audio thread is meant to see none, and this is
//! the one built-in processor that breaks the rule.
//!
//! ```
//! use jackfield_processing_aec3::Aec3;
//! use jackfield_sdk::prelude::*;
//!
//! let mut canceller = Aec3::create(&Environment::seeded(1))?;
//! canceller.activate(&AudioFormat::MONO_48K)?;
//! let loudspeaker = [0.1; 480];
//! let mut microphone = [0.05; 480];
//! let mut report = ProcessorReport::UNKNOWN;
//! canceller.render(Timestamp::ZERO, &loudspeaker)?;
//! canceller.process(Timestamp::ZERO, &mut microphone, &CaptureInfo::UNKNOWN, &mut report)?;
//! assert!(report.echo_return_loss_enhancement.is_finite());
//! # Ok::<(), Fault>(())
//! ```

mod canceller;
mod engine;
mod high_pass;
mod switch;

pub use canceller::{Aec3, Aec3Parameters};

use jackfield_sdk::prelude::*;

jackfield_sdk::export! { AudioProcessor => Aec3 }
