//! The rate that the delay allows: slowly up while the delay stays, a step down from the throughput when it grows.
//!
//! Far from the known capacity the rate grows by 8 % a second, near to it by about a packet per response time; an overuse sets it to 85 %
//! of what got through. Facts: libwebrtc's `aimd_rate_control.cc`.

use jackfield_sdk::prelude::*;

use crate::arithmetic::{LOWEST_RATE, flowing, passed, scaled};
use crate::link_capacity::LinkCapacity;
use crate::path_estimate::PathEstimate;
use crate::trendline::Usage;

/// What is left of the throughput after an overuse, unless told otherwise.
pub const DEFAULT_BACKOFF: f64 = 0.85;
/// The rate before anybody sets one.
const HIGHEST_START: DataRate = DataRate::kbps(30_000);
/// The round-trip time before anybody measured it.
const DEFAULT_ROUND_TRIP: TimeDelta = TimeDelta::ms(200);
/// Growth in a second, far from the capacity.
const GROWTH: f64 = 1.08;
/// … and at least this much at each update.
const LEAST_GROWTH: DataRate = DataRate::bps(1_000);
/// After an overuse the rate goes below what the backoff gives by this, to drain the queue.
const DRAIN: DataRate = DataRate::kbps(5);
/// Without a start rate the throughput becomes the estimate after so long.
const INITIALIZATION: TimeDelta = TimeDelta::seconds(5);
/// Near the capacity a frame of video is thought to last this long …
const FRAME: TimeDelta = TimeDelta::us(33_333);
/// … and to be cut into packets of this size.
const PACKET: f64 = 1_200.0;
/// How long it takes to notice an overuse beyond the round trip.
const DETECTION: TimeDelta = TimeDelta::ms(100);
/// Growth near the capacity is at least this, in bit/s per second.
const LEAST_NEAR_GROWTH: f64 = 4_000.0;
/// Between two reductions lies a round trip, but no less and no more than this.
const REDUCTION_RANGE: (TimeDelta, TimeDelta) = (TimeDelta::ms(10), TimeDelta::ms(200));

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Hold,
    Increase,
}

/// Additive or multiplicative increase, multiplicative decrease.
pub struct RateControl {
    /// What is left of the throughput after an overuse, between 0 and 1.
    pub backoff: f64,
    /// Whether the rate stays where it is while the media does not fill it.
    pub hold_in_application_limit: bool,
    minimum: DataRate,
    rate: DataRate,
    initialized: bool,
    throughput: DataRate,
    first_throughput: Option<Timestamp>,
    capacity: LinkCapacity,
    phase: Phase,
    changed: Option<Timestamp>,
    application_limited: bool,
    path: PathEstimate,
    round_trip: TimeDelta,
}

impl Default for RateControl {
    fn default() -> Self {
        Self::new()
    }
}

impl RateControl {
    /// Nothing known.
    pub fn new() -> Self {
        Self {
            backoff: DEFAULT_BACKOFF,
            hold_in_application_limit: false,
            minimum: LOWEST_RATE,
            rate: HIGHEST_START,
            initialized: false,
            throughput: HIGHEST_START,
            first_throughput: None,
            capacity: LinkCapacity::default(),
            phase: Phase::Hold,
            changed: None,
            application_limited: false,
            path: PathEstimate::default(),
            round_trip: DEFAULT_ROUND_TRIP,
        }
    }

    /// Forgets everything but its settings.
    pub fn restart(&mut self) {
        *self = Self {
            backoff: self.backoff,
            hold_in_application_limit: self.hold_in_application_limit,
            ..Self::new()
        };
    }

    /// Starts from `rate`.
    pub fn start(&mut self, rate: DataRate) {
        self.rate = rate;
        self.throughput = rate;
        self.initialized = true;
    }

    /// Never goes below `minimum`.
    pub fn set_minimum(&mut self, minimum: DataRate) {
        self.minimum = minimum;
        self.rate = self.rate.max(minimum);
    }

    /// The round-trip time.
    pub fn set_round_trip(&mut self, round_trip: TimeDelta) {
        self.round_trip = round_trip;
    }

    /// Whether the media fills less than the rate allows.
    pub fn set_application_limited(&mut self, limited: bool) {
        self.application_limited = limited;
    }

    /// What is known of the link from elsewhere.
    pub fn set_path(&mut self, path: PathEstimate) {
        self.path = path;
    }

    /// Whether the rate is an estimate yet.
    pub fn is_initialized(&self) -> bool {
        self.initialized
    }

    /// The rate.
    pub fn rate(&self) -> DataRate {
        self.rate
    }

