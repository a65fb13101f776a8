use jackfield_rtp::payload::PayloadTypes;

use crate::error::SessionError;
use crate::jsep::SignalingState;
use crate::negotiation::{is_auxiliary, offer_extmaps, offer_feedback};
use crate::sdp::{
    Attribute, Direction, Group, MediaDescription, MediaKind, Rtpmap, SessionDescription, Setup,
};

use super::answer::{announce, push_fmtp};
use super::{Created, PeerConnection, SdpType, TransceiverId, TransportDescription};

/// The port of an m-line whose candidates come later (RFC 8840 section 4.1.1).
pub(super) const DISCARD_PORT: u16 = 9;
pub(super) const ANY_ADDRESS: &str = "IN IP4 0.0.0.0";
/// What ends that do not know rtcp-mux would look for.
pub(super) const RTCP_ADDRESS: &str = "9 IN IP4 0.0.0.0";

impl PeerConnection {
    /// Offers what the transceivers want; `local` is our side of ICE and DTLS, with new credentials if
    /// [`PeerConnection::ice_restart_wanted`]. Pass the text to [`PeerConnection::set_local_description`].
    ///
    /// # Errors
    /// If an offer of the remote end waits for an answer, there are more formats than payload types, or a candidate is malformed.
    pub fn create_offer(&mut self, local: &TransportDescription) -> Result<String, SessionError> {
        self.check_open()?;
        if !matches!(
            self.signaling,
            SignalingState::Stable | SignalingState::HaveLocalOffer
        ) {
            return Err(SessionError::InvalidState(
                "an offer of the remote end is pending: answer it first",
            ));
        }
        self.number_codecs()?;
        let lines = self.lay_out_lines();
        let mut offer = SessionDescription {
            origin: self.origin(),
            name: "-".into(),
            ice_lite: local.ice_lite,
            extmap_allow_mixed: self.configuration.extmap_allow_mixed,
            ..SessionDescription::default()
        };
        let extmaps = offer_extmaps(
            &self.configuration.header_extensions,
            &mut self.numbers.extensions,
        );
        let mut mids = Vec::new();
        for (index, id) in lines.iter().enumerate() {
            let running = id.filter(|id| {
                self.transceiver(*id)
                    .is_some_and(|transceiver| !transceiver.is_stopped())
            });
            let Some(id) = running else {
                offer.media.push(self.given_up_line(index));
                continue;
            };
            let mid = self.mid_for(id);
            let mut line = self.offer_line(id, &mid, local);
            line.extmaps.clone_from(&extmaps);
            if mids.is_empty() {
                local.place_candidates(&mut line)?;
            } else if self
                .transceiver(id)
                .is_some_and(|transceiver| transceiver.stable.association.is_none())
            {
                // It has no transport but that of the group (RFC 8843 section 7.2.1).
                line.port = 0;
                line.bundle_only = true;
            }
            mids.push(mid);
            offer.media.push(line);
        }
        offer.groups.push(Group {
            semantics: "BUNDLE".into(),
            mids,
        });
        let text = offer.to_string();
        self.created = Some(Created {
            kind: SdpType::Offer,
            text: text.clone(),
            description: offer,
            lines,
        });
        Ok(text)
    }

    /// Which transceiver stands at which m-line: as before; new ones take the places that were given up, then come last (A4.3).
    fn lay_out_lines(&self) -> Vec<Option<TransceiverId>> {
        let established = self
            .descriptions
            .current_local
            .as_ref()
            .map_or(0, |description| description.media.len());
        let associated = self
            .transceivers
            .iter()
            .filter_map(|t| Some(t.m_line()? + 1))
            .max()
            .unwrap_or(0);
        let mut lines = vec![None; established.max(associated)];
        for transceiver in &self.transceivers {
            if let Some(line) = transceiver.m_line() {
                lines[line] = Some(transceiver.id);
            }
        }
        for transceiver in &self.transceivers {
            if transceiver.association.is_some() || transceiver.is_stopped() {
                continue;
            }
            match (0..lines.len()).find(|line| lines[*line].is_none() && self.is_given_up(*line)) {
                Some(free) => lines[free] = Some(transceiver.id),
                None => lines.push(Some(transceiver.id)),
            }
        }
        lines
    }

    fn is_given_up(&self, line: usize) -> bool {
        [
            &self.descriptions.current_local,
            &self.descriptions.current_remote,
        ]
        .into_iter()
        .flatten()
        .any(|description| {
            description
                .media
                .get(line)
                .is_some_and(MediaDescription::is_rejected)
        })
    }

