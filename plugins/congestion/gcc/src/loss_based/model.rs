//! How likely what was observed is, if the link bears so much and loses so much by itself.
//!
//! A link that bears `bandwidth` and is sent more loses the excess; beyond that it loses its inherent share. The candidate under which the
//! observations are likeliest wins, with a preference for high rates while little is lost and for low ones while much is.

use jackfield_sdk::prelude::*;

use crate::arithmetic::{is_finite, whole_kbps};

use super::LossSettings;
use super::observations::Observations;

/// A thought of how the link is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    /// The share that it loses by itself.
    pub(super) inherent_loss: f64,
    /// Above this it loses the excess.
    pub(super) bandwidth: DataRate,
}

impl Channel {
    /// The chance that a packet sent at `rate` is lost.
    fn loss_probability(&self, rate: DataRate) -> f64 {
        let inherent = self.inherent_loss.clamp(0.0, 1.0);
        let mut loss = inherent;
        if is_finite(rate) && is_finite(self.bandwidth) && rate > self.bandwidth {
            loss += (1.0 - inherent) * ((rate - self.bandwidth) / rate);
        }
        loss.clamp(1e-6, 1.0 - 1e-6)
    }

    /// The inherent loss as it can be at this bandwidth.
    pub(super) fn feasible_inherent_loss(&self, settings: &LossSettings) -> f64 {
        let highest = if self.bandwidth == DataRate::ZERO {
            1.0
        } else {
            (settings.inherent_loss_upper_bound_offset
                + settings.inherent_loss_upper_bound_balance / self.bandwidth)
                .min(1.0)
        };
        self.inherent_loss
            .max(settings.inherent_loss_lower_bound)
            .min(highest)
    }

    /// Moves the inherent loss towards where the observations are likeliest.
    pub(super) fn approach(&mut self, observations: &Observations, settings: &LossSettings) {
        for _ in 0..settings.newton_iterations {
            let (mut first, mut second) = (0.0, 0.0);
            for (weight, observation) in observations.weighted() {
                let loss = self.loss_probability(observation.sending_rate);
                let kept = 1.0 - loss;
                let (lost, received) = observation.kilobytes();
                first += weight * (lost / loss - received / kept);
                second -= weight * (lost / (loss * loss) + received / (kept * kept));
            }
            if second >= 0.0 {
                second = -1e-6;
            }
            self.inherent_loss -= settings.newton_step * first / second;
            self.inherent_loss = self.feasible_inherent_loss(settings);
        }
    }

    /// The logarithm of the likelihood, and the preference.
    pub(super) fn objective(
        &self,
        observations: &Observations,
        average_loss: f64,
        settings: &LossSettings,
    ) -> f64 {
        let preference = self.preference(average_loss, settings);
        let mut objective = 0.0;
        for (weight, observation) in observations.weighted() {
            let loss = self.loss_probability(observation.sending_rate);
            let (lost, received) = observation.kilobytes();
            objective += weight * (lost * libm::log(loss) + received * libm::log(1.0 - loss));
            objective += weight * preference * (lost + received);
        }
        objective
    }

    fn preference(&self, average_loss: f64, settings: &LossSettings) -> f64 {
        if !is_finite(self.bandwidth) {
            return 0.0;
        }
        let below = settings.loss_threshold_of_high_bandwidth - average_loss;
        let turn = below / (settings.bandwidth_preference_smoothing + below.abs());
        let kbps = whole_kbps(self.bandwidth) as f64;
        settings.higher_bandwidth_bias * turn * kbps
            + settings.higher_log_bandwidth_bias * turn * libm::log(1.0 + kbps)
    }
}
