//! What a host hands to every instance when it makes it: its seed. There are no globals to reach for.

use jackfield_macros::ffi;

/// The surroundings of one instance.
#[ffi(grows)]
pub struct Environment {
    /// The size of this struct in bytes, as its maker knows it.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// The seed for all randomness that the instance uses. Equal seed and equal input give equal output.
    pub seed: u64,
}

impl Environment {
    /// An environment with this seed.
    pub const fn seeded(seed: u64) -> Self {
        Self {
            size: size_of::<Self>() as u32,
            reserved: 0,
            seed,
        }
    }
}
