//! The signaling state machine (RFC 9429 section 3.2): every transition, here and nowhere else.
//!
//! ```
//! use jackfield_session::jsep::{SdpType, Side, SignalingState};
//! let state = SignalingState::Stable.after(Side::Remote, SdpType::Offer).unwrap();
//! assert_eq!(state, SignalingState::HaveRemoteOffer);
//! assert_eq!(state.after(Side::Remote, SdpType::Answer).unwrap_err().name(), "InvalidStateError");
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::SessionError;

/// `RTCSignalingState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SignalingState {
    /// Nothing is under negotiation.
    #[default]
    Stable,
    /// We have offered.
    HaveLocalOffer,
    /// The remote end has offered.
    HaveRemoteOffer,
    /// We have answered provisionally.
    HaveLocalPranswer,
    /// The remote end has answered provisionally.
    HaveRemotePranswer,
    /// Closed for good.
    Closed,
}

/// `RTCSdpType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SdpType {
    /// Proposes.
    Offer,
    /// Answers for the time being.
    Pranswer,
    /// Answers for good.
    Answer,
    /// Takes an offer back.
    Rollback,
}

/// Whose description it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Ours.
    Local,
    /// The remote end's.
    Remote,
}

impl SignalingState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Stable,
        Self::HaveLocalOffer,
        Self::HaveRemoteOffer,
        Self::HaveLocalPranswer,
        Self::HaveRemotePranswer,
        Self::Closed,
    ];

    /// Its name in W3C.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::HaveLocalOffer => "have-local-offer",
            Self::HaveRemoteOffer => "have-remote-offer",
            Self::HaveLocalPranswer => "have-local-pranswer",
            Self::HaveRemotePranswer => "have-remote-pranswer",
            Self::Closed => "closed",
        }
    }

    /// The state after a description was set.
    ///
    /// Rollback works from every state but `stable` and `closed` (RFC 9429 section 5.7) and on either side.
    ///
    /// # Errors
    /// If the description may not be set in this state.
    pub const fn after(self, side: Side, kind: SdpType) -> Result<Self, SessionError> {
        use SdpType::{Answer, Offer, Pranswer, Rollback};
        use Side::{Local, Remote};
        use SignalingState::{
            Closed, HaveLocalOffer, HaveLocalPranswer, HaveRemoteOffer, HaveRemotePranswer, Stable,
        };
        Ok(match (self, side, kind) {
            (Closed, ..) => return Err(SessionError::Closed),
            (Stable | HaveLocalOffer, Local, Offer) => HaveLocalOffer,
            (Stable | HaveRemoteOffer, Remote, Offer) => HaveRemoteOffer,
            (HaveRemoteOffer | HaveLocalPranswer, Local, Pranswer) => HaveLocalPranswer,
            (HaveLocalOffer | HaveRemotePranswer, Remote, Pranswer) => HaveRemotePranswer,
            (HaveRemoteOffer | HaveLocalPranswer, Local, Answer)
            | (HaveLocalOffer | HaveRemotePranswer, Remote, Answer)
            | (HaveLocalOffer | HaveRemoteOffer | HaveLocalPranswer | HaveRemotePranswer, _, Rollback) => {
                Stable
            }
            (state, side, kind) => {
                return Err(SessionError::WrongState {
                    side,
                    kind,
                    state,
                    advice: advice(state, kind),
                });
            }
        })
    }
}

const fn advice(state: SignalingState, kind: SdpType) -> &'static str {
    match (state, kind) {
        (_, SdpType::Rollback) => "there is nothing to roll back",
        (SignalingState::Stable, _) => "an offer comes first",
        (_, SdpType::Offer) => "answer the pending offer or roll it back first",
        (SignalingState::HaveLocalOffer | SignalingState::HaveRemotePranswer, _) => {
            "the remote end has to answer"
        }
        _ => "it is for this end to answer",
    }
}

impl fmt::Display for SignalingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl SdpType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Offer, Self::Pranswer, Self::Answer, Self::Rollback];

    /// Its name in W3C.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Pranswer => "pranswer",
            Self::Answer => "answer",
            Self::Rollback => "rollback",
        }
    }
}

impl fmt::Display for SdpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Remote => "remote",
        })
    }
}
