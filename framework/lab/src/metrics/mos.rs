//! The E-model: what mean opinion score talkers and listeners would give, from delay and loss alone. ITU-T G.107 (06/2015) with its default
//! values but for delay and equipment.

use libm::{log10, pow};

/// R without delay or loss: what G.107 gives for all default values (annex B: 93.2).
const BASE: f64 = 93.2;
/// The codec's own impairment: 0 for G.711 (G.113 appendix I). The standard has no value for Opus, so a good codec stands in for it: scores
/// are for comparing arms, not for print.
const CODEC: f64 = 0.0;
/// The codec's robustness against loss: 25.1 for G.711 with concealment (G.113 appendix I, table I.4, 10 ms packets, random loss).
const ROBUSTNESS: f64 = 25.1;
/// Of the ear: delay of capture, 20 ms of packet and playing out that a network model does not see. Ours.
const ENDS_MS: f64 = 40.0;

/// The score, 1 to 4.5, for a one-way delay of the network in milliseconds and a share of packets lost, 0 to 1.
pub fn mos(delay_ms: f64, loss: f64) -> f64 {
    from_rating(rating(delay_ms + ENDS_MS, loss))
}

/// R for a mouth-to-ear delay in milliseconds and a share of packets lost.
pub fn rating(mouth_to_ear_ms: f64, loss: f64) -> f64 {
    BASE - delay_impairment(mouth_to_ear_ms) - equipment_impairment(loss)
}

/// The score that belongs to R (G.107 annex B, equation B-4).
pub fn from_rating(rating: f64) -> f64 {
    if rating <= 0.0 {
        1.0
    } else if rating >= 100.0 {
        4.5
    } else {
        1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6
    }
}

/// Idd (G.107 equations 7-27 and 7-28): nothing up to 100 ms. Echo is taken to be cancelled.
fn delay_impairment(ms: f64) -> f64 {
    if ms <= 100.0 {
        return 0.0;
    }
    let x = log10(ms / 100.0) / log10(2.0);
    let sixth_root = |value: f64| pow(value, 1.0 / 6.0);
    25.0 * (sixth_root(1.0 + pow(x, 6.0)) - 3.0 * sixth_root(1.0 + pow(x / 3.0, 6.0)) + 2.0)
}

/// Ie,eff (G.107 equation 7-29) with random loss (BurstR 1).
fn equipment_impairment(loss: f64) -> f64 {
    let percent = 100.0 * loss.clamp(0.0, 1.0);
    CODEC + (95.0 - CODEC) * percent / (percent + ROBUSTNESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that the formulas give by hand; 4.41 for R 93.2 stands in annex B.
    #[test]
    fn e17_3_the_e_model_gives_the_known_scores() {
        assert!((from_rating(93.2) - 4.41).abs() < 0.005);
        assert!((from_rating(80.0) - 4.02).abs() < 0.01 && (from_rating(50.0) - 2.58).abs() < 0.01);
        // At 200 ms, x = 1: 25 (2^(1/6) - 3 (1 + 3^-6)^(1/6) + 2) = 3.0.
        assert!(
            (93.2 - rating(200.0, 0.0) - 3.04).abs() < 0.03,
            "{}",
            rating(200.0, 0.0)
        );
        assert!((93.2 - rating(50.0, 0.05) - 95.0 * 5.0 / 30.1).abs() < 1e-9);
        assert_eq!(mos(5_000.0, 1.0), 1.0);
    }

    #[test]
    fn more_delay_and_more_loss_are_never_better() {
        let mut last = 5.0;
        for ms in (0..2_000).step_by(50) {
            let score = mos(f64::from(ms), 0.0);
            assert!(score <= last, "{ms} ms");
            last = score;
        }
        assert!(mos(50.0, 0.01) > mos(50.0, 0.1));
    }
}
