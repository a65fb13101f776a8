//! The session layer of a connection: descriptions, transceivers, states.

mod answer;
mod candidates;
mod check;
mod configuration;
mod local;
mod offer;
mod remote;
mod settle;
mod show;
mod transceiver;
mod transport;

pub use candidates::AddedCandidate;
pub use configuration::{HeaderExtension, PeerConfiguration};
pub use transceiver::{Transceiver, TransceiverId};
pub use transport::{RemoteTransport, TransportDescription};

use std::collections::VecDeque;

use crate::error::SessionError;
use crate::jsep::{SdpType, SignalingState};
use crate::negotiation::{CodecMatch, NegotiatedAudio};
use crate::sdp::{Direction, MediaDescription, MediaKind, Msid, Origin, Rtpmap, SessionDescription};
use crate::states::{ConnectionState, IceState, TransportStates};
use transceiver::Association;

/// One end of a call, as far as descriptions and states go. All m-lines share one transport (BUNDLE, `max-bundle`), and RTCP shares it too
/// (rtcp-mux, `require`).
#[derive(Clone, Debug)]
pub struct PeerConnection {
    configuration: PeerConfiguration,
    signaling: SignalingState,
    transceivers: Vec<Transceiver>,
    descriptions: Descriptions,
    /// What becomes of each m-line of the pending offer.
    plan: Vec<LinePlan>,
    created: Option<Created>,
    /// Numbers of codecs and extensions that hold for the session.
    numbers: Numbers,
    transport: TransportStates,
    /// Counts remote credentials: one more is an ICE restart.
    ice_generation: u32,
    restart_wanted: bool,
    random: u64,
    next_transceiver: u32,
    next_mid: u32,
    version: u64,
    /// Whether the agreement in force began with our offer.
    we_offered: bool,
    shown: Shown,
    events: VecDeque<PeerEvent>,
}

/// Something that the owner of a connection should know; see [`PeerConnection::poll_event`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerEvent {
    /// `signalingstatechange`.
    SignalingState(SignalingState),
    /// `iceconnectionstatechange`.
    IceConnectionState(IceState),
    /// `connectionstatechange`.
    ConnectionState(ConnectionState),
    /// `track`: the remote end sends from now on.
    Track {
        /// To which transceiver.
        transceiver: TransceiverId,
        /// Stream and track, if told.
        msid: Option<Msid>,
    },
    /// The remote end sends no more (W3C: the track is muted and leaves its streams).
    TrackEnded(TransceiverId),
    /// `negotiationneeded`.
    NegotiationNeeded,
}

/// What came of a remote description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The state now.
    pub signaling_state: SignalingState,
    /// The remote end has begun an ICE restart: its credentials are new, and ours have to be.
    pub ice_restart: bool,
}

#[derive(Clone, Debug, Default)]
struct Descriptions {
    current_local: Option<SessionDescription>,
    pending_local: Option<SessionDescription>,
    current_remote: Option<SessionDescription>,
    pending_remote: Option<SessionDescription>,
}

#[derive(Clone, Debug)]
enum LinePlan {
    Reject,
    Accept {
        transceiver: TransceiverId,
        matches: Vec<CodecMatch>,
    },
    /// It may come and is thrown away.
    Discard {
        payload_type: u8,
    },
}

/// The last description that we made: the only one of its type that may be set.
#[derive(Clone, Debug)]
struct Created {
    kind: SdpType,
    text: String,
    description: SessionDescription,
    /// For an offer: which transceiver stands at which m-line.
    lines: Vec<Option<TransceiverId>>,
}

#[derive(Clone, Debug, Default)]
struct Numbers {
    /// Payload type by place of the codec.
    codecs: Vec<(usize, u8)>,
    /// What a payload type was agreed to mean.
    agreed: Vec<Rtpmap>,
    /// Id by URI.
    extensions: Vec<(String, u16)>,
}

/// What the events have told so far.
#[derive(Clone, Copy, Debug, Default)]
struct Shown {
    ice: IceState,
    connection: ConnectionState,
    negotiation_needed: bool,
}

impl PeerConnection {
    /// A connection that has negotiated nothing.
    ///
    /// # Errors
    /// If the configuration cannot stand in SDP.
    pub fn new(configuration: PeerConfiguration) -> Result<Self, SessionError> {
        configuration.check()?;
        Ok(Self {
            random: configuration.seed,
            configuration,
            signaling: SignalingState::Stable,
            transceivers: Vec::new(),
            descriptions: Descriptions::default(),
            plan: Vec::new(),
            created: None,
            numbers: Numbers::default(),
            transport: TransportStates::default(),
            ice_generation: 0,
            restart_wanted: false,
            next_transceiver: 0,
            next_mid: 0,
            version: 1,
            we_offered: false,
            shown: Shown::default(),
            events: VecDeque::new(),
        })
    }

