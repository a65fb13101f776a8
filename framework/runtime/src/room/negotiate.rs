//! A participant with its peer connection: offers in, answers out, and what follows from them in both domains.

use std::sync::Arc;

use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::pacer::Pacer;
use jackfield_core::transport::Transport;
use jackfield_graph::description::Kind;
use jackfield_graph::media::InboundPacket;
use jackfield_graph::network::{NetworkParticipant, NetworkParticipantConfig, NetworkStats};
use jackfield_loader::RoomVideo;
use jackfield_rtp::payload::PayloadFormatDescription;
use jackfield_session::negotiation::NegotiatedAudio;
use jackfield_session::{PeerConfiguration, PeerConnection, SdpType, TransportDescription};
use tokio::sync::Mutex;

use super::moving::Standing;
use super::{Inner, Room, State, participant_id};
use crate::codecs::Codecs;
use crate::error::NegotiationError;
use crate::fitting::{self, Socket};

/// By which the seed of an estimator differs from those of the participant's other plugins.
pub(super) const ESTIMATOR_SEED: u64 = 201;
/// Packets that may wait between the network thread and the audio thread.
const INBOUND_PACKETS: usize = 128;

/// Somebody in a room. Clones are the same participant; it stays until [`Participant::leave`].
#[derive(Clone)]
pub struct Participant {
    room: Room,
    number: u32,
    id: String,
    sessions: Arc<Mutex<Sessions>>,
}

/// What is agreed with the peer, over each of its connections.
#[derive(Default)]
struct Sessions {
    present: Option<Session>,
    /// Over the second connection, while the transport is swapped.
    beside: Option<Session>,
}

struct Session {
    /// The number of the connection: 0, or that of the swap of the transport for which it was opened.
    number: u64,
    connection: PeerConnection,
    /// Our side of ICE and DTLS, once there is a transport.
    local: Option<TransportDescription>,
    /// The transport proves no addresses: the candidates of the peer are taken for it.
    unproven: bool,
    /// What the strip was built with.
    media: Option<NegotiatedAudio>,
    /// Payload types of what is let come and thrown away.
    discard: Vec<u8>,
    identity: Identity,
}

/// From which the SSRC and the canonical name of what a peer is sent follow: its second connection goes on with them.
#[derive(Clone)]
struct Identity {
    seed: u64,
    cname: String,
}

impl Sessions {
    /// The connection that carries the participant is the one with this number now.
    fn go_over(&mut self, number: u64) {
        if let Some(mut before) = self
            .beside
            .take_if(|session| session.number == number)
            .and_then(|beside| self.present.replace(beside))
        {
            before.connection.close();
        }
    }

    fn of_number(&self, number: u64) -> Option<&Session> {
        let both = [&self.present, &self.beside].into_iter().flatten();
        both.into_iter().find(|session| session.number == number)
    }
}

impl Participant {
    pub(super) fn new(room: Room, number: u32) -> Self {
        Self {
            room,
            number,
            id: participant_id(number),
            sessions: Arc::default(),
        }
    }

    /// Its id, unique in its room.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Its room.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// The number of the connection that carries it.
    pub fn connection(&self) -> u64 {
        let state = self.room.inner.state();
        state.member(self.number).map_or(0, |member| member.connection)
    }

    /// Leaves it out of the mix, or no longer.
    pub fn set_muted(&self, muted: bool) {
        self.room.inner.mute(self.number, muted);
    }

    /// Takes it out of its room and says goodbye to its peer. Idempotent.
    pub async fn leave(&self) {
        let sessions = std::mem::take(&mut *self.sessions.lock().await);
        for mut session in sessions.present.into_iter().chain(sessions.beside) {
            session.connection.close();
        }
        let (room, number) = (self.room.clone(), self.number);
        // Orders may have to wait for the audio thread.
        let _ = tokio::task::spawn_blocking(move || room.inner.leave(number)).await;
    }

