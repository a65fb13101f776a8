//! The executor of a room's audio domain: one call per 10 ms tick. The real-time and the virtual-time executor call the same function.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::audio::{AudioFormat, level_dbov};
use jackfield_core::mixer::{MixRequest, MixSource, Mixer};
use jackfield_core::time::Timestamp;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::command::{Command, Outcome};
use crate::history::History;
use crate::media::{Mix, Outbound, OutboundPacket, PacketBuffer};
use crate::mixing::Mixing;
use crate::processor::SlotEvent;
use crate::receive::Recycle;
use crate::send::Encoder;
use crate::stats::RoomStats;
use crate::stopwatch::Stopwatch;
use crate::strip::{Encoding, Input, Output, SILENCE_DBOV, Strip};
use crate::swaps;

/// For so many ticks a participant that fell silent goes on hearing its own mix: 2 s.
const OWN_MIX_HOLD_TICKS: u64 = 200;
/// Blocks of the mix that are shown to an echo canceller whose participant comes back from silence.
const REPLAYED_BLOCKS: usize = 20;
/// Statistics of the plugins are read once in so many ticks, a strip at a time.
const STATISTICS_TICKS: u64 = 50;
/// So many outcomes may wait for the control thread before commands have to wait too.
const MOST_WAITING_OUTCOMES: usize = 128;
/// Newcomers that are tried out in one tick in strips that nobody hears: a swap in a large room is spread over many ticks.
const IDLE_SWAPS_PER_TICK: u32 = 4;

/// How large a room is and how it sounds.
#[derive(Clone, Copy, Debug)]
pub struct ConferenceConfig {
    /// The format in which it is mixed.
    pub format: AudioFormat,
    /// The most participants.
    pub max_participants: usize,
    /// Length of a packet in ticks of 10 ms: all encoders complete their packets in the same tick.
    pub packet_ticks: u64,
}

impl Default for ConferenceConfig {
    fn default() -> Self {
        Self {
            format: AudioFormat::MONO_48K,
            max_participants: 64,
            packet_ticks: 2,
        }
    }
}

/// A room's audio domain. Lives on the audio thread; everything reaches it over rings, and everything leaves it over rings.
pub struct Conference {
    config: ConferenceConfig,
    strips: Vec<Box<Strip>>,
    mixing: Mixing,
    shared: Vec<Box<SharedEncoder>>,
    ports: AudioPorts,
    pool: Pool,
    waiting_outcomes: VecDeque<Outcome>,
    sources: Vec<MixSource>,
    wanted: Vec<bool>,
    requests: Vec<MixRequest>,
    mixes: Vec<f32>,
    history: History,
    silence: Vec<f32>,
    tick: u64,
    stats: Arc<RoomStats>,
}

/// An encoder for all who hear everyone and take the same codec.
pub struct SharedEncoder {
    /// The codec's key in the room.
    pub codec: u32,
    /// The encoder.
    pub encoder: Encoder,
    running: bool,
}

impl SharedEncoder {
    /// One for the codec with this key.
    pub fn new(codec: u32, encoder: Encoder) -> Self {
        Self {
            codec,
            encoder,
            running: false,
        }
    }
}

/// The audio thread's ends of the rings.
struct AudioPorts {
    commands: Consumer<Command>,
    outcomes: Producer<Outcome>,
    outbound: Producer<Outbound>,
    used: Producer<Box<PacketBuffer>>,
    returned: Consumer<Box<PacketBuffer>>,
}

/// The control thread's ends of the rings.
pub struct ControlPorts {
    /// What the audio thread is to do.
    pub commands: Producer<Command>,
    /// What has come of it.
    pub outcomes: Consumer<Outcome>,
    /// Numbers to read at any time.
    pub stats: Arc<RoomStats>,
}

/// The network domain's ends of the rings.
pub struct NetworkPorts {
    /// Mixes to send.
    pub outbound: Consumer<Outbound>,
    /// Boxes of inbound packets that were played: to be filled again.
    pub used: Consumer<Box<PacketBuffer>>,
    /// Boxes of outbound packets that were sent: back to the audio thread.
    pub returned: Producer<Box<PacketBuffer>>,
}

