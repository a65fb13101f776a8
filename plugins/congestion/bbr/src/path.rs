//! The model of the path: what it delivers, how long it takes at least, what stands in its queues, and what it loses.

use jackfield_sdk::prelude::*;

use crate::filter::{Least, MaximumOfRounds};
use crate::sampler::{Sample, Sampler};

/// Of what is sent in a round this share may be lost (`BBR.LossThresh`).
const LOSS_THRESHOLD: f64 = 0.02;
/// ... and so many packets must be lost, so that one lost packet at a low rate is no congestion.
const LOSS_PACKETS: u32 = 3;
/// What a round with losses leaves of the short-term bound (`BBR.Beta`).
const BETA: f64 = 0.7;
/// A queue of so much says that the link is the bottleneck, whoever filled it, µs.
const LINK_LIMITED: i64 = 10_000;
/// Nothing is known of the round-trip time yet.
const USUAL_ROUND_TRIP: TimeDelta = TimeDelta::ms(100);
/// The remote clock was set if the way took so much longer or shorter than before, µs.
const CLOCK_SET: i64 = 5_000_000;
/// Rates that are believed.
const RATES: std::ops::RangeInclusive<f64> = 1e3..=1e10;

pub(crate) struct PathModel {
    pub(crate) sampler: Sampler,
    maximum: MaximumOfRounds,
    /// Bound until the next probe, bit/s; infinite if there is none (`BBR.bw_shortterm`).
    short_term: f64,
    /// The most of the present round and of the one before it.
    round_rate: f64,
    latest: f64,
    /// The rates at which packets arrived according to the last two samples.
    arrivals: [f64; 2],
    /// Whether any sample of the round said what the link bears.
    round_tells: bool,
    round_ends: i64,
    pub(crate) rounds: u64,
    round_began: Timestamp,
    round_trip: Least,
    pub(crate) last_round_trip: TimeDelta,
    one_way: Least,
    last_one_way: Option<i64>,
    /// What stood in the queue, at least, in the last batch, in the one before it, and in the last round.
    pub(crate) queue: TimeDelta,
    queue_before: TimeDelta,
    round_queue: Option<i64>,
    pub(crate) standing: TimeDelta,
    round_arrived: i64,
    round_lost: i64,
    round_lost_packets: u32,
    /// Whether losses were acted upon in this round.
    round_cut: bool,
    pub(crate) loss: f64,
    pub(crate) in_flight: i64,
    in_flight_at_loss: i64,
    /// The most data in flight that did no harm; none if nothing did (`BBR.inflight_longterm`).
    pub(crate) inflight_hi: Option<i64>,
    pub(crate) feedback: Option<Timestamp>,
    pub(crate) feedback_gap: TimeDelta,
    /// The fastest that was sent at since somebody asked.
    pub(crate) fastest_sent: f64,
}

/// What a batch of feedback brought about.
#[derive(Clone, Copy, Default)]
pub(crate) struct News {
    /// A round ended.
    pub(crate) round: bool,
    /// More was lost in this round than the path should lose; said once a round.
    pub(crate) lossy: bool,
}

impl PathModel {
    pub(crate) fn new() -> Self {
        Self {
            sampler: Sampler::new(),
            ..Self::unknown()
        }
    }

    /// Knows nothing and remembers nothing.
    fn unknown() -> Self {
        Self {
            sampler: Sampler::without_memory(),
            maximum: MaximumOfRounds::new(),
            short_term: f64::INFINITY,
            round_rate: 0.0,
            latest: 0.0,
            arrivals: [0.0; 2],
            round_tells: false,
            round_ends: 0,
            rounds: 0,
            round_began: Timestamp::ZERO,
            round_trip: Least::default(),
            last_round_trip: TimeDelta::ZERO,
            one_way: Least::default(),
            last_one_way: None,
            queue: TimeDelta::ZERO,
            queue_before: TimeDelta::ZERO,
            round_queue: None,
            standing: TimeDelta::ZERO,
            round_arrived: 0,
            round_lost: 0,
            round_lost_packets: 0,
            round_cut: false,
            loss: 0.0,
            in_flight: 0,
            in_flight_at_loss: 0,
            inflight_hi: None,
            feedback: None,
            feedback_gap: TimeDelta::ZERO,
            fastest_sent: 0.0,
        }
    }

