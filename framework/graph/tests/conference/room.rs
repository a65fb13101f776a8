//! A room under test: guests who speak and listen over a virtual network, the audio domain, and its control thread, all on one thread in
//! virtual time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use jackfield_core::audio::{AudioFormat, level_dbov};
use jackfield_core::audio_codec::NetworkHint;
use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_core::mixer::Mixer;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_graph::Conference;
use jackfield_graph::codec_trial::CodecTrial;
use jackfield_graph::command::{Command, Outcome, SwapCodec, SwapJitter, SwapProcessor};
use jackfield_graph::conference::{ConferenceConfig, ControlPorts, NetworkPorts, SharedEncoder};
use jackfield_graph::media::{InboundPacket, Mix, Outbound, OutboundPacket, PacketBuffer, PathHint};
use jackfield_graph::processor::{PreparedProcessor, ProcessorSlot};
use jackfield_graph::receive::{Decoder, ReceiveCounters, Receiver, Recycle};
use jackfield_graph::send::Encoder;
use jackfield_graph::stats::StripStats;
use jackfield_graph::stopwatch::{NoStopwatch, Stopwatch};
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use jackfield_graph::swap::SwapMeasure;
use jackfield_graph::transaction::Step;
use jackfield_sim::{LinkConfig, Network, VirtualClock, VirtualTime};
use jackfield_testkit::real_time::{self, Seen};
use rtrb::{Producer, RingBuffer};

use super::plugins::{Codec, ROOM, fixed};

/// 80 ms, of which 20 to 40 are the wait for the next packet.
const ECHO_DELAY: usize = 3_840;

pub(crate) struct Room {
    format: AudioFormat,
    pub(crate) clock: VirtualClock,
    pub(crate) conference: Conference,
    pub(crate) control: ControlPorts,
    network: NetworkPorts,
    pub(crate) guests: BTreeMap<u32, Guest>,
    pub(crate) uplinks: Network,
    pub(crate) watch: Box<dyn Stopwatch>,
    /// What has come back from the audio thread and was not asked for yet.
    pub(crate) outcomes: Vec<Outcome>,
    in_flight: BTreeMap<(VirtualTime, u64), (u32, InboundPacket)>,
    sent: u64,
    next_id: u32,
    next_swap: u64,
    /// Whether swaps wait to be promoted.
    pub(crate) hold: bool,
    /// Whether every tick is watched by the detector of what the audio thread must not do.
    pub(crate) strict: bool,
    /// What it saw: the tick and what happened.
    pub(crate) seen: Vec<(Timestamp, Seen)>,
    /// Packets of the room's mixes per (mix, codec).
    pub(crate) encoded: BTreeMap<(bool, u32), u64>,
}

/// Who joins: what it says, in which codec it sends and is sent, through which processors its voice goes.
pub(crate) struct Invitation {
    pub(crate) speech: Vec<f32>,
    pub(crate) codec: Codec,
    pub(crate) chain: Vec<Box<PreparedProcessor>>,
    pub(crate) jitter: Box<dyn JitterBuffer>,
    /// How much of what it is played its microphone picks up.
    pub(crate) echo: f32,
    /// What it speaks and hears in.
    format: AudioFormat,
    /// Whether its packets say how loud they are.
    tells_level: bool,
    /// The jitter buffer through which it hears; without one every packet is played as it comes.
    ears: Option<Box<dyn JitterBuffer>>,
    /// The encoder of its own mix, if it is not the usual one.
    encoder: Option<Encoder>,
    /// The decoders of what it says, if they are not the usual ones.
    decoders: Option<Vec<Decoder>>,
}

impl Invitation {
    pub(crate) fn to_speak(speech: Vec<f32>) -> Self {
        Self {
            speech,
            format: ROOM,
            codec: Codec::Opus,
            chain: Vec::new(),
            jitter: fixed(),
            echo: 0.0,
            tells_level: true,
            ears: None,
            encoder: None,
            decoders: None,
        }
    }