    /// Takes an offer and gives the answer, with all host candidates in it. A later offer renegotiates.
    ///
    /// `connection` is 0, or the number with which the room asked for a second connection ([`crate::view::RoomEvent::Reconnect`]).
    ///
    /// # Errors
    /// If the offer is malformed or nothing in it can be met; what was agreed upon before then stays.
    pub async fn offer(&self, connection: u64, sdp: &str) -> Result<String, NegotiationError> {
        let inner = &self.room.inner;
        let mut sessions = self.sessions.lock().await;
        let (carried_by, asked) = {
            let state = inner.state();
            let member = state.member(self.number).ok_or(NegotiationError::Left)?;
            (member.connection, state.is_asked(self.number, connection))
        };
        sessions.go_over(carried_by);
        if connection == carried_by {
            let mut session = match sessions.present.take() {
                Some(session) => session,
                None => inner.new_session(connection, Identity::random())?,
            };
            let answered = self.take_offer(&mut session, sdp, None).await;
            sessions.present = Some(session);
            return answered;
        }
        let before = sessions.present.as_ref();
        let Some((identity, media)) = before
            .filter(|_| asked)
            .and_then(|before| Some((before.identity.clone(), before.media.clone()?)))
        else {
            return Err(NegotiationError::NoSuchConnection(connection));
        };
        let mut session = match sessions.beside.take_if(|beside| beside.number == connection) {
            Some(session) => session,
            None => inner.new_session(connection, identity)?,
        };
        let answered = self.take_offer(&mut session, sdp, Some(&media)).await;
        sessions.beside = Some(session);
        answered
    }

    /// `before` is what was agreed over the first connection, if this is the second.
    async fn take_offer(
        &self,
        session: &mut Session,
        sdp: &str,
        before: Option<&NegotiatedAudio>,
    ) -> Result<String, NegotiationError> {
        let applied = {
            let mut state = self.room.inner.state();
            let mut matcher = |codec: usize, offered: &str| state.codecs.answer(codec, offered);
            session
                .connection
                .set_remote_description(SdpType::Offer, sdp, &mut matcher)
        };
        match applied {
            Ok(applied) => self.answer(session, applied.ice_restart, before).await,
            Err(error) => Err(NegotiationError::Offer(error.to_string())),
        }
    }

    async fn answer(
        &self,
        session: &mut Session,
        ice_restart: bool,
        before: Option<&NegotiatedAudio>,
    ) -> Result<String, NegotiationError> {
        let inner = &self.room.inner;
        let network = &inner.shared.network;
        let offered = |e: &dyn std::fmt::Display| NegotiationError::Offer(e.to_string());
        let Some(remote) = session.connection.remote_transport() else {
            return Err(NegotiationError::Offer(
                "the offer has no audio that can be met: offer one audio m-line with Opus".to_owned(),
            ));
        };
        let mut newcomer = None;
        let local = match session.local.take() {
            Some(_) if ice_restart => inner.restart_transport(self.number, &remote).await?,
            Some(local) => local,
            None => {
                let socket = inner.transport_for(self.number, session.number)?;
                let (transport, described) = inner.make_transport(&socket, &remote)?;
                newcomer = Some((transport, socket));
                session.unproven = described.unproven;
                described.local
            }
        };
        let answer = session
            .connection
            .create_answer(&local)
            .map_err(|e| offered(&e))?;
        session
            .connection
            .set_local_description(SdpType::Answer, &answer)
            .map_err(|e| offered(&e))?;
        let Some(audio) = session.connection.negotiated_audio() else {
            return Err(NegotiationError::Offer(
                "nothing in the offer's audio can be met: offer Opus, PCMU or PCMA".to_owned(),
            ));
        };
        let connects = newcomer.is_some() || ice_restart;
        let discard = session.connection.discarded_payload_types();
        if newcomer.is_some() || session.media.as_ref() != Some(&audio) || session.discard != discard {
            let first = newcomer.is_some() && before.is_none();
            let (inbound, packets) = rtrb::RingBuffer::new(INBOUND_PACKETS);
            let (room, number, agreed) = (self.room.clone(), self.number, audio.clone());
            let agreed_before = before.or(session.media.as_ref());
            let known = agreed_before.is_some_and(|before| is_same_media(before, &audio));
            // Making decoders, encoders and processors takes a while; the second connection goes on with those that there are.
            let mut configuration = tokio::task::spawn_blocking(move || {
                if known {
                    room.inner.configured(number, &agreed)
                } else {
                    room.inner.settle(number, &agreed, first.then_some(packets))
                }
            })
            .await
            .map_err(|_| NegotiationError::Closed)??;
            match newcomer {
                Some((transport, _)) if !first => network
                    .swap_transport(inner.key, self.number, transport, &local.ice_ufrag)
                    .await
                    .map_err(NegotiationError::Transport)?,
                Some((transport, socket)) => {
                    inner
                        .add_to_network(
                            self.number,
                            (transport, &socket),
                            &audio,
                            inbound,
                            &local.ice_ufrag,
                        )
                        .await?;
                }
                None => {}
            }
            if connects && session.unproven {
                let candidates = remote.candidates.iter();
                candidates.for_each(|candidate| network.announce(inner.key, self.number, candidate));
            }
            configuration.discard.clone_from(&discard);
            if configuration.feedback.is_estimate() {
                inner.add_estimator(self.number).await?;
            }
            network.configure(inner.key, self.number, configuration);
            session.media = Some(audio);
            session.discard = discard;
        }
        if connects {
            network
                .start(inner.key, self.number)
                .await
                .map_err(NegotiationError::Transport)?;
        }
        session.local = Some(local);
        Ok(answer)
    }

