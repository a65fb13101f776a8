//! Swaps of what a voice passes in a room: two speak in virtual time, and one of them, or the room, has plugins swapped.

use std::sync::Arc;

use jackfield_core::audio::{AudioFormat, BLOCK_DURATION, level_dbov};
use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_core::time::Timestamp;
use jackfield_graph::codec_trial::CodecTrial;
use jackfield_graph::command::{Command, Outcome, SwapCodec, SwapJitter, SwapProcessor};
use jackfield_graph::conference::{Conference, ConferenceConfig, ControlPorts, NetworkPorts};
use jackfield_graph::description::Kind;
use jackfield_graph::media::{InboundPacket, Outbound, PacketBuffer};
use jackfield_graph::processor::ProcessorSlot;
use jackfield_graph::receive::{Decoder, Receiver};
use jackfield_graph::send::Encoder;
use jackfield_graph::stats::StripStats;
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_loader::{Loader, Manifest};
use rtrb::{Producer, RingBuffer};

use super::{ENDS_WITHIN, PAYLOAD_TYPE, Ran, SwapTestError, standing};
use crate::codecs::Codecs;
use crate::error::SocketError;
use crate::fitting::{self, Fitting, Socket};

/// Who speaks.
const SPEAKER: u32 = 1;
const OTHER: u32 = 2;

/// A room in virtual time in which two speak.
pub(super) struct Bench<'a> {
    loader: &'a Loader,
    kind: Kind,
    pair: &'a [Socket; 2],
    /// Which of both is in.
    present: usize,
    codecs: Codecs,
    /// For a codec: places of the first format of each in `codecs`.
    formats: [usize; 2],
    conference: Conference,
    control: ControlPorts,
    network: NetworkPorts,
    speakers: Vec<Speaker<'a>>,
    ran: Ran,
    pub(super) now: Timestamp,
    ended: Option<(u64, SwapMeasure)>,
}

struct Speaker<'a> {
    speech: std::iter::Cycle<std::slice::Iter<'a, f32>>,
    mouth: Encoder,
    inbound: Producer<InboundPacket>,
    sequence_number: i64,
    timestamp: i64,
}

const FORMAT: AudioFormat = AudioFormat::MONO_48K;

impl<'a> Bench<'a> {
    pub(super) fn new(
        loader: &'a Loader,
        manifest: &Manifest,
        kind: Kind,
        pair: &'a [Socket; 2],
        speech: &'a [f32],
    ) -> Result<Self, SwapTestError> {
        let config = ConferenceConfig {
            format: FORMAT,
            max_participants: 4,
            ..ConferenceConfig::default()
        };
        let usual = Fitting::new(manifest, loader)?;
        let standing = |wanted| standing(&usual, manifest, pair, kind, wanted);
        let codec = super::socket_of(&usual, manifest, Kind::Decoder)?;
        let codecs = Codecs::new(loader, codec)?;
        let first_of =
            |id: &str| (0..codecs.repertoire.formats.len()).find(|at| codecs.repertoire.plugin_id(*at) == id);
        let formats = if kind == Kind::Encoder {
            let of = |socket: &Socket| {
                first_of(&socket.resolved.id)
                    .ok_or_else(|| SwapTestError::NoSuchPlugin(socket.resolved.id.clone()))
            };
            [of(&pair[0])?, of(&pair[1])?]
        } else {
            [0, 0]
        };
        let mixer = fitting::mixer(loader, standing(Kind::Mixer)?, &config, 1)?;
        let (conference, control, network) = Conference::new(config, mixer);
        let mut bench = Self {
            loader,
            kind,
            pair,
            present: 0,
            codecs,
            formats,
            conference,
            control,
            network,
            speakers: Vec::new(),
            ran: Ran,
            now: Timestamp::ZERO,
            ended: None,
        };
        for (id, from) in [(SPEAKER, 0), (OTHER, speech.len() / 2)] {
            let jitter = fitting::jitter(loader, standing(Kind::Jitter)?, u64::from(id), |bare| bare)?;
            bench.join(id, &speech[from..], jitter)?;
        }
        Ok(bench)
    }

    fn join(
        &mut self,
        id: u32,
        speech: &'a [f32],
        jitter: Box<dyn JitterBuffer>,
    ) -> Result<(), SwapTestError> {
        let (inbound, packets) = RingBuffer::new(256);
        let decoder = self.decoder(0, PAYLOAD_TYPE)?;
        let slots = match self.kind {
            Kind::Processor => {
                let processor = fitting::processor(self.loader, &self.pair[0], FORMAT, u64::from(id))?;
                vec![ProcessorSlot::new(FORMAT, processor)]
            }
            _ => Vec::new(),
        };
        let stats = Arc::new(StripStats::new(slots.len()));
        let input = Input::Packets {
            inbound: packets,
            receiver: Box::new(Receiver::new(FORMAT, jitter, vec![decoder])),
        };
        let encoder = self.encoder(self.formats[0])?;
        let output = Output::Encoded(Box::new(Encoding::new(0, encoder, FORMAT)));
        let strip = Strip::new(id, FORMAT, input, slots, output, stats);
        let _ = self.control.commands.push(Command::AddStrip(Box::new(strip)));
        let mouth = self.encoder(0)?;
        self.speakers.push(Speaker {
            speech: speech.iter().cycle(),
            mouth,
            inbound,
            sequence_number: 1,
            timestamp: 0,
        });
        Ok(())
    }

