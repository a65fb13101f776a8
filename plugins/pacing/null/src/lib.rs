//! The pacer that holds nothing back: every packet leaves at the next poll, in the order in which it came. The baseline for every other
//! pacer, and right where bursts do no harm.
//!
//! It must never change the order, and never keep a packet that it was polled for, unless it is paused.
//!
//! ```
//! use jackfield_pacing_null::Null;
//! use jackfield_sdk::prelude::*;
//!
//! struct Gone(Vec<u64>);
//! impl DepartureSink for Gone {
//!     fn depart(&mut self, handle: u64) -> Result<(), Fault> {
//!         self.0.push(handle);
//!         Ok(())
//!     }
//! }
//!
//! let mut pacer = Null::create(&Environment::seeded(1))?;
//! let packet = PacedPacket { handle: 7, size: DataSize::bytes(120), priority: PacketPriority::Audio, ssrc: 1 };
//! pacer.enqueue(Timestamp::from_ms(5), &packet)?;
//! assert_eq!(pacer.deadline()?, Timestamp::from_ms(5));
//! let mut gone = Gone(Vec::new());
//! pacer.poll(Timestamp::from_ms(5), &mut gone)?;
//! assert_eq!(gone.0, [7]);
//! # Ok::<(), Fault>(())
//! ```

pub use jackfield_sdk::pacing::CAPACITY;
use jackfield_sdk::pacing::{Departure, QueuedPacer};
use jackfield_sdk::prelude::*;

/// The pacer.
pub type Null = QueuedPacer<AtOnce>;

/// Lets every packet leave when it comes.
pub struct AtOnce {
    parameters: (),
}

impl Plugin for AtOnce {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.pacing.null", "No pacing", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("Lets every packet leave at once, in order.");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { parameters: () })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl Departure for AtOnce {
    fn due(&self, came: Timestamp, _packet: &PacedPacket) -> Timestamp {
        came
    }
}

jackfield_sdk::export! { Pacer => Null }
