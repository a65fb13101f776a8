use crate::negotiation::NegotiatedAudio;
use crate::sdp::{Direction, Msid};

/// Names a transceiver of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransceiverId(pub(crate) u32);

/// A sender and a receiver that share an m-line (`RTCRtpTransceiver`). Audio, so far.
#[derive(Clone, Debug)]
pub struct Transceiver {
    pub(super) id: TransceiverId,
    pub(super) direction: Direction,
    pub(super) current_direction: Option<Direction>,
    pub(super) codec_preferences: Vec<usize>,
    pub(super) ssrc: u32,
    pub(super) msid: Msid,
    pub(super) negotiated: Option<NegotiatedAudio>,
    /// The m-line that it has, or will have when the pending offer is answered.
    pub(super) association: Option<Association>,
    /// How all was before the pending offer.
    pub(super) stable: Stable,
    /// A remote offer may take it for a new m-line.
    pub(super) reusable: bool,
    /// It exists because of the pending remote offer.
    pub(super) born_in_offer: bool,
    /// `stop` was called.
    pub(super) stopping: bool,
    /// Its m-line is rejected: it goes when the negotiation is complete.
    pub(super) stopped: bool,
    /// The remote end sends, as told by events.
    pub(super) receiving: bool,
}

/// Where a transceiver stands in the descriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Association {
    pub(super) mid: String,
    pub(super) line: usize,
}

/// What a rollback brings back.
#[derive(Clone, Debug)]
pub(super) struct Stable {
    pub(super) association: Option<Association>,
    pub(super) negotiated: Option<NegotiatedAudio>,
    pub(super) current_direction: Option<Direction>,
    pub(super) receiving: bool,
}

impl Transceiver {
    /// What is now is what a rollback will bring back.
    pub(super) fn settle(&mut self) {
        self.stable = Stable {
            association: self.association.clone(),
            negotiated: self.negotiated.clone(),
            current_direction: self.current_direction,
            receiving: self.receiving,
        };
        self.born_in_offer = false;
    }

    pub(super) const fn new(id: TransceiverId, direction: Direction, ssrc: u32, msid: Msid) -> Self {
        Self {
            id,
            direction,
            current_direction: None,
            codec_preferences: Vec::new(),
            ssrc,
            msid,
            negotiated: None,
            association: None,
            stable: Stable {
                association: None,
                negotiated: None,
                current_direction: None,
                receiving: false,
            },
            reusable: false,
            born_in_offer: false,
            stopping: false,
            stopped: false,
            receiving: false,
        }
    }

    /// Its name.
    pub const fn id(&self) -> TransceiverId {
        self.id
    }

    /// Its m-line, by MID.
    pub fn mid(&self) -> Option<&str> {
        self.association
            .as_ref()
            .map(|association| association.mid.as_str())
    }

    /// Its m-line, by place.
    pub fn m_line(&self) -> Option<usize> {
        self.association.as_ref().map(|association| association.line)
    }

    /// The direction that we want.
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// The direction that is in force; `None` before the first negotiation and after the last.
    pub const fn current_direction(&self) -> Option<Direction> {
        self.current_direction
    }

    /// Whether it was stopped.
    pub const fn is_stopped(&self) -> bool {
        self.stopping || self.stopped
    }

    /// The SSRC with which it sends.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The stream and track that it announces.
    pub const fn msid(&self) -> &Msid {
        &self.msid
    }

    /// What was agreed upon.
    pub const fn negotiated(&self) -> Option<&NegotiatedAudio> {
        self.negotiated.as_ref()
    }
}
