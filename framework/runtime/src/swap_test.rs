//! Two plugins of an area swapped for each other thousands of times, in virtual time on real speech, to see the worst that a swap does: what
//! `jackfield swap-test` runs. Only how long the tick is held up is measured on the machine, by the time that the thread runs: what else the
//! machine does meanwhile is no fault of the plugins.

#![allow(
    clippy::result_large_err,
    reason = "an error ends the command; its size is nothing beside a call"
)]

mod network;

use std::collections::BTreeMap;
use std::sync::Arc;

use jackfield_core::audio::{AudioFormat, BLOCK_DURATION, level_dbov};
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_graph::codec_trial::CodecTrial;
use jackfield_graph::command::{Command, Outcome, SwapCodec, SwapJitter, SwapProcessor};
use jackfield_graph::conference::{Conference, ConferenceConfig, ControlPorts, NetworkPorts};
use jackfield_graph::description::Kind;
use jackfield_graph::media::{InboundPacket, Outbound, PacketBuffer};
use jackfield_graph::processor::ProcessorSlot;
use jackfield_graph::receive::Receiver;
use jackfield_graph::send::Encoder;
use jackfield_graph::stats::StripStats;
use jackfield_graph::stopwatch::Stopwatch;
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_loader::{Loader, Manifest, SocketManifest};
use rtrb::{Producer, RingBuffer};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::codecs::Codecs;
use crate::error::{EngineError, SocketError};
use crate::fitting::{self, Fitting, Socket};
use network::{Path, Plugs};

/// A swap that has not ended after so long never will: far longer than shadow and probation of any area.
const ENDS_WITHIN: TimeDelta = TimeDelta::seconds(20);
/// Who speaks.
const SPEAKER: u32 = 1;
const OTHER: u32 = 2;
const PAYLOAD_TYPE: u8 = 96;

/// How much is tested, and on what.
#[derive(Clone, Debug)]
pub struct SwapTestOptions {
    /// How many swaps; every other one goes back.
    pub swaps: u32,
    /// Speech, 48 kHz mono; it is repeated as often as needed.
    pub speech: Vec<f32>,
}

/// The worst of each figure of the swap report, over all swaps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SwapTestReport {
    /// The plugin that was there first.
    pub a: String,
    /// The one that it was swapped for, and back.
    pub b: String,
    /// Their area, such as `jackfield.mixer/1`.
    pub area: String,
    /// How many swaps were made.
    pub swaps: u32,
    /// How many of them ended with the newcomer in.
    pub committed: u32,
    /// The others, by the reason for which they were rolled back.
    pub rolled_back: BTreeMap<String, u32>,
    /// Samples that listeners did not get, over all swaps.
    pub samples_lost: u64,
    /// The largest step at a seam, in dB relative to full scale; -120 if there was none.
    pub discontinuity_db: f64,
    /// How long the audio tick was held up at most, on this machine.
    pub stall_us: f64,
    /// The most latency that a swap added, and the most that one took away (negative).
    pub added_latency_ms: [f64; 2],
    /// The longest time in the shadow, and on probation.
    pub shadow_ms: f64,
    /// See `shadow_ms`.
    pub probation_ms: f64,
    /// How much virtual time passed.
    pub seconds: f64,
}

/// Why swaps cannot be tested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SwapTestError {
    /// No such plugin.
    #[error("no plugin has the id `{0}`; `jackfield plugin list` names those that there are")]
    NoSuchPlugin(String),
    /// They do not fit the same socket.
    #[error(
        "`{a}` and `{b}` have no area in common that can be swapped here: {areas}; name two plugins of one of them"
    )]
    NothingInCommon {
        /// One.
        a: String,
        /// The other.
        b: String,
        /// What can be swapped.
        areas: &'static str,
    },
    /// There is nothing to say.
    #[error("there is no speech to test with: give at least a second of it")]
    NoSpeech,
    /// The rest of the room cannot be made.
    #[error(transparent)]
    Room(#[from] EngineError),
    /// One of both cannot be used.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// A swap never ended.
    #[error("swap {0} never ended: that is a fault of Jackfield's, please report it with both plugins")]
    Endless(u64),
}

/// The kinds that can be tested, with what their sockets are called here.
const KINDS: [(Kind, &str); 6] = [
    (Kind::Processor, "processor"),
    (Kind::Mixer, "mixer"),
    (Kind::Jitter, "jitter"),
    (Kind::Encoder, "codec"),
    (Kind::Congestion, "congestion"),
    (Kind::Pacer, "pacer"),
];

