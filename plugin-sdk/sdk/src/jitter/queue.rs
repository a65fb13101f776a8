//! Packets in order.

use std::collections::VecDeque;

use jackfield_core::Fault;
use jackfield_core::jitter_buffer::{HandleSink, PacketArrival};
use jackfield_core::time::Timestamp;
use jackfield_core::units::SampleRate;

/// The packets that wait, by sequence number, in room that is made once.
#[derive(Debug)]
pub struct PacketQueue {
    packets: VecDeque<PacketArrival>,
    most: usize,
}

impl PacketQueue {
    /// Room for `most` packets. Allocates.
    pub fn new(most: usize) -> Self {
        Self {
            packets: VecDeque::with_capacity(most),
            most,
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Whether there is no room for another.
    pub fn is_full(&self) -> bool {
        self.packets.len() >= self.most
    }

    /// The packet with the lowest sequence number.
    pub fn front(&self) -> Option<&PacketArrival> {
        self.packets.front()
    }

    /// The packet with the highest sequence number.
    pub fn back(&self) -> Option<&PacketArrival> {
        self.packets.back()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &PacketArrival> {
        self.packets.iter()
    }

    /// Puts a packet in its place. False, and nothing happens, if one with its sequence number is there already or there is no room.
    pub fn insert(&mut self, packet: &PacketArrival) -> bool {
        if self.is_full() {
            return false;
        }
        match self
            .packets
            .binary_search_by_key(&packet.sequence_number, |p| p.sequence_number)
        {
            Ok(_) => false,
            Err(place) => {
                self.packets.insert(place, *packet);
                true
            }
        }
    }

    /// Whether a packet with this sequence number waits.
    pub fn contains(&self, sequence_number: i64) -> bool {
        self.packets
            .binary_search_by_key(&sequence_number, |p| p.sequence_number)
            .is_ok()
    }

    /// Takes the packet with the lowest sequence number out.
    pub fn pop(&mut self) -> Option<PacketArrival> {
        self.packets.pop_front()
    }

    /// Gives every handle back and returns how many there were.
    ///
    /// # Errors
    /// The first one of the sink; the queue is empty all the same.
    pub fn release_all(&mut self, released: &mut dyn HandleSink) -> Result<u64, Fault> {
        let count = self.packets.len() as u64;
        let mut result = Ok(count);
        while let Some(packet) = self.packets.pop_front() {
            if let Err(fault) = released.release(packet.handle) {
                result = result.and(Err(fault));
            }
        }
        result
    }

    /// When the packet with media time `timestamp` would have come had it been as fast as the fastest that waits. `None` if none waits.
    pub fn fastest_arrival(&self, timestamp: i64, rate: SampleRate) -> Option<Timestamp> {
        self.packets
            .iter()
            .map(|p| p.arrival - rate.duration(p.timestamp.saturating_sub(timestamp)))
            .min()
    }
}