    /// Somebody with loudspeakers, and `seconds` of silence to say: its microphone hears what it is played, `gain` times as loud.
    pub(crate) fn with_loudspeakers(gain: f32, seconds: usize) -> Self {
        Self {
            echo: gain,
            ..Self::to_speak(vec![0.0; seconds * 48_000])
        }
    }

    pub(crate) fn to_listen() -> Self {
        Self::to_speak(Vec::new())
    }

    /// Somebody with a microphone and an ear on either side: this is said on the left, and `right`, as long, on the right.
    pub(crate) fn in_stereo(left: &[f32], right: &[f32]) -> Self {
        let blocks = left.chunks_exact(480).zip(right.chunks_exact(480));
        Self {
            format: AudioFormat::new(ROOM.sample_rate, 2),
            codec: Codec::OpusStereo,
            ..Self::to_speak(
                blocks
                    .flat_map(|(left, right)| [left, right])
                    .flatten()
                    .copied()
                    .collect(),
            )
        }
    }

    pub(crate) fn in_codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    pub(crate) fn through(mut self, chain: Vec<Box<PreparedProcessor>>) -> Self {
        self.chain = chain;
        self
    }

    /// Its packets do not say how loud they are.
    pub(crate) fn without_levels(mut self) -> Self {
        self.tells_level = false;
        self
    }

    /// It hears through a receiver as the room's own, with this jitter buffer.
    pub(crate) fn hearing_through(mut self, jitter: Box<dyn JitterBuffer>) -> Self {
        self.ears = Some(jitter);
        self
    }

    /// Its own mix is encoded by `encoder`.
    pub(crate) fn sent_by(mut self, encoder: Encoder) -> Self {
        self.encoder = Some(encoder);
        self
    }

    /// What it says is decoded by these.
    pub(crate) fn decoded_by(mut self, decoders: Vec<Decoder>) -> Self {
        self.decoders = Some(decoders);
        self
    }

    pub(crate) fn with_jitter(mut self, jitter: Box<dyn JitterBuffer>) -> Self {
        self.jitter = jitter;
        self
    }
}

/// A guest: a mouth and two ears at the other end of the network.
pub(crate) struct Guest {
    format: AudioFormat,
    /// Block after block.
    speech: Vec<f32>,
    echo: f32,
    said: usize,
    codec: Codec,
    mouth: Encoder,
    tells_level: bool,
    /// Of the next packet that it sends.
    pub(crate) sequence_number: i64,
    timestamp: i64,
    receiver: Option<Ear>,
    inbound: Producer<InboundPacket>,
    ears: BTreeMap<u32, Decoder>,
    route: Option<(bool, u32)>,
    /// What it has been played, 48 kHz; of stereo the left side.
    pub(crate) heard: Vec<f32>,
    /// Bytes of payload that it was sent.
    pub(crate) bytes: usize,
    /// The right side of what it has been played in stereo.
    pub(crate) heard_right: Vec<f32>,
    /// When the packets came that it was sent, and how long each lasts.
    pub(crate) packets: Vec<(Timestamp, u32)>,
    /// When those of them came that were not kept back.
    pub(crate) arrivals: Vec<Timestamp>,
    pub(crate) stats: Arc<StripStats>,
}

/// A receiver as the room's own, and where the stream stands that it is sent.
struct Ear {
    receiver: Receiver,
    sequence_number: i64,
    timestamp: i64,
}

/// Boxes are dropped.
struct Dropped;

impl Recycle for Dropped {
    fn recycle(&mut self, _: Box<PacketBuffer>) {}
}

impl Room {
    pub(crate) fn new(people: usize, mixer: Box<dyn Mixer>) -> Self {
        Self::mixing_in(ROOM, people, mixer)
    }