/// Swaps `a` for `b` and back. `manifest` says what else stands in the room: the mixer, the jitter buffer, the codec. \[control, takes long\]
///
/// # Errors
/// If there is nothing to swap, or the room cannot be made. What the plugins do wrong is in the report.
pub fn swap_test(
    loader: &Loader,
    manifest: &Manifest,
    (a, b): (&str, &str),
    options: &SwapTestOptions,
) -> Result<SwapTestReport, SwapTestError> {
    if options.speech.len() < 48_000 {
        return Err(SwapTestError::NoSpeech);
    }
    let (kind, pair) = sockets(loader, a, b)?;
    let mut ground = Ground::new(loader, manifest, kind, &pair, &options.speech)?;
    let mut report = SwapTestReport {
        a: a.to_owned(),
        b: b.to_owned(),
        area: pair[0].area().to_owned(),
        swaps: 0,
        committed: 0,
        rolled_back: BTreeMap::new(),
        samples_lost: 0,
        discontinuity_db: f64::from(jackfield_graph::swap::NO_DISCONTINUITY_DB),
        stall_us: 0.0,
        added_latency_ms: [0.0; 2],
        shadow_ms: 0.0,
        probation_ms: 0.0,
        seconds: 0.0,
    };
    // The room comes to life first.
    ground.run(100);
    for n in 0..options.swaps {
        // Which one is in is known: a newcomer that was rolled back is tried again.
        let measure = ground.swap(u64::from(n) + 1)?;
        report.count(&measure);
        // The phase of packets, words and swaps drifts by this.
        ground.run(1 + n as usize % 7);
    }
    report.samples_lost += ground.lost();
    report.seconds = ground.now().us() as f64 / 1e6;
    Ok(report)
}

