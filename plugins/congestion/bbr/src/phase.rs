//! The phases: start-up, drain, the cycle of probing for bandwidth, and the short pause that shows the empty path.

use jackfield_sdk::prelude::*;

use crate::path::{News, PathModel};

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Doubles until the path is full.
    Startup,
    /// Empties the queue that start-up built.
    Drain,
    /// Sends what the path bears, or a little less.
    Cruise,
    /// Fills the path for a round, so that a probe shows at once what is behind it.
    Refill,
    /// Sends more than the path is known to bear.
    Up,
    /// Sends less, so that what the probe piled up leaves.
    Down,
    /// Sends less for a moment, so that the empty path shows.
    ProbeRtt,
}

/// Start-up doubles the rate in a round; the draft's 2.77 does so whatever the receiver acknowledges, at the price of a longer queue.
const STARTUP_GAIN: f64 = 2.0;
/// Start-up ends when the bandwidth has not grown by a quarter in so many rounds (`BBR.FullBwCount`).
const FULL_ROUNDS: u32 = 3;
const FULL_GROWTH: f64 = 1.25;
const DRAIN_GAIN: f64 = 0.5;
/// Longer than this no queue is waited for ...
const LONGEST_DRAIN: TimeDelta = TimeDelta::ms(1_500);
/// ... and if it did not leave so many times in a row it is not ours. For so long, and twice as long each time, queues then count for nothing.
const IN_VAIN: u32 = 2;
const CONTESTED: TimeDelta = TimeDelta::seconds(8);
const LONGEST_CONTESTED: TimeDelta = TimeDelta::seconds(32);
const UP_GAIN: f64 = 1.25;
/// A probe that shows no growth ends after so many rounds.
const UP_ROUNDS: u32 = 2;
/// A probe that grows by less than this in a round has found the top.
const UP_GROWTH: f64 = 1.08;
const DOWN_GAIN: f64 = 0.9;
/// Media is never slowed down further to empty a queue.
const LEAST_GAIN: f64 = 0.5;
/// A queue of so much is to be gone within half of it, roughly: the gain is 1 less the share of this that stands in it.
const QUEUE_SCALE: TimeDelta = TimeDelta::ms(500);
/// ... and less the share of this that it has taken already: beside others the same gain takes longer.
const PATIENCE: TimeDelta = TimeDelta::seconds(3);
/// What still counts as empty.
const EMPTY: TimeDelta = TimeDelta::ms(8);
/// A base that was not seen for so long is looked for (`BBR.MinRTTFilterLen`).
const BASE_LASTS: TimeDelta = TimeDelta::seconds(10);
/// ... for so long, or a round (`BBR.ProbeRTTDuration`) ...
const PROBE_RTT: TimeDelta = TimeDelta::ms(200);
/// ... while so much of the bandwidth is sent; the draft would send half of a window, which starves media.
const PROBE_RTT_GAIN: f64 = 0.75;

pub(crate) struct Phases {
    pub(crate) phase: Phase,
    /// The way down is not for a queue.
    gentle: bool,
    since: Timestamp,
    round_at_entry: u64,
    /// The bandwidth against which growth is measured, and the rounds without any.
    full: f64,
    idle_rounds: u32,
    /// How often a queue did not leave.
    in_vain: u32,
    /// Until when others are taken to fill the queue, and for how long that was last.
    contested: Option<Timestamp>,
    contested_for: TimeDelta,
    next_probe: Timestamp,
    random: u64,
    /// Probes are made of media, because padding did not come.
    pub(crate) media_probes: bool,
    bandwidth_at_probe: f64,
    pub(crate) probes: u64,
}

/// What the phases need to know of the settings.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) rounds: usize,
    /// A standing queue of more than this is drained.
    pub(crate) queue: TimeDelta,
    /// A probe stops at this.
    pub(crate) probe_queue: TimeDelta,
    pub(crate) probe_interval: TimeDelta,
    /// More than this is not looked for, bit/s.
    pub(crate) most: f64,
}