    /// A room that mixes in `format`, for which `mixer` is activated.
    pub(crate) fn mixing_in(format: AudioFormat, people: usize, mixer: Box<dyn Mixer>) -> Self {
        let config = ConferenceConfig {
            format,
            max_participants: people,
            ..ConferenceConfig::default()
        };
        let (conference, control, network) = Conference::new(config, mixer);
        let mut uplinks = Network::new(1);
        uplinks.set_default(LinkConfig {
            delay: TimeDelta::ms(20),
            ..LinkConfig::PERFECT
        });
        let mut room = Self {
            format,
            clock: VirtualClock::default(),
            conference,
            control,
            network,
            guests: BTreeMap::new(),
            uplinks,
            watch: Box::new(NoStopwatch),
            outcomes: Vec::new(),
            in_flight: BTreeMap::new(),
            sent: 0,
            next_id: 1,
            next_swap: 1,
            strict: false,
            hold: false,
            seen: Vec::new(),
            encoded: BTreeMap::new(),
        };
        for codec in Codec::ALL {
            let shared = SharedEncoder::new(codec.key(), codec.encoder_for(format, 20));
            room.order(Command::AddSharedEncoder(Box::new(shared)));
        }
        room
    }

    pub(crate) fn order(&mut self, command: Command) {
        assert!(
            self.control.commands.push(command).is_ok(),
            "the ring of commands is full"
        );
    }

    pub(crate) fn join(&mut self, invitation: Invitation) -> u32 {
        let (id, format) = (self.next_id, self.format);
        self.next_id += 1;
        let (inbound, packets) = RingBuffer::new(256);
        let stats = Arc::new(StripStats::new(invitation.chain.len()));
        let input = Input::Packets {
            inbound: packets,
            receiver: Box::new(Receiver::new(
                format,
                invitation.jitter,
                invitation.decoders.unwrap_or_else(|| Codec::decoders_for(format)),
            )),
        };
        let codec = invitation.codec;
        let output = Output::Encoded(Box::new(Encoding::new(
            codec.key(),
            invitation
                .encoder
                .unwrap_or_else(|| codec.encoder_for(format, 20)),
            format,
        )));
        let slots = invitation
            .chain
            .into_iter()
            .map(|processor| ProcessorSlot::new(format, processor))
            .collect();
        let strip = Strip::new(id, format, input, slots, output, Arc::clone(&stats));
        self.order(Command::AddStrip(Box::new(strip)));
        let ears = Codec::ALL.map(|codec| (codec.key(), codec.decoder_for(invitation.format)));
        let guest = Guest {
            format: invitation.format,
            speech: invitation.speech,
            echo: invitation.echo,
            said: 0,
            codec,
            mouth: codec.encoder_for(invitation.format, 20),
            tells_level: invitation.tells_level,
            receiver: invitation.ears.map(|jitter| Ear {
                receiver: Receiver::new(invitation.format, jitter, Codec::decoders_for(invitation.format)),
                sequence_number: 1,
                timestamp: 0,
            }),
            sequence_number: 1_000,
            timestamp: 50_000,
            inbound,
            ears: ears.into(),
            route: None,
            heard: Vec::new(),
            bytes: 0,
            heard_right: Vec::new(),
            packets: Vec::new(),
            arrivals: Vec::new(),
            stats,
        };
        self.guests.insert(id, guest);
        id
    }

    pub(crate) fn leave(&mut self, id: u32) -> Guest {
        self.order(Command::RemoveStrip(id));
        self.guests.remove(&id).unwrap()
    }

    pub(crate) fn guest(&self, id: u32) -> &Guest {
        &self.guests[&id]
    }

    pub(crate) fn heard(&self, id: u32) -> &[f32] {
        &self.guests[&id].heard
    }

    /// The network domain says what the path to a guest is like.
    pub(crate) fn hint(&mut self, participant: u32, hint: NetworkHint) {
        let told = PathHint { participant, hint };
        assert!(self.network.hints.push(told).is_ok(), "the ring of hints is full");
    }