    /// Adds an audio transceiver that sends and receives, as `addTrack` does: an offer of the remote end may take it for one of its m-lines.
    ///
    /// # Errors
    /// If the connection is closed.
    pub fn add_audio(&mut self) -> Result<TransceiverId, SessionError> {
        self.add_transceiver(Direction::SendRecv, true)
    }

    /// Adds an audio transceiver. One that is not `reusable` gets an m-line of its own from our next offer, as with `addTransceiver`.
    ///
    /// # Errors
    /// If the connection is closed.
    pub fn add_transceiver(
        &mut self,
        direction: Direction,
        reusable: bool,
    ) -> Result<TransceiverId, SessionError> {
        self.check_open()?;
        let id = self.new_transceiver(direction);
        if let Some(transceiver) = self.transceiver_mut(id) {
            transceiver.reusable = reusable;
        }
        self.update_negotiation_needed();
        Ok(id)
    }

    /// All transceivers, oldest first.
    pub fn transceivers(&self) -> &[Transceiver] {
        &self.transceivers
    }

    /// The transceiver with this id.
    pub fn transceiver(&self, id: TransceiverId) -> Option<&Transceiver> {
        self.transceivers.iter().find(|transceiver| transceiver.id == id)
    }

    /// Sets the direction that we want. It is in force after the next negotiation.
    ///
    /// # Errors
    /// If the connection is closed or the transceiver stopped.
    pub fn set_direction(&mut self, id: TransceiverId, direction: Direction) -> Result<(), SessionError> {
        self.running(id)?.direction = direction;
        self.update_negotiation_needed();
        Ok(())
    }

    /// Sets which codecs (places in the configuration) are negotiated, best first; empty for all in their order (`setCodecPreferences`).
    ///
    /// # Errors
    /// If the connection is closed, the transceiver stopped, or a codec is not in the configuration.
    pub fn set_codec_preferences(&mut self, id: TransceiverId, codecs: &[usize]) -> Result<(), SessionError> {
        if codecs
            .iter()
            .any(|codec| *codec >= self.configuration.codecs.len())
        {
            return Err(SessionError::Argument(
                "a preferred codec is not among those of the configuration",
            ));
        }
        self.running(id)?.codec_preferences = codecs.to_vec();
        Ok(())
    }

    /// Stops a transceiver: our next offer gives its m-line up. Stopping twice is no error.
    ///
    /// # Errors
    /// If the connection is closed.
    pub fn stop(&mut self, id: TransceiverId) -> Result<(), SessionError> {
        self.check_open()?;
        let offered = self
            .created
            .as_ref()
            .is_some_and(|created| created.lines.contains(&Some(id)));
        if let Some(transceiver) = self.transceiver_mut(id) {
            transceiver.stopping = true;
            transceiver.direction = Direction::Inactive;
        }
        if !offered {
            self.remove_idle();
        }
        self.update_negotiation_needed();
        Ok(())
    }

    /// Asks for new ICE credentials with the next offer (`restartIce`).
    pub fn restart_ice(&mut self) {
        if self.signaling != SignalingState::Closed {
            self.restart_wanted = true;
            self.update_negotiation_needed();
        }
    }

    /// Whether [`PeerConnection::restart_ice`] was called and no offer with new credentials has been answered since.
    pub const fn ice_restart_wanted(&self) -> bool {
        self.restart_wanted
    }

    /// The payload types of what may come and is thrown away.
    pub fn discarded_payload_types(&self) -> Vec<u8> {
        let local = self.descriptions.current_local.as_ref();
        local
            .into_iter()
            .flat_map(|description| &description.media)
            .filter(|media| !Self::speaks(&media.kind) && !media.is_rejected())
            .flat_map(MediaDescription::payload_types)
            .collect()
    }

    /// What was agreed upon for the first audio m-line that is in use.
    pub fn negotiated_audio(&self) -> Option<NegotiatedAudio> {
        self.negotiated().next().map(|(_, audio)| audio.clone())
    }

    /// What was agreed upon for each m-line that is in use, in the order of the m-lines.
    pub fn negotiated(&self) -> impl Iterator<Item = (TransceiverId, &NegotiatedAudio)> {
        let mut lines: Vec<_> = self
            .transceivers
            .iter()
            .filter_map(|transceiver| {
                Some((
                    transceiver.m_line()?,
                    transceiver.id,
                    transceiver.negotiated.as_ref()?,
                ))
            })
            .collect();
        lines.sort_by_key(|(line, ..)| *line);
        lines.into_iter().map(|(_, id, audio)| (id, audio))
    }

