//! Parts for the authors of jitter buffers: an ordered queue of packets, a measure of the delay, and the bookkeeping of playing. What is
//! left to the plugin is the policy: which delay to aim for, and when to play faster or slower to get there.
//!
//! Nothing here reads a clock or, once made, allocates.
//!
//! ```
//! use jackfield_sdk::jitter::{Playback, Policy};
//! use jackfield_sdk::prelude::*;
//!
//! struct Nothing;
//! impl HandleSink for Nothing {
//!     fn release(&mut self, _: u64) -> Result<(), Fault> {
//!         Ok(())
//!     }
//! }
//!
//! # fn main() -> Result<(), Fault> {
//! let mut playback = Playback::new(&JitterConfig::new(SampleRate::HZ_48000, 200))?;
//! let packet = PacketArrival {
//!     arrival: Timestamp::ZERO, handle: 7, sequence_number: 1, timestamp: 0, ticks: 960, redundancy: 0, dtx: 0, marker: 1,
//! };
//! playback.insert(Timestamp::ZERO, &packet, &mut Nothing)?;
//! let policy = Policy::constant(TimeDelta::ms(40));
//! let action = playback.next(Timestamp::from_ms(20), &Playout::START, &policy, &mut Nothing)?;
//! assert_eq!(action.operation, Operation::Silence, "it waits until the delay is reached");
//! let action = playback.next(Timestamp::from_ms(40), &Playout::START, &policy, &mut Nothing)?;
//! assert_eq!((action.operation, action.handle), (Operation::Normal, 7));
//! # Ok(())
//! # }
//! ```

mod counters;
mod delay;
mod delay_buffer;
mod playback;
mod policy;
mod queue;
mod restart;
mod standing;

pub use counters::Counters;
pub use delay::DelayWindow;
pub use delay_buffer::{DelayBuffer, DelayPolicy};
pub use playback::Playback;
pub use policy::{Policy, Stretch};
pub use queue::PacketQueue;
