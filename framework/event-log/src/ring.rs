//! From a thread that must not wait to one that may: a bounded ring of what happened.

use jackfield_core::Fault;
use jackfield_core::FaultCode;
use jackfield_core::congestion_controller::{
    CongestionEvent, CongestionHandover, CongestionUpdate, PacketFeedback, ProbeCluster, RateConstraints,
};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::lines::Lines;
use crate::sink::{EventSink, Happening};

/// Takes note by putting it into the ring; what finds no room is not noted. Allocates nothing, locks nothing, waits for nobody.
pub struct RingSink {
    slots: Producer<Slot>,
}

/// The other end, from which lines are written.
pub struct RingSource {
    slots: Consumer<Slot>,
    packets: Vec<PacketFeedback>,
    probes: Vec<ProbeCluster>,
}

/// A ring with room for so many entries: one for whatever happens, and one more for each packet of a feedback and each probe.
pub fn ring(entries: usize) -> (RingSink, RingSource) {
    let (producer, consumer) = RingBuffer::new(entries);
    let source = RingSource {
        slots: consumer,
        packets: Vec::new(),
        probes: Vec::new(),
    };
    (RingSink { slots: producer }, source)
}

/// What one entry holds. Packets and probes stand behind the event that they belong to, and come into the ring with it.
#[derive(Clone, Copy)]
enum Slot {
    Activated(Timestamp, RateConstraints),
    TookOver(Timestamp, CongestionHandover),
    HandedOver(Timestamp),
    Told {
        at: Timestamp,
        event: CongestionEvent,
        packets: u32,
        probes: u32,
        answer: Option<Result<CongestionUpdate, FaultCode>>,
    },
    Packet(PacketFeedback),
    Probe(ProbeCluster),
    Parameter(Timestamp, u32, f64),
    Reset(Timestamp, ResetReason),
    Missing(Timestamp, u64),
}

impl EventSink for RingSink {
    fn note(&mut self, at: Timestamp, happening: &Happening<'_>) -> bool {
        let slot = match *happening {
            Happening::Activated(constraints) => Slot::Activated(at, *constraints),
            Happening::TookOver(state) => Slot::TookOver(at, *state),
            Happening::HandedOver => Slot::HandedOver(at),
            Happening::Parameter { index, value } => Slot::Parameter(at, index, value),
            Happening::Reset(reason) => Slot::Reset(at, reason),
            Happening::Missing(count) => Slot::Missing(at, count),
            Happening::Told {
                event,
                packets,
                probes,
                answer,
            } => {
                let told = Slot::Told {
                    at,
                    event: *event,
                    packets: packets.len() as u32,
                    probes: probes.len() as u32,
                    // The text of a fault would have to be allocated.
                    answer: answer.map(|answer| answer.copied().map_err(Fault::code)),
                };
                let behind = packets.iter().map(|packet| Slot::Packet(*packet));
                let behind = behind.chain(probes.iter().map(|probe| Slot::Probe(*probe)));
                let Ok(chunk) = self.slots.write_chunk_uninit(1 + packets.len() + probes.len()) else {
                    return false;
                };
                chunk.fill_from_iter(std::iter::once(told).chain(behind));
                return true;
            }
        };
        self.slots.push(slot).is_ok()
    }
}

impl RingSource {
    /// Whether nothing more will come: the other end is gone, and what it left has been drained.
    pub fn is_over(&self) -> bool {
        self.slots.is_abandoned() && self.slots.is_empty()
    }

    /// Writes the lines of the next thing that happened to the controller of this flow and instance, and gives the time of it; none if there is
    /// nothing.
    pub fn write_next(&mut self, controller: (u32, u32), lines: &mut Lines) -> Option<Timestamp> {
        let mut write = |at, happening: &Happening<'_>| {
            lines.happening(at, controller, happening);
            Some(at)
        };
        match self.slots.pop().ok()? {
            Slot::Activated(at, constraints) => write(at, &Happening::Activated(&constraints)),
            Slot::TookOver(at, state) => write(at, &Happening::TookOver(&state)),
            Slot::HandedOver(at) => write(at, &Happening::HandedOver),
            Slot::Parameter(at, index, value) => write(at, &Happening::Parameter { index, value }),
            Slot::Reset(at, reason) => write(at, &Happening::Reset(reason)),
            Slot::Missing(at, count) => write(at, &Happening::Missing(count)),
            Slot::Told {
                at,
                event,
                packets,
                probes,
                answer,
            } => {
                self.packets.clear();
                self.probes.clear();
                for _ in 0..packets + probes {
                    match self.slots.pop() {
                        Ok(Slot::Packet(packet)) => self.packets.push(packet),
                        Ok(Slot::Probe(probe)) => self.probes.push(probe),
                        _ => {}
                    }
                }
                let failed = answer.and_then(Result::err).map(|code| Fault::new(code, ""));
                let update = answer.and_then(Result::ok);
                let happening = Happening::Told {
                    event: &event,
                    packets: &self.packets,
                    probes: &self.probes,
                    answer: update.as_ref().map(Ok).or(failed.as_ref().map(Err)),
                };
                write(at, &happening)
            }
            // Never without the event that they belong to.
            Slot::Packet(_) | Slot::Probe(_) => self.write_next(controller, lines),
        }
    }
}
