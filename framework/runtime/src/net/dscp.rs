//! The differentiated services code point: what routers on the way are asked to do for a packet.

use std::fmt;
use std::str::FromStr;

/// A differentiated services code point (RFC 2474 section 3).
///
/// ```
/// use jackfield_runtime::net::Dscp;
///
/// assert_eq!("ef".parse(), Ok(Dscp::EXPEDITED_FORWARDING));
/// assert_eq!("46".parse(), Ok(Dscp::EXPEDITED_FORWARDING));
/// assert!("64".parse::<Dscp>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dscp(u8);

impl Dscp {
    /// No wish: the network's best effort.
    pub const DEFAULT: Self = Self(0);
    /// Ahead of everything else in every queue (EF, RFC 3246): what RFC 8837 section 5 gives to interactive voice.
    pub const EXPEDITED_FORWARDING: Self = Self(46);

    /// The code point with this number; `None` above 63.
    pub const fn new(code: u8) -> Option<Self> {
        if code < 64 { Some(Self(code)) } else { None }
    }

    /// Its number, 0 to 63.
    pub const fn code(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Dscp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::DEFAULT => f.write_str("default"),
            Self::EXPEDITED_FORWARDING => f.write_str("ef"),
            Self(code) => code.fmt(f),
        }
    }
}

impl FromStr for Dscp {
    type Err = UnknownDscp;

    fn from_str(text: &str) -> Result<Self, UnknownDscp> {
        match text {
            "default" => Ok(Self::DEFAULT),
            "ef" => Ok(Self::EXPEDITED_FORWARDING),
            number => number.parse().ok().and_then(Self::new).ok_or(UnknownDscp),
        }
    }
}

/// A text names no code point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no code point: use `ef` for voice, `default` for no mark, or a number from 0 to 63")]
pub struct UnknownDscp;
