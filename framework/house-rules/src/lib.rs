//! The rules of the house, as checks over the workspace itself: each returns the breaches that it finds, in words that say
//! where, which rule, and what to do instead.
//!
//! The tests of this crate run them over the repository and, so that a rule can be seen to bite, over samples that break
//! it. The crate never changes a file, never runs anything but `cargo metadata`, and nothing depends on it.
//!
//! ```
//! use jackfield_house_rules::sources::Source;
//! use jackfield_house_rules::time_and_io;
//!
//! let source = Source::from_text("framework/rtp/src/clock.rs", "fn now() -> Instant { Instant::now() }");
//! let breaches = time_and_io::breaches(&source);
//! assert!(breaches[0].starts_with("framework/rtp/src/clock.rs:1:"));
//! ```

pub mod documents;
pub mod layers;
pub mod licences;
pub mod parsers;
pub mod public_api;
pub mod sources;
pub mod time_and_io;
pub mod unsafe_code;
pub mod webrtc_map;
pub mod workspace;
