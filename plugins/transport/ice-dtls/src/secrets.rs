//! Where keys, passwords and identifiers come from.

use jackfield_sdk::prelude::*;

/// The source of everything that must not be guessed: the operating system's generator, or, only in a simulation that asks for it in so
/// many words, a seeded one.
pub(crate) enum Secrets {
    /// The operating system.
    System,
    /// A generator that repeats itself: whoever knows the seed knows every secret.
    Repeatable(fastrand::Rng),
}

/// The characters of ICE credentials (RFC 8839 section 5.4, `ice-char`): 64, so that six bits make one.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Secrets {
    /// The operating system's generator, or (`repeatable`) one that starts from `seed`.
    pub(crate) fn new(repeatable: bool, seed: u64) -> Self {
        if repeatable {
            Self::Repeatable(fastrand::Rng::with_seed(seed))
        } else {
            Self::System
        }
    }

    /// `N` bytes.
    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        match self {
            #[allow(
                clippy::disallowed_methods,
                reason = "keys and passwords must be unguessable; nothing but a secret is drawn here"
            )]
            Self::System => getrandom::fill(&mut bytes).map_err(|error| {
                Fault::failed(format!(
                    "the operating system gives no random numbers ({error}); nothing can be kept secret"
                ))
            })?,
            Self::Repeatable(generator) => generator.fill(&mut bytes),
        }
        Ok(bytes)
    }

    /// A random number.
    pub(crate) fn number(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    /// `N` characters fit for an ICE user name or password: six random bits each (RFC 8445 section 5.3 asks for 24 and 128 bits).
    pub(crate) fn ice_text<const N: usize>(&mut self) -> Result<String, Fault> {
        Ok(self
            .bytes::<N>()?
            .iter()
            .map(|byte| char::from(ICE_CHARS[usize::from(byte & 63)]))
            .collect())
    }

    /// The seed for what may repeat in a simulation and nowhere else; `None` in a real call.
    pub(crate) fn repeatable_seed(&mut self) -> Option<u64> {
        match self {
            Self::System => None,
            Self::Repeatable(generator) => Some(generator.u64(..)),
        }
    }
}
