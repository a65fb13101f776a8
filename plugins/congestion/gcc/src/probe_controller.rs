//! When to probe: at the beginning, in growing steps; when the bounds or the streams rise; while the media does not fill the estimate; and
//! when the estimate has recovered from a large drop.
//!
//! Facts: libwebrtc's `probe_controller.cc`.

use jackfield_sdk::prelude::*;

use crate::arithmetic::{is_finite, scaled};
use crate::probe_settings::ProbeSettings;

/// So long a result is waited for.
const RESULT_WAIT: TimeDelta = TimeDelta::seconds(1);
/// Nothing is probed beyond this if no greatest rate is given.
const DEFAULT_HIGHEST: DataRate = DataRate::kbps(5_000);
/// A drop below this share of the estimate is a large one.
const LARGE_DROP: f64 = 0.66;
/// If it recovers so soon …
const DROP_RECOVERY: TimeDelta = TimeDelta::seconds(5);
/// … this share of the rate before it is probed …
const AFTER_DROP: f64 = 0.85;
/// … if the result can be expected, so much less, to be news.
const UNCERTAINTY: f64 = 0.05;
/// Between two such probes lies at least this.
const BETWEEN_DROP_PROBES: TimeDelta = TimeDelta::seconds(5);
/// The application-limited region counts as just left for so long.
const ALR_LEFT: TimeDelta = TimeDelta::seconds(3);
/// More probes at a time are never asked for.
const MOST_PENDING: usize = 8;

/// What bounds the estimate, as far as probes are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Loss, and it rises again.
    LossIncreasing,
    /// Loss.
    Loss,
    /// The delay-based estimate, with no queue that grows.
    Delay,
    /// A queue that grows or drains.
    DelayIncreased,
    /// A round-trip time beyond all bounds.
    RoundTrip,
}

impl Limit {
    fn forbids_probes(self) -> bool {
        matches!(self, Self::Loss | Self::DelayIncreased | Self::RoundTrip)
    }
}

/// A probe to be sent, and the least distance of its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What to send.
    pub cluster: ProbeCluster,
    /// Its packets are at least so far apart.
    pub distance: TimeDelta,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No probe yet.
    Init,
    /// The result decides whether there is a further one.
    Waiting,
    /// No further ones.
    Complete,
}

/// Decides on probes. They wait in it until they are fetched.
pub struct ProbeController {
    /// What it goes by.
    pub settings: ProbeSettings,
    pending: [Option<Probe>; MOST_PENDING],
    available: bool,
    repeat: bool,
    periodic: bool,
    repeat_until: Option<Timestamp>,
    limit: Limit,
    state: State,
    probe_further_above: DataRate,
    last_probed: Option<Timestamp>,
    estimate: DataRate,
    start: DataRate,
    maximum: DataRate,
    allocated: DataRate,
    /// Whether the next word of the streams is no news, because a predecessor had it already.
    quiet: bool,
    last_drop_probe: Timestamp,
    last_large_drop: Timestamp,
    before_large_drop: DataRate,
    alr_started: Option<Timestamp>,
    alr_ended: Option<Timestamp>,
    next_id: u32,
}

impl Default for ProbeController {
    fn default() -> Self {
        Self::new(ProbeSettings::default())
    }
}

impl ProbeController {
    /// Nothing known.
    pub fn new(settings: ProbeSettings) -> Self {
        Self {
            settings,
            pending: [None; MOST_PENDING],
            available: false,
            repeat: false,
            periodic: false,
            repeat_until: None,
            limit: Limit::Delay,
            state: State::Init,
            probe_further_above: DataRate::INFINITE,
            last_probed: None,
            estimate: DataRate::ZERO,
            start: DataRate::ZERO,
            maximum: DEFAULT_HIGHEST,
            allocated: DataRate::ZERO,
            quiet: false,
            last_drop_probe: Timestamp::ZERO,
            last_large_drop: Timestamp::ZERO,
            before_large_drop: DataRate::ZERO,
            alr_started: None,
            alr_ended: None,
            next_id: 1,
        }
    }

