//! The instances of a swap, and the orders to the audio thread that bring them in. Instances are made while the room's control path is free, for a plugin
//! may take its time over them; so who is in the room is looked at again before the orders are given.

use std::collections::BTreeMap;
use std::sync::Arc;

use jackfield_graph::codec_trial::CodecTrial;
use jackfield_graph::command::{Command, SwapCodec, SwapJitter, SwapProcessor};
use jackfield_graph::conference::SharedEncoder;
use jackfield_graph::description::Kind;
use jackfield_graph::network::StreamRates;
use jackfield_graph::swap::SwapMeasure;
use tokio::sync::oneshot;

use super::media::Choice;
use super::{Inner, State, UnderWay};
use crate::codecs::Repertoire;
use crate::error::SocketError;
use crate::fitting::{self, Socket};

/// Who a swap concerns, as the room stands.
struct Round {
    places: Vec<Place>,
    /// The place of a processor in the chain.
    processor: usize,
    repertoire: Arc<Repertoire>,
}

/// Where an instance is to stand.
#[derive(Clone)]
struct Place {
    /// Whose it is; 0 is the room's.
    participant: u32,
    codec: Option<CodecPlace>,
}

/// What a participant's codec is and is to be.
#[derive(Clone)]
struct CodecPlace {
    present: Option<Choice>,
    newcomer: Choice,
    choices: Vec<Choice>,
    /// The room has no encoder yet for all who are sent this.
    shares_nothing: bool,
}

/// The instances of one place.
struct Made {
    order: Command,
    shared: Option<Box<SharedEncoder>>,
    rates: Option<(u32, StreamRates)>,
}

/// Whose place it is, and the key of the codec that is to be there.
type PlaceKey = (u32, u32);

impl Inner {
    /// Makes the instances and gives the orders. [control, may block]
    pub(super) fn begin(
        &self,
        swap: u64,
        socket: &Socket,
        hold: bool,
    ) -> Result<(u32, oneshot::Receiver<(SwapMeasure, usize)>), SocketError> {
        let mut made: BTreeMap<PlaceKey, Made> = BTreeMap::new();
        let mut shared: Vec<Box<SharedEncoder>> = Vec::new();
        // Who tries a codec out for all.
        let mut tries: Option<PlaceKey> = None;
        loop {
            let mut state = self.state();
            let round = state.round(socket)?;
            let keys: Vec<PlaceKey> = round.places.iter().map(Place::key).collect();
            let missing: Vec<Place> = match tries {
                // Whoever was to try it out has left: another one does.
                Some(key) if !keys.contains(&key) => {
                    tries = None;
                    round.places.clone()
                }
                _ => round
                    .places
                    .iter()
                    .filter(|place| !made.contains_key(&place.key()))
                    .cloned()
                    .collect(),
            };
            if missing.is_empty() {
                made.retain(|key, _| keys.contains(key));
                for encoder in shared {
                    let is_new = state.shared_encoders.insert(encoder.codec);
                    if is_new && !state.order(Command::AddSharedEncoder(encoder)) {
                        return Err(SocketError::NoAnswer);
                    }
                }
                return give(&mut state, swap, socket, hold, made.into_values());
            }
            drop(state);
            for place in missing {
                let key = place.key();
                let first = tries.is_none();
                let mut instances = self.make(&round, &place, swap, socket, hold, first)?;
                shared.extend(instances.shared.take());
                if first && place.codec.is_some() {
                    tries = Some(key);
                }
                made.insert(key, instances);
            }
        }
    }

