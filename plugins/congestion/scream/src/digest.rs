//! What one feedback says about the packets that it reports on, in a few numbers.

use jackfield_sdk::prelude::*;

/// CE as in [`PacketFeedback::ecn`].
const CONGESTION_EXPERIENCED: u32 = 3;
/// No packet is larger; more is nonsense.
const LARGEST_PACKET: i64 = 1 << 20;
/// Of a feedback that spans more than this, ms, ...
const LONGEST_BURST: f64 = 50.0;
/// ... delays count of packets that left so shortly before the last one that arrived: what jitter does to earlier ones is no queue (libwebrtc's
/// `BurstWindowMin`, there in each feedback) ...
const BURST: f64 = 25.0;
/// ... or in a burst with it that has no longer gap, up to the first (`BurstWindowMaxGap`, `BurstWindowMax`).
const BURST_GAP: f64 = 3.0;

/// One feedback in numbers. Times are in milliseconds; one-way delays contain the offset of the remote clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest {
    /// When it came.
    pub(crate) now: Timestamp,
    /// Data in flight afterwards, bytes.
    pub(crate) in_flight: f64,
    /// Packets that arrived.
    pub(crate) received: u32,
    /// Of these, with a CE mark.
    pub(crate) marked: u32,
    /// Bytes that arrived.
    pub(crate) received_bytes: f64,
    /// Bytes acknowledged without a mark; lost ones count, as they have left the path.
    pub(crate) unmarked_bytes: f64,
    /// Smallest one-way delay of the last burst.
    pub(crate) shortest_delay: f64,
    /// Its largest one-way delay.
    pub(crate) longest_delay: f64,
    /// When the last packet arrived, on the remote clock.
    pub(crate) last_arrival: Timestamp,
    /// From the arrival of the first packet to the sending of the feedback.
    pub(crate) hold: f64,
    /// From the departure of the packet that arrived last to now, without the remote end's hold.
    pub(crate) round_trip: f64,
}

impl Digest {
    /// Sums up the reports on packets; nothing if none arrived.
    pub(crate) fn of(now: Timestamp, in_flight: DataSize, packets: &[PacketFeedback]) -> Option<Self> {
        let mut arrived = packets.iter().filter(|packet| !packet.received.is_never());
        let (mut first, mut last) = {
            let any = arrived.next()?;
            (any, any)
        };
        let mut digest = Self {
            now,
            in_flight: bytes(in_flight).min(1e15),
            received: 0,
            marked: 0,
            received_bytes: 0.0,
            unmarked_bytes: 0.0,
            shortest_delay: f64::INFINITY,
            longest_delay: f64::NEG_INFINITY,
            last_arrival: last.received,
            hold: 0.0,
            round_trip: 0.0,
        };
        for packet in packets {
            let marked = packet.ecn == CONGESTION_EXPERIENCED && !packet.received.is_never();
            let size = packet.size.as_bytes().clamp(0, LARGEST_PACKET) as f64;
            // One that had been lost has been counted then.
            if !marked && packet.recovered == 0 {
                digest.unmarked_bytes += size;
            }
            if packet.received.is_never() {
                continue;
            }
            digest.received += 1;
            digest.received_bytes += size;
            digest.marked += u32::from(marked);
            if packet.received < first.received {
                first = packet;
            }
            if packet.received >= last.received {
                last = packet;
            }
        }
        digest.measure_burst(packets);
        let held = last.arrival_offset.max(TimeDelta::ZERO);
        digest.last_arrival = last.received;
        digest.hold = sane((last.received - first.received + held).as_ms_f64());
        digest.round_trip = sane((now - last.sent - held).as_ms_f64());
        Some(digest)
    }

    /// The delays of the packets that left last.
    fn measure_burst(&mut self, packets: &[PacketFeedback]) {
        let arrived = packets.iter().rev().filter(|packet| !packet.received.is_never());
        let Some(last) = arrived.clone().next() else {
            return;
        };
        let is_in_time = |packet: &&PacketFeedback| !packet.received.is_never() && packet.recovered == 0;
        let first = packets.iter().find(is_in_time).unwrap_or(last);
        let is_short = (last.sent - first.sent).as_ms_f64() <= LONGEST_BURST;
        let mut younger = last.sent;
        let burst = arrived.take_while(|packet| {
            let before = (last.sent - packet.sent).as_ms_f64();
            let gap = (younger - packet.sent).as_ms_f64();
            younger = packet.sent;
            let near = before <= LONGEST_BURST;
            // One that was lost and came after all may be older than the feedback is long.
            (is_short && (near || packet.recovered == 0)) || before <= BURST || (near && gap <= BURST_GAP)
        });
        for packet in burst {
            let delay = (packet.received - packet.sent).as_ms_f64();
            self.shortest_delay = self.shortest_delay.min(delay);
            self.longest_delay = self.longest_delay.max(delay);
        }
    }
}

/// A span between nothing and a minute, ms: what is longer is nonsense.
pub(crate) fn sane(ms: f64) -> f64 {
    ms.clamp(0.0, 60_000.0)
}

/// An amount of data that is not negative, in bytes.
pub(crate) fn bytes(size: DataSize) -> f64 {
    size.as_bytes().max(0) as f64
}
