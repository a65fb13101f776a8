//! What a remote description must be like, beyond being well-formed.

use crate::error::SessionError;
use crate::jsep::SdpType;
use crate::sdp::{MediaDescription, SessionDescription, Setup};

/// What each m-line that is in use must have.
pub(super) fn check_media(
    kind: SdpType,
    description: &SessionDescription,
    media: &MediaDescription,
) -> Result<(), SessionError> {
    let refuse = |what: String, advice| {
        Err(SessionError::Unacceptable {
            what,
            line: media.line.0,
            advice,
        })
    };
    let Some(mid) = &media.mid else {
        return refuse(
            format!("the {} m-line has no a=mid", media.kind),
            "name every m-line with a=mid",
        );
    };
    if media.protocol.contains("RTP/") && !media.rtcp_mux {
        return refuse(
            format!("m-line {mid} wants RTCP on a port of its own"),
            "offer a=rtcp-mux: RTCP shares the port with RTP (RFC 8858)",
        );
    }
    match (kind, description.transport_of(media).setup) {
        (_, Some(Setup::HoldConn)) => refuse(
            format!("m-line {mid} has a=setup:holdconn"),
            "WebRTC uses actpass, active and passive only",
        ),
        (SdpType::Answer | SdpType::Pranswer, Some(Setup::ActPass)) => refuse(
            format!("m-line {mid} is answered with a=setup:actpass"),
            "an answer chooses: active or passive",
        ),
        _ => Ok(()),
    }
}

/// A later offer has all m-lines of the former descriptions, in their order; only one that was rejected may become another.
pub(super) fn check_continuity(
    local: &SessionDescription,
    remote: &SessionDescription,
    now: &SessionDescription,
) -> Result<(), SessionError> {
    let refuse = |what: String, line| {
        Err(SessionError::Unacceptable {
            what,
            line,
            advice: "keep all m-lines in their order; give one up by port 0 and reuse its place later (RFC 9429 section 5.2.2)",
        })
    };
    if now.media.len() < remote.media.len() {
        return refuse(
            format!(
                "{} m-lines where there were {}",
                now.media.len(),
                remote.media.len()
            ),
            0,
        );
    }
    for (index, (old, new)) in remote.media.iter().zip(&now.media).enumerate() {
        // Either end may have given it up.
        let given_up = old.is_rejected() || local.media.get(index).is_some_and(MediaDescription::is_rejected);
        if !given_up && (old.mid != new.mid || old.kind != new.kind) {
            return refuse(
                format!("m-line {index} was {} {:?} and is now another", old.kind, old.mid),
                new.line.0,
            );
        }
    }
    Ok(())
}

/// An answer has the m-lines of the offer, and accepts none that it rejects.
pub(super) fn check_answers(
    offer: &SessionDescription,
    answer: &SessionDescription,
) -> Result<(), SessionError> {
    let refuse = |what: String, line| {
        Err(SessionError::Unacceptable {
            what,
            line,
            advice: "answer every m-line of the offer, in its order and with its MID; reject with port 0 (RFC 3264 section 6)",
        })
    };
    if offer.media.len() != answer.media.len() {
        return refuse(
            format!("{} m-lines answer {}", answer.media.len(), offer.media.len()),
            0,
        );
    }
    for (index, (ours, theirs)) in offer.media.iter().zip(&answer.media).enumerate() {
        if ours.kind != theirs.kind || (!theirs.is_rejected() && ours.mid != theirs.mid) {
            return refuse(
                format!("m-line {index} does not answer the offered one"),
                theirs.line.0,
            );
        }
        if ours.is_rejected() && !theirs.is_rejected() {
            return refuse(
                format!("m-line {index} accepts what is not offered"),
                theirs.line.0,
            );
        }
    }
    if let Some(mid) = answer.bundle().iter().find(|mid| !offer.bundle().contains(mid)) {
        return refuse(format!("the answer bundles {mid}, which the offer does not"), 0);
    }
    Ok(())
}