    /// The instances for one place; the `first` of a codec tries it out. [control, may block]
    fn make(
        &self,
        round: &Round,
        place: &Place,
        swap: u64,
        socket: &Socket,
        hold: bool,
        first: bool,
    ) -> Result<Made, SocketError> {
        let loader = &self.shared.loader;
        let participant = place.participant;
        if let Some(codec) = &place.codec {
            return self.make_codec(round, participant, codec, swap, socket, hold, first);
        }
        let order = match socket.kind {
            Kind::Mixer => Command::SwapMixer {
                swap,
                newcomer: fitting::mixer(loader, socket, &self.config, self.seed(0, 0))?,
                hold,
            },
            Kind::Jitter => Command::SwapJitter(SwapJitter {
                swap,
                participant,
                newcomer: self.jitter(
                    participant,
                    socket,
                    self.event_log(participant).as_deref(),
                    Some(swap),
                )?,
                hold,
            }),
            _ => {
                let seed = self.seed(participant, round.processor as u64);
                Command::SwapProcessor(SwapProcessor {
                    swap,
                    participant,
                    socket: round.processor,
                    newcomer: fitting::processor(loader, socket, self.config.format, seed)?,
                    hold,
                })
            }
        };
        Ok(Made {
            order,
            shared: None,
            rates: None,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one order")]
    fn make_codec(
        &self,
        round: &Round,
        participant: u32,
        codec: &CodecPlace,
        swap: u64,
        socket: &Socket,
        hold: bool,
        first: bool,
    ) -> Result<Made, SocketError> {
        let (choice, choices) = (&codec.newcomer, &codec.choices);
        let (encoder, rates) = self.encoder(&round.repertoire, socket, choice, choices)?;
        let shared = if codec.shares_nothing {
            let (shared, _) = self.encoder(&round.repertoire, socket, choice, choices)?;
            Some(Box::new(SharedEncoder::new(choice.codec, shared)))
        } else {
            None
        };
        let trial = match &codec.present {
            Some(present) if first => {
                tracing::debug!(
                    participant,
                    plugin = socket.resolved.id,
                    "tries a codec out for the room"
                );
                Some(self.trial(&round.repertoire, present, choice, hold)?)
            }
            _ => None,
        };
        Ok(Made {
            order: Command::SwapCodec(Box::new(SwapCodec {
                swap,
                participant,
                codec: choice.codec,
                encoder,
                decoders: Vec::new(),
                trial,
            })),
            shared,
            rates,
        })
    }

    /// What tries the codec out before anybody else is sent it.
    fn trial(
        &self,
        repertoire: &Repertoire,
        present: &Choice,
        newcomer: &Choice,
        hold: bool,
    ) -> Result<Box<CodecTrial>, SocketError> {
        let format = self.config.format;
        let decoder = |choice: &Choice| {
            let loader = &self.shared.loader;
            repertoire.decoder(loader, choice.format, 0, &choice.fmtp, format)
        };
        Ok(Box::new(CodecTrial::new(
            format,
            decoder(present)?,
            [decoder(newcomer)?, decoder(newcomer)?],
            hold,
        )))
    }
}

/// Gives the orders; who joins from now on gets the newcomer too, unless somebody is still to decide about it.
fn give(
    state: &mut State,
    swap: u64,
    socket: &Socket,
    hold: bool,
    made: impl ExactSizeIterator<Item = Made>,
) -> Result<(u32, oneshot::Receiver<(SwapMeasure, usize)>), SocketError> {
    let (done, ended) = oneshot::channel();
    let places = made.len();
    if places > 0 {
        let under_way = UnderWay {
            left: places,
            committed: 0,
            measure: SwapMeasure::CLEAN,
            done,
        };
        state.swaps_under_way.insert(swap, under_way);
    }
    if !hold && let Some(place) = state.fitting.socket_mut(socket.name()) {
        *place = socket.clone();
    }
    for instances in made {
        state.codec_rates.extend(instances.rates);
        if !state.order(instances.order) {
            return Err(SocketError::NoAnswer);
        }
    }
    Ok((places as u32, ended))
}

impl Place {
    fn of(participant: u32) -> Self {
        Self {
            participant,
            codec: None,
        }
    }

    fn key(&self) -> PlaceKey {
        let codec = self.codec.as_ref().map_or(0, |codec| codec.newcomer.codec);
        (self.participant, codec)
    }
}

impl State {
    /// Who a swap in `socket` concerns now.
    fn round(&self, socket: &Socket) -> Result<Round, SocketError> {
        let with_media = self.members.iter().filter(|m| m.media.is_some());
        let places = match socket.kind {
            Kind::Mixer => vec![Place::of(0)],
            Kind::Jitter => with_media.map(|m| Place::of(m.number)).collect(),
            Kind::Processor => self.members.iter().map(|m| Place::of(m.number)).collect(),
            _ => self.codec_places(socket)?,
        };
        let processors = self.fitting.processors(&self.plan);
        Ok(Round {
            places,
            processor: processors
                .iter()
                .position(|s| s.name() == socket.name())
                .unwrap_or(0),
            repertoire: Arc::clone(&self.codecs.repertoire),
        })
    }

    fn codec_places(&self, socket: &Socket) -> Result<Vec<Place>, SocketError> {
        let (mut places, mut left_behind) = (Vec::new(), Vec::new());
        for member in &self.members {
            let Some(media) = &member.media else { continue };
            let of_plugin = |c: &&Choice| self.codecs.repertoire.plugin_id(c.format) == socket.resolved.id;
            let Some(newcomer) = media.send.iter().find(of_plugin) else {
                left_behind.push(member.name.as_str());
                continue;
            };
            places.push(Place {
                participant: member.number,
                codec: Some(CodecPlace {
                    present: media.send.iter().find(|c| c.codec == media.codec).cloned(),
                    newcomer: newcomer.clone(),
                    choices: media.send.clone(),
                    shares_nothing: !self.shared_encoders.contains(&newcomer.codec)
                        && places.iter().all(|place: &Place| place.key().1 != newcomer.codec),
                }),
            });
        }
        if left_behind.is_empty() {
            return Ok(places);
        }
        Err(SocketError::NotNegotiated(format!(
            "`{}` was not negotiated with {}; they must join again, or choose a codec that their browser speaks",
            socket.resolved.id,
            left_behind.join(", ")
        )))
    }
}
