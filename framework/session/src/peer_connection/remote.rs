use crate::error::SessionError;
use crate::jsep::{SdpType, Side, SignalingState};
use crate::negotiation::{
    Agreement, FmtpMatcher, check_payload_types, is_auxiliary, match_answer, match_offer,
};
use crate::sdp::{Direction, MediaDescription, MediaKind, SessionDescription};

use super::check::{check_answers, check_continuity, check_media};
use super::{Applied, LinePlan, PeerConnection, RemoteTransport, Transceiver, TransceiverId};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Credentials {
    First,
    Same,
    Changed,
}

impl PeerConnection {
    /// Takes a description of the remote end. `matcher` asks the codec plugins about their parameters. An offer that comes while ours is
    /// pending takes ours back first (W3C section 4.4.1.6, what perfect negotiation rests on).
    ///
    /// A `rollback` needs no text.
    ///
    /// # Errors
    /// If the text is malformed, may not be set now, contradicts an earlier description or lacks what WebRTC demands. Nothing has changed then.
    pub fn set_remote_description(
        &mut self,
        kind: SdpType,
        sdp: &str,
        matcher: &mut dyn FmtpMatcher,
    ) -> Result<Applied, SessionError> {
        self.check_open()?;
        if kind == SdpType::Rollback {
            self.roll_back(Side::Remote)?;
            return Ok(Applied {
                signaling_state: self.signaling,
                ice_restart: false,
            });
        }
        let collides = kind == SdpType::Offer && self.signaling == SignalingState::HaveLocalOffer;
        let before = if collides {
            SignalingState::Stable
        } else {
            self.signaling
        };
        let state = before.after(Side::Remote, kind)?;
        let description = SessionDescription::parse(sdp)?;
        self.check_remote(kind, &description)?;
        if collides {
            self.roll_back(Side::Local)?;
        }
        let credentials = self.credentials_change(&description);
        match kind {
            SdpType::Offer => self.take_offer(description, matcher),
            _ => self.take_answer(kind, description, matcher)?,
        }
        if credentials != Credentials::Same {
            self.ice_generation += 1;
        }
        if kind == SdpType::Answer {
            self.make_stable(true);
        } else {
            self.set_signaling(state);
        }
        let ice_restart = credentials == Credentials::Changed;
        Ok(Applied {
            signaling_state: self.signaling,
            ice_restart,
        })
    }

    /// The remote end's side of ICE and DTLS, once a description tells it.
    pub fn remote_transport(&self) -> Option<RemoteTransport> {
        RemoteTransport::of(self.remote_description()?, self.ice_generation)
    }

    fn check_remote(&self, kind: SdpType, description: &SessionDescription) -> Result<(), SessionError> {
        match kind {
            SdpType::Offer => {
                if let (Some(local), Some(remote)) = (
                    &self.descriptions.current_local,
                    &self.descriptions.current_remote,
                ) {
                    check_continuity(local, remote, description)?;
                }
            }
            _ => {
                if let Some(offer) = &self.descriptions.pending_local {
                    check_answers(offer, description)?;
                }
            }
        }
        let mut any = false;
        for media in description.media.iter().filter(|media| !media.is_rejected()) {
            check_media(kind, description, media)?;
            any |= Self::speaks(&media.kind);
        }
        if any && RemoteTransport::of(description, 0).is_none() {
            return Err(SessionError::Unacceptable {
                what: "no ICE credentials, fingerprint and setup for the transport".into(),
                line: description.media.first().map_or(0, |media| media.line.0),
                advice: "WebRTC needs a=ice-ufrag, a=ice-pwd, a=fingerprint and a=setup; keys in a=crypto are not used",
            });
        }
        let accepted = |media: &MediaDescription| {
            let bundled = media
                .mid
                .as_ref()
                .is_some_and(|mid| description.bundle().contains(mid));
            !media.is_rejected() && media.is_dtls_rtp() && bundled
        };
        let agreed = |payload_type| {
            self.numbers
                .agreed
                .iter()
                .find(|map| map.payload_type == payload_type)
                .cloned()
        };
        check_payload_types(description, &accepted, &agreed)
    }