impl Conference {
    /// A room with nobody in it. `mixer` is activated for `config`. Allocates all that the ticks will need. [control]
    pub fn new(config: ConferenceConfig, mixer: Box<dyn Mixer>) -> (Self, ControlPorts, NetworkPorts) {
        let people = config.max_participants;
        let (commands, command_ends) = RingBuffer::new(256);
        let (outcome_ends, outcomes) = RingBuffer::new(1_024);
        let (outbound_ends, outbound) = RingBuffer::new(64 + 8 * people);
        let (used_ends, used) = RingBuffer::new(1_024 + 64 * people);
        let (returned, returned_ends) = RingBuffer::new(64 + 8 * people);
        let stats = Arc::new(RoomStats::default());
        let format = config.format;
        let conference = Self {
            config,
            strips: Vec::with_capacity(people),
            mixing: Mixing::new(
                mixer,
                format.block_len(),
                format.block_samples(),
                people,
                people + 1,
            ),
            shared: Vec::with_capacity(16),
            ports: AudioPorts {
                commands: command_ends,
                outcomes: outcome_ends,
                outbound: outbound_ends,
                used: used_ends,
                returned: returned_ends,
            },
            pool: Pool::new(64 + 2 * people),
            waiting_outcomes: VecDeque::with_capacity(256 + 16 * people),
            sources: Vec::with_capacity(people),
            wanted: vec![false; people],
            requests: Vec::with_capacity(people + 1),
            mixes: vec![0.0; (people + 1) * format.block_len()],
            history: History::new(format, REPLAYED_BLOCKS.max(config.packet_ticks as usize)),
            silence: vec![0.0; format.block_len()],
            tick: 0,
            stats: Arc::clone(&stats),
        };
        (
            conference,
            ControlPorts {
                commands,
                outcomes,
                stats,
            },
            NetworkPorts {
                outbound,
                used,
                returned,
            },
        )
    }

    /// Does 10 ms of work: takes commands, gathers packets, decodes who can be heard, processes, mixes, encodes. [audio]
    pub fn tick(&mut self, now: Timestamp, watch: &mut dyn Stopwatch) {
        while let Ok(buffer) = self.ports.returned.pop() {
            self.pool.recycle(buffer);
        }
        // While the control thread takes nothing away, nothing more is begun: what waits for it must never outgrow its place.
        while self.waiting_outcomes.len() < MOST_WAITING_OUTCOMES
            && let Ok(command) = self.ports.commands.pop()
        {
            self.obey(now, command, watch);
        }
        self.gather(now);
        self.choose(now);
        self.process(now, watch);
        self.mix(now, watch);
        self.send(now);
        self.publish(now);
        self.pool.hand_on(&mut self.ports.used);
        self.tick += 1;
        self.stats.ticks.store(self.tick, Relaxed);
    }

    fn gather(&mut self, now: Timestamp) {
        self.sources.clear();
        for strip in &mut self.strips {
            strip.gather(now, &mut self.pool);
            self.sources.push(MixSource {
                id: strip.id,
                muted: u32::from(strip.muted || matches!(strip.input, Input::None)),
                level_dbov: strip.level_dbov,
                gain: 1.0,
            });
        }
    }

    fn choose(&mut self, now: Timestamp) {
        let n = self.sources.len();
        self.mixing.choose(now, &self.sources, &mut self.wanted[..n]);
    }

    fn process(&mut self, now: Timestamp, watch: &mut dyn Stopwatch) {
        let mut heard = 0;
        let mut idle_swaps = IDLE_SWAPS_PER_TICK;
        for (index, strip) in self.strips.iter_mut().enumerate() {
            let wanted = self.wanted[index];
            strip.pull(now, wanted, &mut self.pool);
            if let Some(ended) = strip.take_jitter_ended() {
                self.waiting_outcomes
                    .push_back(swaps::jitter_ended(strip.id, ended));
            }
            if wanted {
                heard += 1;
                let wakes = !strip.heard;
                let far: &[f32] = match &strip.output {
                    Output::Encoded(encoding) if encoding.own => &encoding.last_mix,
                    Output::Encoded(_) if self.history.len() > 0 => self.history.block(0),
                    _ => &self.silence,
                };
                for (at, slot) in strip.slots.iter_mut().enumerate() {
                    if wakes {
                        slot.wake(now, &self.history, REPLAYED_BLOCKS);
                    }
                    let event = slot.process(now, &mut strip.block, far, strip.muted, watch);
                    tell(&mut self.waiting_outcomes, event, strip.id, at);
                }
            } else {
                for (at, slot) in strip.slots.iter_mut().enumerate() {
                    if slot.is_swapping() && idle_swaps > 0 {
                        idle_swaps -= 1;
                        tell(&mut self.waiting_outcomes, slot.idle(now), strip.id, at);
                    }
                }
            }
            strip.heard = wanted;
            let level = if strip.muted {
                SILENCE_DBOV
            } else if wanted {
                level_dbov(&strip.block)
            } else {
                strip.level_dbov
            };
            strip.stats.set_level(level, wanted);
        }
        self.stats.heard.store(heard, Relaxed);
    }