    /// Begins anew on another path. What the application wants stays, and whether the network is up.
    pub fn restart(&mut self, now: Timestamp) {
        *self = Self {
            available: self.available,
            repeat: self.repeat,
            periodic: self.periodic,
            repeat_until: self.repeat_until,
            allocated: self.allocated,
            alr_started: self.alr_started,
            next_id: self.next_id,
            last_drop_probe: now,
            last_large_drop: now,
            ..Self::new(self.settings)
        };
    }

    /// Goes on from an estimate that somebody else made, without the probes of the beginning.
    pub fn go_on_from(&mut self, estimate: DataRate) {
        self.estimate = estimate;
        self.quiet = true;
        self.finish();
        self.pending = [None; MOST_PENDING];
    }

    /// The next probe to be sent.
    pub fn take_next(&mut self) -> Option<Probe> {
        self.pending.iter_mut().find_map(Option::take)
    }

    /// Whether to probe periodically while the media does not fill the estimate.
    pub fn set_periodic(&mut self, wanted: bool) {
        self.periodic = wanted;
    }

    /// Whether to repeat the probes of the beginning until media flows.
    pub fn set_repeated(&mut self, wanted: bool) {
        self.repeat = wanted;
    }

    /// Since when the media does not fill the estimate.
    pub fn set_alr_started(&mut self, since: Option<Timestamp>) {
        self.alr_started = since;
    }

    /// The media has begun to fill it again.
    pub fn set_alr_ended(&mut self, now: Timestamp) {
        self.alr_ended = Some(now);
    }

    /// The network went up or down.
    pub fn set_available(&mut self, now: Timestamp, available: bool) {
        self.available = available;
        if !available && self.state == State::Waiting {
            self.finish();
        }
        if available && self.state == State::Init && self.start > DataRate::ZERO {
            self.begin(now);
        }
    }

    /// The bounds and the start rate; a start of zero leaves it as it was.
    pub fn set_bounds(&mut self, now: Timestamp, minimum: DataRate, start: DataRate, maximum: DataRate) {
        if start > DataRate::ZERO {
            self.start = start;
            self.estimate = start;
        } else if self.start == DataRate::ZERO {
            self.start = minimum;
        }
        let old = self.maximum;
        self.maximum = if is_finite(maximum) {
            maximum
        } else {
            DEFAULT_HIGHEST
        };
        match self.state {
            State::Init if self.available => self.begin(now),
            State::Complete
                if self.estimate > DataRate::ZERO && old < self.maximum && self.estimate < self.maximum =>
            {
                self.probe(now, &[self.maximum], false);
            }
            _ => {}
        }
    }

    /// What all streams together can do with; zero if there are none.
    pub fn set_allocated(&mut self, now: Timestamp, rate: DataRate) {
        let allowed = self.settings.on_allocation
            && (self.alr_started.is_some() || self.settings.on_allocation_outside_alr);
        let more = rate > self.allocated && self.estimate < self.maximum && self.estimate < rate;
        let quiet = std::mem::take(&mut self.quiet);
        if self.state == State::Complete && allowed && more && !quiet {
            self.allocated = rate;
            self.probe_allocation(now, rate);
            return;
        }
        if rate > DataRate::ZERO {
            self.repeat_until = Some(now);
        }
        self.allocated = rate;
    }

    fn probe_allocation(&mut self, now: Timestamp, rate: DataRate) {
        if self.settings.first_allocation_scale <= 0.0 {
            return;
        }
        let ceiling = scaled(self.estimate, self.settings.allocation_limit);
        let first = scaled(rate, self.settings.first_allocation_scale);
        let second = scaled(rate, self.settings.second_allocation_scale);
        if ceiling < first {
            self.probe(now, &[ceiling], true);
        } else if second.min(ceiling) > first {
            self.probe(now, &[first, second.min(ceiling)], ceiling < second);
        } else {
            self.probe(now, &[first], second > DataRate::ZERO && ceiling < second);
        }
    }

    /// The estimate changed, or what bounds it.
    pub fn set_estimate(&mut self, now: Timestamp, rate: DataRate, limit: Limit) {
        self.limit = limit;
        if rate < scaled(self.estimate, LARGE_DROP) {
            self.last_large_drop = now;
            self.before_large_drop = self.estimate;
        }
        self.estimate = rate;
        if self.state == State::Waiting && rate > self.probe_further_above {
            self.probe(now, &[scaled(rate, self.settings.further_scale)], true);
        }
    }