    fn credentials_change(&self, description: &SessionDescription) -> Credentials {
        let Some(now) = RemoteTransport::of(description, 0) else {
            return Credentials::Same;
        };
        match self.remote_transport() {
            None => Credentials::First,
            Some(before) if before.ice_ufrag != now.ice_ufrag || before.ice_pwd != now.ice_pwd => {
                Credentials::Changed
            }
            Some(_) => Credentials::Same,
        }
    }

    fn take_offer(&mut self, offer: SessionDescription, matcher: &mut dyn FmtpMatcher) {
        self.forget_first_offer(&offer);
        let bundle = offer.bundle().to_vec();
        let mut accepted_audio = 0;
        // One transport: without BUNDLE only the first m-line that we can use has it.
        let mut transport_taken = false;
        let mut plan = Vec::with_capacity(offer.media.len());
        for (line, media) in offer.media.iter().enumerate() {
            let mid = media.mid.clone().unwrap_or_default();
            let bundled = bundle.contains(&mid);
            let usable = !media.is_rejected() && media.is_dtls_rtp();
            if usable
                && bundled
                && let Some(payload_type) = self.discarded(media)
            {
                plan.push(LinePlan::Discard { payload_type });
                continue;
            }
            let usable = usable
                && Self::speaks(&media.kind)
                && accepted_audio < self.configuration.audio_lines
                && (bundled || (bundle.is_empty() && !transport_taken));
            if !usable {
                self.stop_line(line, &mid);
                plan.push(LinePlan::Reject);
                continue;
            }
            let theirs = offer.direction_of(media);
            let id = self.transceiver_for(line, &mid, theirs);
            let preferences = self
                .transceiver(id)
                .map(|t| t.codec_preferences.clone())
                .unwrap_or_default();
            let matches = match_offer(media, &self.configuration.codecs, &preferences, matcher);
            let stopping = self
                .transceiver(id)
                .is_some_and(|transceiver| transceiver.stopping);
            if stopping || matches.iter().all(|matched| matched.auxiliary) {
                tracing::info!(
                    mid,
                    stopping,
                    "m-line rejected: no codec in common, or its transceiver was stopped"
                );
                self.stop_line(line, &mid);
                plan.push(LinePlan::Reject);
                continue;
            }
            accepted_audio += 1;
            transport_taken = true;
            self.show_track(id, theirs.sends(), media.msids.first().cloned());
            plan.push(LinePlan::Accept {
                transceiver: id,
                matches,
            });
        }
        self.plan = plan;
        self.descriptions.pending_remote = Some(offer);
    }

    /// The format in which video may come to be thrown away: the first that is one of its own.
    fn discarded(&self, media: &MediaDescription) -> Option<u8> {
        let video = self.configuration.discards_video && media.kind == MediaKind::Video;
        let own = |payload_type: &u8| {
            media
                .rtpmap(*payload_type)
                .is_some_and(|map| !is_auxiliary(&map.name))
        };
        media.payload_types().filter(|_| video).find(own)
    }

    /// A second offer before an answer replaces the first: what that had changed and this does not name goes back.
    fn forget_first_offer(&mut self, offer: &SessionDescription) {
        let named = |transceiver: &Transceiver| {
            let media = transceiver.m_line().and_then(|line| offer.media.get(line));
            media.is_some_and(|media| media.mid.as_deref() == transceiver.mid())
        };
        self.transceivers
            .retain(|transceiver| !transceiver.born_in_offer || named(transceiver));
        for transceiver in &mut self.transceivers {
            transceiver.stopped = false;
            if !named(transceiver) {
                transceiver.association = transceiver.stable.association.clone();
            }
        }
    }

