use crate::error::SessionError;
use crate::jsep::SignalingState;
use crate::negotiation::{CodecMatch, answer_extmaps, answer_feedback};
use crate::sdp::{
    Attribute, Direction, Fmtp, Group, MediaDescription, Rtpmap, SessionDescription, SsrcAttribute,
};

use super::offer::{ANY_ADDRESS, DISCARD_PORT, RTCP_ADDRESS, rejected};
use super::transport::answered_setup;
use super::{Created, LinePlan, PeerConnection, SdpType, Transceiver, TransceiverId, TransportDescription};

impl PeerConnection {
    /// Answers the pending offer; `local` is our side of ICE and DTLS. Pass the text to [`PeerConnection::set_local_description`].
    ///
    /// # Errors
    /// If no offer is pending, or a candidate is malformed.
    pub fn create_answer(&mut self, local: &TransportDescription) -> Result<String, SessionError> {
        self.check_open()?;
        let pending = matches!(
            self.signaling,
            SignalingState::HaveRemoteOffer | SignalingState::HaveLocalPranswer
        );
        let Some(offer) = self.descriptions.pending_remote.as_ref().filter(|_| pending) else {
            return Err(SessionError::InvalidState(
                "there is no offer to answer: set the remote end's offer first",
            ));
        };
        let mut answer = SessionDescription {
            origin: self.origin(),
            name: "-".into(),
            ice_lite: local.ice_lite,
            extmap_allow_mixed: offer.extmap_allow_mixed && self.configuration.extmap_allow_mixed,
            ..SessionDescription::default()
        };
        let mut first = true;
        for (media, plan) in offer.media.iter().zip(&self.plan) {
            let mut line = match plan {
                LinePlan::Accept { transceiver, matches } => {
                    self.answer_line(offer, media, *transceiver, matches, local)
                }
                LinePlan::Discard { payload_type } => {
                    self.discarding_line(offer, media, *payload_type, local)
                }
                LinePlan::Reject => {
                    answer.media.push(rejected(media));
                    continue;
                }
            };
            if std::mem::take(&mut first) {
                local.place_candidates(&mut line)?;
            }
            answer.media.push(line);
        }
        if offer.groups.iter().any(|group| group.semantics == "BUNDLE") {
            let accepted = |mid: &&String| {
                answer
                    .media_of_mid(mid)
                    .is_some_and(|(_, media)| !media.is_rejected())
            };
            let mids = offer.bundle().iter().filter(accepted).cloned().collect();
            answer.groups.push(Group {
                semantics: "BUNDLE".into(),
                mids,
            });
        }
        let text = answer.to_string();
        self.created = Some(Created {
            kind: SdpType::Answer,
            text: text.clone(),
            description: answer,
            lines: Vec::new(),
        });
        Ok(text)
    }

    fn answer_line(
        &self,
        offer: &SessionDescription,
        media: &MediaDescription,
        id: TransceiverId,
        matches: &[CodecMatch],
        local: &TransportDescription,
    ) -> MediaDescription {
        let wanted = self
            .transceiver(id)
            .map_or(Direction::Inactive, |transceiver| transceiver.direction);
        let direction = wanted.intersection(offer.direction_of(media).reversed());
        let payload_types: Vec<u8> = matches.iter().map(|matched| matched.local_payload_type).collect();
        let mut line = self.bare_line(offer, media, direction, &payload_types, local);
        for matched in matches {
            // As the offer spells it: some ends compare names with regard to case.
            if let Some(map) = media.rtpmap(matched.remote_payload_type) {
                line.rtpmaps.push(Rtpmap {
                    payload_type: matched.local_payload_type,
                    ..map
                });
            }
            push_fmtp(&mut line, matched.local_payload_type, &matched.local_fmtp);
        }
        if let Some(transceiver) = self.transceiver(id) {
            announce(&mut line, transceiver, &self.configuration.cname, direction);
        }
        line
    }

    /// An m-line over which media may come that nobody looks at.
    fn discarding_line(
        &self,
        offer: &SessionDescription,
        media: &MediaDescription,
        payload_type: u8,
        local: &TransportDescription,
    ) -> MediaDescription {
        let direction = Direction::RecvOnly.intersection(offer.direction_of(media).reversed());
        let mut line = self.bare_line(offer, media, direction, &[payload_type], local);
        line.rtpmaps.extend(media.rtpmap(payload_type));
        push_fmtp(&mut line, payload_type, media.fmtp(payload_type));
        line
    }

    /// An accepted m-line before its formats are described.
    fn bare_line(
        &self,
        offer: &SessionDescription,
        media: &MediaDescription,
        direction: Direction,
        payload_types: &[u8],
        local: &TransportDescription,
    ) -> MediaDescription {
        let allow_mixed = self.configuration.extmap_allow_mixed && offer.allows_mixed(media);
        let setup = answered_setup(offer.transport_of(media).setup, local.setup);
        MediaDescription {
            kind: media.kind.clone(),
            port: DISCARD_PORT,
            protocol: media.protocol.clone(),
            formats: payload_types.iter().map(u8::to_string).collect(),
            connection: Some(ANY_ADDRESS.into()),
            mid: media.mid.clone(),
            direction: Some(direction),
            rtcp_mux: true,
            rtcp_rsize: media.rtcp_rsize,
            extmap_allow_mixed: media.extmap_allow_mixed && allow_mixed && !offer.extmap_allow_mixed,
            transport: local.attributes(setup),
            extmaps: answer_extmaps(
                offer.extmaps_of(media),
                &self.configuration.header_extensions,
                allow_mixed,
            ),
            rtcp_feedback: answer_feedback(media, &self.configuration.feedback, payload_types),
            attributes: vec![Attribute::new("rtcp", RTCP_ADDRESS)],
            ..MediaDescription::default()
        }
    }
}

pub(super) fn push_fmtp(line: &mut MediaDescription, payload_type: u8, parameters: &str) {
    if !parameters.trim().is_empty() {
        line.fmtps.push(Fmtp {
            payload_type,
            parameters: parameters.trim().into(),
        });
    }
}

/// Tells stream, track and SSRC of what is sent.
pub(super) fn announce(
    line: &mut MediaDescription,
    transceiver: &Transceiver,
    cname: &str,
    direction: Direction,
) {
    if !direction.sends() {
        return;
    }
    let attribute = |name: &str, value: String| SsrcAttribute {
        ssrc: transceiver.ssrc,
        name: name.into(),
        value: Some(value),
    };
    line.msids.push(transceiver.msid.clone());
    line.ssrcs.push(attribute("cname", cname.into()));
    line.ssrcs.push(attribute("msid", transceiver.msid.to_string()));
}
