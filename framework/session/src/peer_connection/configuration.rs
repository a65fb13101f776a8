use jackfield_rtp::extension::ExtensionKind;
use jackfield_rtp::payload::PayloadFormatDescription;

use crate::error::SessionError;
use crate::negotiation::{CONGESTION_FEEDBACK, STREAM_FEEDBACK};
use crate::sdp::Direction;

/// How a connection is set up.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerConfiguration {
    /// The audio codecs, best first: what a [`jackfield_rtp::payload::PayloadRegistry`] holds.
    pub codecs: Vec<PayloadFormatDescription>,
    /// The header extensions that we know, in the order in which we offer them.
    pub header_extensions: Vec<HeaderExtension>,
    /// The kinds of RTCP feedback that we know, such as `transport-cc`. Of those by which one end tells the other what comes
    /// ([`crate::negotiation::CONGESTION_FEEDBACK`]) an answer takes one: the first here that is offered.
    pub feedback: Vec<String>,
    /// Our canonical name (RFC 7022): random, and the same for all our streams.
    pub cname: String,
    /// Names the session in `o=`: random.
    pub session_id: u64,
    /// From which SSRCs and track ids are drawn: random.
    pub seed: u64,
    /// The most audio m-lines that a remote offer gets; those beyond are rejected.
    pub audio_lines: usize,
    /// Whether one- and two-byte header extensions may be mixed.
    pub extmap_allow_mixed: bool,
    /// Video that is offered is let come, in the first format that is offered, and thrown away: what comes is only measured, and its sender is told
    /// when it came. There is no codec for it. Otherwise its m-lines are rejected.
    pub discards_video: bool,
}

/// A header extension that we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderExtension {
    /// What it is.
    pub uri: String,
    /// In which direction we use it.
    pub direction: Direction,
}

impl HeaderExtension {
    /// An extension for both directions.
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            direction: Direction::SendRecv,
        }
    }
}

impl PeerConfiguration {
    /// Voice as browsers speak it: one audio m-line, audio level, MID, and transport-wide feedback or, with
    /// who knows no other, that of RFC 8888 or REMB. Session and SSRCs follow from `seed`.
    pub fn voice(codecs: Vec<PayloadFormatDescription>, cname: impl Into<String>, seed: u64) -> Self {
        let extensions = [
            ExtensionKind::AudioLevel,
            ExtensionKind::AbsoluteSendTime,
            ExtensionKind::TransportSequence,
            ExtensionKind::Mid,
        ];
        Self {
            codecs,
            header_extensions: extensions
                .into_iter()
                .map(|kind| HeaderExtension::new(kind.uri()))
                .collect(),
            feedback: CONGESTION_FEEDBACK.map(Into::into).into(),
            cname: cname.into(),
            session_id: seed.rotate_left(32) ^ 0x5DEE_CE66_D1A4_B5E9,
            seed,
            audio_lines: 1,
            extmap_allow_mixed: true,
            discards_video: false,
        }
    }

    /// Takes congestion control feedback per stream (RFC 8888) rather than what else a peer offers: it alone tells of ECN marks, without which
    /// an algorithm for L4S is blind.
    #[must_use]
    pub fn preferring_congestion_control_feedback(mut self) -> Self {
        self.feedback.retain(|feedback| feedback != STREAM_FEEDBACK);
        self.feedback.insert(0, STREAM_FEEDBACK.into());
        self
    }

    pub(super) fn check(&self) -> Result<(), SessionError> {
        let token = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if !token(&self.cname) || self.cname.len() > 255 {
            return Err(SessionError::Argument(
                "the canonical name must have 1 to 255 printable characters without blanks",
            ));
        }
        if !self
            .header_extensions
            .iter()
            .all(|extension| token(&extension.uri))
        {
            return Err(SessionError::Argument(
                "the URI of a header extension must be printable and without blanks",
            ));
        }
        if self.header_extensions.len() > 14 {
            return Err(SessionError::Argument(
                "more than 14 header extensions have no ids in the one-byte form",
            ));
        }
        let line = |text: &str| !text.contains(['\r', '\n', '\0']);
        let sound = self.codecs.iter().all(|codec| {
            codec
                .name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._+".contains(&b))
                && !codec.name.is_empty()
                && line(&codec.fmtp)
                && codec.clock_rate.as_hz() > 0
                && codec
                    .static_payload_type
                    .is_none_or(|payload_type| payload_type < 128)
        });
        if !sound
            || !self
                .feedback
                .iter()
                .all(|feedback| line(feedback) && !feedback.is_empty())
        {
            return Err(SessionError::Argument(
                "a codec's name or parameters cannot stand in SDP",
            ));
        }
        Ok(())
    }
}