    fn mix(&mut self, now: Timestamp, watch: &mut dyn Stopwatch) {
        self.requests.clear();
        self.requests.push(MixRequest {
            without: MixRequest::EVERYONE,
            reserved: 0,
        });
        let begins = self.tick.is_multiple_of(self.config.packet_ticks);
        for (index, strip) in self.strips.iter_mut().enumerate() {
            let wanted = self.wanted[index];
            let edge = Edge {
                shared: &self.shared,
                begins,
            };
            if let Output::Encoded(encoding) = &mut strip.output {
                if wanted {
                    encoding.own_until = self.tick + OWN_MIX_HOLD_TICKS;
                }
                let own = wanted || self.tick < encoding.own_until;
                if own != encoding.own && edge.of(encoding) && (own || edge.of_shared(encoding.codec)) {
                    encoding.own = own;
                    encoding.rerouted = true;
                    if own {
                        let (history, ticks) = (&self.history, self.config.packet_ticks);
                        self.pool
                            .with(|payload| encoding.encoder.prime(history, ticks, payload).is_ok());
                    }
                }
                let ready = strip
                    .codec_swap
                    .as_ref()
                    .is_some_and(|order| edge.of(encoding) && (encoding.own || edge.of_shared(order.codec)));
                if ready && let Some(order) = strip.codec_swap.take() {
                    let (history, ticks) = (&self.history, self.config.packet_ticks);
                    let ended = swaps::codec(strip, order, history, ticks, &mut self.pool, watch);
                    self.waiting_outcomes.push_back(ended);
                }
            } else if let Some(order) = strip.codec_swap.take() {
                let (history, ticks) = (&self.history, self.config.packet_ticks);
                let ended = swaps::codec(strip, order, history, ticks, &mut self.pool, watch);
                self.waiting_outcomes.push_back(ended);
            }
            if let Output::Encoded(encoding) = &mut strip.output {
                if std::mem::take(&mut encoding.rerouted) {
                    // A full ring means that the network thread stands still: it is told again.
                    let route = Outbound::Route {
                        participant: strip.id,
                        own: encoding.own,
                        codec: encoding.codec,
                    };
                    encoding.rerouted = self.ports.outbound.push(route).is_err();
                }
                if encoding.own {
                    self.requests.push(MixRequest {
                        without: strip.id,
                        reserved: 0,
                    });
                }
            } else if let Output::Sink(_) = &strip.output {
                self.requests.push(MixRequest {
                    without: strip.id,
                    reserved: 0,
                });
            }
        }
        let strips = &self.strips;
        let swapped = self.mixing.mix(
            now,
            &self.sources,
            |index| &strips[index].block,
            &self.requests,
            &mut self.mixes,
            watch,
        );
        if let Some(swapped) = swapped {
            self.waiting_outcomes.push_back(Outcome::MixerSwapped(swapped));
        }
    }

    fn send(&mut self, now: Timestamp) {
        let len = self.config.format.block_len();
        let (everyone, own) = self.mixes.split_at(len);
        let mut own = own.chunks_exact(len);
        let mut encoders = 0;
        for strip in &mut self.strips {
            match &mut strip.output {
                Output::Encoded(encoding) if encoding.own => {
                    let Some(mix) = own.next() else { continue };
                    encoders += 1;
                    encoding.last_mix.copy_from_slice(mix);
                    let sent = encode(
                        &mut encoding.encoder,
                        mix,
                        (Mix::Own(strip.id), encoding.codec),
                        &mut self.pool,
                        &mut self.ports.outbound,
                    );
                    if !sent {
                        self.stats.dropped_packets.fetch_add(1, Relaxed);
                    }
                }
                Output::Sink(sink) => {
                    let Some(mix) = own.next() else { continue };
                    let _ = sink.write(now, mix);
                }
                _ => {}
            }
        }
        for shared in &mut self.shared {
            let listened = self.strips.iter().any(|strip| {
                matches!(&strip.output, Output::Encoded(encoding) if !encoding.own && encoding.codec == shared.codec)
            });
            if listened && !shared.running {
                if !self.tick.is_multiple_of(self.config.packet_ticks) {
                    continue;
                }
                let (history, ticks) = (&self.history, self.config.packet_ticks);
                self.pool
                    .with(|payload| shared.encoder.prime(history, ticks, payload).is_ok());
            }
            shared.running = listened;
            if listened {
                encoders += 1;
                let mix = Mix::Shared(shared.codec);
                if !encode(
                    &mut shared.encoder,
                    everyone,
                    (mix, shared.codec),
                    &mut self.pool,
                    &mut self.ports.outbound,
                ) {
                    self.stats.dropped_packets.fetch_add(1, Relaxed);
                }
            }
        }
        self.history.push(everyone);
        self.stats.encoders.store(encoders, Relaxed);
    }

