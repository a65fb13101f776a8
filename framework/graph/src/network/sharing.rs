//! How the streams of one connection share what its congestion controller allows.

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, TimeDelta};

use super::allocation::{Allocator, StreamKind, StreamNeeds};
use super::configuration::StreamRates;

/// While a stream waits to come back, what there is for it is looked at so often.
const LOOK_EVERY: TimeDelta = TimeDelta::ms(100);

/// What a stream has been given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamShare {
    /// With its headers; zero while it pauses, and before anything is known.
    pub(crate) rate: DataRate,
    /// It pauses because there is too little.
    pub(crate) paused: bool,
}

/// Shares the target of a connection among its streams. Today there is one, the mix that a participant hears.
pub(crate) struct Sharing {
    allocator: Allocator,
    stream: Option<StreamNeeds>,
    given: StreamShare,
    looked_at: Timestamp,
}

impl Sharing {
    pub(crate) fn new() -> Self {
        Self {
            allocator: Allocator::new(),
            stream: None,
            given: StreamShare::default(),
            looked_at: Timestamp::ZERO,
        }
    }

    /// The voice that is sent now, and what it needs; `None` if nothing is. Unless it `may_pause` it goes on with its minimum, however little
    /// there is. Allocates.
    pub(crate) fn set_voice(&mut self, ssrc: u32, rates: Option<StreamRates>, may_pause: bool) {
        let stream = rates.map(|rates| StreamNeeds {
            id: ssrc,
            kind: StreamKind::Audio,
            minimum: rates.minimum,
            maximum: rates.maximum,
            priority: 1,
            enforced: !may_pause,
        });
        if stream != self.stream {
            self.stream = stream;
            self.allocator.set_streams(stream.as_slice());
        }
    }

    /// Shares `target`; gives what the voice has of it now.
    pub(crate) fn share(&mut self, now: Timestamp, target: DataRate) -> StreamShare {
        self.looked_at = now;
        let share = self.allocator.allocate(now, target).next();
        let rate = share.map_or(DataRate::ZERO, |share| share.rate);
        self.given = StreamShare {
            rate,
            paused: share.is_some() && rate == DataRate::ZERO && target > DataRate::ZERO,
        };
        self.given
    }

    /// When the target is to be shared again although it is the same.
    pub(crate) fn deadline(&self) -> Timestamp {
        if self.given.paused {
            self.looked_at + LOOK_EVERY
        } else {
            Timestamp::NEVER
        }
    }
}
