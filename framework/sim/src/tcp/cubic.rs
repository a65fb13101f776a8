//! CUBIC: RFC 9438, with HyStart++ in the first slow start.

use crate::clock::VirtualTime;

use super::SECOND;
use super::congestion::{AckSample, Congestion, CongestionControl};
use super::hystart::HyStart;

/// How steep the cubic function is, in segments per second cubed.
const C: f64 = 0.4;
/// What a loss leaves of the window.
const BETA: f64 = 0.7;
/// The growth that makes the window of section 4.3 as large on average as that of Reno, in segments per round trip.
const ALPHA: f64 = 3.0 * (1.0 - BETA) / (1.0 + BETA);

/// The controller. Windows are in segments where they are `f64`.
#[derive(Debug)]
pub(super) struct Cubic {
    segment: u64,
    window: f64,
    threshold: f64,
    /// The window before the last reduction, or less if it was falling already.
    most: f64,
    /// The window just before the last reduction.
    before: f64,
    /// The window that Reno would have.
    reno: f64,
    epoch: Option<Epoch>,
    hystart: Option<HyStart>,
}

/// Congestion avoidance since its beginning.
#[derive(Debug)]
struct Epoch {
    began: VirtualTime,
    /// When the curve is back at `most`, in seconds after the beginning.
    plateau: f64,
}

impl Cubic {
    pub(super) fn new(segment: u64, initial: u64) -> Self {
        Self {
            segment,
            window: initial as f64 / segment as f64,
            threshold: f64::INFINITY,
            most: 0.0,
            before: 0.0,
            reno: 0.0,
            epoch: None,
            hystart: Some(HyStart::new()),
        }
    }

    fn reduce(&mut self, outstanding: u64) {
        let flight = (outstanding as f64 / self.segment as f64).min(self.window);
        // Fast convergence: who has less than last time leaves room.
        self.most = if self.window < self.most {
            self.window * (1.0 + BETA) / 2.0
        } else {
            self.window
        };
        self.before = self.window;
        self.threshold = (flight * BETA).max(2.0);
        self.epoch = None;
        self.hystart = None;
    }

    fn avoid(&mut self, now: VirtualTime, delivered: f64, round_trip: f64) {
        let (window, most) = (self.window, self.most);
        let epoch = match &mut self.epoch {
            Some(epoch) => epoch,
            none => {
                self.reno = window;
                if most <= window {
                    self.most = window;
                }
                let rise = (self.most - window).max(0.0);
                none.insert(Epoch {
                    began: now,
                    plateau: libm::cbrt(rise / C),
                })
            }
        };
        let most = self.most;
        let since = (now.ns() - epoch.began.ns()) as f64 / SECOND as f64;
        let at = |t: f64| {
            let from_plateau = t - epoch.plateau;
            C * from_plateau * from_plateau * from_plateau + most
        };
        let alpha = if self.reno >= self.before { 1.0 } else { ALPHA };
        self.reno += alpha * delivered / window;
        if at(since) < self.reno {
            self.window = window.max(self.reno);
        } else {
            let target = at(since + round_trip).clamp(window, 1.5 * window);
            self.window += (target - window) * delivered / window;
        }
    }
}

impl CongestionControl for Cubic {
    fn window(&self) -> u64 {
        (self.window * self.segment as f64) as u64
    }

    fn threshold(&self) -> u64 {
        (self.threshold * self.segment as f64) as u64
    }

    fn on_ack(&mut self, sample: &AckSample) {
        if sample.in_recovery {
            return;
        }
        if !sample.window_limited {
            // Time in which nothing was asked of the window is none of the curve's.
            self.epoch = None;
            return;
        }
        if self.window < self.threshold {
            let growth = match &mut self.hystart {
                Some(hystart) => {
                    let sent = sample.delivered_total + sample.in_flight;
                    let ends = hystart.ends(sample.delivered_total, sent, sample.round_trip);
                    let growth = hystart.growth(sample.delivered, self.segment);
                    if ends {
                        self.threshold = self.window;
                        self.hystart = None;
                        return;
                    }
                    growth
                }
                None => sample.delivered.min(self.segment),
            };
            self.window += growth as f64 / self.segment as f64;
            return;
        }
        let delivered = sample.delivered as f64 / self.segment as f64;
        let round_trip = sample.smoothed.unwrap_or_default() as f64 / SECOND as f64;
        self.avoid(sample.now, delivered, round_trip);
    }

    fn on_congestion(&mut self, _: VirtualTime, _: Congestion, outstanding: u64) {
        self.reduce(outstanding);
        self.window = self.threshold;
    }

    fn on_timeout(&mut self, _: VirtualTime, outstanding: u64, again: bool) {
        if !again {
            self.reduce(outstanding);
        }
        self.window = 1.0;
    }
}