    /// Leaves numbers where others can read them, and sends the outcomes off.
    fn publish(&mut self, now: Timestamp) {
        let n = self.strips.len() as u64;
        let phase = self.tick % STATISTICS_TICKS;
        for (index, strip) in self.strips.iter_mut().enumerate() {
            if let Input::Packets { receiver, .. } = &mut strip.input {
                let counters = receiver.counters();
                strip.stats.total_samples.store(counters.total_samples, Relaxed);
                strip
                    .stats
                    .concealed_samples
                    .store(counters.concealed_samples, Relaxed);
            }
            if (index as u64) * STATISTICS_TICKS / n.max(1) == phase {
                crate::publish::strip(strip, now);
            }
        }
        if phase == 0 {
            let failed = self.mixing.is_failed();
            crate::publish::socket(&self.stats.mixer, self.mixing.mixer(), 0, failed);
        }
        while let Some(outcome) = self.waiting_outcomes.pop_front() {
            if let Err(rtrb::PushError::Full(outcome)) = self.ports.outcomes.push(outcome) {
                self.waiting_outcomes.push_front(outcome);
                break;
            }
        }
    }

    fn obey(&mut self, now: Timestamp, command: Command, watch: &mut dyn Stopwatch) {
        match command {
            Command::AddStrip(strip) => {
                if self.strips.len() < self.config.max_participants {
                    self.strips.push(strip);
                } else {
                    self.waiting_outcomes.push_back(Outcome::Left(strip));
                }
            }
            Command::RemoveStrip(id) => {
                if let Some(at) = self.strips.iter().position(|s| s.id == id) {
                    let strip = self.strips.remove(at);
                    self.waiting_outcomes.push_back(Outcome::Left(strip));
                }
            }
            Command::Mute { participant, muted } => {
                if let Some(strip) = self.strips.iter_mut().find(|s| s.id == participant) {
                    strip.muted = muted;
                }
            }
            Command::AddSharedEncoder(encoder) => {
                if self.shared.len() < self.shared.capacity()
                    && self.shared.iter().all(|s| s.codec != encoder.codec)
                {
                    self.shared.push(encoder);
                    return;
                }
                self.waiting_outcomes.push_back(Outcome::UnusedEncoder(encoder));
            }
            Command::SetParameter(set) => {
                let result =
                    crate::publish::set_parameter(&mut self.strips, &mut self.shared, &mut self.mixing, &set);
                self.waiting_outcomes.push_back(Outcome::ParameterSet {
                    ticket: set.ticket,
                    result,
                });
            }
            Command::SwapProcessor(order) => {
                let Some(strip) = self.strips.iter_mut().find(|s| s.id == order.participant) else {
                    self.waiting_outcomes.push_back(Outcome::gone(
                        order.swap,
                        order.participant,
                        order.socket,
                        order.newcomer,
                    ));
                    return;
                };
                let Some(slot) = strip.slots.get_mut(order.socket) else {
                    self.waiting_outcomes.push_back(Outcome::gone(
                        order.swap,
                        order.participant,
                        order.socket,
                        order.newcomer,
                    ));
                    return;
                };
                let displaced = slot.begin_swap(order.swap, order.newcomer, watch);
                tell(
                    &mut self.waiting_outcomes,
                    displaced,
                    order.participant,
                    order.socket,
                );
            }
            Command::SwapMixer { swap, newcomer } => {
                let displaced = self.mixing.begin_swap(swap, newcomer, &self.sources, watch);
                if let Some(displaced) = displaced {
                    self.waiting_outcomes.push_back(Outcome::MixerSwapped(displaced));
                }
            }
            Command::SwapJitter(order) => swaps::jitter(
                &mut self.strips,
                order,
                now,
                &mut self.pool,
                &mut self.waiting_outcomes,
                watch,
            ),
            Command::SwapCodec(order) => {
                swaps::note_codec(&mut self.strips, order, &mut self.waiting_outcomes);
            }
            Command::AddDecoders {
                participant,
                decoders,
            } => {
                let mut unused = decoders;
                if let Some(strip) = self.strips.iter_mut().find(|s| s.id == participant)
                    && let Input::Packets { receiver, .. } = &mut strip.input
                {
                    unused = receiver.swap_decoders(unused);
                }
                self.waiting_outcomes.push_back(Outcome::UnusedDecoders(unused));
            }
        }
    }
}

