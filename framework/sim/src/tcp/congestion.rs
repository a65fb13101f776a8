//! What a TCP congestion controller is told and what it decides.

use crate::clock::VirtualTime;

/// What an acknowledgement has shown. Sizes are bytes of the stream, spans are ns, rates are bits per second.
#[derive(Clone, Copy, Debug, Default)]
pub struct AckSample {
    /// When it came.
    pub now: VirtualTime,
    /// What it acknowledged for the first time, in order or not.
    pub delivered: u64,
    /// All that was ever delivered.
    pub delivered_total: u64,
    /// What was delivered when the segment left that this acknowledgement is measured by.
    pub delivered_before: u64,
    /// What was in flight before it came.
    pub in_flight_before: u64,
    /// What is in flight now.
    pub in_flight: u64,
    /// What it showed to be lost.
    pub lost: u64,
    /// What was marked of what it acknowledged, by the receiver's count.
    pub marked: u64,
    /// The round trip that it measured.
    pub round_trip: Option<u64>,
    /// The smoothed round trip, once there is one.
    pub smoothed: Option<u64>,
    /// The delivery rate that it measured, by the method of draft-cheng-iccrg-delivery-rate-estimation.
    pub rate: Option<u64>,
    /// Whether the sender had nothing to send when that segment left.
    pub application_limited: bool,
    /// Whether the window was what held the sender back.
    pub window_limited: bool,
    /// Whether the window is being reduced, so that it must not grow.
    pub in_recovery: bool,
}

/// What the window is to be reduced for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Congestion {
    /// A loss.
    Loss,
    /// A mark.
    Mark,
}

/// A TCP congestion controller. Sizes are bytes.
pub trait CongestionControl: std::fmt::Debug + Send {
    /// What may be in flight.
    fn window(&self) -> u64;

    /// Where slow start ends: what recovery reduces the window to.
    fn threshold(&self) -> u64;

    /// At how many bits per second segments leave; nothing if they leave as the window allows.
    fn pacing_rate(&self) -> Option<u64> {
        None
    }

    /// Whether the window during recovery is governed by proportional rate reduction, or by the controller itself.
    fn is_reduced_proportionally(&self) -> bool {
        true
    }

    /// An acknowledgement came.
    fn on_ack(&mut self, sample: &AckSample);

    /// Congestion showed, with so much between the first byte not acknowledged and the next to be sent. Told of once per round trip at most.
    fn on_congestion(&mut self, now: VirtualTime, kind: Congestion, outstanding: u64);

    /// The recovery from a loss is over.
    fn on_recovered(&mut self, now: VirtualTime) {
        let _ = now;
    }

    /// The retransmission timer ran out. `again` if it did before without anything being acknowledged since.
    fn on_timeout(&mut self, now: VirtualTime, outstanding: u64, again: bool);
}
