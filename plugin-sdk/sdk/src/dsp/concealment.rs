//! Making up what was lost, for codecs that have no means of their own.

/// The lowest and highest pitch that it looks for, in hertz.
const LOWEST_PITCH: usize = 66;
const HIGHEST_PITCH: usize = 400;
/// For so long what is made up keeps its level; then it fades to silence, at the same time for all codecs (after ITU-T G.711 Appendix I).
const HOLD_MS: usize = 10;
const FADE_MS: usize = 50;
/// How long what is made up overlaps with what comes after it, in half milliseconds.
const JOIN_HALF_MS: usize = 5;
/// The stretch of the past that is looked for further back. Short, for a voice's pitch is never still.
const WINDOW_MS: usize = 10;
/// What resembles its past little is no voice, and repeating it hums: it is turned down, to this at most.
const LEAST_GAIN: f32 = 0.3;
/// How long the step from the last sample to the first made up is bent straight.
const BEND_MS: usize = 2;

/// Conceals lost packets: repeats the last pitch period, fades it out, and fades what comes next in, so that neither edge clicks. The
/// idea is that of ITU-T G.711 Appendix I, without its delay of 3.75 ms.
///
/// Show it every decoded packet with [`Concealment::received`], and ask it with [`Concealment::lost`] when one is missing. Samples are
/// planar; planes may have room behind the samples that count. Nothing is allocated after [`Concealment::new`].
///
/// ```
/// use jackfield_sdk::dsp::Concealment;
/// let mut concealment = Concealment::new(8_000, 1);
/// let mut tone: Vec<f32> = (0..160).map(|n| (n as f32 * 0.25).sin()).collect();
/// concealment.received(&mut tone, 160);
/// let mut gap = vec![0.0; 80];
/// concealment.lost(&mut gap, 80);
/// assert!(gap.iter().any(|s| s.abs() > 0.9), "the tone goes on");
/// ```
pub struct Concealment {
    channels: usize,
    per_ms: usize,
    /// Samples of the past kept for each channel.
    history_len: usize,
    /// Planar, oldest first.
    history: Vec<f32>,
    /// Planar, one pitch period each in the first `period` samples of `max_period`.
    cycle: Vec<f32>,
    /// The step at the first edge, for each channel.
    step: Vec<f32>,
    /// What is repeated is turned down to this.
    gain: f32,
    period: usize,
    position: usize,
    /// Samples made up since the last packet; 0 while none is missing.
    made: usize,
}

impl Concealment {
    /// For `channels` channels at `sample_rate` hertz.
    pub fn new(sample_rate: u32, channels: usize) -> Self {
        let max_period = sample_rate as usize / LOWEST_PITCH;
        let history_len = 3 * max_period + max_period / 4;
        Self {
            channels,
            per_ms: (sample_rate as usize / 1_000).max(1),
            history_len,
            history: vec![0.0; history_len * channels],
            cycle: vec![0.0; max_period * channels],
            step: vec![0.0; channels],
            gain: 1.0,
            period: max_period,
            position: 0,
            made: 0,
        }
    }

    /// A packet was decoded into the first `samples` samples of each plane. Right after a loss its beginning is joined to what was made up.
    pub fn received(&mut self, pcm: &mut [f32], samples: usize) {
        let plane = pcm.len() / self.channels.max(1);
        if plane == 0 || samples > plane {
            return;
        }
        if self.made > 0 {
            let join = (JOIN_HALF_MS * self.per_ms / 2).min(samples);
            for n in 0..join {
                let weight = (n + 1) as f32 / (join + 1) as f32;
                for channel in 0..self.channels {
                    let sample = &mut pcm[channel * plane + n];
                    *sample = *sample * weight + self.next_made_up(channel) * (1.0 - weight);
                }
                self.advance();
            }
            self.made = 0;
        }
        self.remember(pcm, plane, samples);
    }

    /// Makes up `samples` samples at the start of each plane.
    pub fn lost(&mut self, pcm: &mut [f32], samples: usize) {
        let plane = pcm.len() / self.channels.max(1);
        if plane == 0 || samples > plane {
            return;
        }
        if self.made == 0 {
            self.begin();
        }
        for n in 0..samples {
            for channel in 0..self.channels {
                pcm[channel * plane + n] = self.next_made_up(channel);
            }
            self.advance();
        }
        self.remember(pcm, plane, samples);
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        self.history.fill(0.0);
        self.made = 0;
    }

    fn next_made_up(&self, channel: usize) -> f32 {
        let max_period = self.cycle.len() / self.channels;
        let bend = 1.0 - (self.made as f32 / (BEND_MS * self.per_ms) as f32).min(1.0);
        let gain = self.gain + (1.0 - self.gain) * bend;
        let faded = self.made.saturating_sub(HOLD_MS * self.per_ms) as f32 / (FADE_MS * self.per_ms) as f32;
        let sample = self.cycle[channel * max_period + self.position] * gain + self.step[channel] * bend;
        sample * (1.0 - faded).max(0.0)
    }

    fn advance(&mut self) {
        self.made += 1;
        self.position += 1;
        if self.position >= self.period {
            self.position = 0;
        }
    }

    /// Cuts the last pitch period out of the past and makes its end lead back into its beginning.
    fn begin(&mut self) {
        (self.period, self.gain) = self.find_period();
        self.position = 0;
        let (period, overlap) = (self.period, self.period / 4);
        let max_period = self.cycle.len() / self.channels;
        for channel in 0..self.channels {
            let history = &self.history[channel * self.history_len..(channel + 1) * self.history_len];
            let start = self.history_len - period;
            let cycle = &mut self.cycle[channel * max_period..channel * max_period + period];
            cycle.copy_from_slice(&history[start..]);
            for n in 0..overlap {
                let weight = (n + 1) as f32 / (overlap + 1) as f32;
                let at = period - overlap + n;
                cycle[at] = cycle[at] * (1.0 - weight) + history[start - overlap + n] * weight;
            }
            // What precedes the cycle in the past is not quite what precedes it now.
            self.step[channel] = history[self.history_len - 1] - history[start - 1];
        }
    }

