//! Sessions: SDP, offer and answer, transceivers.
