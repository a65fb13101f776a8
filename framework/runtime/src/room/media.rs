//! What was agreed with a peer, in the audio domain: its decoders, its encoder, its strip.

use std::sync::{Arc, MutexGuard};

use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_core::units::SampleRate;
use jackfield_graph::command::{Command, SwapCodec};
use jackfield_graph::conference::SharedEncoder;
use jackfield_graph::description::Kind;
use jackfield_graph::media::InboundPacket;
use jackfield_graph::network::{
    MediaConfiguration, ReceiveCodec, RtcpFeedback, SendCodec, StreamName, StreamRates,
};
use jackfield_graph::processor::ProcessorSlot;
use jackfield_graph::receive::{Decoder, Receiver};
use jackfield_graph::send::Encoder;
use jackfield_graph::strip::{Encoding, Input, Output};
use jackfield_session::negotiation::{NegotiatedAudio, STREAM_FEEDBACK};

use super::join::FREE_ROUNDS;
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

/// What an agreement asks for, as the room stands.
struct Terms {
    choices: Vec<Choice>,
    /// Of these, what it is sent.
    chosen: Choice,
    codec: Socket,
    repertoire: Arc<Repertoire>,
    /// The room has no encoder yet for all who are sent this.
    shares_nothing: bool,
    /// What stands in the other sockets of a strip, for somebody who comes in.
    strip: Option<StripSockets>,
}

struct StripSockets {
    jitter: Socket,
    processors: Vec<Socket>,
}

/// The instances that an agreement asks for.
struct Parts {
    decoders: Vec<Decoder>,
    encoder: Encoder,
    rates: Option<(u32, StreamRates)>,
    shared: Option<Box<SharedEncoder>>,
    strip: Option<StripParts>,
}

/// Those for who comes in, and where what happens to them is written down.
struct StripParts {
    jitter: Box<dyn JitterBuffer>,
    slots: Vec<ProcessorSlot>,
    event_log: Option<Arc<ConnectionLog>>,
}

impl Inner {
    /// Puts what was agreed upon into the audio domain; `packets` come with the first agreement. Gives what the network domain must know.
    ///
    /// Instances are made while the room's control path is free; if something else stands in their sockets by then, they are made anew, the last
    /// time with the room's control path held. [control, may block]
    pub(super) fn settle(
        &self,
        number: u32,
        audio: &NegotiatedAudio,
        packets: Option<rtrb::Consumer<InboundPacket>>,
    ) -> Result<MediaConfiguration, NegotiationError> {
        let comes_in = packets.is_some();
        for _ in 0..FREE_ROUNDS {
            let terms = self.state().terms(number, audio, comes_in)?;
            let parts = self.parts(number, audio, &terms)?;
            let mut state = self.state();
            if terms.hold_in(&state.terms(number, audio, comes_in)?) {
                return self.put_in(state, number, audio, terms, parts, packets);
            }
        }
        let mut state = self.state();
        let terms = state.terms(number, audio, comes_in)?;
        let parts = self.parts(number, audio, &terms)?;
        self.put_in(state, number, audio, terms, parts, packets)
    }

    /// [control, may block]
    fn parts(&self, number: u32, audio: &NegotiatedAudio, terms: &Terms) -> Result<Parts, NegotiationError> {
        let loader = &self.shared.loader;
        let mut decoders: Vec<Decoder> = Vec::new();
        for c in audio
            .receive
            .iter()
            .filter(|c| c.codec < terms.repertoire.formats.len())
        {
            decoders.extend(terms.repertoire.decoders(
                loader,
                &terms.codec,
                c.codec,
                c.payload_type,
                &c.local_fmtp,
                self.config.format,
            )?);
        }
        let encoder = || self.encoder(&terms.repertoire, &terms.codec, &terms.chosen, &terms.choices);
        let (own, rates) = encoder()?;
        let shared = if terms.shares_nothing {
            Some(Box::new(SharedEncoder::new(terms.chosen.codec, encoder()?.0)))
        } else {
            None
        };
        let strip = match &terms.strip {
            Some(sockets) => {
                let event_log = self.begin_event_log(number);
                Some(StripParts {
                    jitter: self.jitter(number, &sockets.jitter, event_log.as_deref(), None)?,
                    slots: self.slots(&sockets.processors, number)?,
                    event_log,
                })
            }
            None => None,
        };
        Ok(Parts {
            decoders,
            encoder: own,
            rates,
            shared,
            strip,
        })
    }