    /// Closes for good. Closing twice is no error; no event follows.
    pub fn close(&mut self) {
        if self.is_closed() {
            return;
        }
        self.signaling = SignalingState::Closed;
        self.plan.clear();
        self.created = None;
        self.restart_wanted = false;
        for transceiver in &mut self.transceivers {
            transceiver.stopping = true;
            transceiver.direction = Direction::Inactive;
            transceiver.current_direction = None;
            transceiver.negotiated = None;
        }
        self.events.clear();
    }

    /// `localDescription`: the pending one, else the one in force.
    pub fn local_description(&self) -> Option<&SessionDescription> {
        self.descriptions
            .pending_local
            .as_ref()
            .or(self.descriptions.current_local.as_ref())
    }

    /// `remoteDescription`: the pending one, else the one in force.
    pub fn remote_description(&self) -> Option<&SessionDescription> {
        self.descriptions
            .pending_remote
            .as_ref()
            .or(self.descriptions.current_remote.as_ref())
    }

    /// `currentLocalDescription`.
    pub const fn current_local_description(&self) -> Option<&SessionDescription> {
        self.descriptions.current_local.as_ref()
    }

    /// `currentRemoteDescription`.
    pub const fn current_remote_description(&self) -> Option<&SessionDescription> {
        self.descriptions.current_remote.as_ref()
    }

    /// How it was set up.
    pub const fn configuration(&self) -> &PeerConfiguration {
        &self.configuration
    }

    const fn is_closed(&self) -> bool {
        matches!(self.signaling, SignalingState::Closed)
    }

    const fn check_open(&self) -> Result<(), SessionError> {
        if self.is_closed() {
            Err(SessionError::Closed)
        } else {
            Ok(())
        }
    }

    fn running(&mut self, id: TransceiverId) -> Result<&mut Transceiver, SessionError> {
        self.check_open()?;
        self.transceiver_mut(id)
            .filter(|transceiver| !transceiver.stopping)
            .ok_or(SessionError::InvalidState(
                "the transceiver is stopped: add a new one",
            ))
    }

    fn transceiver_mut(&mut self, id: TransceiverId) -> Option<&mut Transceiver> {
        self.transceivers
            .iter_mut()
            .find(|transceiver| transceiver.id == id)
    }

    /// The one transport that there is, once a description refers to it.
    const fn transports(&self) -> &[TransportStates] {
        if self.descriptions.current_local.is_none() && self.descriptions.pending_local.is_none() {
            return &[];
        }
        std::slice::from_ref(&self.transport)
    }

    fn new_transceiver(&mut self, direction: Direction) -> TransceiverId {
        let id = TransceiverId(self.next_transceiver);
        self.next_transceiver += 1;
        let ssrc = self.new_ssrc();
        let track = format!("{:016x}", self.next_random());
        let msid = Msid {
            stream: self.configuration.cname.clone(),
            track: Some(track),
        };
        self.transceivers
            .push(Transceiver::new(id, direction, ssrc, msid));
        id
    }

    /// An SSRC that nobody has announced (RFC 3550 section 8.1).
    fn new_ssrc(&mut self) -> u32 {
        loop {
            let ssrc = (self.next_random() >> 32) as u32;
            let remote = self.remote_description().is_some_and(|description| {
                description
                    .media
                    .iter()
                    .any(|media| media.ssrcs.iter().any(|attribute| attribute.ssrc == ssrc))
            });
            if ssrc != 0
                && !remote
                && self
                    .transceivers
                    .iter()
                    .all(|transceiver| transceiver.ssrc != ssrc)
            {
                return ssrc;
            }
        }
    }

    /// SplitMix64.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn origin(&self) -> Origin {
        Origin {
            session_id: (self.configuration.session_id >> 1).to_string(),
            version: self.version,
            ..Origin::default()
        }
    }

    /// Whether media of this kind has transceivers. Video has no codecs yet.
    fn speaks(kind: &MediaKind) -> bool {
        *kind == MediaKind::Audio
    }

    fn associate(&mut self, id: TransceiverId, mid: &str, line: usize) {
        // A recycled m-line belongs to its new transceiver alone.
        for other in &mut self.transceivers {
            if other.id != id && other.m_line() == Some(line) {
                other.association = None;
            }
        }
        if let Some(transceiver) = self.transceiver_mut(id) {
            transceiver.association = Some(Association {
                mid: mid.into(),
                line,
            });
        }
    }
}
