//! A participant with its peer connection: offers in, answers out, and what follows from them in both domains.

use std::sync::Arc;

use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::pacer::Pacer;
use jackfield_core::transport::{AttributeSink, Transport, TransportConfig};
use jackfield_core::units::SampleRate;
use jackfield_graph::command::{Command, SwapCodec};
use jackfield_graph::conference::SharedEncoder;
use jackfield_graph::description::Kind;
use jackfield_graph::media::InboundPacket;
use jackfield_graph::network::{
    MediaConfiguration, NetworkParticipant, NetworkParticipantConfig, NetworkStats, ReceiveCodec,
    RtcpFeedback, SendCodec, StreamName,
};
use jackfield_graph::receive::{Decoder, Receiver};
use jackfield_graph::send::Encoder;
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use jackfield_rtp::payload::PayloadFormatDescription;
use jackfield_session::negotiation::NegotiatedAudio;
use jackfield_session::{PeerConfiguration, PeerConnection, RemoteTransport, SdpType, TransportDescription};
use tokio::sync::Mutex;

use super::{Inner, Room, State, participant_id};
use crate::codecs::Codecs;
use crate::error::{NegotiationError, SocketError};
use crate::fitting::{self, Socket};

/// Packets that may wait between the network thread and the audio thread.
const INBOUND_PACKETS: usize = 128;

/// Somebody in a room. Clones are the same participant; it stays until [`Participant::leave`].
#[derive(Clone)]
pub struct Participant {
    room: Room,
    number: u32,
    id: String,
    session: Arc<Mutex<Option<Session>>>,
}

struct Session {
    connection: PeerConnection,
    /// Our side of ICE and DTLS, once there is a transport.
    local: Option<TransportDescription>,
    /// The transport proves no addresses: the candidates of the peer are taken for it.
    unproven: bool,
    /// What the strip was built with.
    media: Option<NegotiatedAudio>,
}

/// What negotiation has settled for a member.
pub(crate) struct Media {
    /// What it may be sent.
    pub(crate) send: Vec<Choice>,
    /// The key of the codec that it is sent.
    pub(crate) codec: u32,
}

/// A codec that a member takes.
#[derive(Clone)]
pub(crate) struct Choice {
    /// Place in [`Codecs::formats`].
    pub(crate) format: usize,
    /// The room's key.
    pub(crate) codec: u32,
    pub(crate) payload_type: u8,
    pub(crate) clock_rate: SampleRate,
    /// What the member wants to receive.
    pub(crate) fmtp: String,
}

#[derive(Default)]
struct Attributes(Vec<(String, String)>);

impl AttributeSink for Attributes {
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

impl Participant {
    pub(super) fn new(room: Room, number: u32) -> Self {
        Self {
            room,
            number,
            id: participant_id(number),
            session: Arc::default(),
        }
    }

    /// Its id, unique in its room.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its room.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Leaves it out of the mix, or no longer.
    pub fn set_muted(&self, muted: bool) {
        self.room.inner.mute(self.number, muted);
    }

    /// Takes it out of its room and says goodbye to its peer. Idempotent.
    pub async fn leave(&self) {
        if let Some(mut session) = self.session.lock().await.take() {
            session.connection.close();
        }
        let (room, number) = (self.room.clone(), self.number);
        // Orders may have to wait for the audio thread.
        let _ = tokio::task::spawn_blocking(move || room.inner.leave(number)).await;
    }

    /// Takes an offer and gives the answer, with all host candidates in it. A later offer renegotiates.
    ///
    /// # Errors
    /// If the offer is malformed or nothing in it can be met; what was agreed upon before then stays.
    pub async fn offer(&self, sdp: &str) -> Result<String, NegotiationError> {
        let inner = &self.room.inner;
        let mut place = self.session.lock().await;
        if inner.state().member(self.number).is_none() {
            return Err(NegotiationError::Left);
        }
        let offered = |e: &dyn std::fmt::Display| NegotiationError::Offer(e.to_string());
        let mut session = match place.take() {
            Some(session) => session,
            None => inner.new_session(self.number)?,
        };
        let applied = {
            let mut state = inner.state();
            let mut matcher = |codec: usize, offered: &str| state.codecs.answer(codec, offered);
            session
                .connection
                .set_remote_description(SdpType::Offer, sdp, &mut matcher)
        };
        let answered = match applied {
            Ok(applied) => self.answer(&mut session, applied.ice_restart).await,
            Err(error) => Err(offered(&error)),
        };
        *place = Some(session);
        answered
    }

