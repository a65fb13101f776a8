//! The equations of RFC 8698, each a function of its own, with the RFC's constants. Times are in milliseconds, rates in bits per second.

/// Reference level of the congestion signal (`XREF`), ms.
pub const REFERENCE_CONGESTION: f64 = 10.0;
/// Scale of the gradual update (`KAPPA`).
pub const KAPPA: f64 = 0.5;
/// Weight of the change of the congestion signal (`ETA`).
pub const ETA: f64 = 2.0;
/// Upper bound of the round-trip time in the gradual update (`TAU`), ms.
pub const TAU: f64 = 500.0;
/// Target interval between updates (`DELTA`), ms.
pub const UPDATE_INTERVAL: f64 = 100.0;
/// Over so long loss, marks, rate and delays are observed (`LOGWIN`), ms.
pub const OBSERVATION_WINDOW: f64 = 500.0;
/// Below this queuing delay there is no queue (`QEPS`), ms.
pub const NO_QUEUE: f64 = 10.0;
/// Bound of the filtering delay (`DFILT`), ms.
pub const FILTERING_DELAY: f64 = 120.0;
/// Upper bound of the increase in accelerated ramp-up (`GAMMA_MAX`).
pub const LARGEST_INCREASE: f64 = 0.5;
/// Upper bound of the queuing delay that accelerated ramp-up may cause (`QBOUND`), ms.
pub const QUEUE_BOUND: f64 = 50.0;
/// Losses are forgotten after so many mean loss intervals (`MULTILOSS`).
pub const LOSS_EXPIRY: f64 = 7.0;
/// From this queuing delay on it is warped (`QTH`), ms.
pub const WARP_THRESHOLD: f64 = 50.0;
/// Steepness of the warping (`LAMBDA`).
pub const LAMBDA: f64 = 0.5;
/// Reference packet loss ratio (`PLRREF`).
pub const REFERENCE_LOSS: f64 = 0.01;
/// Reference packet marking ratio (`PMRREF`).
pub const REFERENCE_MARKING: f64 = 0.01;
/// Penalty of a loss ratio of `PLRREF` (`DLOSS`), ms.
pub const LOSS_PENALTY: f64 = 10.0;
/// Penalty of a marking ratio of `PMRREF` (`DMARK`), ms.
pub const MARKING_PENALTY: f64 = 2.0;
/// Frames per second of the video (`FPS`).
pub const FRAMES_PER_SECOND: f64 = 30.0;
/// Scale of what the rate-shaping buffer adds to the sending rate (`BETA_S`).
pub const BETA_SENDING: f64 = 0.1;
/// Scale of what the rate-shaping buffer takes from the encoder's rate (`BETA_V`).
pub const BETA_VIDEO: f64 = 0.1;
/// Smoothing of loss and marking ratios (`ALPHA`).
pub const SMOOTHING: f64 = 0.1;
/// No part of the reference rate larger than this is given to the rate-shaping buffer (5 %).
pub const LARGEST_SHAPING: f64 = 0.05;
/// Upper bound of the congestion signal, ms. The RFC knows no other than the 15 bits of 100 µs of its feedback (section 5.3); this is that of
/// its authors' model (cisco/ns3-rmcat, `NADA_PARAM_XMAX`), without which the signal's way back from heavy loss drives the rate up by multiples.
pub const LARGEST_CONGESTION: f64 = 500.0;

/// `d_tilde`: the queuing delay as seen when losses say that somebody else fills the queue (equation 1).
pub fn warped(queuing: f64) -> f64 {
    if queuing < WARP_THRESHOLD {
        return queuing;
    }
    WARP_THRESHOLD * libm::exp(-LAMBDA * (queuing - WARP_THRESHOLD) / WARP_THRESHOLD)
}

/// The delay that enters the congestion signal: warped while losses are fresh, the plain one when `MULTILOSS` mean loss intervals have gone by
/// without a loss, and a blend of both over the loss interval after that. `loss_interval` and `since_loss` are in packets.
pub fn perceived_delay(queuing: f64, loss_interval: Option<f64>, since_loss: f64) -> f64 {
    let Some(interval) = loss_interval else {
        return queuing;
    };
    let interval = interval.max(1.0);
    let share = ((since_loss - LOSS_EXPIRY * interval) / interval).clamp(0.0, 1.0);
    share * queuing + (1.0 - share) * warped(queuing)
}

/// `x_curr`: one signal of delay, marks and losses (equation 2).
pub fn congestion(delay: f64, marking: f64, loss: f64) -> f64 {
    let [marks, losses] = [marking / REFERENCE_MARKING, loss / REFERENCE_LOSS];
    (delay + MARKING_PENALTY * marks * marks + LOSS_PENALTY * losses * losses).min(LARGEST_CONGESTION)
}

/// `p_loss` or `p_mark`: the smoothed ratio (section 5.1.2).
pub fn smoothed(instant: f64, before: f64) -> f64 {
    SMOOTHING * instant + (1.0 - SMOOTHING) * before
}

/// `gamma`: by what share of the received rate to go up in accelerated ramp-up (equation 3), so that what piles up stays below `QBOUND`.
pub fn increase(round_trip: f64) -> f64 {
    (QUEUE_BOUND / (round_trip.max(0.0) + UPDATE_INTERVAL + FILTERING_DELAY)).min(LARGEST_INCREASE)
}

/// `r_ref` in accelerated ramp-up (equation 4).
pub fn accelerated(reference: f64, received: f64, round_trip: f64) -> f64 {
    reference.max((1.0 + increase(round_trip)) * received)
}

/// What the gradual update starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gradual {
    /// `r_ref`, bit/s.
    pub reference: f64,
    /// `RMAX`, bit/s.
    pub maximum: f64,
    /// `PRIO`.
    pub priority: f64,
    /// `x_curr`, ms.
    pub congestion: f64,
    /// `x_prev`, ms.
    pub congestion_before: f64,
    /// `delta`: time since the last update, ms.
    pub elapsed: f64,
}

/// `r_ref` in the gradual update (equations 5 to 7): towards the rate at which the signal is `PRIO * XREF * RMAX / r_ref`, and against its
/// change.
pub fn gradual(state: &Gradual) -> f64 {
    let reference = state.reference.max(1.0);
    let offset = state.congestion - state.priority * REFERENCE_CONGESTION * state.maximum / reference;
    let change = state.congestion - state.congestion_before;
    reference
        - KAPPA * (state.elapsed / TAU) * (offset / TAU) * reference
        - KAPPA * ETA * (change / TAU) * reference
}

/// `r_diff_v` or `r_diff_s`: what a rate-shaping buffer of `bytes` is given of the reference rate (section 5.2).
pub fn shaping(beta: f64, reference: f64, bytes: f64) -> f64 {
    (LARGEST_SHAPING * reference).min(beta * 8.0 * bytes.max(0.0) * FRAMES_PER_SECOND)
}
