//! Randomness by counter: Philox 4x32-10 (Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", 2011). A draw is a function of
//! its key and counter alone, so what one packet meets never depends on how many were drawn for before it.

/// What a draw is for: different purposes never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
#[non_exhaustive]
pub enum Purpose {
    /// Whether a packet is lost.
    Loss = 1,
    /// How much longer than usual it takes.
    Jitter = 2,
    /// Whether it is held back so that others overtake it.
    Reorder = 3,
    /// Whatever a scenario's actors decide.
    Actor = 4,
    /// How long a chain in time stays in a state.
    Chain = 5,
    /// What active queue management decides.
    Queue = 6,
    /// Whether a packet is marked.
    Mark = 7,
    /// How large a frame is.
    FrameSize = 8,
    /// How long after the one before a frame comes.
    FrameTime = 9,
    /// When cross traffic sends.
    Arrival = 10,
    /// How much cross traffic sends.
    Amount = 11,
    /// How many slots a station waits before it sends.
    Contention = 12,
}

/// A source of numbers for one seed.
#[derive(Clone, Copy, Debug)]
pub struct CounterRandom {
    key: [u32; 2],
}

impl CounterRandom {
    /// Seeded.
    pub const fn new(seed: u64) -> Self {
        Self {
            key: [seed as u32, (seed >> 32) as u32],
        }
    }

    /// 64 bits for the `ordinal`-th draw of `purpose` on `link` in `slot`.
    pub fn bits(&self, link: u16, purpose: Purpose, slot: u64, ordinal: u32) -> u64 {
        let counter = [
            slot as u32,
            (slot >> 32) as u32,
            ordinal,
            u32::from(link) << 16 | purpose as u32,
        ];
        let block = philox(counter, self.key);
        u64::from(block[1]) << 32 | u64::from(block[0])
    }

    /// A number from 0 to just under 1.
    pub fn unit(&self, link: u16, purpose: Purpose, slot: u64, ordinal: u32) -> f64 {
        (self.bits(link, purpose, slot, ordinal) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number with an exponential distribution of mean 1 (by a pure-Rust logarithm, the same on every machine).
    pub fn exponential(&self, link: u16, purpose: Purpose, slot: u64, ordinal: u32) -> f64 {
        -libm::log(1.0 - self.unit(link, purpose, slot, ordinal))
    }

    /// A number with a Laplace distribution of mean 0 and scale 1.
    pub fn laplace(&self, link: u16, purpose: Purpose, slot: u64, ordinal: u32) -> f64 {
        let unit = self.unit(link, purpose, slot, ordinal) - 0.5;
        let magnitude = -libm::log(1.0 - 2.0 * unit.abs());
        if unit < 0.0 { -magnitude } else { magnitude }
    }

    /// A number with mean 0 and standard deviation 1 that is never beyond ±6: the sum of twelve uniform ones (no `ln` or `cos`, whose last
    /// bits differ from machine to machine).
    pub fn normal(&self, link: u16, purpose: Purpose, slot: u64, ordinal: u32) -> f64 {
        let sum: f64 = (0..12)
            .map(|i| self.unit(link, purpose, slot, ordinal.wrapping_mul(16).wrapping_add(i)))
            .sum();
        sum - 6.0
    }
}

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let (a, b) = (
            u64::from(counter[0]) * 0xD251_1F53,
            u64::from(counter[2]) * 0xCD9E_8D57,
        );
        counter = [
            (b >> 32) as u32 ^ counter[1] ^ key[0],
            b as u32,
            (a >> 32) as u32 ^ counter[3] ^ key[1],
            a as u32,
        ];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers of the authors' library (kat_vectors of Random123).
    #[test]
    fn philox_gives_the_known_answers() {
        assert_eq!(
            philox([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn the_normal_numbers_have_their_mean_and_deviation() {
        let random = CounterRandom::new(7);
        let draws: Vec<f64> = (0..20_000)
            .map(|slot| random.normal(0, Purpose::Jitter, slot, 0))
            .collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let deviation = (draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 20_000.0).sqrt();
        assert!(
            mean.abs() < 0.02 && (deviation - 1.0).abs() < 0.02,
            "{mean} {deviation}"
        );
    }
}
