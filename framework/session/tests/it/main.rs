//! The behaviours of sessions, one file each.

mod answering_browsers;
mod candidates;
mod codec_negotiation;
mod connection_states;
mod extension_negotiation;
mod feedback_negotiation;
mod gathering;
mod offering;
mod perfect_negotiation;
mod reading_descriptions;
mod refused_descriptions;
mod renegotiation;
mod rollback;
mod signaling_states;
mod signalling_messages;
mod stun_messages;
mod support;
