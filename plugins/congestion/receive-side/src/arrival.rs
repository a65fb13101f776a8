//! Packets in groups: what left within 5 ms, or came in one burst, counts as one (draft-ietf-rmcat-gcc-02 section 5.2).

use jackfield_sdk::prelude::Timestamp;

/// What left within so many ms of the first of its group belongs to it.
const BURST: f64 = 5.0;
/// `abs-send-time` is 24 bits of 2^-18 seconds: it begins anew every 64 s.
const WRAPS: f64 = 64_000.0;
/// A gap longer than this, in arrival or departure, begins everything anew: clocks have jumped, or nobody has sent.
const GAP: f64 = 10_000.0;

/// By how much one group differs from the one before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupDelta {
    /// Between the departures of their last packets, in ms.
    pub departure: f64,
    /// Between the arrivals of their last packets, in ms.
    pub arrival: f64,
}

/// Puts packets into groups.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grouping {
    present: Option<Group>,
    before: Option<Group>,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first_left: Timestamp,
    last_left: Timestamp,
    first_came: Timestamp,
    last_came: Timestamp,
}

impl Grouping {
    /// Without a packet yet.
    pub const fn new() -> Self {
        Self {
            present: None,
            before: None,
        }
    }

    /// A packet came at `now` that had left at `left` by the sender's clock. If it begins a group, how the one that it ends lies to that before it.
    pub fn add(&mut self, now: Timestamp, left: Timestamp, bytes: i64) -> Option<GroupDelta> {
        if bytes == 0 {
            return None;
        }
        let single = Group {
            first_left: left,
            last_left: left,
            first_came: now,
            last_came: now,
        };
        let Some(present) = &mut self.present else {
            self.present = Some(single);
            return None;
        };
        let since_first = apart(present.first_left, left);
        let since_last = apart(present.last_left, left);
        let came_since = ms(present.last_came, now);
        if !(0.0..=GAP).contains(&came_since) || !(-GAP..=GAP).contains(&since_last) {
            *self = Self::new();
            self.present = Some(single);
            return None;
        }
        // One that was overtaken tells nothing.
        if since_first < 0.0 {
            return None;
        }
        // A burst that waited somewhere comes faster than it left.
        let in_burst = since_last > 0.0
            && came_since - since_last < 0.0
            && came_since <= BURST
            && ms(present.first_came, now) < 100.0;
        if since_first <= BURST || in_burst {
            present.last_left = if since_last > 0.0 { left } else { present.last_left };
            present.last_came = now;
            return None;
        }
        let ended = *present;
        let before = self.before.replace(ended);
        self.present = Some(single);
        let before = before?;
        Some(GroupDelta {
            departure: apart(before.last_left, ended.last_left),
            arrival: ms(before.last_came, ended.last_came),
        })
    }
}

/// From one departure to another in ms, of which the clock may have begun anew between them: the shorter way round.
fn apart(from: Timestamp, to: Timestamp) -> f64 {
    let difference = ms(from, to);
    difference - WRAPS * libm::round(difference / WRAPS)
}

fn ms(from: Timestamp, to: Timestamp) -> f64 {
    to.us().saturating_sub(from.us()) as f64 / 1e3
}
