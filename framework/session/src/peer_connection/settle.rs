//! What is pending comes into force, or is taken back.

use crate::error::SessionError;
use crate::jsep::{SdpType, Side, SignalingState};
use crate::negotiation::CodecMatch;
use crate::sdp::{MediaDescription, SessionDescription};

use super::{PeerConnection, PeerEvent, Transceiver};

impl PeerConnection {
    /// A pending offer has been answered for good: it is in force now.
    pub(super) fn make_stable(&mut self, we_offered: bool) {
        let descriptions = &mut self.descriptions;
        let ufrag = |description: &Option<SessionDescription>| {
            let description = description.as_ref()?;
            description
                .media
                .iter()
                .find_map(|media| description.transport_of(media).ice_ufrag)
        };
        // New credentials, or no m-line left that needs any.
        let ours = ufrag(&descriptions.pending_local);
        if ours.is_none() || ours != ufrag(&descriptions.current_local) {
            self.restart_wanted = false;
        }
        descriptions.current_local = descriptions.pending_local.take();
        descriptions.current_remote = descriptions.pending_remote.take();
        self.we_offered = we_offered;
        self.plan.clear();
        self.created = None;
        self.transceivers.retain(|transceiver| !transceiver.stopped);
        self.remove_idle();
        self.transceivers.iter_mut().for_each(Transceiver::settle);
        self.set_signaling(SignalingState::Stable);
    }

    /// A transceiver that was stopped and has no m-line to give up is of no more use.
    pub(super) fn remove_idle(&mut self) {
        let idle = |t: &Transceiver| t.stopping && t.association.is_none() && t.stable.association.is_none();
        self.transceivers.retain(|transceiver| !idle(transceiver));
    }

    /// A pending offer is taken back: all is as it was before it (E6.2), but for what the application has set meanwhile.
    pub(super) fn roll_back(&mut self, side: Side) -> Result<(), SessionError> {
        let state = self.signaling.after(side, SdpType::Rollback)?;
        self.descriptions.pending_local = None;
        self.descriptions.pending_remote = None;
        self.plan.clear();
        self.created = None;
        for transceiver in &mut self.transceivers {
            if transceiver.receiving && !transceiver.stable.receiving {
                self.events.push_back(PeerEvent::TrackEnded(transceiver.id));
            } else if transceiver.stable.receiving && !transceiver.receiving {
                let msid = transceiver
                    .stable
                    .negotiated
                    .as_ref()
                    .and_then(|audio| audio.remote_msid.clone());
                self.events.push_back(PeerEvent::Track {
                    transceiver: transceiver.id,
                    msid,
                });
            }
            transceiver.association = transceiver.stable.association.clone();
            transceiver.negotiated = transceiver.stable.negotiated.clone();
            transceiver.current_direction = transceiver.stable.current_direction;
            transceiver.receiving = transceiver.stable.receiving;
            transceiver.stopped = false;
        }
        self.transceivers.retain(|transceiver| !transceiver.born_in_offer);
        self.remove_idle();
        self.set_signaling(state);
        Ok(())
    }

    /// Keeps what was agreed upon, so that numbers stay what they are (D2.2).
    pub(super) fn remember(&mut self, description: &MediaDescription, matches: &[CodecMatch]) {
        for matched in matches {
            if let Some(map) = description.rtpmap(matched.remote_payload_type)
                && self
                    .numbers
                    .agreed
                    .iter()
                    .all(|agreed| agreed.payload_type != map.payload_type)
            {
                self.numbers.agreed.push(map);
            }
            if self
                .numbers
                .codecs
                .iter()
                .all(|(codec, _)| *codec != matched.codec)
            {
                self.numbers
                    .codecs
                    .push((matched.codec, matched.local_payload_type));
            }
        }
        for extmap in &description.extmaps {
            if extmap.id <= 255 && self.numbers.extensions.iter().all(|(uri, _)| *uri != extmap.uri) {
                self.numbers.extensions.push((extmap.uri.clone(), extmap.id));
            }
        }
    }
}