impl Phases {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            phase: Phase::Startup,
            gentle: false,
            since: Timestamp::ZERO,
            round_at_entry: 0,
            full: 0.0,
            idle_rounds: 0,
            in_vain: 0,
            contested: None,
            contested_for: TimeDelta::ZERO,
            next_probe: Timestamp::ZERO,
            random: seed,
            media_probes: false,
            bandwidth_at_probe: 0.0,
            probes: 0,
        }
    }

    /// Begins in `phase`.
    pub(crate) fn begin(&mut self, now: Timestamp, phase: Phase, limits: &Limits) {
        self.media_probes = false;
        self.round_at_entry = 0;
        self.plan_probe(now, limits);
        self.phase = phase;
        self.since = now;
        self.full = 0.0;
        self.idle_rounds = 0;
        self.in_vain = 0;
        self.contested = None;
        self.contested_for = TimeDelta::ZERO;
    }

    /// Whether others are taken to fill the queue.
    pub(crate) fn is_contested(&self, now: Timestamp) -> bool {
        self.contested.is_some_and(|until| now < until)
    }

    /// A queue did not leave although less was sent.
    fn drained_in_vain(&mut self, now: Timestamp) {
        self.in_vain += 1;
        if self.in_vain >= IN_VAIN || self.contested.is_some() {
            self.in_vain = 0;
            self.contested_for = (self.contested_for * 2).max(CONTESTED).min(LONGEST_CONTESTED);
            self.contested = Some(now + self.contested_for);
        }
    }

    /// The queue is empty, so nobody fills it.
    fn drained(&mut self) {
        self.in_vain = 0;
        self.contested = None;
        self.contested_for = TimeDelta::ZERO;
    }

    fn enter(&mut self, now: Timestamp, phase: Phase, path: &PathModel) {
        self.phase = phase;
        self.since = now;
        self.round_at_entry = path.rounds;
    }

    /// The next probe comes after one to one and a half times the interval, so that flows do not probe in step.
    fn plan_probe(&mut self, now: Timestamp, limits: &Limits) {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let share = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        self.next_probe = now + limits.probe_interval * (1.0 + 0.5 * share);
    }

    /// At how many times the bandwidth packets leave.
    pub(crate) fn gain(&self, now: Timestamp, path: &PathModel) -> f64 {
        match self.phase {
            Phase::Startup => STARTUP_GAIN,
            Phase::Drain => DRAIN_GAIN,
            Phase::Cruise | Phase::Refill => 1.0,
            Phase::Up => UP_GAIN,
            Phase::Down if self.gentle => DOWN_GAIN,
            Phase::Down => {
                let queue = path.queue.max(path.standing) / QUEUE_SCALE;
                let waited = now.since(self.since) / PATIENCE;
                (1.0 - queue - waited).clamp(LEAST_GAIN, DOWN_GAIN)
            }
            Phase::ProbeRtt => PROBE_RTT_GAIN,
        }
    }

    /// Whether the path is to be filled up with padding.
    pub(crate) fn fills(&self) -> bool {
        matches!(self.phase, Phase::Startup | Phase::Refill | Phase::Up)
    }

    /// Time passed, and `news` if there was feedback.
    pub(crate) fn advance(
        &mut self,
        now: Timestamp,
        path: &mut PathModel,
        news: Option<News>,
        limits: &Limits,
    ) {
        let round = news.is_some_and(|news| news.round);
        let lossy = news.is_some_and(|news| news.lossy);
        let rounds_here = path.rounds.saturating_sub(self.round_at_entry);
        let here = now.since(self.since);
        let contested = self.is_contested(now);
        let queues = |path: &PathModel| news.is_some() && !contested && path.has_queue(limits.queue);
        if news.is_some() && path.queue < EMPTY {
            self.drained();
        }
        match self.phase {
            Phase::Startup => {
                if lossy {
                    path.bound_inflight(bdp(path, limits));
                }
                if round {
                    self.count_idle_rounds(path, limits, FULL_GROWTH);
                }
                let full = self.idle_rounds >= FULL_ROUNDS || path.long_term(limits.rounds) >= limits.most;
                if full || lossy || path.queue > limits.probe_queue {
                    self.enter(now, Phase::Drain, path);
                }
            }
            Phase::Drain => {
                let drained = news.is_some() && path.queue < EMPTY && rounds_here >= 1;
                if drained || here > LONGEST_DRAIN {
                    self.cruise(now, path, limits);
                }
            }
            Phase::Cruise => {
                if lossy {
                    path.cut(limits.rounds);
                }
                if queues(path) {
                    path.bound_by_delivery();
                    self.down(now, path, false);
                } else if path.age_of_base(now) > BASE_LASTS {
                    self.enter(now, Phase::ProbeRtt, path);
                } else if now >= self.next_probe && news.is_some() {
                    if path.long_term(limits.rounds) < limits.most {
                        path.lift_short_term();
                        self.enter(now, Phase::Refill, path);
                    } else {
                        self.plan_probe(now, limits);
                    }
                }
            }
            Phase::Refill => {
                if lossy || queues(path) {
                    path.cut(limits.rounds);
                    self.down(now, path, contested);
                } else if round && rounds_here >= 1 {
                    self.enter(now, Phase::Up, path);
                    self.full = path.long_term(limits.rounds);
                    self.idle_rounds = 0;
                    self.bandwidth_at_probe = self.full;
                    path.fastest_sent = 0.0;
                    self.probes += 1;
                }
            }
            Phase::Up => self.probe(now, path, round, lossy, limits),
            Phase::Down => {
                if lossy {
                    path.cut(limits.rounds);
                }
                if queues(path) {
                    path.bound_by_delivery();
                }
                let empty = news.is_some() && path.queue < EMPTY;
                if (empty || self.gentle) && rounds_here >= 1 {
                    self.cruise(now, path, limits);
                } else if here > LONGEST_DRAIN {
                    if path.queue > limits.probe_queue {
                        self.drained_in_vain(now);
                    }
                    self.cruise(now, path, limits);
                }
            }
            Phase::ProbeRtt => {
                if here > PROBE_RTT && rounds_here >= 1 {
                    path.adopt_base(now);
                    self.cruise(now, path, limits);
                } else if here > LONGEST_DRAIN {
                    self.cruise(now, path, limits);
                }
            }
        }
    }

    fn probe(&mut self, now: Timestamp, path: &mut PathModel, round: bool, lossy: bool, limits: &Limits) {
        if lossy {
            path.bound_inflight(bdp(path, limits));
        }
        if round {
            self.count_idle_rounds(path, limits, UP_GROWTH);
            if self.idle_rounds == 0
                && let Some(bound) = path.inflight_hi
            {
                path.inflight_hi = Some(bound.max(path.in_flight).max(bdp(path, limits) * 2));
            }
        }
        let top = self.idle_rounds >= UP_ROUNDS || path.long_term(limits.rounds) >= limits.most;
        let contested = self.is_contested(now);
        if top || lossy || (!contested && path.queue > limits.probe_queue) {
            // What was sent was no more than before, though it should have been: the other kind of probe may do better.
            let should = (self.bandwidth_at_probe * UP_GAIN).min(limits.most);
            let could = should > self.bandwidth_at_probe * 1.1;
            if top && could && path.fastest_sent < self.bandwidth_at_probe * 1.05 {
                self.media_probes = !self.media_probes;
            }
            self.down(now, path, contested);
        }
    }

    fn down(&mut self, now: Timestamp, path: &PathModel, gentle: bool) {
        self.gentle = gentle;
        self.enter(now, Phase::Down, path);
    }

    fn count_idle_rounds(&mut self, path: &PathModel, limits: &Limits, growth: f64) {
        let bandwidth = path.long_term(limits.rounds);
        if bandwidth >= self.full * growth {
            self.full = bandwidth;
            self.idle_rounds = 0;
        } else {
            self.idle_rounds += 1;
        }
    }

    /// Holds what there is and plans the next probe.
    pub(crate) fn cruise(&mut self, now: Timestamp, path: &PathModel, limits: &Limits) {
        self.enter(now, Phase::Cruise, path);
        self.plan_probe(now, limits);
    }
}

/// What the path holds when it is full and nothing queues.
pub(crate) fn bdp(path: &PathModel, limits: &Limits) -> i64 {
    (path.bandwidth(limits.rounds) * path.minimum_round_trip().as_seconds_f64() / 8.0) as i64
}