    /// The lag at which the last stretch of the past resembles what was before it most, coarsely first, then to the sample; and how much
    /// it does.
    fn find_period(&self) -> (usize, f32) {
        let shortest = (self.per_ms * 1_000 / HIGHEST_PITCH).max(1);
        let longest = self.cycle.len() / self.channels;
        let stride = (self.per_ms / 8).max(1);
        let (coarse, likeness) = self.best_lag((shortest..=longest).step_by(stride), stride);
        let (lag, likeness) = if stride == 1 {
            (coarse, likeness)
        } else {
            self.best_lag(
                coarse.saturating_sub(stride).max(shortest)..=(coarse + stride).min(longest),
                1,
            )
        };
        (lag, likeness.clamp(LEAST_GAIN, 1.0))
    }

    /// The best of `lags` with its coefficient of correlation.
    fn best_lag(&self, lags: impl Iterator<Item = usize>, stride: usize) -> (usize, f32) {
        let window = WINDOW_MS * self.per_ms;
        let mut best = (self.cycle.len() / self.channels, f32::MIN);
        for lag in lags {
            let (mut product, mut own, mut energy) = (0.0, 1e-9, 1e-9);
            for channel in self.history.chunks_exact(self.history_len) {
                let recent = &channel[self.history_len - window..];
                let earlier = &channel[self.history_len - window - lag..];
                for (a, b) in recent.iter().zip(earlier).step_by(stride) {
                    product += a * b;
                    own += a * a;
                    energy += b * b;
                }
            }
            let likeness = product / f32::sqrt(own * energy);
            if likeness > best.1 {
                best = (lag, likeness);
            }
        }
        best
    }

    fn remember(&mut self, pcm: &[f32], plane: usize, samples: usize) {
        let keep = samples.min(self.history_len);
        for (channel, history) in self.history.chunks_exact_mut(self.history_len).enumerate() {
            history.copy_within(keep.., 0);
            let given = &pcm[channel * plane + samples - keep..channel * plane + samples];
            for (kept, &sample) in history[self.history_len - keep..].iter_mut().zip(given) {
                *kept = if sample.is_finite() { sample } else { 0.0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(rate: usize, from: usize, samples: usize) -> Vec<f32> {
        let tone = |n: usize, hz: f32| (n as f32 * hz * std::f32::consts::TAU / rate as f32).sin();
        (from..from + samples)
            .map(|n| 0.5 * tone(n, 120.0) + 0.25 * tone(n, 240.0) + 0.1 * tone(n, 480.0))
            .collect()
    }

    fn largest_step(signal: &[f32]) -> f32 {
        signal
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max)
    }

    #[test]
    fn a_lost_packet_in_a_steady_voice_is_hard_to_hear() {
        for rate in [8_000, 16_000, 48_000] {
            let packet = rate / 100;
            let mut concealment = Concealment::new(rate as u32, 1);
            let clean = voice(rate, 0, packet * 12);
            let mut heard = Vec::new();
            for (n, part) in clean.chunks(packet).enumerate() {
                let mut pcm = part.to_vec();
                if n == 8 {
                    concealment.lost(&mut pcm, packet);
                } else {
                    concealment.received(&mut pcm, packet);
                }
                heard.extend(pcm);
            }
            let error: f32 = heard.iter().zip(&clean).map(|(a, b)| (a - b).powi(2)).sum();
            let energy: f32 = clean[8 * packet..9 * packet].iter().map(|s| s * s).sum();
            assert!(error < 0.05 * energy, "{rate} Hz: error {error} of {energy}");
            let (step, limit) = (largest_step(&heard), 1.5 * largest_step(&clean));
            assert!(
                step < limit,
                "{rate} Hz: a step of {step}, where the voice has {limit} at most"
            );
        }
    }

    #[test]
    fn a_long_loss_ends_in_silence_without_a_click() {
        let mut concealment = Concealment::new(48_000, 2);
        let mut pcm = voice(48_000, 0, 4_800);
        pcm.extend(voice(48_000, 0, 4_800));
        concealment.received(&mut pcm, 4_800);
        let mut gap = vec![1.0; 2 * 4_800];
        concealment.lost(&mut gap, 4_800);
        for plane in gap.chunks(4_800) {
            assert!(
                plane[..240].iter().any(|s| s.abs() > 0.3),
                "it begins with the voice"
            );
            assert!(
                plane[3_000..].iter().all(|&s| s == 0.0),
                "and is silent after 60 ms"
            );
            assert!(largest_step(plane) < 0.05);
        }
        let mut next = vec![0.5; 2 * 480];
        concealment.received(&mut next, 480);
        assert!(next[0] < 0.01 && next[479] == 0.5, "what comes next is faded in");
    }

    #[test]
    fn without_a_past_there_is_silence() {
        let mut concealment = Concealment::new(8_000, 1);
        let mut gap = vec![1.0; 80];
        concealment.lost(&mut gap, 80);
        assert!(gap.iter().all(|&s| s == 0.0));
    }

    #[test]
    fn what_is_no_number_is_not_repeated() {
        let mut concealment = Concealment::new(8_000, 1);
        concealment.received(&mut [f32::NAN; 80], 80);
        let mut gap = vec![1.0; 80];
        concealment.lost(&mut gap, 80);
        assert!(gap.iter().all(|s| s.is_finite()));
    }
}