    /// The queue that a large drop of the estimate came from is gone.
    pub fn recovered(&mut self, now: Timestamp) {
        let alr_lately =
            self.alr_started.is_some() || self.alr_ended.is_some_and(|ended| now - ended < ALR_LEFT);
        if !alr_lately || self.state != State::Complete {
            return;
        }
        let suggested = scaled(self.before_large_drop, AFTER_DROP);
        if scaled(suggested, 1.0 - UNCERTAINTY) > self.estimate
            && now - self.last_large_drop < DROP_RECOVERY
            && now - self.last_drop_probe > BETWEEN_DROP_PROBES
        {
            self.last_drop_probe = now;
            self.probe(now, &[suggested], false);
        }
    }

    /// Time went by.
    pub fn process(&mut self, now: Timestamp) {
        let since = self.last_probed.map_or(TimeDelta::INFINITE, |last| now - last);
        if since > RESULT_WAIT && self.state == State::Waiting {
            self.finish();
        }
        if self.estimate == DataRate::ZERO || self.state != State::Complete {
            return;
        }
        if self.repeat_until.is_some_and(|until| until > now) && since >= RESULT_WAIT {
            self.probe(now, &[scaled(self.estimate, self.settings.first_scale)], true);
        } else if self.is_alr_probe_due(now) {
            self.probe(now, &[scaled(self.estimate, self.settings.alr_scale)], true);
        }
    }

    fn is_alr_probe_due(&self, now: Timestamp) -> bool {
        let Some(started) = self.alr_started.filter(|_| self.periodic) else {
            return false;
        };
        let last = self.last_probed.map_or(started, |last| last.max(started));
        now >= last + self.settings.alr_interval
    }

    fn begin(&mut self, now: Timestamp) {
        if self.repeat && self.allocated == DataRate::ZERO {
            self.repeat_until = Some(now + self.settings.repeat_for);
        }
        let first = scaled(self.start, self.settings.first_scale);
        if self.settings.second_scale > 0.0 {
            self.probe(
                now,
                &[first, scaled(self.start, self.settings.second_scale)],
                true,
            );
        } else {
            self.probe(now, &[first], true);
        }
    }

    fn finish(&mut self) {
        self.state = State::Complete;
        self.probe_further_above = DataRate::INFINITE;
    }

    /// Asks for probes at these rates, as far as the bounds allow.
    fn probe(&mut self, now: Timestamp, rates: &[DataRate], further: bool) {
        if self.limit.forbids_probes() {
            return;
        }
        let mut highest = self.maximum;
        // Twice what the streams can do with leaves room for bursts, and for results somewhat below the probe.
        if self.allocated > DataRate::ZERO {
            highest = highest.min(scaled(self.allocated, 2.0));
        }
        if self.limit == Limit::LossIncreasing {
            highest = highest.min(scaled(self.estimate, self.settings.loss_limited_scale));
        }
        let mut further = further;
        let mut last = DataRate::ZERO;
        for rate in rates {
            further &= *rate < highest;
            last = (*rate).min(highest);
            self.push(now, last);
        }
        self.last_probed = Some(now);
        if further {
            self.state = State::Waiting;
            self.probe_further_above = scaled(last, self.settings.further_threshold);
        } else {
            self.finish();
        }
    }

    fn push(&mut self, now: Timestamp, rate: DataRate) {
        let repeated = self.repeat_until.is_some_and(|until| now < until);
        let (duration, distance) = if repeated {
            (self.settings.repeated_duration, self.settings.repeated_distance)
        } else {
            (self.settings.duration, self.settings.distance)
        };
        let probe = Probe {
            cluster: ProbeCluster {
                id: self.next_id,
                minimum_packets: self.settings.packets,
                rate,
                duration,
            },
            distance,
        };
        self.next_id = self.next_id.wrapping_add(1).max(1);
        if let Some(place) = self.pending.iter_mut().find(|place| place.is_none()) {
            *place = Some(probe);
        }
    }
}
