//! What was agreed with a peer, in the audio domain: its decoders, its encoder, its strip.

use std::sync::Arc;

use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_core::units::{DataRate, SampleRate};
use jackfield_graph::command::{Command, SwapCodec};
use jackfield_graph::conference::SharedEncoder;
use jackfield_graph::description::Kind;
use jackfield_graph::media::InboundPacket;
use jackfield_graph::network::{
    MediaConfiguration, ReceiveCodec, RtcpFeedback, SendCodec, StreamName, StreamRates,
};
use jackfield_graph::receive::{Decoder, Receiver};
use jackfield_graph::send::Encoder;
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use jackfield_session::negotiation::{NegotiatedAudio, STREAM_FEEDBACK};
use jackfield_session::signalling::Link;

use super::{Inner, State, participant_id};
use crate::codecs::Repertoire;
use crate::error::{NegotiationError, SocketError};
use crate::event_log::ConnectionLog;
use crate::fitting::{self, Socket};

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
    /// Place in [`Repertoire::formats`](crate::codecs::Repertoire::formats).
    pub(crate) format: usize,
    /// The room's key.
    pub(crate) codec: u32,
    pub(crate) payload_type: u8,
    pub(crate) clock_rate: SampleRate,
    /// What the member wants to receive.
    pub(crate) fmtp: String,
}

impl Inner {
    /// Puts what was agreed upon into the audio domain; `packets` come with the first agreement. Gives what the network domain must know.
    /// [control, may block]
    pub(super) fn settle(
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
            .find(|c| state.codecs.repertoire.plugin_id(c.format) == codec_socket.resolved.id);
        let Some(chosen) = of_socket.or(choices.first()).cloned() else {
            return Err(NegotiationError::Offer(
                "no codec that this host has is in the offer: offer Opus, PCMU or PCMA".to_owned(),
            ));
        };
        let format = self.config.format;
        let mut decoders: Vec<Decoder> = Vec::new();
        for c in audio
            .receive
            .iter()
            .filter(|c| c.codec < state.codecs.repertoire.formats.len())
        {
            decoders.extend(state.codecs.repertoire.decoders(
                &self.shared.loader,
                &codec_socket,
                c.codec,
                c.payload_type,
                &c.local_fmtp,
                format,
            )?);
        }
        let (encoder, shared) = self.encoders(&mut state, &codec_socket, &chosen, &choices)?;
        if let Some(shared) = shared {
            state.order(Command::AddSharedEncoder(shared));
        }
        let rates = state.rates_of(chosen.codec);
        let link = state
            .member(number)
            .map_or_else(Link::default, |member| member.link);
        let bandwidth = self.profile_of(link).bounds.start;
        let configuration = configuration(audio, &choices, chosen.codec, rates, bandwidth);
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

    /// What the network domain must know of an agreement that changes nothing in the audio domain.
    pub(super) fn configured(
        &self,
        number: u32,
        audio: &NegotiatedAudio,
    ) -> Result<MediaConfiguration, NegotiationError> {
        let mut state = self.state();
        let choices = choices(&mut state, audio);
        let member = state.member(number).ok_or(NegotiationError::Left)?;
        let codec = member.media.as_ref().ok_or(NegotiationError::Left)?.codec;
        let bandwidth = self.profile_of(member.link).bounds.start;
        Ok(configuration(
            audio,
            &choices,
            codec,
            state.rates_of(codec),
            bandwidth,
        ))
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
        let logs = &self.shared.event_logs;
        let event_log = logs.begin(self.shared.next_number(), &self.name, &participant_id(number));
        let event_log = event_log.map(Arc::new);
        let jitter = self.jitter(number, &jitter_socket, event_log.clone(), None)?;
        let slots = self.slots(state, number)?;
        let Some(member) = state.member_mut(number) else {
            return Err(NegotiationError::Left);
        };
        member.event_log = event_log;
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

    /// A jitter buffer for a member, recorded if it has a log; it comes with `swap` if it is not the first. [control, may block]
    pub(super) fn jitter(
        &self,
        number: u32,
        socket: &Socket,
        event_log: Option<Arc<ConnectionLog>>,
        swap: Option<u64>,
    ) -> Result<Box<dyn JitterBuffer>, SocketError> {
        let seed = self.seed(number, 100);
        fitting::jitter(&self.shared.loader, socket, seed, |bare| match event_log {
            Some(log) => log.record_jitter(bare, socket, seed, swap),
            None => bare,
        })
    }

    /// The member's own encoder, and the shared one if the room has none yet for this codec.
    pub(super) fn encoders(
        &self,
        state: &mut State,
        socket: &Socket,
        choice: &Choice,
        choices: &[Choice],
    ) -> Result<(Encoder, Option<Box<SharedEncoder>>), SocketError> {
        let repertoire = Arc::clone(&state.codecs.repertoire);
        let (own, rates) = self.encoder(&repertoire, socket, choice, choices)?;
        state.codec_rates.extend(rates);
        let shared = if state.shared_encoders.insert(choice.codec) {
            let (shared, _) = self.encoder(&repertoire, socket, choice, choices)?;
            Some(Box::new(SharedEncoder::new(choice.codec, shared)))
        } else {
            None
        };
        Ok((own, shared))
    }

    /// An encoder, and what it needs if it tells: by the codec's key. [control, may block]
    pub(super) fn encoder(
        &self,
        repertoire: &Repertoire,
        socket: &Socket,
        choice: &Choice,
        choices: &[Choice],
    ) -> Result<(Encoder, Option<(u32, StreamRates)>), SocketError> {
        let mut encoder = repertoire.encoder(
            &self.shared.loader,
            socket,
            choice,
            choices,
            self.config.format,
            self.config.packet_ticks,
        )?;
        let limits = encoder.encoder().limits();
        let rates = limits.map(|limits| (choice.codec, StreamRates::of_encoder(&limits)));
        Ok((encoder, rates.ok()))
    }
}

impl State {
    /// What a codec needs that has been sent; what voice does if it has told nobody.
    pub(super) fn rates_of(&self, codec: u32) -> StreamRates {
        self.codec_rates
            .get(&codec)
            .copied()
            .unwrap_or(StreamRates::VOICE)
    }
}

fn choices(state: &mut State, audio: &NegotiatedAudio) -> Vec<Choice> {
    let known = state.codecs.repertoire.formats.len();
    let usable = audio.receive.iter().filter(|c| {
        c.codec < known
            && !jackfield_session::negotiation::is_auxiliary(&state.codecs.repertoire.formats[c.codec].name)
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

fn configuration(
    audio: &NegotiatedAudio,
    choices: &[Choice],
    codec: u32,
    rates: StreamRates,
    bandwidth: DataRate,
) -> MediaConfiguration {
    let send = choices.iter().map(|c| SendCodec {
        codec: c.codec,
        payload_type: c.payload_type,
        clock_rate: c.clock_rate,
    });
    let receive = audio.receive.iter().map(|c| ReceiveCodec {
        payload_type: c.payload_type,
        clock_rate: c.clock_rate,
    });
    let has = |feedback| {
        audio
            .receive
            .iter()
            .any(|c| audio.has_feedback(c.payload_type, feedback))
    };
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
            transport_cc: has("transport-cc"),
            congestion_control: has(STREAM_FEEDBACK),
            remb: has("goog-remb"),
            reduced_size: audio.rtcp_rsize,
        },
        remote_ssrcs: audio.remote_ssrcs.clone(),
        rates,
        bandwidth,
        ..MediaConfiguration::default()
    }
}