    /// Takes over what was measured in another way, by a probe for instance.
    pub fn set_estimate(&mut self, now: Timestamp, rate: DataRate) {
        self.initialized = true;
        self.rate = self.clamped(rate);
        self.changed = Some(now);
    }

    /// Whether an overuse at this throughput calls for a further reduction so soon.
    pub fn may_reduce(&self, now: Timestamp, throughput: DataRate) -> bool {
        let (shortest, longest) = REDUCTION_RANGE;
        passed(now, self.changed, self.round_trip.clamp(shortest, longest))
            || (self.initialized && throughput < scaled(self.rate, 0.5))
    }

    /// The same while no throughput is known.
    pub fn may_reduce_blindly(&self, now: Timestamp) -> bool {
        let half = DataRate::bps(self.rate.as_bps() / 2 - 1);
        self.initialized && self.may_reduce(now, half)
    }

    /// Takes what the delay says, and the throughput if known. Gives the rate.
    pub fn update(&mut self, now: Timestamp, usage: Usage, throughput: Option<DataRate>) -> DataRate {
        if let (false, Some(throughput)) = (self.initialized, throughput) {
            match self.first_throughput {
                None => self.first_throughput = Some(now),
                Some(first) if now - first > INITIALIZATION => {
                    self.rate = throughput;
                    self.initialized = true;
                }
                Some(_) => {}
            }
        }
        self.change(now, usage, throughput);
        self.rate
    }

    /// By how much the rate grows near the capacity, in bit/s per second.
    pub fn growth_near_capacity(&self) -> f64 {
        let frame = flowing(self.rate, FRAME).as_bytes().max(1) as f64;
        let packet = (frame / (frame / PACKET).ceil()).round() as i64;
        let response = (self.round_trip + DETECTION) * 2;
        let growth = DataSize::bytes(packet) / response;
        (growth.as_bps() as f64).max(LEAST_NEAR_GROWTH)
    }

    fn change(&mut self, now: Timestamp, usage: Usage, throughput: Option<DataRate>) {
        self.throughput = throughput.unwrap_or(self.throughput);
        // An overuse lowers the rate even before there is an estimate, and so makes one.
        if !self.initialized && usage != Usage::Overusing {
            return;
        }
        let wanted = match usage {
            Usage::Normal => {
                if self.phase == Phase::Hold {
                    self.changed = Some(now);
                    self.phase = Phase::Increase;
                }
                self.increased(now)
            }
            Usage::Underusing => {
                self.phase = Phase::Hold;
                None
            }
            Usage::Overusing => self.decreased(now),
        };
        self.rate = self.clamped(wanted.unwrap_or(self.rate));
    }

    fn increased(&mut self, now: Timestamp) -> Option<DataRate> {
        if self.throughput > self.capacity.upper() {
            self.capacity.forget();
        }
        let ceiling = if self.application_limited && self.hold_in_application_limit {
            self.rate
        } else {
            scaled(self.throughput, 1.5) + DataRate::kbps(10)
        };
        let since = self.changed.map(|changed| (now - changed).as_seconds_f64());
        self.changed = Some(now);
        if self.rate >= ceiling {
            return None;
        }
        let growth = if self.capacity.estimate().is_some() {
            DataRate::bps((self.growth_near_capacity() * since.unwrap_or(0.0)) as i64)
        } else {
            let factor = libm::pow(GROWTH, since.unwrap_or(1.0).min(1.0));
            scaled(self.rate, factor - 1.0).max(LEAST_GROWTH)
        };
        Some((self.rate + growth).min(ceiling))
    }

    fn decreased(&mut self, now: Timestamp) -> Option<DataRate> {
        let mut lower = scaled(self.throughput, self.backoff);
        if lower > DRAIN {
            lower -= DRAIN;
        }
        if let (true, Some(capacity)) = (lower > self.rate, self.capacity.estimate()) {
            lower = scaled(capacity, self.backoff);
        }
        if self.throughput < self.capacity.lower() {
            self.capacity.forget();
        }
        self.initialized = true;
        self.capacity.overused(self.throughput);
        self.phase = Phase::Hold;
        self.changed = Some(now);
        (lower < self.rate).then_some(lower)
    }

    fn clamped(&self, wanted: DataRate) -> DataRate {
        let mut rate = wanted;
        if let Some(upper) = self.path.upper {
            rate = rate.min(upper.max(self.rate));
        }
        if let (Some(lower), true) = (self.path.lower, rate < self.rate) {
            rate = self.rate.min(rate.max(scaled(lower, self.backoff)));
        }
        rate.max(self.minimum)
    }
}
