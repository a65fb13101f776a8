//! The states that a connection shows, and the events that tell of them.

use crate::jsep::SignalingState;
use crate::sdp::Msid;
use crate::states::{ConnectionState, IceState, TransportStates, connection_state, ice_connection_state};

use super::{PeerConnection, PeerEvent, Transceiver, TransceiverId};

impl PeerConnection {
    /// `signalingState`.
    pub const fn signaling_state(&self) -> SignalingState {
        self.signaling
    }

    /// `iceConnectionState`.
    pub fn ice_connection_state(&self) -> IceState {
        ice_connection_state(self.is_closed(), self.transports())
    }

    /// `connectionState`.
    pub fn connection_state(&self) -> ConnectionState {
        connection_state(self.is_closed(), self.transports())
    }

    /// Takes the state of the transport.
    pub fn set_transport_state(&mut self, states: impl Into<TransportStates>) {
        if !self.is_closed() {
            self.transport = states.into();
            self.show_states();
        }
    }

    /// The next event. None comes after [`PeerConnection::close`].
    pub fn poll_event(&mut self) -> Option<PeerEvent> {
        self.events.pop_front()
    }

    /// Whether an offer is due (W3C section 4.7.3): only in state `stable`.
    pub fn negotiation_needed(&self) -> bool {
        self.signaling == SignalingState::Stable
            && (self.restart_wanted || self.transceivers.iter().any(|t| self.differs(t)))
    }

    pub(super) fn set_signaling(&mut self, state: SignalingState) {
        if self.signaling != state {
            self.signaling = state;
            self.events.push_back(PeerEvent::SignalingState(state));
        }
        if state == SignalingState::Stable {
            // A negotiation is complete: what is due now is due anew.
            self.shown.negotiation_needed = false;
        }
        self.show_states();
        self.update_negotiation_needed();
    }

    pub(super) fn show_states(&mut self) {
        let (ice, connection) = (self.ice_connection_state(), self.connection_state());
        if ice != self.shown.ice {
            self.shown.ice = ice;
            self.events.push_back(PeerEvent::IceConnectionState(ice));
        }
        if connection != self.shown.connection {
            self.shown.connection = connection;
            self.events.push_back(PeerEvent::ConnectionState(connection));
        }
    }

    /// Tells once that an offer is due, and again only after it was not due in between.
    pub(super) fn update_negotiation_needed(&mut self) {
        if self.signaling != SignalingState::Stable {
            return;
        }
        let needed = self.negotiation_needed();
        if needed && !self.shown.negotiation_needed {
            self.events.push_back(PeerEvent::NegotiationNeeded);
        }
        self.shown.negotiation_needed = needed;
    }

    /// Whether a transceiver is not as the descriptions in force have it.
    pub(super) fn differs(&self, transceiver: &Transceiver) -> bool {
        let Some(line) = transceiver.m_line() else {
            return !transceiver.stopping;
        };
        let (Some(local), Some(remote)) = (
            &self.descriptions.current_local,
            &self.descriptions.current_remote,
        ) else {
            return !transceiver.stopping;
        };
        let (Some(ours), Some(theirs)) = (local.media.get(line), remote.media.get(line)) else {
            return true;
        };
        if transceiver.stopping {
            return !ours.is_rejected() && !theirs.is_rejected();
        }
        let (ours, theirs) = (local.direction_of(ours), remote.direction_of(theirs).reversed());
        if self.we_offered {
            ours != transceiver.direction && theirs != transceiver.direction
        } else {
            ours != transceiver.direction.intersection(theirs)
        }
    }

    /// Notes that the remote end sends, or does not any more.
    pub(super) fn show_track(&mut self, id: TransceiverId, receives: bool, msid: Option<Msid>) {
        let Some(transceiver) = self.transceiver_mut(id) else {
            return;
        };
        if transceiver.receiving == receives {
            return;
        }
        transceiver.receiving = receives;
        let event = if receives {
            PeerEvent::Track {
                transceiver: id,
                msid,
            }
        } else {
            PeerEvent::TrackEnded(id)
        };
        self.events.push_back(event);
    }
}
