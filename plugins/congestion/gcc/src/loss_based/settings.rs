//! The constants of the loss-based estimator.

use jackfield_sdk::prelude::*;

/// So many candidate factors there can be.
pub const MOST_FACTORS: usize = 3;

/// What the loss-based estimator goes by. The defaults are those of libwebrtc's `loss_based_bwe_v2.cc`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossSettings {
    /// After a loss the estimate rises to at most this many times what gets through …
    pub rampup_factor: f64,
    /// … or this many times while what gets through is near the rate at which it was last held …
    pub rampup_factor_in_hold: f64,
    /// … near meaning below this many times that rate.
    pub rampup_hold_threshold: f64,
    /// What the current estimate is multiplied by to get candidates.
    pub candidate_factors: [f64; MOST_FACTORS],
    /// How much a higher rate is preferred, per kbit/s …
    pub higher_bandwidth_bias: f64,
    /// … and per its logarithm.
    pub higher_log_bandwidth_bias: f64,
    /// No path loses less by itself than this share of its packets.
    pub inherent_loss_lower_bound: f64,
    /// None loses more by itself than this share …
    pub inherent_loss_upper_bound_offset: f64,
    /// … and this rate divided by the estimate.
    pub inherent_loss_upper_bound_balance: DataRate,
    /// What a path is thought to lose by itself at the beginning.
    pub initial_inherent_loss: f64,
    /// Above this loss lower rates are preferred.
    pub loss_threshold_of_high_bandwidth: f64,
    /// How gradually the preference turns over.
    pub bandwidth_preference_smoothing: f64,
    /// Steps of Newton's method for each candidate.
    pub newton_iterations: u32,
    /// The share of each step that is taken.
    pub newton_step: f64,
    /// Whether the delay-based estimate and what gets through are candidates.
    pub measured_candidates: bool,
    /// One observation covers at least so long.
    pub observation_duration: TimeDelta,
    /// So many observations are looked at, 2 to [`super::MOST_OBSERVATIONS`].
    pub observation_window: usize,
    /// Weight of the observation before in the sending rate.
    pub sending_rate_smoothing: f64,
    /// Weight of each observation as a share of that of the next.
    pub temporal_weight: f64,
    /// The same for the average loss.
    pub average_temporal_weight: f64,
    /// If more than this share is lost on average, the estimate is bounded …
    pub instant_upper_bound_offset: f64,
    /// … by this rate divided by what is lost beyond that.
    pub instant_upper_bound_balance: DataRate,
    /// In a window after a loss the estimate rises at most to this many times what it was.
    pub max_increase: f64,
    /// The length of that window.
    pub delayed_increase_window: TimeDelta,
    /// Whether the estimate stays while more is lost than the path loses by itself.
    pub hold_above_inherent_loss: bool,
    /// Whether the estimate stays at this many times what gets through or above; 0 to let it fall below.
    pub lower_bound_by_acknowledged: f64,
    /// So many observations are needed at least.
    pub least_observations: u32,
    /// Each hold is so many times as long as the one before; 0 for no holds.
    pub hold_duration_factor: f64,
    /// For so long padding fills up what the media does not, to try whether a higher rate is lossless; zero for never.
    pub padding_duration: TimeDelta,
    /// A loss at this many times the median sending rate or above is no spike to be left out.
    pub median_sending_rate_factor: f64,
}

impl Default for LossSettings {
    fn default() -> Self {
        Self {
            rampup_factor: 1.5,
            rampup_factor_in_hold: 1.2,
            rampup_hold_threshold: 1.3,
            candidate_factors: [1.02, 1.0, 0.95],
            higher_bandwidth_bias: 0.0002,
            higher_log_bandwidth_bias: 0.02,
            inherent_loss_lower_bound: 1e-3,
            inherent_loss_upper_bound_offset: 0.05,
            inherent_loss_upper_bound_balance: DataRate::kbps(100),
            initial_inherent_loss: 0.01,
            loss_threshold_of_high_bandwidth: 0.2,
            bandwidth_preference_smoothing: 0.002,
            newton_iterations: 1,
            newton_step: 0.75,
            measured_candidates: true,
            observation_duration: TimeDelta::ms(250),
            observation_window: 15,
            sending_rate_smoothing: 0.0,
            temporal_weight: 0.9,
            average_temporal_weight: 0.9,
            instant_upper_bound_offset: 0.05,
            instant_upper_bound_balance: DataRate::kbps(100),
            max_increase: 1.3,
            delayed_increase_window: TimeDelta::ms(300),
            hold_above_inherent_loss: true,
            lower_bound_by_acknowledged: 1.0,
            least_observations: 3,
            hold_duration_factor: 2.0,
            padding_duration: TimeDelta::seconds(2),
            median_sending_rate_factor: 2.0,
        }
    }
}