/// Tells whether packets end at this tick, so that what is sent can change without a loss.
struct Edge<'a> {
    shared: &'a [Box<SharedEncoder>],
    /// Encoders that stand still begin at this tick.
    begins: bool,
}

impl Edge<'_> {
    /// Whether a participant's packets end here.
    fn of(&self, encoding: &Encoding) -> bool {
        if encoding.own {
            encoding.encoder.is_between_packets()
        } else {
            self.of_shared(encoding.codec)
        }
    }

    /// Whether the packets that all with this codec share end here, or can begin.
    fn of_shared(&self, codec: u32) -> bool {
        match self.shared.iter().find(|s| s.codec == codec) {
            Some(shared) if shared.running => shared.encoder.is_between_packets(),
            _ => self.begins,
        }
    }
}

/// Encodes a block; a complete packet goes to the network. False if it could not.
fn encode(
    encoder: &mut Encoder,
    block: &[f32],
    (mix, codec): (Mix, u32),
    pool: &mut Pool,
    outbound: &mut Producer<Outbound>,
) -> bool {
    let Some(mut payload) = pool.take() else {
        return false;
    };
    match encoder.encode(block, &mut payload) {
        Ok(encoded) if encoded.ticks > 0 => {
            let packet = OutboundPacket {
                mix,
                codec,
                payload,
                ticks: encoded.ticks,
                level_dbov: level_dbov(block),
                voice: encoded.voice != 0,
            };
            if let Err(rtrb::PushError::Full(Outbound::Packet(packet))) =
                outbound.push(Outbound::Packet(packet))
            {
                pool.recycle(packet.payload);
                return false;
            }
            true
        }
        Ok(_) => {
            pool.recycle(payload);
            true
        }
        Err(_) => {
            pool.recycle(payload);
            false
        }
    }
}

fn tell(outcomes: &mut VecDeque<Outcome>, event: Option<SlotEvent>, participant: u32, socket: usize) {
    match event {
        Some(SlotEvent::Swapped { id, measure, retired }) => {
            outcomes.push_back(Outcome::ProcessorSwapped {
                swap: id,
                participant,
                socket,
                measure,
                retired,
            });
        }
        Some(SlotEvent::Bypassed { reason }) => outcomes.push_back(Outcome::Bypassed {
            participant,
            socket,
            reason,
        }),
        None => {}
    }
}

/// Boxes that the audio thread has at hand.
pub(crate) struct Pool {
    boxes: Vec<Box<PacketBuffer>>,
    kept: usize,
}

impl Pool {
    fn new(kept: usize) -> Self {
        let mut boxes = Vec::with_capacity(kept + 8_192);
        boxes.extend(std::iter::repeat_with(PacketBuffer::new).take(kept));
        Self { boxes, kept }
    }

    fn take(&mut self) -> Option<Box<PacketBuffer>> {
        self.boxes.pop()
    }

    /// Lends a box to `use_it`; false if there is none.
    pub(crate) fn with(&mut self, use_it: impl FnOnce(&mut PacketBuffer) -> bool) -> bool {
        let Some(mut payload) = self.boxes.pop() else {
            return false;
        };
        let done = use_it(&mut payload);
        self.boxes.push(payload);
        done
    }

    /// Gives what it has beyond its own needs to the network thread.
    fn hand_on(&mut self, used: &mut Producer<Box<PacketBuffer>>) {
        while self.boxes.len() > self.kept {
            let Some(buffer) = self.boxes.pop() else { return };
            if let Err(rtrb::PushError::Full(buffer)) = used.push(buffer) {
                self.boxes.push(buffer);
                return;
            }
        }
    }
}

impl Recycle for Pool {
    fn recycle(&mut self, payload: Box<PacketBuffer>) {
        if self.boxes.len() < self.boxes.capacity() {
            self.boxes.push(payload);
        } else {
            // The network thread stands still and thousands of boxes have piled up. Freeing one here would break the rule of this thread.
            std::mem::forget(payload);
        }
    }
}
