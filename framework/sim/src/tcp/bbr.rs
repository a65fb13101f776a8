//! BBR, version 1: draft-cardwell-iccrg-bbr-congestion-control-00. Names of its parts are given where ours differ. Not here: the allowance
//! for aggregated acknowledgements and the long-term model for policers.

use std::collections::VecDeque;

use crate::clock::VirtualTime;

use super::SECOND;
use super::congestion::{AckSample, Congestion, CongestionControl};

/// 2 / ln 2: the least gain that doubles the rate in every round trip.
const HIGH_GAIN: f64 = 2.885;
/// The gains of one cycle of probing for bandwidth, each for a round trip.
const CYCLE: [f64; 8] = [1.25, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
const CYCLE_WINDOW_GAIN: f64 = 2.0;
/// The bandwidth is the maximum over so many round trips.
const BANDWIDTH_ROUNDS: u64 = 10;
/// The propagation time is the minimum over so long.
const PROPAGATION_NS: u64 = 10 * SECOND;
/// How long the queue is left to drain when it is looked for.
const PROBE_NS: u64 = 200_000_000;
/// The smallest window, in segments.
const LEAST_SEGMENTS: u64 = 4;
/// Paced a little below the estimate, so that a queue can drain.
const MARGIN: f64 = 0.99;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Startup,
    Drain,
    ProbeBandwidth,
    ProbeRoundTrip,
}

/// The controller.
#[derive(Debug)]
pub(super) struct Bbr {
    segment: u64,
    initial: u64,
    window: u64,
    /// The window before it was cut, for a loss or for a probe.
    saved: u64,
    state: State,
    pacing_gain: f64,
    window_gain: f64,
    pacing: Option<u64>,
    /// By falling bandwidth: (round, bits per second).
    bandwidths: VecDeque<(u64, u64)>,
    propagation: Option<u64>,
    propagation_at: VirtualTime,
    round: u64,
    round_end: u64,
    round_began: bool,
    full_bandwidth: u64,
    full_rounds: u32,
    is_full: bool,
    phase: usize,
    phase_at: VirtualTime,
    probe_until: Option<VirtualTime>,
    probe_round_done: bool,
    is_recovering: bool,
    /// In the first round of a recovery, what leaves is what was delivered: until something comes that left after so much was delivered.
    conserves_until: Option<u64>,
    delivered_total: u64,
}

impl Bbr {
    /// `seed` says in which phase of the cycle it begins.
    pub(super) fn new(segment: u64, initial: u64, seed: u64) -> Self {
        Self {
            segment,
            initial,
            window: initial,
            saved: initial,
            state: State::Startup,
            pacing_gain: HIGH_GAIN,
            window_gain: HIGH_GAIN,
            pacing: None,
            bandwidths: VecDeque::new(),
            propagation: None,
            propagation_at: VirtualTime::ZERO,
            round: 0,
            round_end: 0,
            round_began: false,
            full_bandwidth: 0,
            full_rounds: 0,
            is_full: false,
            // Any phase but the one that drains.
            phase: [0, 2, 3, 4, 5, 6, 7][(seed % 7) as usize],
            phase_at: VirtualTime::ZERO,
            probe_until: None,
            probe_round_done: false,
            is_recovering: false,
            conserves_until: None,
            delivered_total: 0,
        }
    }

    fn bandwidth(&self) -> u64 {
        self.bandwidths.front().map_or(0, |(_, bandwidth)| *bandwidth)
    }

    fn least(&self) -> u64 {
        LEAST_SEGMENTS * self.segment
    }

    /// `gain` times what fits into the path, with room for acknowledgements held back.
    fn target(&self, gain: f64) -> u64 {
        let Some(propagation) = self.propagation else {
            return self.initial;
        };
        let product = self.bandwidth() as f64 * propagation as f64 / 8.0 / SECOND as f64;
        (gain * product) as u64 + 3 * self.segment
    }

    fn update_model(&mut self, sample: &AckSample) {
        self.round_began = false;
        if sample.rate.is_some() && sample.delivered_before >= self.round_end {
            self.round_end = sample.delivered_total;
            self.round += 1;
            self.round_began = true;
        }
        if let Some(rate) = sample.rate
            && (rate >= self.bandwidth() || !sample.application_limited)
        {
            while self.bandwidths.back().is_some_and(|(_, other)| *other <= rate) {
                self.bandwidths.pop_back();
            }
            self.bandwidths.push_back((self.round, rate));
        }
        while self.bandwidths.len() > 1 && self.bandwidths[0].0 + BANDWIDTH_ROUNDS <= self.round {
            self.bandwidths.pop_front();
        }
    }

    fn check_full(&mut self, sample: &AckSample) {
        if self.is_full || !self.round_began || sample.application_limited {
            return;
        }
        if self.bandwidth() as f64 >= self.full_bandwidth as f64 * 1.25 {
            self.full_bandwidth = self.bandwidth();
            self.full_rounds = 0;
            return;
        }
        self.full_rounds += 1;
        self.is_full = self.full_rounds >= 3;
    }

    fn change_state(&mut self, sample: &AckSample) {
        if self.state == State::Startup && self.is_full {
            self.state = State::Drain;
            self.pacing_gain = 1.0 / HIGH_GAIN;
        }
        if self.state == State::Drain && sample.in_flight <= self.target(1.0) {
            self.probe_bandwidth(sample.now);
        } else if self.state == State::ProbeBandwidth {
            self.advance_cycle(sample);
        }
        self.look_for_propagation(sample);
    }