    /// Takes a candidate of the peer for the connection with this number, the value of `a=candidate` without its prefix; `None` once there are
    /// no more.
    ///
    /// # Errors
    /// If it is malformed. One that cannot be used, such as a TCP candidate, is let pass, and so is one of a connection that has ended.
    pub async fn add_candidate(
        &self,
        connection: u64,
        candidate: Option<&str>,
    ) -> Result<(), NegotiationError> {
        let Some(text) = candidate
            .map(|c| c.trim().trim_start_matches("a=").trim_start_matches("candidate:"))
            .filter(|c| !c.is_empty())
        else {
            return Ok(());
        };
        jackfield_session::candidate::Candidate::parse(text)
            .map_err(|e| NegotiationError::Offer(e.to_string()))?;
        let inner = &self.room.inner;
        // An answer that is still being made comes first: before it there is no transport.
        let sessions = self.sessions.lock().await;
        let session = sessions.of_number(connection);
        let passed_over = match &sessions.beside {
            // While there are two, candidates are the second's: the first has had all of its own.
            Some(beside) => beside.number != connection,
            None => sessions.present.is_some() && session.is_none(),
        };
        if passed_over {
            tracing::debug!(
                participant = self.id,
                connection,
                text,
                "a candidate came for no connection"
            );
            return Ok(());
        }
        let network = &inner.shared.network;
        if session.is_some_and(|session| session.unproven) {
            network.announce(inner.key, self.number, text);
        }
        network
            .add_remote_candidate(inner.key, self.number, text.to_owned())
            .await
            .map_err(NegotiationError::Transport)
    }
}

impl Identity {
    fn random() -> Self {
        Self {
            seed: random_u64(),
            cname: format!("{:016x}", random_u64()),
        }
    }
}

impl Inner {
    fn new_session(&self, number: u64, identity: Identity) -> Result<Session, NegotiationError> {
        // Feedback by stream tells of marks: a room whose algorithm adapts to them would rather have that than what browsers speak.
        let adapts = self.adapts_to_ecn(&self.socket_of(Kind::Congestion)?)?;
        let state = self.state();
        let codecs = state
            .codecs
            .repertoire
            .formats
            .iter()
            .enumerate()
            .map(|(i, f)| description(&state.codecs, i, f))
            .collect();
        let voice = PeerConfiguration::voice(codecs, identity.cname.clone(), identity.seed);
        let configuration = PeerConfiguration {
            discards_video: self.shared.manifest.room.video == RoomVideo::Discard,
            ..if adapts {
                voice.preferring_congestion_control_feedback()
            } else {
                voice
            }
        };
        let mut connection =
            PeerConnection::new(configuration).map_err(|e| NegotiationError::Offer(e.to_string()))?;
        // Our order of codecs decides, the socket's first: the offerer sends with the first of the answer.
        let order: Vec<usize> = (0..state.codecs.repertoire.formats.len()).collect();
        connection
            .add_audio()
            .and_then(|id| connection.set_codec_preferences(id, &order))
            .map_err(|e| NegotiationError::Offer(e.to_string()))?;
        Ok(Session {
            number,
            connection,
            local: None,
            unproven: false,
            media: None,
            discard: Vec::new(),
            identity,
        })
    }

