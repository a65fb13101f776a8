//! A room with speakers whose packets were encoded beforehand, so that only the host's own work is measured.

use std::sync::Arc;
use std::time::Instant;

use jackfield_core::audio::{BLOCK_DURATION, level_dbov};
use jackfield_core::mixer::Mixer;
use jackfield_core::time::Timestamp;
use jackfield_graph::Conference;
use jackfield_graph::command::{Command, Outcome};
use jackfield_graph::conference::{ConferenceConfig, ControlPorts, NetworkPorts, SharedEncoder};
use jackfield_graph::media::{InboundPacket, Outbound, PacketBuffer};
use jackfield_graph::processor::{PreparedProcessor, ProcessorSlot};
use jackfield_graph::receive::Receiver;
use jackfield_graph::stats::StripStats;
use jackfield_graph::stopwatch::{NoStopwatch, Stopwatch};
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use rtrb::{Producer, RingBuffer};

use crate::plugins::{Codec, PAYLOAD_TYPE, ROOM, jitter};

/// A room, its speakers and its listeners, in virtual time.
pub struct Hall {
    codec: Codec,
    conference: Conference,
    control: ControlPorts,
    network: NetworkPorts,
    speakers: Vec<Speaker>,
    now: Timestamp,
    tick: usize,
    next_id: u32,
    /// Measures what plugins take, if the bench wants that.
    pub watch: Box<dyn Stopwatch>,
}

struct Speaker {
    /// One packet after another, each with its level.
    packets: Arc<Vec<(Vec<u8>, f32)>>,
    inbound: Producer<InboundPacket>,
}

/// The machine's clock.
pub struct RealStopwatch(Instant);

impl Default for RealStopwatch {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Stopwatch for RealStopwatch {
    fn us(&mut self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1e6
    }
}

impl Hall {
    /// A room for `people` who speak Opus.
    pub fn new(people: usize, mixer: Box<dyn Mixer>) -> Self {
        Self::with_codec(people, mixer, Codec::Opus)
    }

    /// A room for `people` who use `codec`.
    pub fn with_codec(people: usize, mixer: Box<dyn Mixer>, codec: Codec) -> Self {
        let config = ConferenceConfig {
            max_participants: people,
            ..ConferenceConfig::default()
        };
        let (conference, control, network) = Conference::new(config, mixer);
        let mut hall = Self {
            codec,
            conference,
            control,
            network,
            speakers: Vec::new(),
            now: Timestamp::ZERO,
            tick: 0,
            next_id: 1,
            watch: Box::new(NoStopwatch),
        };
        hall.order(Command::AddSharedEncoder(Box::new(SharedEncoder::new(
            0,
            codec.encoder(),
        ))));
        hall
    }

    /// Encodes speech, for [`Hall::join`].
    ///
    /// # Panics
    /// If the codec does not take it.
    pub fn packets(codec: Codec, speech: &[f32]) -> Arc<Vec<(Vec<u8>, f32)>> {
        let mut mouth = codec.encoder();
        let mut payload = PacketBuffer::new();
        let mut packets = Vec::new();
        for packet in speech.chunks_exact(480 * codec.blocks_per_packet()) {
            for block in packet.chunks_exact(480) {
                mouth
                    .encode(block, &mut payload)
                    .expect("a codec takes any block");
            }
            packets.push((payload.bytes().to_vec(), level_dbov(packet)));
        }
        Arc::new(packets)
    }

    /// Somebody joins: a speaker with packets, or a listener with none.
    pub fn join(
        &mut self,
        packets: Option<Arc<Vec<(Vec<u8>, f32)>>>,
        chain: Vec<Box<PreparedProcessor>>,
    ) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        let (producer, inbound) = RingBuffer::new(64);
        let stats = Arc::new(StripStats::new(chain.len()));
        let receiver = Box::new(Receiver::new(ROOM, jitter(), vec![self.codec.decoder()]));
        let slots = chain
            .into_iter()
            .map(|processor| ProcessorSlot::new(ROOM, processor))
            .collect();
        let output = Output::Encoded(Box::new(Encoding::new(0, self.codec.encoder(), ROOM)));
        let input = Input::Packets { inbound, receiver };
        let strip = Strip::new(id, ROOM, input, slots, output, stats);
        self.order(Command::AddStrip(Box::new(strip)));
        // Of a listener whose other end of the ring is gone nothing ever comes.
        if let Some(packets) = packets {
            self.speakers.push(Speaker {
                packets,
                inbound: producer,
            });
        }
        id
    }

    /// Gives an order to the audio domain.
    ///
    /// # Panics
    /// If more than 256 wait.
    pub fn order(&mut self, command: Command) {
        assert!(
            self.control.commands.push(command).is_ok(),
            "too many orders at once"
        );
    }

    /// What is there to do before a tick: packets come.
    pub fn prepare(&mut self) {
        let blocks = self.codec.blocks_per_packet();
        if !self.tick.is_multiple_of(blocks) {
            return;
        }
        let n = self.tick / blocks;
        for speaker in &mut self.speakers {
            let (bytes, level) = &speaker.packets[n % speaker.packets.len()];
            let mut payload = self.network.used.pop().unwrap_or_else(|_| PacketBuffer::new());
            payload.fill(bytes);
            let packet = InboundPacket {
                payload,
                arrival: self.now,
                sequence_number: n as i64,
                timestamp: (n * blocks * 480) as i64,
                payload_type: PAYLOAD_TYPE,
                marker: false,
                level_dbov: Some(*level),
            };
            let _ = speaker.inbound.push(packet);
        }
    }

    /// The tick itself.
    pub fn tick(&mut self) {
        self.conference.tick(self.now, &mut *self.watch);
    }

    /// What is there to do after a tick: packets leave, and the ends of swaps are looked at.
    pub fn finish(&mut self) -> Vec<Outcome> {
        while let Ok(outbound) = self.network.outbound.pop() {
            if let Outbound::Packet(packet) = outbound {
                let _ = self.network.returned.push(packet.payload);
            }
        }
        self.now += BLOCK_DURATION;
        self.tick += 1;
        let mut outcomes = Vec::new();
        while let Ok(outcome) = self.control.outcomes.pop() {
            outcomes.push(outcome);
        }
        outcomes
    }

    /// All of it.
    pub fn step(&mut self) {
        self.prepare();
        self.tick();
        drop(self.finish());
    }

    /// How many were heard, and how many encoders ran, in the last tick.
    pub fn heard_and_encoders(&self) -> (u64, u64) {
        let relaxed = std::sync::atomic::Ordering::Relaxed;
        (
            self.control.stats.heard.load(relaxed),
            self.control.stats.encoders.load(relaxed),
        )
    }
}
