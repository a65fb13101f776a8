use jackfield_core::units::SampleRate;
use jackfield_rtp::payload::PayloadFormatDescription;

use crate::error::SessionError;
use crate::sdp::{MediaDescription, Rtpmap, SessionDescription};

/// Answers format parameters for a codec: each codec plugin knows its own (D2.6).
pub trait FmtpMatcher {
    /// Our parameters in answer to what the remote end offers (may be empty) for the codec at place `codec` of
    /// [`crate::PeerConfiguration::codecs`]; `None` if the offer cannot be met.
    fn answer(&mut self, codec: usize, offered: &str) -> Option<String>;
}

/// Takes any parameters and answers with none: for codecs that have none, and for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyFmtp;

impl FmtpMatcher for AnyFmtp {
    fn answer(&mut self, _: usize, _: &str) -> Option<String> {
        Some(String::new())
    }
}

impl<F: FnMut(usize, &str) -> Option<String>> FmtpMatcher for F {
    fn answer(&mut self, codec: usize, offered: &str) -> Option<String> {
        self(codec, offered)
    }
}

/// A codec that both ends have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodecMatch {
    /// The number with which packets come to us.
    pub(crate) local_payload_type: u8,
    /// The number that the remote end expects.
    pub(crate) remote_payload_type: u8,
    pub(crate) codec: usize,
    pub(crate) clock_rate: SampleRate,
    pub(crate) local_fmtp: String,
    pub(crate) remote_fmtp: String,
    /// It carries no media of its own.
    pub(crate) auxiliary: bool,
}

/// Whether a format only accompanies others, so that it is never the one to send with: comfort noise, tones, redundancy, repair.
pub fn is_auxiliary(name: &str) -> bool {
    ["cn", "telephone-event", "red", "rtx", "ulpfec", "flexfec-03"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// The codecs of an offer that we have, in the order of `preferences` (places in `codecs`), or of the offer where that is empty (D2.3).
/// Payload types are those of the offer (RFC 3264 section 6.1).
pub(crate) fn match_offer(
    offer: &MediaDescription,
    codecs: &[PayloadFormatDescription],
    preferences: &[usize],
    matcher: &mut dyn FmtpMatcher,
) -> Vec<CodecMatch> {
    let mut matches: Vec<CodecMatch> = Vec::new();
    for payload_type in offer.payload_types() {
        // The same number twice in a row of formats says nothing new.
        if matches
            .iter()
            .any(|known| known.remote_payload_type == payload_type)
        {
            continue;
        }
        let Some(map) = offer.rtpmap(payload_type) else {
            continue;
        };
        let offered = offer.fmtp(payload_type);
        let ours = candidates(codecs, &map, preferences)
            .find_map(|codec| Some((codec, matcher.answer(codec, offered)?)));
        if let Some((codec, local_fmtp)) = ours {
            matches.push(CodecMatch {
                local_payload_type: payload_type,
                remote_payload_type: payload_type,
                codec,
                clock_rate: map.clock_rate,
                local_fmtp,
                remote_fmtp: offered.into(),
                auxiliary: is_auxiliary(&map.name),
            });
        }
    }
    if !preferences.is_empty() {
        matches.sort_by_key(|matched| preferences.iter().position(|codec| *codec == matched.codec));
    }
    matches
}

/// The codecs of an answer to our offer, in the order of the answer.
pub(crate) fn match_answer(
    offer: &MediaDescription,
    answer: &MediaDescription,
    codecs: &[PayloadFormatDescription],
    matcher: &mut dyn FmtpMatcher,
) -> Vec<CodecMatch> {
    let offered = |map: &Rtpmap, codec: usize| {
        let same = |ours: &Rtpmap| codecs[codec].has_encoding(&ours.name, ours.clock_rate, ours.channels);
        // The same number if it means the same; else the first that does.
        let number = map.payload_type;
        let mut numbers = std::iter::once(number).chain(offer.payload_types());
        numbers.find(|n| {
            let listed = offer.payload_types().any(|payload_type| payload_type == *n);
            listed && offer.rtpmap(*n).as_ref().is_some_and(same) && offer.fmtp(*n) == codecs[codec].fmtp
        })
    };
    let mut matches = Vec::new();
    for payload_type in answer.payload_types() {
        let Some(map) = answer.rtpmap(payload_type) else {
            continue;
        };
        let remote_fmtp = answer.fmtp(payload_type);
        let ours = candidates(codecs, &map, &[]).find_map(|codec| {
            let local_payload_type = offered(&map, codec)?;
            matcher.answer(codec, remote_fmtp)?;
            Some((codec, local_payload_type))
        });
        if let Some((codec, local_payload_type)) = ours {
            matches.push(CodecMatch {
                local_payload_type,
                remote_payload_type: payload_type,
                codec,
                clock_rate: map.clock_rate,
                local_fmtp: codecs[codec].fmtp.clone(),
                remote_fmtp: remote_fmtp.into(),
                auxiliary: is_auxiliary(&map.name),
            });
        }
    }
    matches
}

/// Within a BUNDLE group a payload type means one thing (RFC 8843 section 9.1), and for the life of the session it means the same
/// (RFC 3264 section 8.3.2), as far as we have agreed upon it: `agreed` tells (D2.2).
pub(crate) fn check_payload_types(
    description: &SessionDescription,
    accepted: &dyn Fn(&MediaDescription) -> bool,
    agreed: &dyn Fn(u8) -> Option<Rtpmap>,
) -> Result<(), SessionError> {
    let mut seen: Vec<(Rtpmap, &str)> = Vec::new();
    let same = |a: &Rtpmap, b: &Rtpmap| {
        a.name.eq_ignore_ascii_case(&b.name) && a.clock_rate == b.clock_rate && a.channels == b.channels
    };
    for media in description.media.iter().filter(|media| accepted(media)) {
        for map in media
            .payload_types()
            .filter_map(|payload_type| media.rtpmap(payload_type))
        {
            let refuse = |what: String, advice| {
                Err(SessionError::Unacceptable {
                    what,
                    line: media.line.0,
                    advice,
                })
            };
            let before = seen
                .iter()
                .find(|(other, _)| other.payload_type == map.payload_type);
            if let Some((other, _)) =
                before.filter(|(other, kind)| !same(other, &map) || *kind != media.kind.as_str())
            {
                return refuse(
                    format!(
                        "payload type {} means both {other} and {map} in one BUNDLE group",
                        map.payload_type
                    ),
                    "give every format of the group a number of its own",
                );
            }
            if let Some(agreed) = agreed(map.payload_type).filter(|agreed| !same(agreed, &map)) {
                return refuse(
                    format!(
                        "payload type {} meant {agreed} and now means {map}",
                        map.payload_type
                    ),
                    "a number keeps its meaning for the life of the session: use another",
                );
            }
            if before.is_none() {
                seen.push((map, media.kind.as_str()));
            }
        }
    }
    Ok(())
}

/// The places of our codecs with this encoding: those that are preferred, or all.
fn candidates<'a>(
    codecs: &'a [PayloadFormatDescription],
    map: &'a Rtpmap,
    preferences: &'a [usize],
) -> impl Iterator<Item = usize> + 'a {
    let allowed = move |codec: &usize| preferences.is_empty() || preferences.contains(codec);
    let same = move |codec: &usize| codecs[*codec].has_encoding(&map.name, map.clock_rate, map.channels);
    (0..codecs.len()).filter(allowed).filter(same)
}
