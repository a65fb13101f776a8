//! Draws for resampling. A draw is a function of (seed, replicate, position), never of how many were drawn before it, so that replicates may be
//! computed in any order and a replicate can be computed again.
//!
//! The mixing function is that of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), which is
//! itself a counter run through a hash. It is quick; independence from the network's own draws (Philox, in `jackfield-sim`) is free.

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// Numbers for one seed.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    key: u64,
}

impl Draws {
    /// Seeded.
    pub const fn new(seed: u64) -> Self {
        Self {
            key: mix(seed.wrapping_add(GAMMA)),
        }
    }

    /// The numbers of one replicate.
    #[must_use]
    pub const fn replicate(&self, number: u64) -> Self {
        Self {
            key: mix(self.key ^ mix(number.wrapping_mul(GAMMA).wrapping_add(GAMMA))),
        }
    }

    /// 64 bits at `position`.
    pub const fn bits(&self, position: u64) -> u64 {
        mix(self
            .key
            .wrapping_add(position.wrapping_add(1).wrapping_mul(GAMMA)))
    }

    /// A number from 0 to just under 1 at `position`.
    pub fn unit(&self, position: u64) -> f64 {
        (self.bits(position) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of `0..n` at `position`; 0 if `n` is 0. Its bias is below n / 2^64.
    pub const fn index(&self, position: u64, n: usize) -> usize {
        ((self.bits(position) as u128 * n as u128) >> 64) as usize
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of SplitMix64 from the state 1234567, as its authors' C program prints them.
    #[test]
    fn the_mixing_function_gives_the_known_answers() {
        let mut state: u64 = 1_234_567;
        let known = [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973];
        for answer in known {
            state = state.wrapping_add(GAMMA);
            assert_eq!(mix(state), answer);
        }
    }

    #[test]
    fn every_index_is_drawn_about_equally_often() {
        let mut counts = [0_u32; 7];
        for replicate in 0..7_000 {
            let draws = Draws::new(3).replicate(replicate);
            for position in 0..10 {
                counts[draws.index(position, 7)] += 1;
            }
        }
        for count in counts {
            assert!((9_600..10_400).contains(&count), "{counts:?}");
        }
    }
}
