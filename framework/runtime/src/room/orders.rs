//! The instances of a swap, and the orders to the audio thread that bring them in.

use jackfield_graph::codec_trial::CodecTrial;
use jackfield_graph::command::{Command, SwapCodec, SwapJitter, SwapProcessor};
use jackfield_graph::description::Kind;
use jackfield_graph::swap::SwapMeasure;
use tokio::sync::oneshot;

use super::media::Choice;
use super::{Inner, State, UnderWay};
use crate::error::SocketError;
use crate::fitting::{self, Socket};

impl Inner {
    /// Makes the instances and gives the orders. [control, may block]
    pub(super) fn begin(
        &self,
        swap: u64,
        socket: &Socket,
        hold: bool,
    ) -> Result<(u32, oneshot::Receiver<(SwapMeasure, usize)>), SocketError> {
        let mut state = self.state();
        let orders = self.orders(&mut state, swap, socket, hold)?;
        let (done, ended) = oneshot::channel();
        let places = orders
            .iter()
            .filter(|c| !matches!(c, Command::AddSharedEncoder(_)))
            .count();
        if places > 0 {
            state.swaps_under_way.insert(
                swap,
                UnderWay {
                    left: places,
                    committed: 0,
                    measure: SwapMeasure::CLEAN,
                    done,
                },
            );
        }
        // Who joins from now on gets the newcomer, unless somebody is still to decide about it.
        if !hold && let Some(place) = state.fitting.socket_mut(socket.name()) {
            *place = socket.clone();
        }
        for order in orders {
            if !state.order(order) {
                return Err(SocketError::NoAnswer);
            }
        }
        Ok((places as u32, ended))
    }

    fn orders(
        &self,
        state: &mut State,
        swap: u64,
        socket: &Socket,
        hold: bool,
    ) -> Result<Vec<Command>, SocketError> {
        let loader = &self.shared.loader;
        let numbers: Vec<u32> = state.members.iter().map(|m| m.number).collect();
        match socket.kind {
            Kind::Mixer => {
                let newcomer = fitting::mixer(loader, socket, &self.config, self.seed(0, 0))?;
                Ok(vec![Command::SwapMixer { swap, newcomer, hold }])
            }
            Kind::Jitter => state
                .members
                .iter()
                .filter(|m| m.media.is_some())
                .map(|m| {
                    let newcomer = fitting::jitter(loader, socket, self.seed(m.number, 100))?;
                    Ok(Command::SwapJitter(SwapJitter {
                        swap,
                        participant: m.number,
                        newcomer,
                        hold,
                    }))
                })
                .collect(),
            Kind::Processor => {
                let place = state
                    .fitting
                    .processors(&state.plan)
                    .iter()
                    .position(|s| s.name() == socket.name())
                    .unwrap_or(0);
                numbers
                    .iter()
                    .map(|participant| {
                        let seed = self.seed(*participant, place as u64);
                        let newcomer = fitting::processor(loader, socket, self.config.format, seed)?;
                        Ok(Command::SwapProcessor(SwapProcessor {
                            swap,
                            participant: *participant,
                            socket: place,
                            newcomer,
                            hold,
                        }))
                    })
                    .collect()
            }
            _ => self.codec_orders(state, swap, socket, hold),
        }
    }

    fn codec_orders(
        &self,
        state: &mut State,
        swap: u64,
        socket: &Socket,
        hold: bool,
    ) -> Result<Vec<Command>, SocketError> {
        let mut orders = Vec::new();
        let mut tried = false;
        let mut left_behind = Vec::new();
        let numbers: Vec<u32> = state
            .members
            .iter()
            .filter(|m| m.media.is_some())
            .map(|m| m.number)
            .collect();
        for participant in numbers {
            let Some(choice) = state
                .member(participant)
                .and_then(|m| m.media.as_ref())
                .and_then(|media| {
                    media
                        .send
                        .iter()
                        .find(|c| state.codecs.plugin_id(c.format) == socket.resolved.id)
                        .cloned()
                })
            else {
                left_behind.push(
                    state
                        .member(participant)
                        .map_or_else(String::new, |m| m.name.clone()),
                );
                continue;
            };
            let (encoder, shared) = self.encoders(state, socket, &choice)?;
            orders.extend(shared.map(Command::AddSharedEncoder));
            let trial = if tried {
                None
            } else {
                self.trial(state, participant, socket, &choice, hold)?
            };
            tried |= trial.is_some();
            orders.push(Command::SwapCodec(Box::new(SwapCodec {
                swap,
                participant,
                codec: choice.codec,
                encoder,
                decoders: Vec::new(),
                trial,
            })));
        }
        if left_behind.is_empty() {
            return Ok(orders);
        }
        Err(SocketError::NotNegotiated(format!(
            "`{}` was not negotiated with {}; they must join again, or choose a codec that their browser speaks",
            socket.resolved.id,
            left_behind.join(", ")
        )))
    }

    /// What tries the codec out with `participant` before anybody else is sent it.
    fn trial(
        &self,
        state: &State,
        participant: u32,
        socket: &Socket,
        newcomer: &Choice,
        hold: bool,
    ) -> Result<Option<Box<CodecTrial>>, SocketError> {
        let media = state.member(participant).and_then(|m| m.media.as_ref());
        let Some(present) = media.and_then(|media| media.send.iter().find(|c| c.codec == media.codec)) else {
            return Ok(None);
        };
        let decoder = |choice: &Choice| {
            let loader = &self.shared.loader;
            let format = self.config.format;
            state
                .codecs
                .decoder(loader, choice.format, 0, &choice.fmtp, format)
        };
        tracing::debug!(
            participant,
            plugin = socket.resolved.id,
            "tries a codec out for the room"
        );
        Ok(Some(Box::new(CodecTrial::new(
            self.config.format,
            decoder(present)?,
            [decoder(newcomer)?, decoder(newcomer)?],
            hold,
        ))))
    }
}
