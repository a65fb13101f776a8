//! Time stretching by whole pitch periods, so that a jitter buffer can play a little faster or slower without changing the pitch: the
//! overlap-add of WSOLA (Verhelst and Roelands, 1993) on one packet, with the lags that NetEq searches (2.5 to 15 ms).

use jackfield_core::units::SampleRate;

/// The least similarity of two neighbouring periods at which one is removed or doubled; silence is always alike.
const ALIKE: f32 = 0.6;
/// Mean power under which a packet counts as silence.
const SILENCE_POWER: f32 = 1e-7;

/// What was done to a packet.
pub(crate) enum Direction {
    /// Take one period out.
    Faster,
    /// Put one period in.
    Slower,
}

/// Stretches the first `samples` samples of each of `channels` planes, `stride` apart, in place, and returns how many there are now. The room
/// behind them must hold 15 ms more. Unchanged if the signal does not repeat itself.
pub(crate) fn stretch(
    pcm: &mut [f32],
    channels: usize,
    stride: usize,
    samples: usize,
    rate: SampleRate,
    direction: &Direction,
) -> usize {
    let hz = rate.as_hz() as usize;
    let (shortest, longest) = (hz / 400, (hz * 15 / 1_000).min(samples / 2));
    if longest <= shortest || samples + longest > stride {
        return samples;
    }
    let first = &pcm[..samples];
    let Some(period) = best_period(first, shortest, longest) else {
        return samples;
    };
    // The two periods in the middle of the packet are the ones to join, so that both ends stay as they were.
    let at = (samples - 2 * period) / 2;
    for c in 0..channels {
        let plane = &mut pcm[c * stride..(c + 1) * stride];
        match direction {
            Direction::Faster => {
                for i in 0..period {
                    let fade = i as f32 / period as f32;
                    plane[at + i] = plane[at + i] * (1.0 - fade) + plane[at + period + i] * fade;
                }
                plane.copy_within(at + 2 * period..samples, at + period);
            }
            Direction::Slower => {
                plane.copy_within(at + period..samples, at + 2 * period);
                // Between them: the second period turning back into the first.
                for i in 0..period {
                    let fade = i as f32 / period as f32;
                    let (first, second) = (plane[at + i], plane[at + 2 * period + i]);
                    plane[at + period + i] = second * (1.0 - fade) + first * fade;
                }
            }
        }
    }
    match direction {
        Direction::Faster => samples - period,
        Direction::Slower => samples + period,
    }
}

/// The lag at which the middle of the packet looks most like itself.
fn best_period(pcm: &[f32], shortest: usize, longest: usize) -> Option<usize> {
    let power = pcm.iter().map(|s| s * s).sum::<f32>() / pcm.len() as f32;
    if power < SILENCE_POWER {
        return Some((shortest + longest) / 2);
    }
    // A coarse search on every fourth sample and lag, then a fine one around the best.
    let coarse = (shortest..=longest)
        .step_by(4)
        .map(|lag| (lag, similarity(pcm, lag, 4)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?
        .0;
    let (low, high) = (coarse.saturating_sub(4).max(shortest), (coarse + 4).min(longest));
    let (lag, best) = (low..=high)
        .map(|lag| (lag, similarity(pcm, lag, 1)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    (best >= ALIKE).then_some(lag)
}

/// The normalised correlation of the two periods of length `lag` in the middle of the packet.
fn similarity(pcm: &[f32], lag: usize, step: usize) -> f32 {
    let at = (pcm.len() - 2 * lag) / 2;
    let (mut cross, mut a2, mut b2) = (0.0, 1e-9, 1e-9);
    for i in (0..lag).step_by(step) {
        let (a, b) = (pcm[at + i], pcm[at + lag + i]);
        cross += a * b;
        a2 += a * a;
        b2 += b * b;
    }
    cross / (a2 * b2).sqrt()
}