    fn probe_bandwidth(&mut self, now: VirtualTime) {
        self.state = State::ProbeBandwidth;
        self.phase_at = now;
        self.pacing_gain = CYCLE[self.phase];
        self.window_gain = CYCLE_WINDOW_GAIN;
    }

    fn advance_cycle(&mut self, sample: &AckSample) {
        let passed = sample.now.ns() - self.phase_at.ns() > self.propagation.unwrap_or(u64::MAX);
        let ends = if self.pacing_gain > 1.0 {
            passed && (sample.lost > 0 || sample.in_flight_before >= self.target(self.pacing_gain))
        } else if self.pacing_gain < 1.0 {
            passed || sample.in_flight_before <= self.target(1.0)
        } else {
            passed
        };
        if ends {
            self.phase = (self.phase + 1) % CYCLE.len();
            self.phase_at = sample.now;
            self.pacing_gain = CYCLE[self.phase];
        }
    }

    fn look_for_propagation(&mut self, sample: &AckSample) {
        let expired = sample.now.ns() > self.propagation_at.ns() + PROPAGATION_NS;
        if let Some(round_trip) = sample.round_trip
            && (expired || self.propagation.is_none_or(|least| round_trip <= least))
        {
            self.propagation = Some(round_trip);
            self.propagation_at = sample.now;
        }
        if self.state != State::ProbeRoundTrip && expired && self.propagation.is_some() {
            self.state = State::ProbeRoundTrip;
            (self.pacing_gain, self.window_gain) = (1.0, 1.0);
            if !self.is_recovering {
                self.saved = self.window;
            }
            self.probe_until = None;
        }
        if self.state != State::ProbeRoundTrip {
            return;
        }
        match self.probe_until {
            None if sample.in_flight <= self.least() => {
                self.probe_until = Some(sample.now.later(PROBE_NS));
                self.probe_round_done = false;
                self.round_end = sample.delivered_total;
            }
            Some(until) => {
                self.probe_round_done |= self.round_began;
                if self.probe_round_done && sample.now > until {
                    self.propagation_at = sample.now;
                    self.window = self.window.max(self.saved);
                    if self.is_full {
                        self.probe_bandwidth(sample.now);
                    } else {
                        self.state = State::Startup;
                        (self.pacing_gain, self.window_gain) = (HIGH_GAIN, HIGH_GAIN);
                    }
                }
            }
            None => {}
        }
    }

    fn set_window(&mut self, sample: &AckSample) {
        if self
            .conserves_until
            .is_some_and(|until| sample.delivered_before >= until)
        {
            self.conserves_until = None;
        }
        let target = self.target(self.window_gain);
        if self.conserves_until.is_some() {
            self.window = self.window.saturating_sub(sample.lost).max(self.segment);
            self.window = self.window.max(sample.in_flight + sample.delivered);
        } else if self.is_full {
            self.window = (self.window + sample.delivered).min(target);
        } else if self.window < target || sample.delivered_total < self.initial {
            self.window += sample.delivered;
        }
        self.window = self.window.max(self.least());
        if self.state == State::ProbeRoundTrip {
            self.window = self.window.min(self.least());
        }
    }

    fn recover(&mut self) {
        if !self.is_recovering && self.state != State::ProbeRoundTrip {
            self.saved = self.window;
        }
        self.is_recovering = true;
        self.conserves_until = Some(self.delivered_total);
    }

    fn set_pacing(&mut self, smoothed: Option<u64>) {
        let bandwidth = match (self.bandwidth(), smoothed) {
            (0, Some(smoothed)) => {
                (self.initial as f64 * 8.0 * SECOND as f64 / smoothed.max(1) as f64) as u64
            }
            (0, None) => return,
            (bandwidth, _) => bandwidth,
        };
        let rate = (self.pacing_gain * bandwidth as f64 * MARGIN) as u64;
        if self.is_full || self.pacing.is_none_or(|pacing| rate > pacing) {
            self.pacing = Some(rate.max(1));
        }
    }
}

impl CongestionControl for Bbr {
    fn window(&self) -> u64 {
        self.window
    }

    fn threshold(&self) -> u64 {
        self.window
    }

    fn pacing_rate(&self) -> Option<u64> {
        self.pacing
    }

    fn is_reduced_proportionally(&self) -> bool {
        false
    }

    fn on_ack(&mut self, sample: &AckSample) {
        self.delivered_total = sample.delivered_total;
        self.update_model(sample);
        self.check_full(sample);
        self.change_state(sample);
        self.set_pacing(sample.smoothed);
        self.set_window(sample);
    }

    fn on_congestion(&mut self, _: VirtualTime, kind: Congestion, outstanding: u64) {
        if kind == Congestion::Loss {
            self.recover();
            self.window = self.window.min(outstanding.max(self.least()));
        }
    }

    fn on_recovered(&mut self, _: VirtualTime) {
        self.conserves_until = None;
        self.is_recovering = false;
        if self.state != State::ProbeRoundTrip {
            self.window = self.window.max(self.saved);
        }
    }

    fn on_timeout(&mut self, _: VirtualTime, _: u64, _: bool) {
        self.recover();
        self.window = self.segment;
    }
}