    pub(crate) fn run_ms(&mut self, ms: i64) {
        for _ in 0..ms / 10 {
            self.step();
        }
    }

    /// 10 ms.
    pub(crate) fn step(&mut self) {
        let now = self.clock.now();
        self.speak();
        self.deliver();
        if self.strict {
            let (conference, watch) = (&mut self.conference, &mut *self.watch);
            let ((), seen) = real_time::section(|| conference.tick(now, watch));
            if !seen.is_clean() {
                self.seen.push((now, seen));
            }
        } else {
            self.conference.tick(now, &mut *self.watch);
        }
        self.listen();
        while let Ok(outcome) = self.control.outcomes.pop() {
            self.outcomes.push(outcome);
        }
        self.clock.advance(TimeDelta::ms(10));
    }

    fn speak(&mut self) {
        let now = self.clock.time();
        for (id, guest) in &mut self.guests {
            let len = guest.format.block_len();
            let Some(rest) = guest.speech.get(guest.said..guest.said + len) else {
                continue;
            };
            let mut block = rest.to_vec();
            // From the loudspeaker through the room to the microphone.
            let played = guest.said.checked_sub(ECHO_DELAY).unwrap_or(usize::MAX);
            for (sample, echo) in block
                .iter_mut()
                .zip(guest.heard.get(played..).unwrap_or_default())
            {
                *sample += guest.echo * echo;
            }
            guest.said += len;
            let mut payload = self.network.used.pop().unwrap_or_else(|_| PacketBuffer::new());
            let encoded = guest.mouth.encode(&block, &mut payload).unwrap();
            if encoded.bytes == 0 {
                guest.timestamp += i64::from(encoded.ticks);
                continue;
            }
            let packet = InboundPacket {
                payload,
                arrival: Timestamp::ZERO,
                sequence_number: guest.sequence_number,
                timestamp: guest.timestamp,
                payload_type: guest.codec.payload_type(),
                marker: false,
                level_dbov: guest.tells_level.then(|| level_dbov(&block)),
            };
            guest.sequence_number += 1;
            guest.timestamp += i64::from(encoded.ticks);
            let (from, to) = (address(*id), address(0));
            let len = packet.payload.bytes().len() + 12;
            if let Some(at) = self.uplinks.send(now, from, to, len) {
                self.sent += 1;
                self.in_flight.insert((at, self.sent), (*id, packet));
            }
        }
    }

    fn deliver(&mut self) {
        let now = self.clock.time();
        while let Some(entry) = self.in_flight.first_entry()
            && entry.key().0 <= now
        {
            let ((at, _), (id, mut packet)) = entry.remove_entry();
            packet.arrival = at.timestamp();
            if let Some(guest) = self.guests.get_mut(&id) {
                let _ = guest.inbound.push(packet);
            }
        }
    }

    fn listen(&mut self) {
        let now = self.clock.now();
        while let Ok(outbound) = self.network.outbound.pop() {
            match outbound {
                Outbound::Route {
                    participant,
                    own,
                    codec,
                } => {
                    if let Some(guest) = self.guests.get_mut(&participant) {
                        guest.route = Some((own, codec));
                    }
                }
                Outbound::Packet(packet) => {
                    let own = matches!(packet.mix, Mix::Own(_));
                    *self.encoded.entry((own, packet.codec)).or_default() += 1;
                    for (id, guest) in &mut self.guests {
                        if guest.route.is_some_and(|route| is_for(&packet, *id, route)) {
                            guest.hear(now, &packet);
                        }
                    }
                    let _ = self.network.returned.push(packet.payload);
                }
            }
        }
        for guest in self.guests.values_mut() {
            guest.listen(now);
        }
    }

