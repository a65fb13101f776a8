//! Signals to test with, and what is measured of them. All of them are the same in every run.

/// A source of numbers that depend on the seed only (SplitMix64, Steele and others 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Seeded.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The next number from −1 to 1.
    pub fn sample(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    }

    /// The next whole number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound.max(1)
    }
}

/// White noise, uniform, up to `peak`.
pub fn noise(seed: u64, samples: usize, peak: f32) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..samples).map(|_| random.sample() * peak).collect()
}

/// A sine of `hertz` that begins at zero.
pub fn tone(hertz: f64, sample_rate: u32, samples: usize, peak: f32) -> Vec<f32> {
    let turn = hertz / f64::from(sample_rate);
    (0..samples)
        .map(|n| ((n as f64 * turn).fract() * std::f64::consts::TAU).sin() as f32 * peak)
        .collect()
}

/// Something like a voice at about −20 dBov: syllables of a pulse train whose pitch glides from 90 to 220 Hz through four formants that
/// change from syllable to syllable, hisses before some of them, and a pause after a few of them.
pub fn voice(seed: u64, sample_rate: u32, samples: usize) -> Vec<f32> {
    let rate = sample_rate as f32;
    let mut random = Random::new(seed);
    let mut voice = Vec::with_capacity(samples);
    let mut phase = 0.0_f32;
    for syllable in 0.. {
        if voice.len() >= samples {
            break;
        }
        let length = ((0.12 + 0.1 * (random.sample() + 1.0)) * rate) as usize;
        if syllable % 7 == 4 {
            voice.extend(std::iter::repeat_n(0.0, length * 2));
            continue;
        }
        if random.below(3) == 0 {
            let hiss = length / 3;
            voice.extend((0..hiss).map(|n| random.sample() * 0.06 * hump(n, hiss)));
        }
        let mut mouth: Vec<Resonator> = [550.0, 1_500.0, 2_600.0, 3_500.0]
            .iter()
            .map(|centre| centre * (1.0 + 0.4 * random.sample()))
            .filter(|hertz| *hertz < 0.45 * rate)
            .map(|hertz| Resonator::new(hertz, 90.0 + hertz * 0.03, rate))
            .collect();
        let (from, to) = (155.0 + 65.0 * random.sample(), 155.0 + 65.0 * random.sample());
        for n in 0..length {
            let pitch = from + (to - from) * n as f32 / length as f32;
            phase += pitch / rate;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase = phase.fract();
            let excitation = pulse + 0.01 * random.sample();
            let sum: f32 = mouth.iter_mut().map(|formant| formant.next(excitation)).sum();
            voice.push(sum * hump(n, length));
        }
    }
    voice.truncate(samples);
    let gain = 0.13 / rms(&voice).max(1e-6);
    voice
        .iter_mut()
        .for_each(|sample| *sample = (*sample * gain).clamp(-0.95, 0.95));
    voice
}

/// From 0 up to 1 and back to 0 over `length`.
fn hump(n: usize, length: usize) -> f32 {
    let x = n as f32 / length.max(1) as f32;
    (std::f32::consts::PI * x).sin().powf(0.6)
}

/// A two-pole resonator.
struct Resonator {
    a: [f32; 2],
    gain: f32,
    past: [f32; 2],
}

impl Resonator {
    fn new(hertz: f32, bandwidth: f32, rate: f32) -> Self {
        let radius = (-std::f32::consts::PI * bandwidth / rate).exp();
        let a = [
            2.0 * radius * (std::f32::consts::TAU * hertz / rate).cos(),
            -radius * radius,
        ];
        Self {
            a,
            gain: 1.0 - radius,
            past: [0.0; 2],
        }
    }

    fn next(&mut self, input: f32) -> f32 {
        let output = input * self.gain + self.a[0] * self.past[0] + self.a[1] * self.past[1];
        self.past = [output, self.past[0]];
        output
    }
}

