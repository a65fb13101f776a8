//! Delivery-rate samples (draft-cheng-iccrg-delivery-rate-estimation-02): how much arrived between the news that was there when a packet left
//! and the news of its own arrival, over the longer of the times in which that was sent and received.
//!
//! Where the draft takes the time of the acknowledgement this takes the receiver's own arrival times: feedback comes in batches, tens of
//! milliseconds apart, and its times would say more of those than of the link. Only differences of them are used.

use jackfield_sdk::prelude::*;

/// Packets that are remembered until feedback on them comes: 300 ms of 100 Mbit/s, or a second of 30 Mbit/s.
const REMEMBERED: usize = 4_096;
/// A packet is taken for so large at most.
const LARGEST: i64 = 1 << 20;
/// What was sent longer ago than this tells nothing.
const OLDEST: TimeDelta = TimeDelta::seconds(10);

/// A packet that left.
#[derive(Clone, Copy)]
struct Sent {
    number: i64,
    at: Timestamp,
    size: i64,
    /// What had arrived by the news when it left, and when the last of that had, on the remote clock; none if nothing was in flight.
    delivered: i64,
    delivered_at: Option<i64>,
    /// When the packet of which the last news was had left.
    first_sent: Timestamp,
    in_flight: i64,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Unknown,
    Lost,
    Arrived,
}

/// What one batch of feedback says.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sample {
    /// Bytes that arrived, and bytes that did not, according to this batch.
    pub(crate) arrived: i64,
    pub(crate) lost: i64,
    /// Packets that did not arrive, and packets that came with the mark of congestion.
    pub(crate) lost_packets: u32,
    pub(crate) marked: i64,
    /// Data in flight when the first packet that was lost left.
    pub(crate) in_flight_at_loss: i64,
    /// The rate of delivery, bit/s, which is the lower of those at which the same packets were sent and arrived; zero if there was no sample.
    pub(crate) rate: f64,
    pub(crate) send_rate: f64,
    pub(crate) arrival_rate: f64,
    /// What had been delivered by the news when the newest packet of the batch left: counts rounds.
    pub(crate) prior_delivered: i64,
    /// Local to remote clock, µs: the least of the batch; none if nothing arrived.
    pub(crate) one_way: Option<i64>,
    /// From the sending of the newest packet to its news, without the time that the receiver held it, if that is known.
    pub(crate) round_trip: Option<TimeDelta>,
}

pub(crate) struct Sampler {
    sent: Box<[Sent]>,
    pub(crate) delivered: i64,
    delivered_at: Option<i64>,
    first_sent: Timestamp,
    /// Where counting began after a pause with nothing in flight: what was delivered by the first arrival, and when that was.
    restart: Option<(i64, i64)>,
}

impl Sampler {
    pub(crate) fn new() -> Self {
        let nothing = Sent {
            number: 0,
            at: Timestamp::ZERO,
            size: 0,
            delivered: 0,
            delivered_at: None,
            first_sent: Timestamp::ZERO,
            in_flight: 0,
            fate: Fate::Arrived,
        };
        Self {
            sent: vec![nothing; REMEMBERED].into_boxed_slice(),
            ..Self::without_memory()
        }
    }

    /// Stands in for one that is elsewhere; allocates nothing, and must not be used.
    pub(crate) fn without_memory() -> Self {
        Self {
            sent: Box::default(),
            delivered: 0,
            delivered_at: None,
            first_sent: Timestamp::ZERO,
            restart: None,
        }
    }

    pub(crate) fn clear(&mut self) {
        for sent in &mut self.sent {
            sent.fate = Fate::Arrived;
        }
        self.delivered = 0;
        self.delivered_at = None;
        self.restart = None;
    }

    fn slot(number: i64) -> usize {
        number.rem_euclid(REMEMBERED as i64) as usize
    }

    /// A packet left.
    pub(crate) fn on_sent(&mut self, now: Timestamp, event: &CongestionEvent) {
        let at = plausible(now, event.at);
        let size = event.size.as_bytes().clamp(0, LARGEST);
        let in_flight = event.in_flight.as_bytes().clamp(0, i64::MAX / 4);
        if in_flight <= size {
            self.delivered_at = None;
            self.restart = None;
            self.first_sent = at;
        }
        self.sent[Self::slot(event.sequence_number)] = Sent {
            number: event.sequence_number,
            at,
            size,
            delivered: self.delivered,
            delivered_at: self.delivered_at,
            first_sent: self.first_sent,
            in_flight,
            fate: Fate::Unknown,
        };
    }

    /// News of packets.
    pub(crate) fn on_feedback(&mut self, now: Timestamp, packets: &[PacketFeedback]) -> Sample {
        let mut sample = Sample::default();
        let mut newest: Option<(Sent, i64)> = None;
        for packet in packets {
            let sent = &mut self.sent[Self::slot(packet.sequence_number)];
            if sent.number != packet.sequence_number || sent.fate == Fate::Arrived {
                continue;
            }
            if packet.received.is_never() {
                if sent.fate == Fate::Unknown {
                    sent.fate = Fate::Lost;
                    if sample.lost_packets == 0 {
                        sample.in_flight_at_loss = sent.in_flight;
                    }
                    sample.lost += sent.size;
                    sample.lost_packets += 1;
                }
                continue;
            }
            sent.fate = Fate::Arrived;
            let sent = *sent;
            sample.arrived += sent.size;
            if packet.ecn == 3 {
                sample.marked += sent.size;
            }
            let received = packet.received.us();
            self.delivered += sent.size;
            self.delivered_at = Some(self.delivered_at.map_or(received, |last| last.max(received)));
            if sent.delivered_at.is_none() && self.restart.is_none() {
                self.restart = Some((self.delivered, received));
            }
            let one_way = received.saturating_sub(sent.at.us());
            sample.one_way = Some(sample.one_way.map_or(one_way, |least| least.min(one_way)));
            if newest.is_none_or(|(newest, _)| sent.at >= newest.at) {
                newest = Some((sent, received));
                sample.round_trip = round_trip(now, sent.at, packet.arrival_offset);
            }
        }
        if let Some((packet, _)) = newest {
            self.rate(&packet, &mut sample);
        }
        sample
    }

    fn rate(&mut self, packet: &Sent, sample: &mut Sample) {
        sample.prior_delivered = packet.delivered;
        let begin = match packet.delivered_at {
            Some(at) => Some((packet.delivered, at)),
            None => self.restart,
        };
        let (Some((before, began)), Some(ended)) = (begin, self.delivered_at) else {
            return;
        };
        let delivered = (self.delivered - before) as f64 * 8e6;
        let sending = packet.at.since(packet.first_sent).as_us();
        let receiving = ended.saturating_sub(began);
        self.first_sent = packet.at;
        if delivered <= 0.0 || sending <= 0 || receiving <= 0 {
            return;
        }
        sample.send_rate = delivered / sending as f64;
        sample.arrival_rate = delivered / receiving as f64;
        sample.rate = sample.send_rate.min(sample.arrival_rate);
    }
}

/// A time of the host's, or now if it makes no sense.
fn plausible(now: Timestamp, at: Timestamp) -> Timestamp {
    if at > now || now.since(at) > OLDEST {
        now
    } else {
        at
    }
}

fn round_trip(now: Timestamp, sent: Timestamp, held: TimeDelta) -> Option<TimeDelta> {
    let held = held.max(TimeDelta::ZERO).min(OLDEST);
    Some(now.since(sent) - held).filter(|time| *time > TimeDelta::ZERO && *time < OLDEST)
}