    /// Begins a swap and gives its number.
    pub(crate) fn swap_processor(
        &mut self,
        participant: u32,
        socket: usize,
        newcomer: Box<PreparedProcessor>,
    ) -> u64 {
        let swap = self.number();
        self.order(Command::SwapProcessor(SwapProcessor {
            swap,
            participant,
            socket,
            newcomer,
            hold: self.hold,
        }));
        swap
    }

    pub(crate) fn swap_jitter(&mut self, participant: u32, newcomer: Box<dyn JitterBuffer>) -> u64 {
        let swap = self.number();
        self.order(Command::SwapJitter(SwapJitter {
            swap,
            participant,
            newcomer,
            hold: self.hold,
        }));
        swap
    }

    pub(crate) fn swap_mixer(&mut self, newcomer: Box<dyn Mixer>) -> u64 {
        let swap = self.number();
        self.order(Command::SwapMixer {
            swap,
            newcomer,
            hold: self.hold,
        });
        swap
    }

    /// Both directions: what the guest is sent, and after it has heard of it what it sends.
    pub(crate) fn swap_codec(&mut self, participant: u32, codec: Codec) -> u64 {
        let swap = self.number();
        self.order(Command::SwapCodec(Box::new(SwapCodec {
            swap,
            participant,
            codec: codec.key(),
            encoder: codec.encoder(20),
            decoders: Codec::decoders(),
            trial: None,
        })));
        swap
    }

    /// Swaps the codec that these guests, who are sent `present` now, are sent; the first tries it out for all.
    pub(crate) fn swap_codec_on_trial(
        &mut self,
        guests: &[u32],
        present: Codec,
        newcomer: (Codec, fn() -> Encoder),
    ) -> u64 {
        let swap = self.number();
        let (codec, encoder) = newcomer;
        let mut trial = Some(Box::new(CodecTrial::new(
            ROOM,
            present.decoder(),
            [codec.decoder(), codec.decoder()],
            self.hold,
        )));
        for participant in guests {
            self.order(Command::SwapCodec(Box::new(SwapCodec {
                swap,
                participant: *participant,
                codec: codec.key(),
                encoder: encoder(),
                decoders: Vec::new(),
                trial: trial.take(),
            })));
        }
        swap
    }

    pub(crate) fn decide(&mut self, swap: u64, promote: bool) {
        self.order(Command::DecideSwap { swap, promote });
    }

    /// The steps of a swap that were told.
    pub(crate) fn steps(&self, swap: u64) -> Vec<Step> {
        let told = self.outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Stepped { swap: id, step } => (*id == swap).then_some(*step),
            _ => None,
        });
        told.collect()
    }

    /// How a swap ended in every place.
    pub(crate) fn ends(&self, swap: u64) -> Vec<SwapMeasure> {
        let ended = self.outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::ProcessorSwapped {
                swap: id, measure, ..
            }
            | Outcome::JitterSwapped {
                swap: id, measure, ..
            }
            | Outcome::CodecSwapped {
                swap: id, measure, ..
            } => (*id == swap).then_some(*measure),
            Outcome::MixerSwapped(swapped) => (swapped.id == swap).then_some(swapped.measure),
            _ => None,
        });
        ended.collect()
    }

    fn number(&mut self) -> u64 {
        self.next_swap += 1;
        self.next_swap - 1
    }

    /// How a swap ended, if it has.
    pub(crate) fn ended(&self, swap: u64) -> Option<SwapMeasure> {
        self.ends(swap).first().copied()
    }

    /// Why processors were bypassed.
    pub(crate) fn bypassed(&self) -> Vec<&'static str> {
        self.outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Bypassed { reason, .. } => Some(*reason),
                _ => None,
            })
            .collect()
    }
}

fn is_for(packet: &OutboundPacket, id: u32, (own, codec): (bool, u32)) -> bool {
    match packet.mix {
        Mix::Own(whose) => own && whose == id,
        Mix::Shared(key) => !own && key == codec,
    }
}

