//! What two descriptions of an m-line agree upon: codecs, header extensions, feedback. Pure functions, used by offerer and answerer alike.

mod codecs;
mod extensions;
mod feedback;

pub use codecs::{AnyFmtp, FmtpMatcher, is_auxiliary};
pub(crate) use codecs::{CodecMatch, check_payload_types, match_answer, match_offer};
pub(crate) use extensions::{answer_extmaps, offer_extmaps};
pub use feedback::{CONGESTION_FEEDBACK, STREAM_FEEDBACK};
pub(crate) use feedback::{answer_feedback, offer_feedback};

use jackfield_core::units::SampleRate;
use jackfield_rtp::demux::Criteria;
use jackfield_rtp::extension::{ExtensionIds, ExtensionKind, StreamName};

use crate::sdp::{Direction, MediaDescription, Msid, RtcpFeedback};

/// What is agreed upon for an audio m-line, as the media engine needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NegotiatedAudio {
    /// The m-line.
    pub mid: String,
    /// In which direction media flow, seen from here.
    pub direction: Direction,
    /// With which format we send; `None` if we do not.
    pub send: Option<PayloadChoice>,
    /// What may come, best first. Also when nothing may: packets on the way are still understood.
    pub receive: Vec<PayloadChoice>,
    /// Header extensions, with direction and id.
    pub extensions: Vec<NegotiatedExtension>,
    /// Whether the two-byte form of header extensions may be used.
    pub extmap_allow_mixed: bool,
    /// Our SSRC.
    pub local_ssrc: u32,
    /// Our canonical name.
    pub local_cname: String,
    /// The SSRCs that the remote end announced.
    pub remote_ssrcs: Vec<u32>,
    /// Its canonical name, if announced.
    pub remote_cname: Option<String>,
    /// Its stream and track, if told.
    pub remote_msid: Option<Msid>,
    /// Whether RTCP need not be compound (RFC 5506).
    pub rtcp_rsize: bool,
    /// The feedback that both know: `nack`, `transport-cc`.
    pub feedback: Vec<RtcpFeedback>,
    /// The length of packets that the remote end would like, in ms.
    pub ptime: Option<u32>,
    /// The greatest length of packets that the remote end takes, in ms.
    pub maxptime: Option<u32>,
}

/// A payload type and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadChoice {
    /// The number on the wire.
    pub payload_type: u8,
    /// The place of the codec in [`crate::PeerConfiguration::codecs`].
    pub codec: usize,
    /// The RTP clock.
    pub clock_rate: SampleRate,
    /// Our parameters: what we said we want to receive.
    pub local_fmtp: String,
    /// The remote end's parameters: what it wants to receive.
    pub remote_fmtp: String,
}

/// A header extension that both know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NegotiatedExtension {
    /// What it is.
    pub uri: String,
    /// The id on the wire.
    pub id: u8,
    /// In which direction it may be used, seen from here.
    pub direction: Direction,
}

impl NegotiatedAudio {
    /// The ids of the extensions that we may send.
    pub fn send_extensions(&self) -> ExtensionIds {
        self.ids(Direction::sends)
    }

    /// The ids of the extensions that may come.
    pub fn receive_extensions(&self) -> ExtensionIds {
        self.ids(Direction::receives)
    }

    /// Whether feedback such as `transport-cc` was agreed upon for this payload type.
    pub fn has_feedback(&self, payload_type: u8, feedback: &str) -> bool {
        self.feedback.iter().any(|known| {
            known.feedback == feedback && known.payload_type.is_none_or(|only| only == payload_type)
        })
    }

    /// By what packets of this m-line are known to a [`jackfield_rtp::demux::Demuxer`].
    pub fn demux_criteria(&self) -> Criteria {
        let names_mid = self.receive_extensions().id(ExtensionKind::Mid).is_some();
        Criteria {
            mid: StreamName::new(&self.mid).filter(|_| names_mid),
            rid: None,
            ssrcs: self.remote_ssrcs.clone(),
            payload_types: self.receive.iter().map(|choice| choice.payload_type).collect(),
        }
    }

    fn ids(&self, uses: fn(Direction) -> bool) -> ExtensionIds {
        let mut ids = ExtensionIds::none();
        for extension in self
            .extensions
            .iter()
            .filter(|extension| uses(extension.direction))
        {
            if let Some(kind) = ExtensionKind::from_uri(&extension.uri) {
                ids.set(kind, extension.id);
            }
        }
        ids
    }
}

/// What both descriptions of an m-line come to.
pub(crate) struct Agreement<'a> {
    pub(crate) local: &'a MediaDescription,
    pub(crate) remote: &'a MediaDescription,
    /// Seen from here.
    pub(crate) direction: Direction,
    pub(crate) matches: &'a [CodecMatch],
    pub(crate) local_ssrc: u32,
    pub(crate) local_cname: &'a str,
    pub(crate) extmap_allow_mixed: bool,
    /// Whether the local description is the answer: the answer decides.
    pub(crate) we_answered: bool,
}

impl Agreement<'_> {
    pub(crate) fn audio(&self) -> NegotiatedAudio {
        let Self {
            local,
            remote,
            direction,
            ..
        } = *self;
        let answer = if self.we_answered { local } else { remote };
        let choice = |payload_type: u8, matched: &CodecMatch| PayloadChoice {
            payload_type,
            codec: matched.codec,
            clock_rate: matched.clock_rate,
            local_fmtp: matched.local_fmtp.clone(),
            remote_fmtp: matched.remote_fmtp.clone(),
        };
        let main = self.matches.iter().find(|matched| !matched.auxiliary);
        let msid = remote.msids.first().cloned().or_else(|| msid_of_ssrc(remote));
        let remote_ssrcs = remote.announced_ssrcs();
        let extensions = answer.extmaps.iter().filter_map(|extmap| {
            let direction = extmap.direction.unwrap_or_default();
            Some(NegotiatedExtension {
                uri: extmap.uri.clone(),
                id: u8::try_from(extmap.id).ok()?,
                direction: if self.we_answered {
                    direction
                } else {
                    direction.reversed()
                },
            })
        });
        NegotiatedAudio {
            mid: remote.mid.clone().unwrap_or_default(),
            direction,
            send: main
                .filter(|_| direction.sends())
                .map(|matched| choice(matched.remote_payload_type, matched)),
            receive: self
                .matches
                .iter()
                .map(|matched| choice(matched.local_payload_type, matched))
                .collect(),
            extensions: extensions.collect(),
            extmap_allow_mixed: self.extmap_allow_mixed,
            local_ssrc: self.local_ssrc,
            local_cname: self.local_cname.into(),
            remote_cname: remote_ssrcs
                .first()
                .and_then(|ssrc| remote.ssrc_attribute(*ssrc, "cname"))
                .map(Into::into),
            remote_ssrcs,
            remote_msid: msid,
            rtcp_rsize: local.rtcp_rsize && remote.rtcp_rsize,
            feedback: feedback::agreed(local, answer),
            ptime: remote.ptime,
            maxptime: remote.maxptime,
        }
    }
}

/// Older ends tell stream and track per SSRC alone.
fn msid_of_ssrc(media: &MediaDescription) -> Option<Msid> {
    let text = media
        .ssrcs
        .iter()
        .find(|attribute| attribute.name == "msid")?
        .value
        .as_deref()?;
    let (stream, track) = text
        .split_once(' ')
        .map_or((text, None), |(stream, track)| (stream, Some(track)));
    Some(Msid {
        stream: stream.into(),
        track: track.map(Into::into),
    })
}
