//! The network domain: one room's participants as the network sees them. Sans-IO: datagrams, deadlines and `now` come in; datagrams, events
//! and the next deadline go out. Rings join it to the audio domain.
//!
//! Outbound: a mix comes out of the ring once and is fanned out. Each participant has its own RTP stream (numbering, timestamps, header
//! extensions), its own pacer and its own transport; the payload itself is shared until the last copy has left.
//! Inbound: a datagram goes to the transport; what that lets in is demultiplexed, numbered without wraps, counted and put into the
//! participant's ring. RTCP goes both ways beside it, and feeds the congestion controller.

pub mod allocation;
mod arrivals;
mod configuration;
mod congestion;
mod control;
mod controller;
mod decided;
mod domain;
mod estimator;
mod event;
mod incoming;
mod links;
mod media;
mod outgoing;
mod participant;
mod payloads;
mod pictures;
mod profile;
mod received_rate;
mod sharing;
mod stats;

pub use configuration::{
    MediaConfiguration, NetworkParticipantConfig, ReceiveCodec, RtcpFeedback, SendCodec, StreamRates,
};
pub use controller::ControllerSwapped;
pub use domain::{NetworkDomain, Swapped};
pub use event::{DatagramSink, NetworkError, NetworkEvent, NetworkSocket};
pub use participant::NetworkParticipant;
pub use profile::BitrateProfile;
pub use stats::NetworkStats;

pub use crate::conference::NetworkPorts;
pub use jackfield_rtp::ecn::EcnMark;
pub use jackfield_rtp::extension::{ExtensionIds, ExtensionKind, StreamName};
pub use jackfield_rtp::send::NtpClock;
