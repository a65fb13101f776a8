//! What was sent and not acknowledged yet: which of it came, which is lost (RFC 8985), and how fast it came
//! (draft-cheng-iccrg-delivery-rate-estimation).

use std::collections::VecDeque;

use crate::clock::VirtualTime;

use super::SECOND;
use super::segment::Acknowledgement;

/// Without reordering, so many segments beyond a gap say that it is a loss (RFC 8985 section 6.2 step 4).
const MANY: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    InFlight,
    Lost,
    Came,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    start: u64,
    end: u64,
    fate: Fate,
    again: bool,
    at: VirtualTime,
    first_at: VirtualTime,
    delivered: u64,
    delivered_at: VirtualTime,
    limited: bool,
}

/// What an acknowledgement delivered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delivery {
    /// Bytes acknowledged for the first time, in order or not.
    pub(super) bytes: u64,
    /// Whether all before a further point is acknowledged now.
    pub(super) advances: bool,
    /// Of the newest segment that was sent only once.
    pub(super) round_trip: Option<u64>,
    /// Bits per second.
    pub(super) rate: Option<u64>,
    pub(super) delivered_before: u64,
    pub(super) limited: bool,
}

/// What [`Scoreboard::detect`] found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Detection {
    /// Bytes.
    pub(super) lost: u64,
    /// When more will be lost, if nothing comes.
    pub(super) next: Option<VirtualTime>,
}

/// Segments in the order of their bytes.
#[derive(Debug, Default)]
pub(super) struct Scoreboard {
    sent: VecDeque<Sent>,
    acknowledged: u64,
    in_flight: u64,
    came_beyond: usize,
    lost: u64,
    /// No lost segment begins before this.
    lost_from: u64,
    any_again: bool,
    // RACK: the segment sent last of those that came, and its round trip.
    newest: (VirtualTime, u64),
    newest_round_trip: u64,
    highest: u64,
    reordered: bool,
    window_quarters: u64,
    // Delivery rate.
    delivered: u64,
    delivered_at: VirtualTime,
    first_at: VirtualTime,
    limited_until: Option<u64>,
}

impl Scoreboard {
    /// All before this is acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// What was sent, is not known to have come and not taken for lost.
    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    pub(super) fn segments(&self) -> usize {
        self.sent.len()
    }

    /// Whether something came out of order.
    pub(super) fn has_gap(&self) -> bool {
        self.came_beyond > 0
    }

    /// The sender has nothing more to send: what is measured until all in flight has come says little.
    pub(super) fn limit(&mut self) {
        self.limited_until = Some((self.delivered + self.in_flight).max(1));
    }

    /// The first segment that is lost and was not sent again since.
    pub(super) fn first_lost(&mut self) -> Option<(u64, u64)> {
        if self.lost == 0 {
            return None;
        }
        let from = self.sent.partition_point(|sent| sent.start < self.lost_from);
        let sent = self.sent.range(from..).find(|sent| sent.fate == Fate::Lost)?;
        self.lost_from = sent.start;
        Some((sent.start, sent.end))
    }

    /// The segment with the highest bytes of those that may still be on their way.
    pub(super) fn last(&self) -> Option<(u64, u64)> {
        self.sent
            .iter()
            .rev()
            .find(|sent| sent.fate != Fate::Came)
            .map(|sent| (sent.start, sent.end))
    }

    /// A segment leaves, for the first time or again.
    pub(super) fn send(&mut self, now: VirtualTime, start: u64, end: u64) {
        if self.in_flight == 0 {
            (self.first_at, self.delivered_at) = (now, now);
        }
        let mut sent = Sent {
            start,
            end,
            fate: Fate::InFlight,
            again: false,
            at: now,
            first_at: self.first_at,
            delivered: self.delivered,
            delivered_at: self.delivered_at,
            limited: self.limited_until.is_some(),
        };
        let index = self.sent.partition_point(|other| other.start < start);
        match self.sent.get_mut(index).filter(|other| other.start == start) {
            Some(old) => {
                match old.fate {
                    Fate::Lost => self.lost -= old.end - old.start,
                    Fate::InFlight => self.in_flight -= old.end - old.start,
                    Fate::Came => return,
                }
                sent.again = true;
                self.any_again = true;
                *old = sent;
            }
            None => self.sent.push_back(sent),
        }
        self.in_flight += end - start;
    }

