//! Payload formats that codecs register, and the payload types that negotiation gives them (E22.7, E23.4).

use jackfield_core::units::SampleRate;

/// One RTP payload format of one codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadFormatDescription {
    /// The id of the codec plugin.
    pub codec: String,
    /// Which of the codec's formats.
    pub index: u32,
    /// The encoding name in SDP, compared without regard to case.
    pub name: String,
    /// The RTP clock.
    pub clock_rate: SampleRate,
    /// Channels as `a=rtpmap` names them.
    pub channels: u32,
    /// The payload type that RFC 3551 fixes for it, if any.
    pub static_payload_type: Option<u8>,
    /// The fmtp parameters to offer, may be empty.
    pub fmtp: String,
}

impl PayloadFormatDescription {
    /// Whether `a=rtpmap` with these values means this encoding (fmtp aside).
    pub fn has_encoding(&self, name: &str, clock_rate: SampleRate, channels: u32) -> bool {
        self.name.eq_ignore_ascii_case(name) && self.clock_rate == clock_rate && self.channels == channels
    }
}

/// The formats of all codecs, in the order of the manifest.
#[derive(Clone, Debug, Default)]
pub struct PayloadRegistry {
    formats: Vec<PayloadFormatDescription>,
}

/// Why a format was not registered, or no payload type was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// Two codecs claim the same encoding with the same parameters.
    #[error(
        "{second} registers {encoding}, which {first} has registered already: take one of the two out of the manifest"
    )]
    DuplicateEncoding {
        /// Who had it.
        first: String,
        /// Who wants it.
        second: String,
        /// What both claim.
        encoding: String,
    },
    /// The same codec registers the same index twice.
    #[error("{codec} registers its format {index} twice: is it listed twice in the manifest?")]
    DuplicateIndex {
        /// The codec.
        codec: String,
        /// The index.
        index: u32,
    },
    /// Two formats claim one static payload type.
    #[error(
        "{second} claims static payload type {payload_type}, which {first} has: one of the two must be dynamic"
    )]
    DuplicateStatic {
        /// Who had it.
        first: String,
        /// Who wants it.
        second: String,
        /// What both claim.
        payload_type: u8,
    },
    /// A value that no `a=rtpmap` can say.
    #[error("{codec} registers a format whose {what} cannot stand in SDP: correct the codec")]
    Invalid {
        /// The codec.
        codec: String,
        /// What is wrong.
        what: &'static str,
    },
    /// All dynamic payload types are given away.
    #[error("all {0} dynamic payload types are taken: offer fewer formats")]
    Exhausted(usize),
    /// A payload type that another format has in this BUNDLE group.
    #[error("payload type {0} is taken by another format of the BUNDLE group")]
    Taken(u8),
}

impl PayloadRegistry {
    /// Without any format.
    pub const fn new() -> Self {
        Self { formats: Vec::new() }
    }

    /// Adds a format and tells its place. The order of registration is the order of preference.
    ///
    /// # Errors
    /// If it is a duplicate of another or cannot stand in SDP.
    pub fn register(&mut self, format: PayloadFormatDescription) -> Result<usize, PayloadError> {
        let invalid = |what| {
            Err(PayloadError::Invalid {
                codec: format.codec.clone(),
                what,
            })
        };
        if format.name.is_empty()
            || !format
                .name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._+".contains(&b))
        {
            return invalid("name");
        }
        if format.clock_rate.as_hz() == 0 {
            return invalid("clock rate");
        }
        if format.channels == 0 {
            return invalid("channel count");
        }
        if format
            .static_payload_type
            .is_some_and(|payload_type| payload_type > 34)
        {
            return invalid("static payload type");
        }
        if format.fmtp.contains(['\r', '\n']) {
            return invalid("fmtp");
        }
        for other in &self.formats {
            if other.codec == format.codec && other.index == format.index {
                return Err(PayloadError::DuplicateIndex {
                    codec: format.codec,
                    index: format.index,
                });
            }
            if other.has_encoding(&format.name, format.clock_rate, format.channels)
                && other.fmtp == format.fmtp
            {
                let encoding = format!(
                    "{}/{}/{}",
                    format.name,
                    format.clock_rate.as_hz(),
                    format.channels
                );
                return Err(PayloadError::DuplicateEncoding {
                    first: other.codec.clone(),
                    second: format.codec,
                    encoding,
                });
            }
            if let (Some(theirs), Some(ours)) = (other.static_payload_type, format.static_payload_type)
                && theirs == ours
            {
                return Err(PayloadError::DuplicateStatic {
                    first: other.codec.clone(),
                    second: format.codec,
                    payload_type: ours,
                });
            }
        }
        self.formats.push(format);
        Ok(self.formats.len() - 1)
    }

    /// All formats in order of preference.
    pub fn formats(&self) -> &[PayloadFormatDescription] {
        &self.formats
    }

    /// The places of the formats that a static payload type or an `a=rtpmap` with these values can mean, best first.
    pub fn matching(&self, name: &str, clock_rate: SampleRate, channels: u32) -> impl Iterator<Item = usize> {
        let matches =
            move |format: &PayloadFormatDescription| format.has_encoding(name, clock_rate, channels);
        self.formats
            .iter()
            .enumerate()
            .filter(move |(_, format)| matches(format))
            .map(|(place, _)| place)
    }
}

/// Gives away the payload types of one BUNDLE group. A number once given keeps its meaning for the life of the session (D2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayloadTypes {
    taken: u128,
}

impl PayloadTypes {
    /// All are free.
    pub const fn new() -> Self {
        Self { taken: 0 }
    }

    /// Takes `payload_type`.
    ///
    /// # Errors
    /// If it is taken.
    pub fn take(&mut self, payload_type: u8) -> Result<u8, PayloadError> {
        if payload_type > 127 || self.is_taken(payload_type) {
            return Err(PayloadError::Taken(payload_type));
        }
        self.taken |= 1 << payload_type;
        Ok(payload_type)
    }

    /// Whether it is taken.
    pub const fn is_taken(&self, payload_type: u8) -> bool {
        payload_type > 127 || self.taken >> payload_type & 1 != 0
    }

    /// Takes the preferred number if it is free, else a dynamic one: 96 to 127, then 35 to 63. 64 to 95 stay free because with a marker bit
    /// they look like RTCP (RFC 5761 section 4).
    ///
    /// # Errors
    /// If none is left.
    pub fn allocate(&mut self, preferred: Option<u8>) -> Result<u8, PayloadError> {
        let dynamic = (96..=127).chain(35..=63);
        let free = preferred
            .into_iter()
            .chain(dynamic)
            .find(|payload_type| !self.is_taken(*payload_type));
        self.take(free.ok_or(PayloadError::Exhausted(61))?)
    }
}