    async fn answer(&self, session: &mut Session, ice_restart: bool) -> Result<String, NegotiationError> {
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
                let (transport, described) = inner.make_transport(&remote)?;
                newcomer = Some(transport);
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
        if newcomer.is_some() || session.media.as_ref() != Some(&audio) {
            let first = newcomer.is_some();
            let (inbound, packets) = rtrb::RingBuffer::new(INBOUND_PACKETS);
            let (room, number, agreed) = (self.room.clone(), self.number, audio.clone());
            // Making decoders, encoders and processors takes a while.
            let configuration = tokio::task::spawn_blocking(move || {
                room.inner.settle(number, &agreed, first.then_some(packets))
            })
            .await
            .map_err(|_| NegotiationError::Closed)??;
            if let Some(transport) = newcomer {
                inner
                    .add_to_network(self.number, transport, &audio, inbound, &local.ice_ufrag)
                    .await?;
                if session.unproven {
                    let candidates = remote.candidates.iter();
                    candidates.for_each(|candidate| network.announce(inner.key, self.number, candidate));
                }
            }
            network.configure(inner.key, self.number, configuration);
            session.media = Some(audio);
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

    /// Takes a candidate of the peer, the value of `a=candidate` without its prefix; `None` once there are no more.
    ///
    /// # Errors
    /// If it is malformed. One that cannot be used, such as a TCP candidate, is let pass.
    pub async fn add_candidate(&self, candidate: Option<&str>) -> Result<(), NegotiationError> {
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
        let session = self.session.lock().await;
        let network = &inner.shared.network;
        if session.as_ref().is_some_and(|session| session.unproven) {
            network.announce(inner.key, self.number, text);
        }
        network
            .add_remote_candidate(inner.key, self.number, text.to_owned())
            .await
            .map_err(NegotiationError::Transport)
    }
}

impl Inner {
    fn new_session(&self, number: u32) -> Result<Session, NegotiationError> {
        let state = self.state();
        let codecs = state
            .codecs
            .formats
            .iter()
            .enumerate()
            .map(|(i, f)| description(&state.codecs, i, f))
            .collect();
        let seed = random_u64();
        let cname = format!("{:016x}", random_u64());
        let mut connection = PeerConnection::new(PeerConfiguration::voice(codecs, cname, seed))
            .map_err(|e| NegotiationError::Offer(e.to_string()))?;
        // Our order of codecs decides, the socket's first: the offerer sends with the first of the answer.
        let order: Vec<usize> = (0..state.codecs.formats.len()).collect();
        connection
            .add_audio()
            .and_then(|id| connection.set_codec_preferences(id, &order))
            .map_err(|e| NegotiationError::Offer(format!("participant {}: {e}", participant_id(number))))?;
        Ok(Session {
            connection,
            local: None,
            unproven: false,
            media: None,
        })
    }

    /// Makes the transport and asks for our side of the description.
    fn make_transport(
        &self,
        remote: &RemoteTransport,
    ) -> Result<(Box<dyn Transport>, Described), NegotiationError> {
        let clock = self.shared.clock;
        let now = clock.now();
        let socket = self.socket_of(Kind::Transport)?;
        let mut transport = fitting::bare::<dyn Transport>(&self.shared.loader, &socket, random_u64())?;
        transport
            .activate(now, &TransportConfig::new(remote.ice_lite, clock.unix_us()))
            .map_err(NegotiationError::Transport)?;
        let candidates = self.shared.network.candidates();
        for candidate in &candidates {
            transport
                .add_local_candidate(now, candidate)
                .map_err(NegotiationError::Transport)?;
        }
        let described = describe(&mut transport, remote, &candidates, now)?;
        Ok((Box::new(transport), described))
    }

    /// Gives the participant to the network thread.
    async fn add_to_network(
        &self,
        number: u32,
        transport: Box<dyn Transport>,
        audio: &NegotiatedAudio,
        inbound: rtrb::Producer<InboundPacket>,
        ufrag: &str,
    ) -> Result<(), NegotiationError> {
        let loader = &self.shared.loader;
        let seed = self.seed(number, 200);
        let pacer = fitting::bare::<dyn Pacer>(loader, &self.socket_of(Kind::Pacer)?, seed)?;
        let congestion =
            fitting::bare::<dyn CongestionController>(loader, &self.socket_of(Kind::Congestion)?, seed)?;
        let stats = Arc::new(NetworkStats::default());
        match self.state().member_mut(number) {
            Some(member) => member.network = Some(Arc::clone(&stats)),
            None => return Err(NegotiationError::Left),
        }
        let participant = NetworkParticipant::new(NetworkParticipantConfig {
            id: number,
            transport,
            pacer: Box::new(pacer),
            congestion: Box::new(congestion),
            inbound,
            ssrc: audio.local_ssrc,
            cname: audio.local_cname.clone(),
            first_sequence_number: random_u64() as u16,
            first_timestamp: random_u64() as u32,
            seed: random_u64(),
            stats,
        });
        self.shared
            .network
            .add(self.key, number, participant, ufrag)
            .await
            .map_err(NegotiationError::Transport)
    }

    fn socket_of(&self, kind: Kind) -> Result<Socket, NegotiationError> {
        self.state()
            .fitting
            .of_kind(kind)
            .cloned()
            .ok_or(NegotiationError::Closed)
    }

    async fn restart_transport(
        &self,
        number: u32,
        remote: &RemoteTransport,
    ) -> Result<TransportDescription, NegotiationError> {
        let (remote, candidates) = (remote.clone(), self.shared.network.candidates());
        let described = self
            .shared
            .network
            .with_transport(self.key, number, move |transport, now, _| {
                transport.restart(now)?;
                describe(transport, &remote, &candidates, now).map_err(|e| Fault::failed(e.to_string()))
            })
            .await
            .map_err(NegotiationError::Transport)?;
        self.shared
            .network
            .register_ufrag(self.key, number, &described.local.ice_ufrag);
        Ok(described.local)
    }

    /// Puts what was agreed upon into the audio domain; `packets` come with the first agreement. Gives what the network domain must know.
    /// [control, may block]
    fn settle(
        &self,
        number: u32,
        audio: &NegotiatedAudio,
        packets: Option<rtrb::Consumer<InboundPacket>>,
    ) -> Result<MediaConfiguration, NegotiationError> {
        let mut state = self.state();
        if state.member(number).is_none() {
            return Err(NegotiationError::Left);
        }
        let choices = choices(&mut state, audio);
        let Some(codec_socket) = state.fitting.of_kind(Kind::Decoder).cloned() else {
            return Err(NegotiationError::Closed);
        };
        // The socket's codec if the peer takes it, else the best that it does.
        let of_socket = choices
            .iter()
            .find(|c| state.codecs.plugin_id(c.format) == codec_socket.resolved.id);
        let Some(chosen) = of_socket.or(choices.first()).cloned() else {
            return Err(NegotiationError::Offer(
                "no codec that this host has is in the offer: offer Opus, PCMU or PCMA".to_owned(),
            ));
        };
        let format = self.config.format;
        let decoders: Vec<Decoder> = audio
            .receive
            .iter()
            .filter(|c| c.codec < state.codecs.formats.len())
            .map(|c| {
                state.codecs.decoder(
                    &self.shared.loader,
                    c.codec,
                    c.payload_type,
                    &c.local_fmtp,
                    format,
                )
            })
            .collect::<Result<_, _>>()?;
        let (encoder, shared) = self.encoders(&mut state, &codec_socket, &chosen)?;
        if let Some(shared) = shared {
            state.order(Command::AddSharedEncoder(shared));
        }
        let configuration = configuration(audio, &choices, chosen.codec);
        let hears = audio.direction.sends();
        if let Some(inbound) = packets {
            self.add_strip(&mut state, number, &chosen, encoder, inbound, decoders, hears)?;
        } else {
            let swap = SwapCodec {
                swap: 0,
                participant: number,
                codec: chosen.codec,
                encoder,
                decoders,
                trial: None,
            };
            state.order(Command::SwapCodec(Box::new(swap)));
        }
        if let Some(member) = state.member_mut(number) {
            member.media = Some(Media {
                send: choices,
                codec: chosen.codec,
            });
        }
        let graph = state.change();
        drop(state);
        self.tell(graph);
        Ok(configuration)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a strip")]
    fn add_strip(
        &self,
        state: &mut State,
        number: u32,
        chosen: &Choice,
        encoder: Encoder,
        inbound: rtrb::Consumer<InboundPacket>,
        decoders: Vec<Decoder>,
        hears: bool,
    ) -> Result<(), NegotiationError> {
        let format = self.config.format;
        let Some(jitter_socket) = state.fitting.of_kind(Kind::Jitter).cloned() else {
            return Err(NegotiationError::Closed);
        };
        let jitter = fitting::jitter(&self.shared.loader, &jitter_socket, self.seed(number, 100))?;
        let slots = self.slots(state, number)?;
        let Some(member) = state.member_mut(number) else {
            return Err(NegotiationError::Left);
        };
        let receiver = Box::new(Receiver::new(format, jitter, decoders));
        let output = if hears {
            Output::Encoded(Box::new(Encoding::new(chosen.codec, encoder, format)))
        } else {
            Output::None
        };
        let stats = Arc::clone(&member.strip);
        let muted = member.muted;
        let strip = Strip::new(
            number,
            format,
            Input::Packets { inbound, receiver },
            slots,
            output,
            stats,
        );
        state.order(Command::AddStrip(Box::new(strip)));
        if muted {
            state.order(Command::Mute {
                participant: number,
                muted,
            });
        }
        Ok(())
    }

    /// The member's own encoder, and the shared one if the room has none yet for this codec.
    pub(super) fn encoders(
        &self,
        state: &mut State,
        socket: &Socket,
        choice: &Choice,
    ) -> Result<(Encoder, Option<Box<SharedEncoder>>), SocketError> {
        let packet_ms = self.config.packet_ticks as u32 * 10;
        let make = |codecs: &Codecs| {
            codecs.encoder(
                &self.shared.loader,
                socket,
                choice.format,
                &choice.fmtp,
                self.config.format,
                packet_ms,
            )
        };
        let own = make(&state.codecs)?;
        let shared = if state.shared_encoders.insert(choice.codec) {
            Some(Box::new(SharedEncoder::new(choice.codec, make(&state.codecs)?)))
        } else {
            None
        };
        Ok((own, shared))
    }
}

fn description(codecs: &Codecs, index: usize, format: &crate::codecs::Format) -> PayloadFormatDescription {
    PayloadFormatDescription {
        codec: codecs.plugin_id(index).to_owned(),
        index: format.index,
        name: format.name.clone(),
        clock_rate: format.numbers.clock_rate,
        channels: format.numbers.channels,
        static_payload_type: u8::try_from(format.numbers.static_payload_type).ok(),
        fmtp: format.fmtp.clone(),
    }
}

/// Tells the transport of the remote end, and asks it for our side.
fn describe(
    transport: &mut dyn Transport,
    remote: &RemoteTransport,
    candidates: &[String],
    now: jackfield_core::time::Timestamp,
) -> Result<Described, NegotiationError> {
    for (name, value) in remote.attributes() {
        transport
            .set_remote_attribute(now, name, &value)
            .map_err(NegotiationError::Transport)?;
    }
    for candidate in &remote.candidates {
        // A candidate that this transport cannot use is not worth failing for.
        if let Err(fault) = transport.add_remote_candidate(now, candidate) {
            tracing::debug!(%fault, candidate, "a candidate was passed over");
        }
    }
    let mut described = own_description(transport)?;
    described.local.candidates = candidates.to_vec();
    described.local.end_of_candidates = true;
    Ok(described)
}

/// What a transport tells of our side.
pub(super) struct Described {
    pub(super) local: TransportDescription,
    /// It proves no addresses.
    pub(super) unproven: bool,
}

pub(super) fn own_description(transport: &mut dyn Transport) -> Result<Described, NegotiationError> {
    let mut attributes = Attributes::default();
    transport
        .local_description(&mut attributes)
        .map_err(NegotiationError::Transport)?;
    let pairs = attributes
        .0
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(Described {
        unproven: pairs.clone().any(|pair| pair == ("address-proof", "none")),
        local: TransportDescription::from_attributes(pairs)
            .map_err(|e| NegotiationError::Offer(e.to_string()))?,
    })
}

fn choices(state: &mut State, audio: &NegotiatedAudio) -> Vec<Choice> {
    let known = state.codecs.formats.len();
    let usable = audio.receive.iter().filter(|c| {
        c.codec < known && !jackfield_session::negotiation::is_auxiliary(&state.codecs.formats[c.codec].name)
    });
    let usable: Vec<_> = usable.cloned().collect();
    usable
        .into_iter()
        .map(|c| Choice {
            format: c.codec,
            codec: state.codecs.key(c.codec, &c.remote_fmtp),
            payload_type: c.payload_type,
            clock_rate: c.clock_rate,
            fmtp: c.remote_fmtp,
        })
        .collect()
}

fn configuration(audio: &NegotiatedAudio, choices: &[Choice], codec: u32) -> MediaConfiguration {
    let send = choices.iter().map(|c| SendCodec {
        codec: c.codec,
        payload_type: c.payload_type,
        clock_rate: c.clock_rate,
    });
    let receive = audio.receive.iter().map(|c| ReceiveCodec {
        payload_type: c.payload_type,
        clock_rate: c.clock_rate,
    });
    let transport_cc = audio
        .receive
        .iter()
        .any(|c| audio.has_feedback(c.payload_type, "transport-cc"));
    MediaConfiguration {
        send: if audio.direction.sends() {
            send.collect()
        } else {
            Vec::new()
        },
        receive: receive.collect(),
        codec,
        extensions: audio.send_extensions(),
        mid: StreamName::new(&audio.mid),
        feedback: RtcpFeedback {
            transport_cc,
            reduced_size: audio.rtcp_rsize,
        },
        remote_ssrcs: audio.remote_ssrcs.clone(),
        ..MediaConfiguration::default()
    }
}

/// From the system's generator.
fn random_u64() -> u64 {
    rand::random()
}