    /// Gives the participant to the network thread.
    async fn add_to_network(
        self: &Arc<Self>,
        number: u32,
        (transport, socket): (Box<dyn Transport>, &Socket),
        audio: &NegotiatedAudio,
        inbound: rtrb::Producer<InboundPacket>,
        ufrag: &str,
    ) -> Result<(), NegotiationError> {
        let loader = &self.shared.loader;
        let seed = self.seed(number, 200);
        let paces = self.socket_of(Kind::Pacer)?;
        let pacer = fitting::bare::<dyn Pacer>(loader, &paces, seed)?;
        let controls = self.socket_of(Kind::Congestion)?;
        let controller = fitting::bare::<dyn CongestionController>(loader, &controls, seed)?;
        let mut congestion: Box<dyn CongestionController> = Box::new(controller);
        if let Some(log) = self.event_log(number) {
            (congestion, _) = log.record(congestion, &controls, seed);
        }
        let stats = Arc::new(NetworkStats::default());
        let link = match self.state().member_mut(number) {
            Some(member) => {
                member.network = Some(Arc::clone(&stats));
                member.transport = Some(Standing::of(socket));
                member.link
            }
            None => return Err(NegotiationError::Left),
        };
        let participant = NetworkParticipant::new(NetworkParticipantConfig {
            id: number,
            transport,
            pacer: Box::new(pacer),
            congestion,
            inbound,
            ssrc: audio.local_ssrc,
            cname: audio.local_cname.clone(),
            first_sequence_number: random_u64() as u16,
            first_timestamp: random_u64() as u32,
            seed: random_u64(),
            stats,
        })
        .with_profile(&self.profile_of(link));
        self.shared
            .network
            .add(self.key, number, participant, ufrag)
            .await
            .map_err(NegotiationError::Transport)?;
        self.note_arrival(&mut self.state(), &[&paces, &controls]);
        Ok(())
    }

    /// Somebody has been given instances of what stood in these sockets. A swap that is under way sees that they came; if one has ended since the
    /// instances were made, what stands there now is put in.
    fn note_arrival(self: &Arc<Self>, state: &mut State, made: &[&Socket]) {
        state.arrivals += 1;
        for made in made {
            let present = state.fitting.socket(made.name());
            if present.is_some_and(|present| !present.makes_the_same(made)) {
                let room = Room {
                    inner: Arc::clone(self),
                };
                let socket = made.name().to_owned();
                tokio::spawn(async move { room.put_in_again(&socket).await });
            }
        }
    }

    /// Gives the network thread a plugin that estimates how much may come from a participant, once.
    async fn add_estimator(self: &Arc<Self>, number: u32) -> Result<(), NegotiationError> {
        if self.state().member(number).is_none_or(|member| member.estimated) {
            return Ok(());
        }
        let socket = self.socket_of(Kind::Estimator)?;
        let (inner, estimates) = (Arc::clone(self), socket.clone());
        let made = tokio::task::spawn_blocking(move || {
            let seed = inner.seed(number, ESTIMATOR_SEED);
            fitting::bare::<dyn CongestionController>(&inner.shared.loader, &estimates, seed)
        })
        .await
        .map_err(|_| NegotiationError::Closed)?;
        match made {
            Ok(estimator) => {
                let network = &self.shared.network;
                network.set_estimator(self.key, number, Box::new(estimator));
                let mut state = self.state();
                self.note_arrival(&mut state, &[&socket]);
                if let Some(member) = state.member_mut(number) {
                    member.estimated = true;
                }
            }
            // A call without it is one in which less is known.
            Err(error) => {
                tracing::warn!(room = self.name, participant = number, %error, "no estimator was made");
            }
        }
        Ok(())
    }

    /// Whether the congestion controller in `socket` adapts to ECN marks. Each is asked once, of an instance made for that.
    fn adapts_to_ecn(&self, socket: &Socket) -> Result<bool, NegotiationError> {
        let id = &socket.resolved.id;
        if let Some(known) = self.state().adapting.get(id) {
            return Ok(*known);
        }
        let mut asked = fitting::bare::<dyn CongestionController>(&self.shared.loader, socket, 0)?;
        // One that cannot say does not.
        let adapts = asked.adapts_to_ecn() == Ok(1);
        self.state().adapting.insert(id.clone(), adapts);
        Ok(adapts)
    }

    pub(super) fn socket_of(&self, kind: Kind) -> Result<Socket, NegotiationError> {
        self.state()
            .fitting
            .of_kind(kind)
            .cloned()
            .ok_or(NegotiationError::Closed)
    }
}

/// Whether what was agreed over two connections is served by the same encoders and decoders.
fn is_same_media(before: &NegotiatedAudio, after: &NegotiatedAudio) -> bool {
    (before.direction, &before.send, &before.receive) == (after.direction, &after.send, &after.receive)
}

fn description(codecs: &Codecs, index: usize, format: &crate::codecs::Format) -> PayloadFormatDescription {
    PayloadFormatDescription {
        codec: codecs.repertoire.plugin_id(index).to_owned(),
        index: format.index,
        name: format.name.clone(),
        clock_rate: format.numbers.clock_rate,
        channels: format.numbers.channels,
        static_payload_type: u8::try_from(format.numbers.static_payload_type).ok(),
        fmtp: format.fmtp.clone(),
    }
}

/// From the system's generator.
pub(super) fn random_u64() -> u64 {
    rand::random()
}
