use crate::candidate::Candidate;
use crate::error::SessionError;
use crate::signalling::CandidateInit;

use super::PeerConnection;

/// The most candidates that are kept for one m-line; a peer has a handful.
const MAX_CANDIDATES: usize = 128;

/// What came of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddedCandidate {
    /// Give it to the transport: `Candidate::to_string` is what it takes. One with a name of multicast DNS has to be resolved first.
    New(Candidate),
    /// It is known already, or belongs to an m-line that shares its transport with another, or was rejected: nothing to do.
    Known,
    /// No more will come for the credentials in force.
    End,
}

impl PeerConnection {
    /// Takes a candidate that the remote end trickles; `None`, or one with empty text, ends them.
    ///
    /// # Errors
    /// If no remote description is set, the candidate names no m-line or one that is not there, belongs to other credentials than those in
    /// force, or is malformed.
    pub fn add_ice_candidate(
        &mut self,
        candidate: Option<&CandidateInit>,
    ) -> Result<AddedCandidate, SessionError> {
        self.check_open()?;
        let descriptions = &mut self.descriptions;
        let description = descriptions
            .pending_remote
            .as_mut()
            .or(descriptions.current_remote.as_mut());
        let Some(description) = description else {
            return Err(SessionError::InvalidState(
                "there is no remote description yet: keep the candidate until one is set",
            ));
        };
        let Some(init) = candidate else {
            description
                .media
                .iter_mut()
                .for_each(|media| media.end_of_candidates = true);
            return Ok(AddedCandidate::End);
        };
        let refuse = |what: String| Err(SessionError::Candidate(what));
        let line = match (&init.sdp_mid, init.sdp_m_line_index) {
            (None, None) => {
                return Err(SessionError::Argument(
                    "a candidate must name its m-line by sdpMid or sdpMLineIndex",
                ));
            }
            (Some(mid), _) => description.media_of_mid(mid).map(|(line, _)| line),
            (None, Some(index)) => Some(usize::from(index)).filter(|index| *index < description.media.len()),
        };
        let Some(line) = line else {
            return refuse(format!(
                "there is no m-line {:?}, {:?}",
                init.sdp_mid, init.sdp_m_line_index
            ));
        };
        let ufrag = description.transport_of(&description.media[line]).ice_ufrag;
        if let Some(given) = init
            .username_fragment
            .as_ref()
            .filter(|given| ufrag.as_ref() != Some(given))
        {
            return refuse(format!(
                "it belongs to the credentials {given}, in force are {ufrag:?}: it is late"
            ));
        }
        if init.candidate.is_empty() {
            description.media[line].end_of_candidates = true;
            return Ok(AddedCandidate::End);
        }
        let candidate = match Candidate::parse(&init.candidate) {
            Ok(candidate) => candidate,
            Err(error) => return refuse(error.to_string()),
        };
        if let Some(given) = candidate
            .username_fragment
            .as_ref()
            .filter(|given| ufrag.as_ref() != Some(given))
        {
            return refuse(format!(
                "it belongs to the credentials {given}, in force are {ufrag:?}: it is late"
            ));
        }
        let media = &mut description.media[line];
        let text = candidate.to_string();
        if media.is_rejected() || media.candidates.contains(&text) {
            return Ok(AddedCandidate::Known);
        }
        if media.candidates.len() == MAX_CANDIDATES {
            return refuse(format!("m-line {line} has {MAX_CANDIDATES} candidates already"));
        }
        media.candidates.push(text);
        Ok(AddedCandidate::New(candidate))
    }
}
