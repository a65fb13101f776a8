use crate::error::SessionError;
use crate::jsep::{SdpType, Side};
use crate::negotiation::Agreement;

use super::{Created, LinePlan, PeerConnection};

impl PeerConnection {
    /// Sets a description of ours: the text that was created last for this type, or empty for just that. A `rollback` needs no text.
    ///
    /// # Errors
    /// If it may not be set now, or is another text than the one created: the place to change something is the configuration.
    pub fn set_local_description(&mut self, kind: SdpType, sdp: &str) -> Result<(), SessionError> {
        self.check_open()?;
        if kind == SdpType::Rollback {
            return self.roll_back(Side::Local);
        }
        let state = self.signaling.after(Side::Local, kind)?;
        let made_as = if kind == SdpType::Pranswer {
            SdpType::Answer
        } else {
            kind
        };
        let created = self.created.as_ref().filter(|created| created.kind == made_as);
        let created = created.ok_or(SessionError::Modified("none was created for this state"))?;
        if !sdp.is_empty() && sdp != created.text {
            return Err(SessionError::Modified(
                "the text is not the one that was created last",
            ));
        }
        let created = created.clone();
        self.version += 1;
        if kind == SdpType::Offer {
            self.place_offer(created);
            self.set_signaling(state);
            return Ok(());
        }
        self.agree(kind, created);
        if kind == SdpType::Answer {
            self.make_stable(false);
        } else {
            self.set_signaling(state);
        }
        Ok(())
    }

    fn place_offer(&mut self, created: Created) {
        for (line, id) in created.lines.iter().enumerate() {
            let mid = created.description.media[line].mid.clone();
            if let (Some(id), Some(mid)) = (*id, mid) {
                self.associate(id, &mid, line);
            }
        }
        self.descriptions.pending_local = Some(created.description);
    }

    /// Our answer stands: what was planned for each m-line becomes what is agreed upon.
    fn agree(&mut self, kind: SdpType, created: Created) {
        let Some(offer) = self.descriptions.pending_remote.clone() else {
            return;
        };
        let answer = created.description;
        let plan = self.plan.clone();
        for (line, (plan, (ours, theirs))) in
            plan.iter().zip(answer.media.iter().zip(&offer.media)).enumerate()
        {
            let LinePlan::Accept {
                transceiver: id,
                matches,
            } = plan
            else {
                if let Some(transceiver) = self.transceivers.iter_mut().find(|t| t.m_line() == Some(line)) {
                    transceiver.negotiated = None;
                    transceiver.current_direction = None;
                }
                continue;
            };
            let direction = answer.direction_of(ours);
            let agreement = Agreement {
                local: ours,
                remote: theirs,
                direction,
                matches,
                local_ssrc: self.transceiver(*id).map_or(0, |transceiver| transceiver.ssrc),
                local_cname: &self.configuration.cname,
                extmap_allow_mixed: answer.allows_mixed(ours),
                we_answered: true,
            };
            let audio = agreement.audio();
            if let Some(transceiver) = self.transceiver_mut(*id) {
                transceiver.negotiated = Some(audio);
                transceiver.current_direction = Some(direction);
            }
            if kind == SdpType::Answer {
                self.remember(ours, matches);
            }
        }
        self.descriptions.pending_local = Some(answer);
    }
}
