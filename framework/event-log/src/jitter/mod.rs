//! What jitter buffers are told and decide, one for each stream that is received: recorded from around them, written, read and replayed.
//!
//! A jitter buffer knows packets by numbers only, and so does a log of it: when each came, its place in the stream, how long it lasts and whether it
//! is a pause. There is no payload in it, no size of one, no address and no SSRC. Who reads it knows when somebody spoke.
//!
//! [`replay`](replay::replay) tells a jitter buffer word for word what one was told: the same plugin decides the same, to the last bit.
//! [`Listening::of_plugin`] lets any jitter buffer play the packets that came, by a receiver of its own, because what one is asked depends on what it
//! answered before.
//!
//! ```
//! use jackfield_core::jitter_buffer::{Insertion, PacketArrival};
//! use jackfield_core::time::Timestamp;
//! use jackfield_event_log::jitter::{EventSink, Happened, TextSink};
//! use jackfield_event_log::{EventLog, Lines};
//!
//! let packet = PacketArrival {
//!     arrival: Timestamp::from_ms(3), handle: 7, sequence_number: 1, timestamp: 0, ticks: 960, redundancy: 0, dtx: 0, marker: 1,
//! };
//! let mut sink = TextSink::new(Lines::new().begin_log(), 0, 0);
//! sink.note(Timestamp::from_ms(5), &Happened::Inserted { packet, answer: Ok(Insertion::Accepted) }, &[]);
//!
//! let log = EventLog::parse(sink.text().as_bytes())?;
//! assert_eq!(log.jitter_buffers[0].steps[0].at, Timestamp::from_ms(5));
//! # Ok::<(), jackfield_event_log::ReadError>(())
//! ```

mod arrivals;
mod listening;
mod read;
mod recorded;
pub mod replay;
pub mod ring;
mod sink;
pub mod timeline;

use jackfield_core::FaultCode;
use jackfield_core::jitter_buffer::{
    Action, EventArrival, Insertion, JitterConfig, JitterDelay, JitterHandover, PacketArrival, Playout,
};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

pub use self::arrivals::Arrivals;
pub use self::listening::{Listening, Loss, Played, Stretch};
pub(crate) use self::read::step;
pub use self::recorded::Recorded;
pub use self::sink::{EventSink, TextSink};
use crate::sink::Identity;

/// Something that happened to a jitter buffer, with what it answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happened {
    /// It got its clock.
    Activated(JitterConfig),
    /// It was told what its predecessor had learnt.
    TookOver(JitterHandover),
    /// It was asked what it has learnt.
    HandedOver,
    /// A packet came.
    Inserted {
        /// The packet.
        packet: PacketArrival,
        /// What became of it.
        answer: Result<Insertion, FaultCode>,
    },
    /// A packet of a telephone event came.
    ToneInserted {
        /// The packet.
        event: EventArrival,
        /// What became of it.
        answer: Result<Insertion, FaultCode>,
    },
    /// It was asked what to do next.
    Asked {
        /// Where playing stood.
        playout: Playout,
        /// What it answered.
        answer: Result<Action, FaultCode>,
    },
    /// It was asked for its delay.
    Delay(Result<JitterDelay, FaultCode>),
    /// It got bounds for the delay that it aims for.
    Bounds {
        /// The least.
        minimum: TimeDelta,
        /// The most.
        maximum: TimeDelta,
    },
    /// A parameter was set.
    Parameter {
        /// Its place in the plugin's list.
        index: u32,
        /// Its value.
        value: f64,
    },
    /// It was reset.
    Reset(ResetReason),
    /// So many of these could not be noted.
    Missing(u64),
}

/// What was noted of one jitter buffer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BufferLog {
    /// The stream that it played.
    pub stream: u32,
    /// 0 for the stream's first jitter buffer; its successors count on.
    pub instance: u32,
    /// Which plugin it was, if that was noted.
    pub identity: Option<Identity>,
    /// What happened to it, in order.
    pub steps: Vec<Step>,
    /// How much could not be noted.
    pub missing: u64,
}

/// Something that happened to a jitter buffer, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
    /// The handles that it let go meanwhile.
    pub released: Vec<u64>,
}

impl BufferLog {
    /// The clock that it was given, if the log has its beginning.
    pub fn config(&self) -> Option<JitterConfig> {
        // Parameters may be set before it is activated.
        let parameter = |step: &&Step| matches!(step.what, Happened::Parameter { .. });
        match self.steps.iter().find(|step| !parameter(step))?.what {
            Happened::Activated(config) => Some(config),
            _ => None,
        }
    }
}
