//! Groups packets that left together and tells how the gaps between groups changed on their way.
//!
//! A group is what leaves within 5 ms, or arrives in one burst behind a stall. Between two groups it gives the gap at departure, the gap at
//! arrival and the difference in size: what the trend of the delay is made of. Facts: libwebrtc's `inter_arrival_delta.cc`.

use jackfield_sdk::prelude::*;

/// Packets that arrive at most so far apart may be one burst, which a stall held back.
const BURST_GAP: TimeDelta = TimeDelta::ms(5);
/// No burst lasts longer.
const LONGEST_BURST: TimeDelta = TimeDelta::ms(100);
/// If the remote clock runs ahead of ours by this between two groups, it was set.
const CLOCK_JUMP: TimeDelta = TimeDelta::seconds(3);
/// After so many groups in a row that came before their predecessors everything starts anew.
const REORDERED_GROUPS: u32 = 3;

/// From one group to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deltas {
    /// By how much it left later.
    pub sent: TimeDelta,
    /// By how much it came later, on the remote clock.
    pub arrived: TimeDelta,
    /// By how much it is larger.
    pub size: DataSize,
}

#[derive(Clone, Copy)]
struct Group {
    first_sent: Timestamp,
    last_sent: Timestamp,
    first_arrived: Timestamp,
    last_arrived: Timestamp,
    /// When we heard of its last packet.
    heard: Timestamp,
    size: DataSize,
}

/// Groups packets in the order in which they came.
pub struct InterArrival {
    group_length: TimeDelta,
    current: Option<Group>,
    previous: Option<Group>,
    reordered: u32,
}

impl InterArrival {
    /// Groups of packets that left within `group_length`.
    pub fn new(group_length: TimeDelta) -> Self {
        Self {
            group_length,
            current: None,
            previous: None,
            reordered: 0,
        }
    }

    /// Takes the next packet, of which we heard `now`. Gives the deltas between the two groups before it when it begins a new one.
    pub fn add(
        &mut self,
        sent: Timestamp,
        arrived: Timestamp,
        now: Timestamp,
        size: DataSize,
    ) -> Option<Deltas> {
        let group = Group {
            first_sent: sent,
            last_sent: sent,
            first_arrived: arrived,
            last_arrived: arrived,
            heard: now,
            size,
        };
        let Some(mut current) = self.current else {
            self.current = Some(group);
            return None;
        };
        if sent < current.first_sent {
            return None;
        }
        if !self.begins_a_group(&current, sent, arrived) {
            current.last_sent = current.last_sent.max(sent);
            current.last_arrived = arrived;
            current.heard = now;
            current.size += size;
            self.current = Some(current);
            return None;
        }
        let mut deltas = None;
        if let Some(previous) = self.previous {
            let found = Deltas {
                sent: current.last_sent - previous.last_sent,
                arrived: current.last_arrived - previous.last_arrived,
                size: current.size - previous.size,
            };
            if found.arrived - (current.heard - previous.heard) >= CLOCK_JUMP {
                self.restart();
                return None;
            }
            if found.arrived < TimeDelta::ZERO {
                self.reordered += 1;
                if self.reordered >= REORDERED_GROUPS {
                    self.restart();
                }
                return None;
            }
            self.reordered = 0;
            deltas = Some(found);
        }
        self.previous = Some(current);
        self.current = Some(group);
        deltas
    }

    fn begins_a_group(&self, current: &Group, sent: Timestamp, arrived: Timestamp) -> bool {
        !belongs_to_burst(current, sent, arrived) && sent - current.first_sent > self.group_length
    }

    fn restart(&mut self) {
        self.current = None;
        self.previous = None;
        self.reordered = 0;
    }
}

/// Whether a packet came so close behind the group that something held both back and let them go together.
fn belongs_to_burst(current: &Group, sent: Timestamp, arrived: Timestamp) -> bool {
    let arrived_later = arrived - current.last_arrived;
    let sent_later = sent - current.last_sent;
    sent_later == TimeDelta::ZERO
        || (arrived_later < sent_later
            && arrived_later <= BURST_GAP
            && arrived - current.first_arrived < LONGEST_BURST)
}
