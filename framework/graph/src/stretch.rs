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

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate::HZ_48000;

    /// 20 ms of a voice-like sound: a pitch and its harmonics.
    fn voiced(pitch: f32, samples: usize, start: usize) -> Vec<f32> {
        (0..samples)
            .map(|i| {
                let t = (start + i) as f32 / 48_000.0;
                (1..6)
                    .map(|h| (std::f32::consts::TAU * pitch * h as f32 * t).sin() * 0.2 / h as f32)
                    .sum()
            })
            .collect()
    }

    fn stretched(pcm: &[f32], direction: &Direction) -> Vec<f32> {
        let mut room = vec![0.0; 5_760 + 720];
        room[..pcm.len()].copy_from_slice(pcm);
        let n = stretch(&mut room, 1, 6_480, pcm.len(), RATE, direction);
        room.truncate(n);
        room
    }

    /// Frequency by the period at which the signal looks most like itself.
    fn pitch_of(pcm: &[f32]) -> f32 {
        let lag = (100..700)
            .max_by(|a, b| {
                let like = |lag: usize| {
                    let n = pcm.len() - lag;
                    let cross: f32 = (0..n).map(|i| pcm[i] * pcm[i + lag]).sum();
                    cross / n as f32
                };
                like(*a).total_cmp(&like(*b))
            })
            .unwrap_or(1);
        48_000.0 / lag as f32
    }

    #[test]
    fn e9_6_time_stretching_keeps_the_pitch() {
        for pitch in [90.0, 125.0, 210.0, 330.0] {
            let said = voiced(pitch, 1_920, 0);
            for direction in [Direction::Faster, Direction::Slower] {
                let heard = stretched(&said, &direction);
                let change = heard.len() as i64 - 1_920;
                match direction {
                    Direction::Faster => assert!((-720..=-120).contains(&change), "{pitch} Hz: {change}"),
                    Direction::Slower => assert!((120..=720).contains(&change), "{pitch} Hz: {change}"),
                }
                let found = pitch_of(&heard);
                // A signal also looks like itself after two or three of its periods.
                let periods = pitch / found;
                assert!(
                    (periods / periods.round() - 1.0).abs() < 0.02,
                    "{pitch} Hz became {found} Hz"
                );
            }
        }
    }

    #[test]
    fn e9_6_stretching_makes_no_step() {
        let said = voiced(140.0, 960, 0);
        let own = crate::swap::steepest(None, &said, said.len());
        for direction in [Direction::Faster, Direction::Slower] {
            let heard = stretched(&said, &direction);
            assert!(heard.len() != 960);
            assert!(crate::swap::steepest(None, &heard, heard.len()) < own * 1.3);
            assert_eq!(
                (heard[0], *heard.last().unwrap()),
                (said[0], said[959]),
                "both ends stay as they were"
            );
        }
    }

    #[test]
    fn noise_is_left_as_it_is_and_silence_is_stretched() {
        let mut x = 1_u32;
        let noise: Vec<f32> = (0..960)
            .map(|_| {
                x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                x as f32 / u32::MAX as f32 - 0.5
            })
            .collect();
        assert_eq!(stretched(&noise, &Direction::Faster), noise);
        assert!(stretched(&[0.0; 960], &Direction::Faster).len() < 960);
    }
}