/// Root mean square.
pub fn rms(samples: &[f32]) -> f32 {
    let power =
        samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum::<f64>() / samples.len().max(1) as f64;
    power.sqrt() as f32
}

/// The mean: what is left of a signal without its movement.
pub fn dc(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| f64::from(*s)).sum::<f64>() / samples.len().max(1) as f64) as f32
}

/// Level in dB re full scale; −127 for silence and below.
pub fn level_db(samples: &[f32]) -> f32 {
    db(rms(samples))
}

/// An amplitude in dB re 1; not below −127.
pub fn db(amplitude: f32) -> f32 {
    (20.0 * amplitude.abs().max(1e-9).log10()).max(-127.0)
}

/// By how much one signal lags behind another, and how alike they then are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    /// Samples.
    pub samples: usize,
    /// The correlation coefficient at this lag, 0 to 1 (its sign is dropped).
    pub likeness: f32,
}

/// Finds the lag, up to `most`, at which `late` is most like `signal`. Compares the first `signal.len() − most` samples.
pub fn lag(signal: &[f32], late: &[f32], most: usize) -> Lag {
    let length = signal.len().min(late.len()).saturating_sub(most);
    let signal = &signal[..length];
    let energy = |samples: &[f32]| samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    let own = energy(signal);
    let mut best = Lag {
        samples: 0,
        likeness: 0.0,
    };
    for samples in 0..=most.min(late.len() - length) {
        let shifted = &late[samples..samples + length];
        let product: f64 = signal.iter().zip(shifted).map(|(a, b)| f64::from(a * b)).sum();
        let likeness = (product.abs() / (own * energy(shifted)).sqrt().max(1e-12)) as f32;
        if likeness > best.likeness {
            best = Lag { samples, likeness };
        }
    }
    best
}

/// The largest step from one sample to the next.
pub fn largest_step(samples: &[f32]) -> f32 {
    samples
        .windows(2)
        .fold(0.0, |most: f32, pair| most.max((pair[1] - pair[0]).abs()))
}

/// How far the largest step of `signal` goes beyond the largest step of `own`, the same signal undisturbed, in dB re full scale; −127 if it does
/// not. A click at full scale has 0, one that nobody hears −60 and less.
pub fn discontinuity_db(signal: &[f32], own: &[f32]) -> f32 {
    db((largest_step(signal) - largest_step(own)).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_of_a_shifted_voice_is_found() {
        let voice = voice(3, 16_000, 16_000);
        let mut late = vec![0.0; 137];
        late.extend(&voice);
        let found = lag(&voice, &late, 400);
        assert_eq!(found.samples, 137);
        assert!(found.likeness > 0.999);
    }

    #[test]
    fn a_voice_is_as_loud_as_a_voice_and_pauses() {
        for rate in [8_000, 16_000, 48_000] {
            let voice = voice(1, rate, rate as usize * 4);
            assert!((level_db(&voice) + 18.0).abs() < 3.0, "{} dB", level_db(&voice));
            let blocks: Vec<f32> = voice.chunks(rate as usize / 100).map(level_db).collect();
            assert!(blocks.iter().any(|db| *db < -100.0), "there is a pause");
            assert!(dc(&voice).abs() < 0.02);
        }
        assert_eq!(voice(1, 16_000, 500), voice(1, 16_000, 500));
        assert_ne!(voice(1, 16_000, 5_000), voice(2, 16_000, 5_000));
    }

    #[test]
    fn a_click_stands_out_and_a_tone_does_not() {
        let tone = tone(440.0, 48_000, 4_800, 0.5);
        assert_eq!(discontinuity_db(&tone, &tone), -127.0);
        let mut clicked = tone.clone();
        clicked[2_400..].iter_mut().for_each(|sample| *sample += 0.1);
        let click = discontinuity_db(&clicked, &tone);
        assert!((-21.0..=-18.0).contains(&click), "{click} dB");
    }
}
