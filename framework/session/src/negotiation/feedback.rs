//! RTCP feedback (RFC 4585 section 4.2): which kinds both know, and the one by which one end tells the other what comes.

use crate::sdp::{MediaDescription, RtcpFeedback};

/// Congestion control feedback per stream (RFC 8888 section 6): for all payload types, so it stands with `*`.
pub const STREAM_FEEDBACK: &str = "ack ccfb";

/// The kinds of feedback by which one end tells the other what comes, for its congestion controller, in the order in which we take them if
/// nothing else is wanted. An answer takes one of those that are offered (RFC 8888 section 6).
///
/// Transport-wide feedback comes first because it is what browsers speak and all paths bear; REMB tells the least.
pub const CONGESTION_FEEDBACK: [&str; 3] = ["transport-cc", STREAM_FEEDBACK, "goog-remb"];

/// The feedback that an offer has for these payload types: what we know, in the order of `known`.
pub(crate) fn offer_feedback(known: &[String], payload_types: &[u8]) -> Vec<RtcpFeedback> {
    let (all, each): (Vec<&String>, Vec<&String>) = known.iter().partition(|kind| *kind == STREAM_FEEDBACK);
    // The order tells which is preferred, so what is for all stands first if it does so in `known`.
    let first = known.first().is_some_and(|kind| kind == STREAM_FEEDBACK);
    let for_all = all.into_iter().map(|kind| RtcpFeedback {
        payload_type: None,
        feedback: kind.clone(),
    });
    let mut feedback: Vec<RtcpFeedback> = payload_types
        .iter()
        .flat_map(|payload_type| {
            each.iter().map(|kind| RtcpFeedback {
                payload_type: Some(*payload_type),
                feedback: (*kind).clone(),
            })
        })
        .collect();
    let place = if first { 0 } else { feedback.len() };
    feedback.splice(place..place, for_all);
    feedback
}

/// What an answer takes of the feedback that `offer` has: the kinds in `known` for the payload types that are left, and of
/// [`CONGESTION_FEEDBACK`] the first in `known`.
pub(crate) fn answer_feedback(
    offer: &MediaDescription,
    known: &[String],
    payload_types: &[u8],
) -> Vec<RtcpFeedback> {
    let offered = offer
        .rtcp_feedback
        .iter()
        .filter(|offered| known.contains(&offered.feedback))
        .filter(|offered| {
            offered
                .payload_type
                .is_none_or(|only| payload_types.contains(&only))
        });
    let mut taken: Vec<RtcpFeedback> = offered.cloned().collect();
    take_one(&mut taken, known.iter().map(String::as_str));
    taken
}

/// What an offer and its answer come to: what the answer has of ours. If it has several of [`CONGESTION_FEEDBACK`], as it should not, the one
/// that stands first in our description.
pub(super) fn agreed(local: &MediaDescription, answer: &MediaDescription) -> Vec<RtcpFeedback> {
    let both = answer
        .rtcp_feedback
        .iter()
        .filter(|feedback| local.rtcp_feedback.contains(feedback));
    let mut taken: Vec<RtcpFeedback> = both.cloned().collect();
    take_one(
        &mut taken,
        local
            .rtcp_feedback
            .iter()
            .map(|feedback| feedback.feedback.as_str()),
    );
    taken
}

/// Leaves of [`CONGESTION_FEEDBACK`] the first in `order` that there is.
fn take_one<'a>(feedback: &mut Vec<RtcpFeedback>, mut order: impl Iterator<Item = &'a str>) {
    let is_there = |kind: &&str| feedback.iter().any(|feedback| feedback.feedback == *kind);
    let Some(one) = order.find(|kind| CONGESTION_FEEDBACK.contains(kind) && is_there(kind)) else {
        return;
    };
    let one = one.to_owned();
    feedback.retain(|feedback| {
        feedback.feedback == one || !CONGESTION_FEEDBACK.contains(&feedback.feedback.as_str())
    });
}
