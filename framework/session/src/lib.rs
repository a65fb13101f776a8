//! Sessions: SDP, offer and answer, transceivers, signalling messages.
//!
//! A [`PeerConnection`] is the part of W3C's `RTCPeerConnection` that decides: what is offered, what is agreed upon, which m-line belongs to
//! which transceiver, in which state everything is. It must never read a clock, draw a random number or touch a socket: ICE and DTLS run in a
//! transport plugin, whose description is handed in, and whatever is random follows from a seed.
//!
//! Operations are synchronous, so W3C's operations chain is simply the order of the calls.
//!
//! ```
//! use jackfield_core::units::SampleRate;
//! use jackfield_rtp::payload::PayloadFormatDescription;
//! use jackfield_session::{AnyFmtp, PeerConfiguration, PeerConnection, SdpType, TransportDescription};
//!
//! let pcmu = PayloadFormatDescription {
//!     codec: "jackfield.codec.g711".into(),
//!     index: 0,
//!     name: "PCMU".into(),
//!     clock_rate: SampleRate::HZ_8000,
//!     channels: 1,
//!     static_payload_type: Some(0),
//!     fmtp: String::new(),
//! };
//! let attributes = [
//!     ("ice-ufrag", "abcd"),
//!     ("ice-pwd", "0123456789abcdefghijkl"),
//!     ("fingerprint", "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"),
//!     ("setup", "actpass"),
//! ];
//! let transport = TransportDescription::from_attributes(attributes)?;
//!
//! let mut caller = PeerConnection::new(PeerConfiguration::voice(vec![pcmu.clone()], "ann", 1))?;
//! let mut callee = PeerConnection::new(PeerConfiguration::voice(vec![pcmu], "bob", 2))?;
//! caller.add_audio()?;
//! callee.add_audio()?;
//!
//! let offer = caller.create_offer(&transport)?;
//! caller.set_local_description(SdpType::Offer, &offer)?;
//! callee.set_remote_description(SdpType::Offer, &offer, &mut AnyFmtp)?;
//! let answer = callee.create_answer(&transport)?;
//! callee.set_local_description(SdpType::Answer, &answer)?;
//! caller.set_remote_description(SdpType::Answer, &answer, &mut AnyFmtp)?;
//!
//! let audio = callee.negotiated_audio().expect("both speak PCMU");
//! assert_eq!(audio.send.expect("both ways").payload_type, 0);
//! # Ok::<(), jackfield_session::SessionError>(())
//! ```

pub mod candidate;
mod error;
pub mod gathering;
pub mod jsep;
pub mod negotiation;
mod peer_connection;
pub mod sdp;
pub mod signalling;
pub mod states;
pub mod stun;

pub use error::SessionError;
pub use jsep::{SdpType, SignalingState};
pub use negotiation::{AnyFmtp, FmtpMatcher, NegotiatedAudio, NegotiatedExtension, PayloadChoice};
pub use peer_connection::{
    AddedCandidate, Applied, HeaderExtension, PeerConfiguration, PeerConnection, PeerEvent, RemoteTransport,
    Transceiver, TransceiverId, TransportDescription,
};
