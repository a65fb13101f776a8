use crate::jsep::{SdpType, Side, SignalingState};
use crate::sdp::SdpError;

/// Why an operation on a connection failed. [`SessionError::name`] is the class that W3C WebRTC 1.0 gives it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The description may not be set in this state.
    #[error("a {side} {kind} cannot be set while signaling is {state}: {advice}")]
    WrongState {
        /// Whose description.
        side: Side,
        /// Its type.
        kind: SdpType,
        /// The state.
        state: SignalingState,
        /// What to do instead.
        advice: &'static str,
    },
    /// The operation may not be called now.
    #[error("{0}")]
    InvalidState(&'static str),
    /// The connection is closed.
    #[error("the connection is closed: make a new one")]
    Closed,
    /// The text is no session description.
    #[error(transparent)]
    Sdp(#[from] SdpError),
    /// The description is sound but asks for what we cannot do, or contradicts an earlier one.
    #[error("{what} (line {line}): {advice}")]
    Unacceptable {
        /// What is wrong.
        what: String,
        /// The line, from 1; 0 if no line is to blame.
        line: usize,
        /// What to do.
        advice: &'static str,
    },
    /// A local description that is not the one created.
    #[error("the local description does not fit: {0}; set what create_offer or create_answer returned")]
    Modified(&'static str),
    /// A candidate that cannot be used.
    #[error("candidate refused: {0}")]
    Candidate(String),
    /// An argument out of its range.
    #[error("{0}")]
    Argument(&'static str),
}

impl SessionError {
    /// The name of the `DOMException`, or of the error, by which a browser would reject.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::WrongState { .. } | Self::InvalidState(_) | Self::Closed => "InvalidStateError",
            // An `RTCError` with the detail sdp-syntax-error is an OperationError.
            Self::Sdp(_) | Self::Candidate(_) => "OperationError",
            Self::Unacceptable { .. } => "InvalidAccessError",
            Self::Modified(_) => "InvalidModificationError",
            Self::Argument(_) => "TypeError",
        }
    }

    /// The line of the description that is to blame, if one is (`RTCError.sdpLineNumber`).
    pub const fn sdp_line(&self) -> Option<usize> {
        match self {
            Self::Sdp(error) => error.line(),
            Self::Unacceptable { line, .. } if *line > 0 => Some(*line),
            _ => None,
        }
    }
}