/// Where plugins are swapped.
enum Ground<'a> {
    Room(Box<Bench<'a>>),
    Path(Box<Path<'a>>),
}

impl<'a> Ground<'a> {
    fn new(
        loader: &'a Loader,
        manifest: &Manifest,
        kind: Kind,
        pair: &'a [Socket; 2],
        speech: &'a [f32],
    ) -> Result<Self, SwapTestError> {
        if !matches!(kind, Kind::Congestion | Kind::Pacer) {
            let bench = Bench::new(loader, manifest, kind, pair, speech)?;
            return Ok(Self::Room(Box::new(bench)));
        }
        let usual = Fitting::new(manifest, loader)?;
        let standing = |wanted: Kind| {
            if wanted == kind {
                return Ok(&pair[0]);
            }
            usual.of_kind(wanted).ok_or_else(|| EngineError::Profile {
                name: manifest.profile.name().to_owned(),
            })
        };
        let plugs = Plugs {
            transport: standing(Kind::Transport)?,
            pacer: standing(Kind::Pacer)?,
            congestion: standing(Kind::Congestion)?,
        };
        Ok(Self::Path(Box::new(Path::new(loader, kind, pair, &plugs)?)))
    }

    fn run(&mut self, ticks: usize) {
        match self {
            Self::Room(bench) => bench.run(ticks),
            Self::Path(path) => path.run(ticks),
        }
    }

    fn swap(&mut self, swap: u64) -> Result<SwapMeasure, SwapTestError> {
        match self {
            Self::Room(bench) => bench.swap(swap),
            Self::Path(path) => path.swap(swap),
        }
    }

    /// Samples that were lost beyond those that the measures tell.
    fn lost(&mut self) -> u64 {
        match self {
            Self::Room(_) => 0,
            Self::Path(path) => path.lost(),
        }
    }

    fn now(&self) -> Timestamp {
        match self {
            Self::Room(bench) => bench.now,
            Self::Path(path) => path.now,
        }
    }
}

impl SwapTestReport {
    fn count(&mut self, measure: &SwapMeasure) {
        self.swaps += 1;
        if measure.outcome == SwapOutcome::Committed {
            self.committed += 1;
        } else {
            *self.rolled_back.entry(measure.reason.to_owned()).or_default() += 1;
        }
        self.samples_lost += measure.samples_lost;
        self.discontinuity_db = self.discontinuity_db.max(f64::from(measure.discontinuity_db));
        self.stall_us = self.stall_us.max(measure.stall_us);
        let [most, least] = self.added_latency_ms;
        self.added_latency_ms = [
            most.max(measure.added_latency_ms),
            least.min(measure.added_latency_ms),
        ];
        self.shadow_ms = self.shadow_ms.max(measure.times.shadow.as_ms_f64());
        self.probation_ms = self.probation_ms.max(measure.times.probation.as_ms_f64());
    }

    /// Whether every swap ended with the newcomer in and nothing lost.
    pub fn is_clean(&self) -> bool {
        self.committed == self.swaps && self.samples_lost == 0
    }
}

/// Both plugins in a socket of the first kind that fits both.
fn sockets(loader: &Loader, a: &str, b: &str) -> Result<(Kind, [Socket; 2]), SwapTestError> {
    let catalogue = loader.catalogue();
    for id in [a, b] {
        if !catalogue.modules().any(|(_, module)| module.id == id) {
            return Err(SwapTestError::NoSuchPlugin(id.to_owned()));
        }
    }
    let offers = |id: &str, area: &str| catalogue.of_area(area).any(|(_, module)| module.id == id);
    let (kind, name) = KINDS
        .into_iter()
        .find(|(kind, _)| [a, b].iter().all(|id| offers(id, fitting::socket_area(*kind))))
        .ok_or_else(|| SwapTestError::NothingInCommon {
            a: a.to_owned(),
            b: b.to_owned(),
            areas: "audio processors, mixers, jitter buffers, audio codecs, congestion controllers and pacers (a transport keeps its path while it lasts, and sources and sinks stand in no room)",
        })?;
    let socket = |id: &str| -> Result<Socket, SwapTestError> {
        let area = fitting::socket_area(kind);
        let isolation = catalogue
            .of_area(area)
            .find(|(_, module)| module.id == id)
            .map_or(jackfield_loader::Isolation::InProcess, |(file, _)| file.isolation);
        let manifest = SocketManifest {
            name: name.to_owned(),
            candidates: vec![id.to_owned()],
            parameters: BTreeMap::new(),
            fallback: None,
            isolation,
            allow: Vec::new(),
            pin: None,
        };
        let resolved = loader.resolve(&manifest, area).map_err(SocketError::from)?;
        Ok(Socket::standing(manifest, kind, resolved)?)
    };
    Ok((kind, [socket(a)?, socket(b)?]))
}

/// A room in virtual time in which two speak.
struct Bench<'a> {
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
    now: Timestamp,
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
    fn new(
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
        let standing = |wanted: Kind| -> Result<&Socket, SwapTestError> {
            if wanted == kind {
                return Ok(&pair[0]);
            }
            let profile = || EngineError::Profile {
                name: manifest.profile.name().to_owned(),
            };
            Ok(usual.of_kind(wanted).ok_or_else(profile)?)
        };
        let codec = usual.of_kind(Kind::Decoder).ok_or_else(|| EngineError::Profile {
            name: manifest.profile.name().to_owned(),
        })?;
        let codecs = Codecs::new(loader, codec)?;
        let first_of = |id: &str| (0..codecs.formats.len()).find(|at| codecs.plugin_id(*at) == id);
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
            let jitter = fitting::jitter(loader, standing(Kind::Jitter)?, u64::from(id))?;
            bench.join(id, &speech[from..], jitter)?;
        }
        Ok(bench)
    }

    fn join(
        &mut self,
        id: u32,
        speech: &'a [f32],
        jitter: Box<dyn jackfield_core::jitter_buffer::JitterBuffer>,
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
        let fmtp = &self.codecs.formats[format].fmtp;
        self.codecs
            .encoder(self.loader, &self.pair[0], format, fmtp, FORMAT, 20)
    }

    fn decoder(
        &self,
        format: usize,
        payload_type: u8,
    ) -> Result<jackfield_graph::receive::Decoder, SocketError> {
        let fmtp = &self.codecs.formats[format].fmtp;
        self.codecs
            .decoder(self.loader, format, payload_type, fmtp, FORMAT)
    }

    /// Puts the other one in, and gives how that ended.
    fn swap(&mut self, swap: u64) -> Result<SwapMeasure, SwapTestError> {
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
                newcomer: fitting::jitter(self.loader, socket, swap)?,
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
    fn run(&mut self, ticks: usize) {
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

/// How long this thread has run.
struct Ran;

impl Stopwatch for Ran {
    fn us(&mut self) -> f64 {
        let ran = clock_gettime(ClockId::ThreadCPUTime);
        ran.tv_sec as f64 * 1e6 + ran.tv_nsec as f64 / 1e3
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
