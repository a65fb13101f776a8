//! Traces made up from a seed, so that the repository needs none that others have measured. They have the shape of such networks, not the
//! statistics of any one of them.

use jackfield_core::units::{DataRate, TimeDelta};

use crate::random::{CounterRandom, Purpose};

use super::RateTrace;

/// The levels between which a phone in a moving car changes, Mbit/s; the first is a tunnel.
const LTE_LEVELS: [f64; 8] = [0.05, 0.4, 1.0, 2.0, 4.0, 7.0, 10.0, 14.0];
/// What modulation and coding leave of 802.11n with one stream, Mbit/s.
const WIFI_LEVELS: [f64; 8] = [4.0, 8.0, 12.0, 16.0, 24.0, 31.0, 35.0, 39.0];

/// LTE in a moving car: a Markov chain over eight levels that changes, mostly to a neighbour, in one of three steps of 200 ms; now and then a
/// tunnel or a handover. `share` scales all levels (an uplink has about a quarter).
pub fn lte_driving(seed: u64, duration: TimeDelta, share: f64) -> RateTrace {
    let random = CounterRandom::new(seed);
    let mut level = 4_usize;
    let mut held = 0_u32;
    steps(duration, TimeDelta::ms(200), |step| {
        let draw = random.unit(0, Purpose::Chain, step, 0);
        if held > 0 {
            held -= 1;
        } else if draw < 0.006 {
            (level, held) = (0, 5 + (random.unit(0, Purpose::Chain, step, 1) * 20.0) as u32);
        } else if draw < 0.17 {
            level = level.saturating_sub(1).max(1);
        } else if draw < 0.33 {
            level = (level + 1).min(LTE_LEVELS.len() - 1);
        } else if draw < 0.34 {
            level = 1 + (random.unit(0, Purpose::Chain, step, 2) * 7.0) as usize;
        }
        let fading = 1.0 + 0.15 * random.normal(0, Purpose::Jitter, step, 0);
        LTE_LEVELS[level] * fading.max(0.2) * share
    })
}

/// Wi-Fi with neighbours: levels change with the distance every few seconds, and others take up to three quarters of the airtime for a while.
pub fn wifi(seed: u64, duration: TimeDelta) -> RateTrace {
    let random = CounterRandom::new(seed);
    let mut level = 5_usize;
    let mut others: f64 = 0.0;
    steps(duration, TimeDelta::ms(100), |step| {
        let draw = random.unit(0, Purpose::Chain, step, 0);
        if draw < 0.02 {
            level = level.saturating_sub(1);
        } else if draw < 0.04 {
            level = (level + 1).min(WIFI_LEVELS.len() - 1);
        }
        let arrival = random.unit(0, Purpose::Arrival, step, 0);
        if arrival < 0.03 {
            others = 0.75 * random.unit(0, Purpose::Amount, step, 0);
        } else if arrival < 0.08 {
            others = 0.0;
        }
        let noise = 1.0 + 0.08 * random.normal(0, Purpose::Jitter, step, 0);
        WIFI_LEVELS[level] * (1.0 - others) * noise.max(0.2)
    })
}

/// A terminal of Starlink: every 15 s another satellite, with another rate and, in the step in which it changes, next to none.
pub fn starlink(seed: u64, duration: TimeDelta) -> RateTrace {
    let random = CounterRandom::new(seed);
    steps(duration, TimeDelta::ms(100), |step| {
        let (interval, within) = (step / 150, step % 150);
        if within == 0 && interval > 0 {
            return 0.2;
        }
        let rate = 8.0 + 22.0 * random.unit(0, Purpose::Chain, interval, 0);
        let noise = 1.0 + 0.12 * random.normal(0, Purpose::Jitter, step, 0);
        rate * noise.max(0.2)
    })
}

fn steps(duration: TimeDelta, each: TimeDelta, mut mbps: impl FnMut(u64) -> f64) -> RateTrace {
    let count = (duration.as_us() / each.as_us()).max(1) as u64;
    let rate = |mbps: f64| DataRate::kbps((mbps * 1_000.0) as i64);
    RateTrace::Steps((0..count).map(|step| (each, rate(mbps(step)))).collect())
}