    /// An acknowledgement came. `least` is the least round trip so far.
    pub(super) fn acknowledge(
        &mut self,
        now: VirtualTime,
        ack: &Acknowledgement,
        least: Option<u64>,
    ) -> Delivery {
        let mut delivery = Delivery::default();
        let mut sample: Option<Sent> = None;
        while let Some(first) = self.sent.front().copied()
            && first.end <= ack.up_to
        {
            self.sent.pop_front();
            if first.fate == Fate::Came {
                self.came_beyond -= 1;
            } else {
                self.deliver(now, first, least, &mut delivery, &mut sample);
            }
            self.acknowledged = first.end;
            delivery.advances = true;
        }
        for (start, end) in ack.ranges.as_slice().iter().copied() {
            let from = self.sent.partition_point(|sent| sent.start < start);
            for index in from..self.sent.len() {
                let segment = self.sent[index];
                if segment.end > end {
                    break;
                }
                if segment.fate != Fate::Came {
                    self.deliver(now, segment, least, &mut delivery, &mut sample);
                    self.sent[index].fate = Fate::Came;
                    self.came_beyond += 1;
                }
            }
        }
        if ack.duplicate.is_some() && self.reordered {
            // RFC 8985 section 6.2 step 4: what came twice was sent again too early.
            self.window_quarters = (self.window_quarters + 1).min(16);
        }
        if self.limited_until.is_some_and(|until| self.delivered > until) {
            self.limited_until = None;
        }
        if self.sent.is_empty() {
            self.any_again = false;
        }
        if let Some(sample) = sample {
            self.measure(now, &sample, least, &mut delivery);
        }
        delivery
    }

    fn deliver(
        &mut self,
        now: VirtualTime,
        segment: Sent,
        least: Option<u64>,
        delivery: &mut Delivery,
        sample: &mut Option<Sent>,
    ) {
        let bytes = segment.end - segment.start;
        match segment.fate {
            Fate::InFlight => self.in_flight -= bytes,
            Fate::Lost => self.lost -= bytes,
            Fate::Came => return,
        }
        delivery.bytes += bytes;
        self.delivered += bytes;
        self.delivered_at = now;
        let round_trip = now.ns() - segment.at.ns();
        if !segment.again {
            delivery.round_trip = Some(
                delivery
                    .round_trip
                    .map_or(round_trip, |other| other.min(round_trip)),
            );
            self.reordered |= segment.end < self.highest;
        }
        self.highest = self.highest.max(segment.end);
        // What comes sooner than anything ever did answers the segment's first journey.
        let is_answer = !segment.again || least.is_none_or(|least| round_trip >= least);
        if is_answer && (segment.at, segment.end) > self.newest {
            self.newest = (segment.at, segment.end);
            self.newest_round_trip = round_trip;
        }
        if sample.is_none_or(|sample| (segment.delivered, segment.at) >= (sample.delivered, sample.at)) {
            *sample = Some(segment);
        }
    }

    fn measure(&mut self, now: VirtualTime, sample: &Sent, least: Option<u64>, delivery: &mut Delivery) {
        self.first_at = sample.at;
        delivery.delivered_before = sample.delivered;
        delivery.limited = sample.limited;
        let sending = sample.at.ns() - sample.first_at.ns();
        let coming = now.ns() - sample.delivered_at.ns();
        let span = sending.max(coming);
        if span > 0 && least.is_none_or(|least| span >= least) {
            let bits = u128::from(self.delivered - sample.delivered) * 8;
            delivery.rate = Some((bits * u128::from(SECOND) / u128::from(span)) as u64);
        }
    }

    /// Looks for losses: what was sent so long before the newest segment that came that it should have come too.
    pub(super) fn detect(
        &mut self,
        now: VirtualTime,
        smoothed: Option<u64>,
        least: Option<u64>,
        in_recovery: bool,
    ) -> Detection {
        let mut found = Detection::default();
        if self.newest.1 == 0 || (self.came_beyond == 0 && !self.any_again) {
            return found;
        }
        let patience = if !self.reordered && (in_recovery || self.came_beyond >= MANY) {
            0
        } else {
            (least.unwrap_or(0) / 4 * self.window_quarters.max(1)).min(smoothed.unwrap_or(0))
        };
        for sent in &mut self.sent {
            if sent.fate != Fate::InFlight || (sent.at, sent.end) >= self.newest {
                continue;
            }
            let late = sent.at.later(self.newest_round_trip + patience);
            if late <= now {
                sent.fate = Fate::Lost;
                let bytes = sent.end - sent.start;
                found.lost += bytes;
                self.in_flight -= bytes;
                self.lost_from = if self.lost == 0 {
                    sent.start
                } else {
                    self.lost_from.min(sent.start)
                };
                self.lost += bytes;
            } else {
                found.next = Some(found.next.map_or(late, |next| next.min(late)));
            }
        }
        found
    }

    /// The timer ran out: all that did not come is lost.
    pub(super) fn lose_all(&mut self) {
        for sent in &mut self.sent {
            if sent.fate == Fate::InFlight {
                sent.fate = Fate::Lost;
                self.lost += sent.end - sent.start;
            }
        }
        self.in_flight = 0;
        self.lost_from = self.acknowledged;
    }
}