    /// An m-line that nobody uses.
    fn given_up_line(&self, index: usize) -> MediaDescription {
        let known = [&self.descriptions.pending_local, &self.descriptions.current_local]
            .into_iter()
            .flatten()
            .find_map(|description| description.media.get(index));
        let nothing = || MediaDescription {
            kind: MediaKind::Audio,
            protocol: "UDP/TLS/RTP/SAVPF".into(),
            formats: vec!["0".into()],
            ..MediaDescription::default()
        };
        rejected(&known.cloned().unwrap_or_else(nothing))
    }

    /// The MID that a transceiver has, or a new one that no m-line ever had.
    fn mid_for(&mut self, id: TransceiverId) -> String {
        if let Some(mid) = self.transceiver(id).and_then(|transceiver| transceiver.mid()) {
            return mid.into();
        }
        loop {
            let mid = self.next_mid.to_string();
            self.next_mid += 1;
            let descriptions = [
                &self.descriptions.current_local,
                &self.descriptions.current_remote,
            ];
            let known = descriptions
                .into_iter()
                .flatten()
                .any(|description| description.media_of_mid(&mid).is_some());
            if !known
                && self
                    .transceivers
                    .iter()
                    .all(|transceiver| transceiver.mid() != Some(&mid))
            {
                return mid;
            }
        }
    }

    /// Gives every codec the payload type that it will keep (D2.2).
    fn number_codecs(&mut self) -> Result<(), SessionError> {
        let mut free = PayloadTypes::new();
        let remote = self
            .descriptions
            .current_remote
            .iter()
            .flat_map(|description| &description.media);
        let taken = remote
            .flat_map(|media| media.payload_types().collect::<Vec<_>>())
            .chain(self.numbers.agreed.iter().map(|map| map.payload_type))
            .chain(self.numbers.codecs.iter().map(|(_, payload_type)| *payload_type));
        for payload_type in taken {
            // Taken already is taken all the same.
            let _ = free.take(payload_type);
        }
        for (index, codec) in self.configuration.codecs.iter().enumerate() {
            if self.numbers.codecs.iter().any(|(known, _)| *known == index) {
                continue;
            }
            let payload_type = match codec.static_payload_type {
                Some(payload_type) => payload_type,
                None => free
                    .allocate(None)
                    .map_err(|_| SessionError::Argument("more codecs than payload types"))?,
            };
            self.numbers.codecs.push((index, payload_type));
        }
        Ok(())
    }

    fn offer_line(&self, id: TransceiverId, mid: &str, local: &TransportDescription) -> MediaDescription {
        let transceiver = self.transceiver(id);
        let direction = transceiver.map_or(Direction::Inactive, |transceiver| transceiver.direction);
        let preferences = transceiver
            .map(|transceiver| transceiver.codec_preferences.clone())
            .unwrap_or_default();
        let order = if preferences.is_empty() {
            (0..self.configuration.codecs.len()).collect()
        } else {
            preferences
        };
        let mut line = MediaDescription {
            kind: MediaKind::Audio,
            port: DISCARD_PORT,
            protocol: "UDP/TLS/RTP/SAVPF".into(),
            connection: Some(ANY_ADDRESS.into()),
            mid: Some(mid.into()),
            direction: Some(direction),
            rtcp_mux: true,
            rtcp_rsize: true,
            transport: local.attributes(Setup::ActPass),
            attributes: vec![Attribute::new("rtcp", RTCP_ADDRESS)],
            ..MediaDescription::default()
        };
        let mut with_feedback = Vec::new();
        for index in order {
            let codec = &self.configuration.codecs[index];
            let Some((_, payload_type)) = self
                .numbers
                .codecs
                .iter()
                .find(|(known, _)| *known == index)
                .copied()
            else {
                continue;
            };
            line.formats.push(payload_type.to_string());
            line.rtpmaps.push(Rtpmap {
                payload_type,
                name: codec.name.clone(),
                clock_rate: codec.clock_rate,
                channels: codec.channels,
            });
            if !is_auxiliary(&codec.name) {
                with_feedback.push(payload_type);
            }
            push_fmtp(&mut line, payload_type, &codec.fmtp);
        }
        line.rtcp_feedback = offer_feedback(&self.configuration.feedback, &with_feedback);
        if let Some(transceiver) = transceiver {
            announce(&mut line, transceiver, &self.configuration.cname, direction);
        }
        line
    }
}

/// The same m-line, rejected (RFC 3264 section 6: the formats are repeated, for there must be one).
pub(super) fn rejected(media: &MediaDescription) -> MediaDescription {
    let is_rtp = media.protocol.contains("RTP/");
    MediaDescription {
        kind: media.kind.clone(),
        port: 0,
        protocol: media.protocol.clone(),
        formats: media.formats.clone(),
        connection: Some(ANY_ADDRESS.into()),
        mid: media.mid.clone(),
        direction: is_rtp.then_some(Direction::Inactive),
        rtpmaps: media.rtpmaps.clone(),
        fmtps: media.fmtps.clone(),
        ..MediaDescription::default()
    }
}
