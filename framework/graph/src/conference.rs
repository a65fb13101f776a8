//! The executor of a room's audio domain: one call per 10 ms tick. The real-time and the virtual-time executor call the same function.

mod hints;
mod mixes;
mod obey;
mod pool;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::audio::{AudioFormat, level_dbov};
use jackfield_core::mixer::{MixRequest, MixSource, Mixer};
use jackfield_core::time::Timestamp;
use jackfield_core::units::DataRate;
use rtrb::{Consumer, Producer, RingBuffer};

use self::obey::tell;
pub(crate) use self::pool::Pool;
use crate::appetite::Appetite;
use crate::command::{Command, Outcome};
use crate::history::History;
use crate::media::{Outbound, PacketBuffer, PathHint};
use crate::mixing::Mixing;
use crate::publish;
use crate::receive::Recycle;
use crate::send::Encoder;
use crate::stats::RoomStats;
use crate::stopwatch::Stopwatch;
use crate::strip::Strip;
use crate::strip::{Input, Output, SILENCE_DBOV};
use crate::swaps;

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
    trials: Vec<u64>,
    requests: Vec<MixRequest>,
    mixes: Vec<f32>,
    history: History,
    silence: Vec<f32>,
    /// What resources let every encoder make at most.
    most: DataRate,
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
    /// The rate that its packets take.
    appetite: Appetite,
    /// The limit of the resources that it knows.
    most: DataRate,
    /// Takes its place as soon as a packet ends.
    successor: Option<Box<Self>>,
}

impl SharedEncoder {
    /// One for the codec with this key.
    pub fn new(codec: u32, encoder: Encoder) -> Self {
        Self {
            codec,
            encoder,
            running: false,
            appetite: Appetite::default(),
            most: DataRate::INFINITE,
            successor: None,
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
    hints: Consumer<PathHint>,
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
    /// What the paths to participants are like: for their encoders.
    pub hints: Producer<PathHint>,
}

impl Conference {
    /// A room with nobody in it. `mixer` is activated for `config`. Allocates all that the ticks will need. \[control\]
    pub fn new(config: ConferenceConfig, mixer: Box<dyn Mixer>) -> (Self, ControlPorts, NetworkPorts) {
        let people = config.max_participants;
        let (commands, command_ends) = RingBuffer::new(256);
        let (outcome_ends, outcomes) = RingBuffer::new(1_024);
        let (outbound_ends, outbound) = RingBuffer::new(64 + 8 * people);
        let (used_ends, used) = RingBuffer::new(1_024 + 64 * people);
        let (returned, returned_ends) = RingBuffer::new(64 + 8 * people);
        let (hints, hint_ends) = RingBuffer::new(64 + 4 * people);
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
                hints: hint_ends,
            },
            pool: Pool::new(64 + 2 * people),
            waiting_outcomes: VecDeque::with_capacity(256 + 16 * people),
            sources: Vec::with_capacity(people),
            wanted: vec![false; people],
            trials: Vec::with_capacity(people),
            requests: Vec::with_capacity(people + 1),
            mixes: vec![0.0; (people + 1) * format.block_len()],
            history: History::new(format, REPLAYED_BLOCKS.max(config.packet_ticks as usize)),
            silence: vec![0.0; format.block_len()],
            most: DataRate::INFINITE,
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
                hints,
            },
        )
    }

    /// Does 10 ms of work: takes commands, gathers packets, decodes who can be heard, processes, mixes, encodes. \[audio\]
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
        self.heed_hints();
        self.keep_limits();
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
            swaps::jitter_goes_on(
                strip,
                now,
                &mut self.pool,
                &mut self.waiting_outcomes,
                watch,
                wanted,
            );
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
                publish::strip(strip, &mut self.shared, now);
            }
        }
        if phase == 0 {
            let failed = self.mixing.is_failed();
            publish::socket(&self.stats.mixer, self.mixing.mixer(), 0, failed);
        }
        while let Some(outcome) = self.waiting_outcomes.pop_front() {
            if let Err(rtrb::PushError::Full(outcome)) = self.ports.outcomes.push(outcome) {
                self.waiting_outcomes.push_front(outcome);
                break;
            }
        }
    }
}