    fn encoder(&self, format: usize) -> Result<Encoder, SocketError> {
        let fmtp = &self.codecs.repertoire.formats[format].fmtp;
        self.codecs
            .repertoire
            .one_encoder(self.loader, &self.pair[0], format, fmtp, FORMAT, 20)
    }

    fn decoder(&self, format: usize, payload_type: u8) -> Result<Decoder, SocketError> {
        let fmtp = &self.codecs.repertoire.formats[format].fmtp;
        self.codecs
            .repertoire
            .decoder(self.loader, format, payload_type, fmtp, FORMAT)
    }

    /// Puts the other one in, and gives how that ended.
    pub(super) fn swap(&mut self, swap: u64) -> Result<SwapMeasure, SwapTestError> {
        let to = 1 - self.present;
        let socket = &self.pair[to];
        let hold = false;
        let order = match self.kind {
            Kind::Processor => Command::SwapProcessor(SwapProcessor {
                swap,
                participant: SPEAKER,
                socket: 0,
                newcomer: fitting::processor(self.loader, socket, FORMAT, swap)?,
                hold,
            }),
            Kind::Mixer => {
                let config = ConferenceConfig {
                    format: FORMAT,
                    max_participants: 4,
                    ..ConferenceConfig::default()
                };
                Command::SwapMixer {
                    swap,
                    newcomer: fitting::mixer(self.loader, socket, &config, swap)?,
                    hold,
                }
            }
            Kind::Jitter => Command::SwapJitter(SwapJitter {
                swap,
                participant: SPEAKER,
                newcomer: fitting::jitter(self.loader, socket, swap, |bare| bare)?,
                hold,
            }),
            _ => {
                let (old, new) = (self.formats[self.present], self.formats[to]);
                let trial = CodecTrial::new(
                    FORMAT,
                    self.decoder(old, 0)?,
                    [self.decoder(new, 0)?, self.decoder(new, 0)?],
                    hold,
                );
                Command::SwapCodec(Box::new(SwapCodec {
                    swap,
                    participant: SPEAKER,
                    codec: to as u32,
                    encoder: self.encoder(new)?,
                    decoders: Vec::new(),
                    trial: Some(Box::new(trial)),
                }))
            }
        };
        if self.control.commands.push(order).is_err() {
            return Err(SwapTestError::Endless(swap));
        }
        let begun = self.now;
        while self.now.since(begun) < ENDS_WITHIN {
            self.run(1);
            if let Some((_, measure)) = self.ended.take_if(|(ended, _)| *ended == swap) {
                if measure.outcome == SwapOutcome::Committed {
                    self.present = to;
                }
                return Ok(measure);
            }
        }
        Err(SwapTestError::Endless(swap))
    }

    /// Lets so many ticks of 10 ms pass.
    pub(super) fn run(&mut self, ticks: usize) {
        for _ in 0..ticks {
            for speaker in &mut self.speakers {
                speaker.speak(self.now, &mut self.network);
            }
            self.conference.tick(self.now, &mut self.ran);
            while let Ok(outbound) = self.network.outbound.pop() {
                if let Outbound::Packet(packet) = outbound {
                    let _ = self.network.returned.push(packet.payload);
                }
            }
            while let Ok(outcome) = self.control.outcomes.pop() {
                self.ended = match &outcome {
                    Outcome::ProcessorSwapped { swap, measure, .. }
                    | Outcome::JitterSwapped { swap, measure, .. }
                    | Outcome::CodecSwapped { swap, measure, .. } => Some((*swap, *measure)),
                    Outcome::MixerSwapped(swapped) => Some((swapped.id, swapped.measure)),
                    _ => self.ended,
                };
            }
            self.now += BLOCK_DURATION;
        }
    }
}

impl Speaker<'_> {
    fn speak(&mut self, now: Timestamp, network: &mut NetworkPorts) {
        let mut block = [0.0; 480];
        for (sample, said) in block.iter_mut().zip(&mut self.speech) {
            *sample = *said;
        }
        let mut payload = network.used.pop().unwrap_or_else(|_| PacketBuffer::new());
        let Ok(encoded) = self.mouth.encode(&block, &mut payload) else {
            return;
        };
        if encoded.ticks == 0 {
            return;
        }
        let packet = InboundPacket {
            payload,
            arrival: now,
            sequence_number: self.sequence_number,
            timestamp: self.timestamp,
            payload_type: PAYLOAD_TYPE,
            marker: false,
            level_dbov: Some(level_dbov(&block)),
        };
        self.sequence_number += 1;
        self.timestamp += i64::from(encoded.ticks);
        let _ = self.inbound.push(packet);
    }
}