    /// Forgets everything and starts from a rate.
    pub(crate) fn restart(&mut self, now: Timestamp, rate: f64) {
        // The memory stays where it is: nothing is allocated or freed.
        let mut sampler = std::mem::replace(&mut self.sampler, Sampler::without_memory());
        sampler.clear();
        *self = Self {
            sampler,
            round_began: now,
            ..Self::unknown()
        };
        self.maximum.seed(rate);
    }

    /// What the path bears, bit/s.
    pub(crate) fn bandwidth(&self, rounds: usize) -> f64 {
        self.long_term(rounds).min(self.short_term)
    }

    /// The same without the bound of the short term.
    pub(crate) fn long_term(&self, rounds: usize) -> f64 {
        self.maximum.get(rounds).clamp(*RATES.start(), *RATES.end())
    }

    /// From now on it is this.
    pub(crate) fn set_bandwidth(&mut self, rate: f64) {
        self.maximum.seed(rate);
        self.short_term = f64::INFINITY;
    }

    /// The next probe shows anew what there is.
    pub(crate) fn lift_short_term(&mut self) {
        self.short_term = f64::INFINITY;
    }

    /// There was a loss: the bound is what was delivered in the last round, or β of what it was if that is more.
    pub(crate) fn cut(&mut self, rounds: usize) {
        let before = self.bandwidth(rounds);
        let delivered = self.latest.max(self.round_rate);
        self.short_term = delivered.max(before * BETA).min(before);
    }

    /// There is a queue, so the rate at which packets arrive is what the link bears. The faster of two samples: one alone may be off.
    pub(crate) fn bound_by_delivery(&mut self) {
        let delivered = self.arrivals[0].max(self.arrivals[1]);
        if delivered > 0.0 {
            self.short_term = self.short_term.min(delivered);
        }
    }

    /// Nothing was heard for too long.
    pub(crate) fn back_off(&mut self, rounds: usize) {
        self.short_term = self.bandwidth(rounds) * BETA;
    }

    /// Whether a queue stands that is longer than `bound`.
    pub(crate) fn has_queue(&self, bound: TimeDelta) -> bool {
        self.queue.min(self.queue_before) > bound || self.queue > bound * 3
    }

    pub(crate) fn minimum_round_trip(&self) -> TimeDelta {
        self.round_trip.get().map_or(USUAL_ROUND_TRIP, TimeDelta::us)
    }

    pub(crate) fn knows_round_trip(&self) -> bool {
        self.round_trip.get().is_some()
    }

    /// A round trip that somebody else measured.
    pub(crate) fn note_round_trip(&mut self, now: Timestamp, time: TimeDelta) {
        if time > TimeDelta::ZERO && time < TimeDelta::seconds(10) {
            self.last_round_trip = time;
            self.round_trip.note(now, time.as_us());
        }
    }

    /// How long the least delay has not been seen.
    pub(crate) fn age_of_base(&self, now: Timestamp) -> TimeDelta {
        self.one_way.age(now)
    }

    /// The delay as it is now is the base: what stands in the queue is not ours, or the path has become longer.
    pub(crate) fn adopt_base(&mut self, now: Timestamp) {
        if let (Some(last), Some(base)) = (self.last_one_way, self.one_way.get()) {
            let more = last.saturating_sub(base).max(0);
            self.one_way.set(now, last);
            let round_trip = self.minimum_round_trip().as_us().saturating_add(more);
            self.round_trip.set(now, round_trip.min(10_000_000));
            self.queue = TimeDelta::ZERO;
            self.queue_before = TimeDelta::ZERO;
            self.standing = TimeDelta::ZERO;
            self.round_queue = None;
        }
    }

