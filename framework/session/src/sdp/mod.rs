//! Session descriptions (RFC 8866) as WebRTC uses them (RFC 9429): typed, printed in a fixed order, unknown attributes kept.
//!
//! A malformed description is refused with the number of the line and what was expected there (D2.7).
//!
//! ```
//! use jackfield_session::sdp::SessionDescription;
//!
//! let error = SessionDescription::parse("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio nine RTP/AVP 0\r\n").unwrap_err();
//! assert_eq!(error.to_string(), "SDP line 5 `m=audio nine RTP/AVP 0`: expected a port from 0 to 65535 after the media");
//! ```

mod attribute;
mod parse;
mod print;
mod types;

pub use attribute::{
    Extmap, ExtmapDirection, Fingerprint, Fmtp, Group, Msid, RtcpFeedback, Rtpmap, Setup, SsrcAttribute,
    SsrcGroup,
};
pub use types::{
    Attribute, Direction, LineNumber, MediaDescription, MediaKind, Origin, SessionDescription,
    TransportAttributes,
};

/// No description is longer; Chromium's with audio, video and data take 6 kB.
pub const MAX_BYTES: usize = 256 * 1024;
/// No line is longer.
pub const MAX_LINE_BYTES: usize = 8 * 1024;
/// No description has more m-lines.
pub const MAX_MEDIA: usize = 256;

/// Why a text is no session description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpError {
    /// A line is not what it should be.
    #[error("SDP line {line} `{found}`: expected {expected}")]
    Syntax {
        /// Its number, from 1.
        line: usize,
        /// What it says, cut to 100 characters.
        found: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// The text ends too early.
    #[error("SDP ends after line {line}: expected {expected}")]
    Ends {
        /// The last line.
        line: usize,
        /// What should follow.
        expected: &'static str,
    },
    /// More than we read.
    #[error("the SDP has more than {limit} {what}: send a smaller description")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is read.
        limit: usize,
    },
}

impl SdpError {
    /// The line that is to blame, from 1, if it is one (`RTCError.sdpLineNumber`).
    pub const fn line(&self) -> Option<usize> {
        match self {
            Self::Syntax { line, .. } | Self::Ends { line, .. } => Some(*line),
            Self::TooLarge { .. } => None,
        }
    }
}
