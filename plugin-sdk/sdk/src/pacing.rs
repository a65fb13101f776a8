//! A part for the authors of pacers: a queue that keeps the packets, so that what is left to the plugin is when the next one leaves.
//!
//! ```
//! use jackfield_sdk::pacing::{Departure, QueuedPacer};
//! use jackfield_sdk::prelude::*;
//!
//! /// A packet every 5 ms.
//! struct Metronome { next: Timestamp, parameters: () }
//!
//! impl Plugin for Metronome {
//!     const DESCRIPTOR: Descriptor = Descriptor::new("example.pacing.metronome", "Metronome", "1.0.0");
//!     type Parameters = ();
//!     fn create(_: &Environment) -> Result<Self, Fault> {
//!         Ok(Self { next: Timestamp::ZERO, parameters: () })
//!     }
//!     fn parameters(&mut self) -> &mut () {
//!         &mut self.parameters
//!     }
//! }
//!
//! impl Departure for Metronome {
//!     fn due(&self, came: Timestamp, _: &PacedPacket) -> Timestamp {
//!         came.max(self.next)
//!     }
//!     fn departed(&mut self, due: Timestamp, _: &PacedPacket) {
//!         self.next = due + TimeDelta::ms(5);
//!     }
//! }
//!
//! jackfield_sdk::export! { Pacer => QueuedPacer<Metronome> }
//! ```

use std::collections::VecDeque;

use jackfield_core::Fault;
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Plugin, ResetReason};
use jackfield_core::pacer::{DepartureSink, PacedPacket, Pacer, PacerQueue, PacerStatus};
use jackfield_core::stats::Statistic;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

/// The most packets that can wait: two seconds of 30 Mbit/s in packets of 1,200 bytes.
pub const CAPACITY: usize = 8_192;

/// When packets leave. All methods are `[network]`: they must not allocate, lock or block.
pub trait Departure: Plugin {
    /// The rates at which media and padding may leave have changed. Zero, negative and infinite ones come too. \[network\]
    fn rates(&mut self, now: Timestamp, pacing: DataRate, padding: DataRate) {
        let _ = (now, pacing, padding);
    }

    /// When `packet`, which is next and came at `came`, may leave: at most two seconds after it is next. \[network\]
    fn due(&self, came: Timestamp, packet: &PacedPacket) -> Timestamp;

    /// `packet`, which was due at `due`, has left. \[network\]
    fn departed(&mut self, due: Timestamp, packet: &PacedPacket) {
        let _ = (due, packet);
    }
}

/// A pacer that lets packets leave in the order in which they came, each when its [`Departure`] says.
pub struct QueuedPacer<D> {
    departure: D,
    /// What waits, with the moment it came. Never grows beyond its capacity.
    waiting: VecDeque<(Timestamp, PacedPacket)>,
    size: DataSize,
    paused: bool,
    departed: u64,
}

impl<D: Departure> Plugin for QueuedPacer<D> {
    const DESCRIPTOR: Descriptor = D::DESCRIPTOR;
    const STATISTICS: &'static [Statistic] = &[Statistic::counter(
        "departed",
        "packets",
        "Packets that have left since the instance was made.",
    )];
    type Parameters = D::Parameters;

    fn create(environment: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            departure: D::create(environment)?,
            waiting: VecDeque::with_capacity(CAPACITY),
            size: DataSize::ZERO,
            paused: false,
            departed: 0,
        })
    }

    fn parameters(&mut self) -> &mut D::Parameters {
        self.departure.parameters()
    }

    fn parameter_changed(&mut self, index: u32) -> Result<(), Fault> {
        self.departure.parameter_changed(index)
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = self.departed as f64;
    }

    fn reset(&mut self, reason: ResetReason) {
        Plugin::reset(&mut self.departure, reason);
    }
}

impl<D: Departure> QueuedPacer<D> {
    /// Gives out what is due by `now`; everything if there is no now. A packet that the sink refuses stays, and so does all behind it.
    fn give(&mut self, now: Option<Timestamp>, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        while let Some((came, packet)) = self.waiting.front().copied() {
            let due = self.departure.due(came, &packet);
            if now.is_some_and(|now| due > now) {
                break;
            }
            departures.depart(packet.handle)?;
            self.waiting.pop_front();
            self.size -= packet.size;
            if now.is_some() {
                self.departed += 1;
                self.departure.departed(due, &packet);
            }
        }
        Ok(())
    }
}

impl<D: Departure> Pacer for QueuedPacer<D> {
    fn set_rates(&mut self, now: Timestamp, pacing: DataRate, padding: DataRate) -> Result<(), Fault> {
        self.departure.rates(now, pacing, padding);
        Ok(())
    }

    fn enqueue(&mut self, now: Timestamp, packet: &PacedPacket) -> Result<(), Fault> {
        if self.waiting.len() >= CAPACITY {
            return Err(Fault::state("the queue is full: poll the pacer by its deadline"));
        }
        self.waiting.push_back((now, *packet));
        self.size += packet.size;
        Ok(())
    }

    fn poll(&mut self, now: Timestamp, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        if self.paused {
            return Ok(());
        }
        self.give(Some(now), departures)
    }

    fn deadline(&mut self) -> Result<Timestamp, Fault> {
        let first = self.waiting.front().filter(|_| !self.paused);
        Ok(first.map_or(Timestamp::NEVER, |(came, packet)| {
            self.departure.due(*came, packet)
        }))
    }

    fn queue(&mut self) -> Result<PacerQueue, Fault> {
        Ok(PacerQueue {
            packets: self.waiting.len() as u64,
            size: self.size,
        })
    }

    fn hand_over(&mut self, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        self.give(None, departures)
    }

    fn set_paused(&mut self, _now: Timestamp, paused: u32) -> Result<(), Fault> {
        self.paused = paused != 0;
        Ok(())
    }

    /// The wait that is expected is that of the packet which is next: when those behind it leave, only the departures before them tell.
    fn status(&mut self, now: Timestamp) -> Result<PacerStatus, Fault> {
        let first = self.waiting.front();
        let until = |(came, packet): &(Timestamp, PacedPacket)| self.departure.due(*came, packet).since(now);
        Ok(PacerStatus {
            packets: self.waiting.len() as u64,
            waiting: self.size,
            oldest_wait: first.map_or(TimeDelta::ZERO, |(came, _)| now.since(*came)),
            expected_wait: first.map_or(TimeDelta::ZERO, until).max(TimeDelta::ZERO),
            ..PacerStatus::UNKNOWN
        })
    }
}
