//! The pacer that holds nothing back: every packet leaves at the next poll, in the order in which it came. The baseline for every other
//! pacer, and right where bursts do no harm.
//!
//! It must never change the order, and never keep a packet that it was polled for.
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

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

/// The most packets that can wait for a poll: two seconds of 30 Mbit/s in packets of 1,200 bytes.
pub const CAPACITY: usize = 8_192;

/// Holds nothing back.
pub struct Null {
    /// What waits for the next poll, with the moment it came. Never grows beyond its capacity.
    waiting: VecDeque<(Timestamp, PacedPacket)>,
    size: DataSize,
    departed: u64,
    parameters: (),
}

impl Plugin for Null {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.pacing.null", "No pacing", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("Lets every packet leave at once, in order.");
    const STATISTICS: &'static [Statistic] = &[Statistic::counter(
        "departed",
        "packets",
        "Packets that have left since the instance was made.",
    )];
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            waiting: VecDeque::with_capacity(CAPACITY),
            size: DataSize::ZERO,
            departed: 0,
            parameters: (),
        })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = self.departed as f64;
    }
}

impl Null {
    /// Gives out what waits. A packet that the sink refuses stays, and so does all behind it.
    fn give_all(&mut self, departures: &mut dyn DepartureSink) -> Result<u64, Fault> {
        let mut given = 0;
        while let Some((_, packet)) = self.waiting.front() {
            departures.depart(packet.handle)?;
            self.size -= packet.size;
            self.waiting.pop_front();
            given += 1;
        }
        Ok(given)
    }
}

impl Pacer for Null {
    fn set_rates(&mut self, _now: Timestamp, _pacing: DataRate, _padding: DataRate) -> Result<(), Fault> {
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

    fn poll(&mut self, _now: Timestamp, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        self.departed += self.give_all(departures)?;
        Ok(())
    }

    fn deadline(&mut self) -> Result<Timestamp, Fault> {
        Ok(self.waiting.front().map_or(Timestamp::NEVER, |(came, _)| *came))
    }

    fn queue(&mut self) -> Result<PacerQueue, Fault> {
        Ok(PacerQueue {
            packets: self.waiting.len() as u64,
            size: self.size,
        })
    }

    fn hand_over(&mut self, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        self.give_all(departures).map(|_| ())
    }
}

jackfield_sdk::export! { Pacer => Null }