    /// Takes a batch of feedback into the model.
    pub(crate) fn on_feedback(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        rounds: usize,
    ) -> News {
        self.in_flight = event.in_flight.as_bytes().clamp(0, i64::MAX / 4);
        let sample = self.sampler.on_feedback(now, packets);
        if let Some(last) = self.feedback {
            let gap = now.since(last).min(TimeDelta::ms(500));
            self.feedback_gap = gap.max(self.feedback_gap * 0.95);
        }
        self.feedback = Some(now);
        if let Some(one_way) = sample.one_way {
            self.note_one_way(now, one_way);
        }
        if let Some(time) = sample.round_trip {
            self.note_round_trip(now, time);
        }
        let mut news = News::default();
        if sample.rate > 0.0 && sample.prior_delivered >= self.round_ends {
            self.end_round(now);
            news.round = true;
        }
        self.note_rate(&sample, rounds);
        self.note_loss(&sample);
        if !self.round_cut && self.is_lossy() {
            self.round_cut = true;
            news.lossy = true;
        }
        news
    }

    fn note_one_way(&mut self, now: Timestamp, one_way: i64) {
        let set = self
            .last_one_way
            .is_some_and(|last| last.saturating_sub(one_way).saturating_abs() > CLOCK_SET);
        self.last_one_way = Some(one_way);
        if set {
            self.one_way.set(now, one_way);
        } else {
            self.one_way.note(now, one_way);
        }
        let queue = one_way
            .saturating_sub(self.one_way.get().unwrap_or(one_way))
            .max(0);
        self.queue_before = std::mem::replace(&mut self.queue, TimeDelta::us(queue));
        self.round_queue = Some(self.round_queue.map_or(queue, |least| least.min(queue)));
    }

    fn note_rate(&mut self, sample: &Sample, rounds: usize) {
        if sample.rate <= 0.0 {
            return;
        }
        let rate = sample.rate.clamp(*RATES.start(), *RATES.end());
        self.fastest_sent = self.fastest_sent.max(sample.send_rate);
        self.round_rate = self.round_rate.max(rate);
        self.arrivals = [
            sample.arrival_rate.clamp(*RATES.start(), *RATES.end()),
            self.arrivals[0],
        ];
        // What the encoder did not want to send says nothing of the link, unless the link was slower even so.
        let filled = sample.send_rate >= self.bandwidth(rounds) * 0.98;
        let tells = filled || self.queue.as_us() > LINK_LIMITED;
        self.round_tells |= tells;
        if tells || rate > self.long_term(rounds) {
            self.maximum.note(rate);
        }
    }

    fn note_loss(&mut self, sample: &Sample) {
        self.round_arrived += sample.arrived;
        // A mark of congestion is as good as a loss (RFC 3168).
        self.round_lost += sample.lost + sample.marked;
        self.round_lost_packets += sample.lost_packets + (sample.marked / 1_000) as u32;
        if sample.lost_packets > 0 {
            self.in_flight_at_loss = sample.in_flight_at_loss;
        }
    }

    fn is_lossy(&self) -> bool {
        self.round_lost_packets >= LOSS_PACKETS
            && self.round_lost as f64 > LOSS_THRESHOLD * (self.round_arrived + self.round_lost) as f64
    }

    /// The most data in flight is what was in flight when the loss happened, but not far below what it should be.
    pub(crate) fn bound_inflight(&mut self, expected: i64) {
        let floor = (expected as f64 * BETA) as i64;
        self.inflight_hi = Some(self.in_flight_at_loss.max(floor));
    }

    fn end_round(&mut self, now: Timestamp) {
        self.rounds += 1;
        self.round_ends = self.sampler.delivered;
        self.round_began = now;
        if self.round_tells {
            self.maximum.advance();
        }
        self.latest = self.round_rate;
        self.round_rate = 0.0;
        self.round_tells = false;
        self.standing = TimeDelta::us(self.round_queue.unwrap_or(0));
        self.round_queue = None;
        let all = (self.round_arrived + self.round_lost).max(1);
        self.loss = self.round_lost as f64 / all as f64;
        self.round_arrived = 0;
        self.round_lost = 0;
        self.round_lost_packets = 0;
        self.round_cut = false;
    }
}
