//! Event logs: what congestion controllers and jitter buffers were told and what they answered, as lines of JSON. One format for simulated and for
//! live calls, with one writer and one reader, so that whatever was recorded can be replayed into any controller ([`replay`]) or jitter buffer
//! ([`jitter`]).
//!
//! A controller is recorded from around it: [`Recorded`] stands in its place, passes every call on and notes it in an [`EventSink`]. Into a text
//! that is [`TextSink`]; from a thread that must not wait, a bounded ring ([`ring()`](ring::ring)), from which another thread writes.
//!
//! This crate opens no file, reads no clock and starts no thread.
//!
//! # The format
//! The first line is `{"schema": "jackfield.events/1", …}` with whatever says where the log comes from. Every other line is
//! `{"at": …, "event": …, …}`: `at` and other points in time in ns since the beginning, rates in bits per second, sizes in bytes, spans in µs;
//! what is zero is left out where it says so. Lines of one controller are in the order of time; those of different ones need not be. A reader skips
//! events and keys that it does not know.
//!
//! | event | when | keys |
//! |---|---|---|
//! | `controller` | an instance was made | `flow`, `instance`, `plugin`, `version`, `seed`, `parameters` |
//! | `activated` | it got its bounds | `minimum`, `maximum`, `start` |
//! | `took-over` | it was told what its predecessor believed | the fields of `CongestionHandover` |
//! | `handed-over` | it was asked what it believes | |
//! | `told` | it was told an event | `kind`, then the fields of `CongestionEvent` that are not zero; `packets` |
//! | `decided` | its answer to the line before, if it differs from its last answer | the fields of `CongestionUpdate` |
//! | `probe` | it asked for a probe in answer to the line before | `cluster`, `packets`, `rate`, `duration` |
//! | `failed` | it answered the line before with a fault | `status`, `why` |
//! | `parameter` | a parameter was set | `index`, `value` |
//! | `reset` | it was reset | `reason` |
//! | `missing` | so many of these could not be noted | `count` |
//! | `swapped` | a swap ended: `instance` decides from now on, or had to go | `swap`, `outcome`, `why` |
//! | `stopped` | the log ends before the call | `why` |
//!
//! Each of them names the controller by `flow` and `instance`, which are 0 where they are left out: a flow's first controller is its instance 0, its
//! successors count on. In `packets`, each packet of a feedback is a list: sequence number, when it left, when it came (or `null`), arrival offset,
//! size, and as far as one of them is not zero ECN codepoint, probe cluster, 1 if audio, 1 if recovered.
//!
//! Jitter buffers have lines of their own. Each names its jitter buffer by `stream` and `instance`, which are 0 where they are left out. A fault is
//! a `status` in the line of what was asked; `released` lists the handles that were let go meanwhile. Operations and insertions have names.
//!
//! | event | when | keys |
//! |---|---|---|
//! | `jitter-buffer` | an instance was made | `plugin`, `version`, `seed`, `parameters` |
//! | `jitter-activated` | it got its clock | `clock_rate`, `max_packets` |
//! | `jitter-took-over` | it was told what its predecessor had learnt | the fields of `JitterHandover` that are not zero |
//! | `jitter-handed-over` | it was asked what it has learnt | |
//! | `inserted` | a packet came | `arrival` if it is not `at`, the fields of `PacketArrival` that are not zero, `insertion` if it is not `accepted` |
//! | `tone-inserted` | a packet of a telephone event came | the same of `EventArrival`; the event is `tone` |
//! | `next` | it was asked what to do | the fields of `Playout` and of its answer, an `Action`, that are not zero; `last`, `greatest` and `operation` always |
//! | `jitter-delay` | it was asked for its delay | `target`, `current` |
//! | `jitter-bounds` | it got bounds for its delay | `minimum`, `maximum` |
//! | `jitter-parameter` | a parameter was set | `index`, `value` |
//! | `jitter-reset` | it was reset | `reason` |
//! | `jitter-missing` | so many of these could not be noted | `count` |
//! | `jitter-swapped` | a swap ended: `instance` plays from now on, or had to go | `swap`, `outcome`, `why` |
//!
//! ```
//! use jackfield_core::congestion_controller::RateConstraints;
//! use jackfield_core::time::Timestamp;
//! use jackfield_core::units::DataRate;
//! use jackfield_event_log::{EventLog, EventSink, Happening, Lines, TextSink};
//!
//! let lines = Lines::new().text("room", "lobby").begin_log();
//! let mut sink = TextSink::new(lines, 0, 0);
//! let bounds = RateConstraints { minimum: DataRate::kbps(16), maximum: DataRate::kbps(640), start: DataRate::kbps(64) };
//! sink.note(Timestamp::from_ms(5), &Happening::Activated(&bounds));
//!
//! let log = EventLog::parse(sink.text().as_bytes())?;
//! assert_eq!(log.origin["room"], "lobby");
//! assert_eq!(log.controllers[0].steps[0].at, Timestamp::from_ms(5));
//! # Ok::<(), jackfield_event_log::ReadError>(())
//! ```

mod fields;
pub mod jitter;
mod line;
mod lines;
mod log;
mod read;
mod recorded;
pub mod replay;
pub mod ring;
mod sink;
pub mod timeline;

pub use lines::{Lines, SCHEMA};
pub use log::{Answer, ControllerLog, EventLog, Step, Swapped, Told, What};
pub use read::ReadError;
pub use recorded::Recorded;
pub use sink::{EventSink, Happening, Identity, TextSink};
