//! A clock that moves only when it is told to.

use std::cell::Cell;
use std::rc::Rc;

use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::units::TimeDelta;

/// An instant of a simulation: whole nanoseconds since its beginning, so that the serialisation times of fast links add up exactly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct VirtualTime(u64);

impl VirtualTime {
    /// The beginning.
    pub const ZERO: Self = Self(0);

    /// `ns` nanoseconds after the beginning.
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the beginning.
    pub const fn ns(self) -> u64 {
        self.0
    }

    /// The same instant in engine time, rounded down to the microsecond.
    pub const fn timestamp(self) -> Timestamp {
        Timestamp::from_us((self.0 / 1_000) as i64)
    }

    /// This instant, `ns` nanoseconds later.
    #[must_use]
    pub const fn later(self, ns: u64) -> Self {
        Self(self.0.saturating_add(ns))
    }
}

impl From<Timestamp> for VirtualTime {
    /// An instant before the beginning is the beginning.
    fn from(at: Timestamp) -> Self {
        Self((at.us().max(0) as u64).saturating_mul(1_000))
    }
}

/// A clock that everybody in a simulation can look at and only its executor moves: engine time and the wall clock that belongs to it.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    now: Rc<Cell<VirtualTime>>,
    wall_at_zero: NtpTime,
}

impl VirtualClock {
    /// A clock at the beginning, which is `wall_at_zero` on the wall.
    pub fn new(wall_at_zero: NtpTime) -> Self {
        Self {
            now: Rc::default(),
            wall_at_zero,
        }
    }

    /// Engine time.
    pub fn now(&self) -> Timestamp {
        self.now.get().timestamp()
    }

    /// The wall clock.
    pub fn wall(&self) -> NtpTime {
        self.wall_at_zero.advanced_by(self.now() - Timestamp::ZERO)
    }

    /// Moves the clock on.
    ///
    /// # Panics
    /// If `delta` is negative: time does not run backwards.
    pub fn advance(&self, delta: TimeDelta) {
        let ns =
            u64::try_from(delta.as_us()).expect("time does not run backwards: pass a positive span") * 1_000;
        self.now.set(self.now.get().later(ns));
    }

    /// The same instant in the simulation's own unit.
    pub fn time(&self) -> VirtualTime {
        self.now.get()
    }

    pub(crate) fn set(&self, now: VirtualTime) {
        self.now.set(now);
    }
}

impl Default for VirtualClock {
    /// A clock whose beginning is 1 January 2026 on the wall.
    fn default() -> Self {
        Self::new(NtpTime::from_unix_us(1_767_225_600_000_000))
    }
}