fn address(host: u32) -> SocketAddr {
    SocketAddr::from(([10, 0, (host >> 8) as u8, host as u8], 5_000))
}

impl Ear {
    /// As RTP brings it: what is kept back has no number and takes its time.
    fn insert(&mut self, now: Timestamp, packet: &OutboundPacket) {
        let timestamp = self.timestamp;
        self.timestamp += i64::from(packet.ticks);
        let mut payload = PacketBuffer::new();
        if packet.payload.bytes().is_empty() || !payload.fill(packet.payload.bytes()) {
            return;
        }
        let codec = Codec::ALL[packet.codec as usize];
        let inbound = InboundPacket {
            payload,
            arrival: now,
            sequence_number: self.sequence_number,
            timestamp,
            payload_type: codec.payload_type(),
            marker: false,
            level_dbov: None,
        };
        self.sequence_number += 1;
        self.receiver.insert(now, inbound, &mut Dropped);
    }
}

impl Guest {
    fn hear(&mut self, now: Timestamp, packet: &OutboundPacket) {
        if self.packets.is_empty() {
            // Whoever came later has heard nothing before.
            let before = (now.us() * 48 / 1_000) as usize;
            self.heard.resize(before, 0.0);
            self.heard_right.resize(before, 0.0);
        }
        self.bytes += packet.payload.bytes().len();
        self.packets.push((now, packet.ticks));
        if !packet.payload.bytes().is_empty() {
            self.arrivals.push(now);
        }
        if let Some(ear) = &mut self.receiver {
            return ear.insert(now, packet);
        }
        let ear = self.ears.get_mut(&packet.codec).unwrap();
        let mut pcm = vec![0.0; 5_760 * ear.format.channels as usize];
        let decoded = if packet.payload.bytes().is_empty() {
            ear.decoder.conceal(packet.ticks, &mut pcm)
        } else {
            ear.decoder.decode(packet.payload.bytes(), &mut pcm)
        };
        // What cannot be decoded is made up for, as any listener does.
        let decoded = decoded.or_else(|_| ear.decoder.conceal(packet.ticks, &mut pcm));
        let samples = decoded.unwrap().samples as usize;
        match &mut ear.converter {
            None => {
                let mut sides = pcm.chunks_exact(5_760).map(|side| &side[..samples]);
                self.heard.extend(sides.next().unwrap_or_default());
                self.heard_right.extend(sides.next().unwrap_or_default());
            }
            Some(converter) => {
                let n = converter.from().block_samples();
                for block in pcm[..samples].chunks_exact(n) {
                    let mut out = vec![0.0; 480];
                    converter.convert(block, &mut out);
                    self.heard.extend(out);
                }
            }
        }
    }

    /// Plays 10 ms of what it has been sent, if it has a jitter buffer.
    fn listen(&mut self, now: Timestamp) {
        let started = !self.packets.is_empty();
        if let Some(ear) = self.receiver.as_mut().filter(|_| started) {
            let mut block = vec![0.0; self.format.block_len()];
            ear.receiver.pull(now, &mut block, true, &mut Dropped);
            let mut sides = block.chunks_exact(480);
            self.heard.extend(sides.next().unwrap_or_default());
            self.heard_right.extend(sides.next().unwrap_or_default());
        }
    }

    /// What its receiver has counted.
    pub(crate) fn counters(&self) -> ReceiveCounters {
        let ear = self.receiver.as_ref().expect("it hears through a jitter buffer");
        ear.receiver.counters()
    }

    /// From now on it sends another codec.
    pub(crate) fn speak_in(&mut self, codec: Codec) {
        let rate = |codec: Codec| i64::from(codec.format().sample_rate.as_hz());
        self.timestamp = self.timestamp * rate(codec) / rate(self.codec);
        self.codec = codec;
        self.mouth = codec.encoder(20);
    }
}