    /// The transceiver of an offered m-line (RFC 9429 section 5.10): the one that has its MID, else one that waits for such an m-line, else a
    /// new one that receives.
    fn transceiver_for(&mut self, line: usize, mid: &str, theirs: Direction) -> TransceiverId {
        if let Some(known) = self
            .transceivers
            .iter()
            .find(|transceiver| transceiver.mid() == Some(mid))
        {
            return known.id;
        }
        let waiting = self.transceivers.iter().find(|transceiver| {
            transceiver.reusable && transceiver.association.is_none() && !transceiver.is_stopped()
        });
        // An end that only sends has no use for a transceiver that wants to send.
        let id = match waiting.filter(|_| theirs.receives()) {
            Some(waiting) => waiting.id,
            None => {
                let id = self.new_transceiver(Direction::RecvOnly);
                if let Some(new) = self.transceiver_mut(id) {
                    new.born_in_offer = true;
                }
                id
            }
        };
        self.associate(id, mid, line);
        id
    }

    /// The m-line is not in use any more, if it was.
    fn stop_line(&mut self, line: usize, mid: &str) {
        let known = self
            .transceivers
            .iter_mut()
            .find(|t| t.m_line() == Some(line) && t.mid() == Some(mid));
        if let Some(transceiver) = known {
            transceiver.stopped = true;
            let id = transceiver.id;
            self.show_track(id, false, None);
        }
    }

    fn take_answer(
        &mut self,
        kind: SdpType,
        answer: SessionDescription,
        matcher: &mut dyn FmtpMatcher,
    ) -> Result<(), SessionError> {
        let Some(offer) = self.descriptions.pending_local.clone() else {
            return Err(SessionError::InvalidState("there is no offer to answer"));
        };
        // First find out whether all can be taken, then take it.
        let mut lines = Vec::new();
        for (line, (ours, theirs)) in offer.media.iter().zip(&answer.media).enumerate() {
            let Some(id) = self
                .transceivers
                .iter()
                .find(|t| t.m_line() == Some(line))
                .map(|t| t.id)
            else {
                continue;
            };
            if ours.is_rejected() || theirs.is_rejected() {
                lines.push((line, id, None));
                continue;
            }
            let matches = match_answer(ours, theirs, &self.configuration.codecs, matcher);
            if matches.iter().all(|matched| matched.auxiliary) {
                return Err(SessionError::Unacceptable {
                    what: format!("the answer to m-line {line} has no codec that was offered"),
                    line: theirs.line.0,
                    advice: "answer with a format of the offer, or reject the m-line with port 0",
                });
            }
            lines.push((line, id, Some(matches)));
        }
        for (line, id, matches) in lines {
            let (ours, theirs) = (&offer.media[line], &answer.media[line]);
            let Some(matches) = matches else {
                self.stop_line(line, ours.mid.as_deref().unwrap_or_default());
                if let Some(transceiver) = self.transceiver_mut(id) {
                    transceiver.negotiated = None;
                    transceiver.current_direction = None;
                }
                continue;
            };
            let direction = offer
                .direction_of(ours)
                .intersection(answer.direction_of(theirs).reversed());
            let agreement = Agreement {
                local: ours,
                remote: theirs,
                direction,
                matches: &matches,
                local_ssrc: self.transceiver(id).map_or(0, |transceiver| transceiver.ssrc),
                local_cname: &self.configuration.cname,
                extmap_allow_mixed: offer.allows_mixed(ours) && answer.allows_mixed(theirs),
                we_answered: false,
            };
            let audio = agreement.audio();
            let msid = audio.remote_msid.clone();
            if let Some(transceiver) = self.transceiver_mut(id) {
                transceiver.negotiated = Some(audio);
                transceiver.current_direction = Some(direction);
            }
            self.show_track(id, direction.receives(), msid);
            if kind == SdpType::Answer {
                self.remember(theirs, &matches);
            }
        }
        self.descriptions.pending_remote = Some(answer);
        Ok(())
    }
}