    fn put_in(
        &self,
        mut state: MutexGuard<'_, State>,
        number: u32,
        audio: &NegotiatedAudio,
        terms: Terms,
        parts: Parts,
        packets: Option<rtrb::Consumer<InboundPacket>>,
    ) -> Result<MediaConfiguration, NegotiationError> {
        let Terms { choices, chosen, .. } = terms;
        state.codec_rates.extend(parts.rates);
        if let Some(shared) = parts.shared
            && state.shared_encoders.insert(chosen.codec)
        {
            state.order(Command::AddSharedEncoder(shared));
        }
        let rates = state.rates_of(chosen.codec);
        let configuration = configuration(audio, &choices, chosen.codec, rates);
        if let (Some(inbound), Some(strip)) = (packets, parts.strip) {
            let format = self.config.format;
            if let Some(member) = state.member_mut(number) {
                member.event_log = strip.event_log;
            }
            let receiver = Box::new(Receiver::new(format, strip.jitter, parts.decoders));
            let output = if audio.direction.sends() {
                Output::Encoded(Box::new(Encoding::new(chosen.codec, parts.encoder, format)))
            } else {
                Output::None
            };
            state.add_strip(
                number,
                format,
                Input::Packets { inbound, receiver },
                strip.slots,
                output,
            );
        } else {
            let swap = SwapCodec {
                swap: 0,
                participant: number,
                codec: chosen.codec,
                encoder: parts.encoder,
                decoders: parts.decoders,
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
        Ok(configuration(audio, &choices, codec, state.rates_of(codec)))
    }

    fn begin_event_log(&self, number: u32) -> Option<Arc<ConnectionLog>> {
        let logs = &self.shared.event_logs;
        let log = logs.begin(self.shared.next_number(), &self.name, &participant_id(number));
        log.map(Arc::new)
    }

    /// A jitter buffer for a member, recorded if it has a log; it comes with `swap` if it is not the first. [control, may block]
    pub(super) fn jitter(
        &self,
        number: u32,
        socket: &Socket,
        event_log: Option<&ConnectionLog>,
        swap: Option<u64>,
    ) -> Result<Box<dyn JitterBuffer>, SocketError> {
        let seed = self.seed(number, 100);
        fitting::jitter(&self.shared.loader, socket, seed, |bare| match event_log {
            Some(log) => log.record_jitter(bare, socket, seed, swap),
            None => bare,
        })
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

impl Terms {
    /// Whether what is made by these terms is what the room, as it stands now, asks for.
    fn hold_in(&self, present: &Self) -> bool {
        let strip = match (&self.strip, &present.strip) {
            (Some(made), Some(present)) => {
                made.jitter.makes_the_same(&present.jitter)
                    && fitting::make_the_same(&made.processors, &present.processors)
            }
            (made, present) => made.is_none() == present.is_none(),
        };
        strip
            && self.chosen.codec == present.chosen.codec
            && self.codec.makes_the_same(&present.codec)
            && Arc::ptr_eq(&self.repertoire, &present.repertoire)
            && (self.shares_nothing || !present.shares_nothing)
    }
}

impl State {
    fn terms(
        &mut self,
        number: u32,
        audio: &NegotiatedAudio,
        comes_in: bool,
    ) -> Result<Terms, NegotiationError> {
        if self.member(number).is_none() {
            return Err(NegotiationError::Left);
        }
        let choices = choices(self, audio);
        let of_kind = |kind| {
            self.fitting
                .of_kind(kind)
                .cloned()
                .ok_or(NegotiationError::Closed)
        };
        let codec = of_kind(Kind::Decoder)?;
        // The socket's codec if the peer takes it, else the best that it does.
        let of_socket = choices
            .iter()
            .find(|c| self.codecs.repertoire.plugin_id(c.format) == codec.resolved.id);
        let Some(chosen) = of_socket.or(choices.first()).cloned() else {
            return Err(NegotiationError::Offer(
                "no codec that this host has is in the offer: offer Opus, PCMU or PCMA".to_owned(),
            ));
        };
        let strip = if comes_in {
            Some(StripSockets {
                jitter: of_kind(Kind::Jitter)?,
                processors: self.processors(),
            })
        } else {
            None
        };
        Ok(Terms {
            shares_nothing: !self.shared_encoders.contains(&chosen.codec),
            repertoire: Arc::clone(&self.codecs.repertoire),
            choices,
            chosen,
            codec,
            strip,
        })
    }

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
        ..MediaConfiguration::default()
    }
}
