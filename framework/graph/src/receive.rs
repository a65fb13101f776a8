//! A participant's receiver: packets in, 10 ms blocks out. The jitter buffer decides, the decoder and the time stretcher obey.

use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::AudioDecoder;
use jackfield_core::jitter_buffer::{
    Action, HandleSink, Insertion, JitterBuffer, JitterDelay, JitterHandover, Operation, PacketArrival,
    Playout,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::SampleRate;

use crate::converter::Converter;
use crate::fifo::Fifo;
use crate::media::{InboundPacket, PacketBuffer};
use crate::stretch::{Direction, stretch};

/// The most packets that wait at once; the jitter buffer is told.
pub const MAX_WAITING: usize = 128;
/// The longest packet: 120 ms at 48 kHz.
const MAX_PACKET_SAMPLES: usize = 5_760;
/// Room for what a stretched packet gains: 15 ms at 48 kHz.
const STRIDE: usize = MAX_PACKET_SAMPLES + 720;
/// More actions than this for one block, and the jitter buffer makes no progress.
const MAX_ACTIONS: usize = 24;

/// A decoder with all that belongs to it.
pub struct Decoder {
    /// The RTP payload type that it decodes.
    pub payload_type: u8,
    /// The plugin, activated.
    pub decoder: Box<dyn AudioDecoder>,
    /// The RTP clock.
    pub clock_rate: SampleRate,
    /// What it gives.
    pub format: AudioFormat,
    /// From what it gives to the room's format, if they differ.
    pub converter: Option<Converter>,
}

/// Packets in, blocks out.
pub struct Receiver {
    jitter: Box<dyn JitterBuffer>,
    decoders: Vec<Decoder>,
    format: AudioFormat,
    waiting: Vec<Option<Waiting>>,
    generation: u32,
    ready: Fifo,
    pcm: Vec<f32>,
    converted: Vec<f32>,
    last: Operation,
    voice: bool,
    current: usize,
    due: Due,
    counters: ReceiveCounters,
}

/// A packet that the jitter buffer knows by its handle.
struct Waiting {
    payload: Box<PacketBuffer>,
    arrival: PacketArrival,
    decoder: usize,
}

/// Where playing stands, kept beside the jitter buffer so that a broken one can be replaced without loss.
#[derive(Clone, Copy, Default)]
struct Due {
    started: bool,
    sequence_number: i64,
    timestamp: i64,
}

/// What a receiver has counted; all grow for ever, also across swaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiveCounters {
    /// Samples per channel played.
    pub total_samples: u64,
    /// Of them made up by concealment.
    pub concealed_samples: u64,
    /// Packets that came too late.
    pub late: u64,
    /// Packets that came twice.
    pub duplicate: u64,
    /// Packets that the jitter buffer threw away to make room.
    pub flushed: u64,
    /// Packets of an unknown payload type or that no decoder took.
    pub undecodable: u64,
    /// Samples taken out to play faster.
    pub removed_samples: u64,
    /// Samples put in to play slower.
    pub inserted_samples: u64,
}

/// Where used payload boxes go.
pub trait Recycle {
    /// Takes one back.
    fn recycle(&mut self, payload: Box<PacketBuffer>);
}

impl Receiver {
    /// A receiver that gives blocks of `format`. `jitter` is activated for a 48 kHz clock and [`MAX_WAITING`] packets, whatever the codecs'
    /// clocks are: the receiver converts. Allocates all that it will need.
    pub fn new(format: AudioFormat, jitter: Box<dyn JitterBuffer>, decoders: Vec<Decoder>) -> Self {
        let channels = decoders
            .iter()
            .map(|d| d.format.channels)
            .max()
            .unwrap_or(1)
            .max(format.channels) as usize;
        Self {
            jitter,
            decoders,
            format,
            waiting: std::iter::repeat_with(|| None).take(MAX_WAITING + 8).collect(),
            generation: 0,
            ready: Fifo::new(format.channels as usize, 2 * STRIDE),
            pcm: vec![0.0; STRIDE * channels],
            converted: vec![0.0; STRIDE * channels],
            last: Operation::Silence,
            voice: false,
            current: 0,
            due: Due::default(),
            counters: ReceiveCounters::default(),
        }
    }

    /// The clock in which the jitter buffer counts.
    pub const JITTER_CLOCK: SampleRate = SampleRate::HZ_48000;

    /// What has been counted so far.
    pub fn counters(&self) -> ReceiveCounters {
        self.counters
    }

    /// The delay of the jitter buffer. [audio]
    pub fn delay(&mut self, now: Timestamp) -> JitterDelay {
        self.jitter.delay(now).unwrap_or_default()
    }

    /// The jitter buffer, to set parameters and read statistics.
    pub fn jitter(&mut self) -> &mut dyn JitterBuffer {
        &mut *self.jitter
    }

    /// The decoder that was used last.
    pub fn decoder(&mut self) -> Option<&mut dyn AudioDecoder> {
        match self.decoders.get_mut(self.current) {
            Some(slot) => Some(&mut *slot.decoder),
            None => None,
        }
    }

    /// Takes a packet in. [audio]
    pub fn insert(&mut self, now: Timestamp, packet: InboundPacket, recycle: &mut dyn Recycle) {
        let slot = self
            .decoders
            .iter()
            .position(|d| d.payload_type == packet.payload_type);
        let free = self.waiting.iter().position(Option::is_none);
        let (Some(decoder), Some(free)) = (slot, free) else {
            self.counters.undecodable += 1;
            recycle.recycle(packet.payload);
            return;
        };
        let format = &mut self.decoders[decoder];
        let Ok(info) = format.decoder.probe(packet.payload.bytes()) else {
            self.counters.undecodable += 1;
            recycle.recycle(packet.payload);
            return;
        };
        let clock = i64::from(format.clock_rate.as_hz().max(1));
        let jitter_clock = i64::from(Self::JITTER_CLOCK.as_hz());
        let ticks = u64::from(info.samples) * jitter_clock as u64
            / u64::from(format.format.sample_rate.as_hz().max(1));
        self.generation = self.generation.wrapping_add(1);
        let arrival = PacketArrival {
            arrival: packet.arrival,
            handle: u64::from(self.generation) << 32 | free as u64,
            sequence_number: packet.sequence_number,
            timestamp: packet.timestamp * jitter_clock / clock,
            ticks: ticks as u32,
            redundancy: info.redundancy,
            dtx: info.dtx,
            marker: u32::from(packet.marker),
        };
        self.waiting[free] = Some(Waiting {
            payload: packet.payload,
            arrival,
            decoder,
        });
        let mut released = Released {
            waiting: &mut self.waiting,
            recycle,
            count: 0,
        };
        let insertion = self.jitter.insert(now, &arrival, &mut released);
        self.counters.flushed += released.count;
        match insertion {
            Ok(Insertion::Late) => self.counters.late += 1,
            Ok(Insertion::Duplicate) => self.counters.duplicate += 1,
            Ok(_) => return,
            // A broken jitter buffer loses no packet: the next one is given all that wait.
            Err(_) => return,
        }
        release(&mut self.waiting, arrival.handle, recycle);
    }

    /// Gives the next 10 ms in `block`. Without `decode` the packets are consumed and the block is silence: nobody would hear it.
    /// [audio]
    ///
    /// # Errors
    /// If the jitter buffer failed; the block is then silence.
    pub fn pull(
        &mut self,
        now: Timestamp,
        block: &mut [f32],
        decode: bool,
        recycle: &mut dyn Recycle,
    ) -> Result<Pulled, Fault> {
        let need = self.format.block_samples();
        let mut pulled = Pulled::default();
        let mut actions = 0;
        while self.ready.len() < need {
            actions += 1;
            if actions > MAX_ACTIONS {
                self.ready.push_silence(need - self.ready.len());
                break;
            }
            let playout = Playout {
                ready_ticks: self.ready.len() as u32
                    * (Self::JITTER_CLOCK.as_hz() / self.format.sample_rate.as_hz().max(1)),
                last: self.last,
                voice: u32::from(self.voice),
                ..Playout::START
            };
            let mut released = Released {
                waiting: &mut self.waiting,
                recycle,
                count: 0,
            };
            let action = self.jitter.next(now, &playout, &mut released);
            self.counters.flushed += released.count;
            match action {
                Ok(action) => {
                    let concealed = self.perform(&action, decode, need, recycle);
                    pulled.concealed += concealed;
                    self.counters.concealed_samples += concealed as u64;
                    self.last = action.operation;
                }
                Err(fault) => {
                    self.ready.push_silence(need - self.ready.len());
                    self.ready.pop(block, need);
                    return Err(fault);
                }
            }
        }
        self.ready.pop(block, need);
        self.counters.total_samples += need as u64;
        pulled.silence = self.last == Operation::Silence;
        Ok(pulled)
    }

    /// Puts `jitter` (activated as for [`Receiver::new`]) in the place of the present one, which is given back: it starts from what its
    /// predecessor learnt and every waiting packet is inserted again. Says how many samples were lost. [audio]
    ///
    /// # Errors
    /// If the newcomer fails; it is given back then, and nothing has changed.
    #[expect(
        clippy::type_complexity,
        reason = "the box goes back either way: it is dropped on the control thread"
    )]
    pub fn swap_jitter(
        &mut self,
        now: Timestamp,
        mut jitter: Box<dyn JitterBuffer>,
        recycle: &mut dyn Recycle,
    ) -> Result<(Box<dyn JitterBuffer>, u64), (Box<dyn JitterBuffer>, Fault)> {
        let state = self.jitter.hand_over(now).unwrap_or_else(|_| self.due.handover());
        if let Err(fault) = jitter.take_over(now, &state) {
            return Err((jitter, fault));
        }
        let mut refused = [0_u64; MAX_WAITING + 8];
        let mut n_refused = 0;
        let mut last = i64::MIN;
        let mut lost = 0;
        // In order of sequence numbers, without a buffer to sort in: each round takes the next one up.
        while let Some(arrival) = self.next_waiting(last) {
            last = arrival.sequence_number;
            let mut released = Released {
                waiting: &mut self.waiting,
                recycle,
                count: 0,
            };
            match jitter.insert(now, &arrival, &mut released) {
                Ok(Insertion::Accepted | Insertion::Flushed) => {}
                Ok(_) => {
                    refused[n_refused] = arrival.handle;
                    n_refused += 1;
                    lost += u64::from(arrival.ticks);
                }
                Err(fault) => return Err((jitter, fault)),
            }
        }
        for handle in &refused[..n_refused] {
            release(&mut self.waiting, *handle, recycle);
        }
        Ok((std::mem::replace(&mut self.jitter, jitter), lost))
    }

    /// Puts these decoders in the place of the present ones, which are given back; packets that wait are decoded by the newcomer of the
    /// same payload type. [audio]
    pub fn swap_decoders(&mut self, decoders: Vec<Decoder>) -> Vec<Decoder> {
        for waiting in self.waiting.iter_mut().flatten() {
            let payload_type = self.decoders[waiting.decoder].payload_type;
            waiting.decoder = decoders
                .iter()
                .position(|d| d.payload_type == payload_type)
                .unwrap_or(0);
        }
        self.current = 0;
        std::mem::replace(&mut self.decoders, decoders)
    }

    fn next_waiting(&self, after: i64) -> Option<PacketArrival> {
        self.waiting
            .iter()
            .flatten()
            .map(|w| w.arrival)
            .filter(|a| a.sequence_number > after)
            .min_by_key(|a| a.sequence_number)
    }

    /// Does what the jitter buffer said; gives the number of concealed samples.
    fn perform(&mut self, action: &Action, decode: bool, need: usize, recycle: &mut dyn Recycle) -> usize {
        match action.operation {
            Operation::Normal | Operation::Merge | Operation::Accelerate | Operation::PreemptiveExpand => {
                let Some(waiting) = take(&mut self.waiting, action.handle) else {
                    self.ready.push_silence(need);
                    return 0;
                };
                let arrival = waiting.arrival;
                self.due = Due {
                    started: true,
                    sequence_number: arrival.sequence_number + 1,
                    timestamp: arrival.timestamp + i64::from(arrival.ticks),
                };
                if decode {
                    self.decode(&waiting, action.operation);
                } else {
                    self.ready.push_silence(self.samples(arrival.ticks));
                }
                recycle.recycle(waiting.payload);
                0
            }
            Operation::Recover | Operation::Conceal => {
                let ticks = if action.ticks == 0 { 480 } else { action.ticks };
                self.due.sequence_number += 1;
                self.due.timestamp += i64::from(ticks);
                if decode {
                    self.make_up(action, ticks)
                } else {
                    self.missed(ticks)
                }
            }
            _ => {
                let samples = if action.ticks == 0 {
                    need
                } else {
                    self.samples(action.ticks)
                };
                self.ready.push_silence(samples.min(MAX_PACKET_SAMPLES));
                self.voice = false;
                0
            }
        }
    }

    fn samples(&self, jitter_ticks: u32) -> usize {
        (u64::from(jitter_ticks) * u64::from(self.format.sample_rate.as_hz())
            / u64::from(Self::JITTER_CLOCK.as_hz())) as usize
    }

    fn missed(&mut self, ticks: u32) -> usize {
        let samples = self.samples(ticks).min(MAX_PACKET_SAMPLES);
        self.ready.push_silence(samples);
        samples
    }

    fn decode(&mut self, waiting: &Waiting, operation: Operation) {
        self.current = waiting.decoder;
        let slot = &mut self.decoders[waiting.decoder];
        let channels = slot.format.channels as usize;
        let stride = STRIDE;
        let room = &mut self.pcm[..stride * channels];
        let Ok(decoded) = slot.decoder.decode(waiting.payload.bytes(), room) else {
            self.counters.undecodable += 1;
            self.missed(waiting.arrival.ticks);
            return;
        };
        self.voice = decoded.voice != 0;
        let mut samples = (decoded.samples as usize).min(MAX_PACKET_SAMPLES);
        let direction = match operation {
            Operation::Accelerate => Some(Direction::Faster),
            Operation::PreemptiveExpand => Some(Direction::Slower),
            _ => None,
        };
        if let Some(direction) = direction
            && slot.converter.is_none()
        {
            let stretched = stretch(
                room,
                channels,
                stride,
                samples,
                slot.format.sample_rate,
                &direction,
            );
            self.counters.removed_samples += samples.saturating_sub(stretched) as u64;
            self.counters.inserted_samples += stretched.saturating_sub(samples) as u64;
            samples = stretched;
        }
        self.push_decoded(samples);
    }

    fn make_up(&mut self, action: &Action, ticks: u32) -> usize {
        let later = (action.operation == Operation::Recover)
            .then(|| index(action.handle))
            .filter(|i| {
                self.waiting
                    .get(*i)
                    .and_then(Option::as_ref)
                    .is_some_and(|w| w.arrival.handle == action.handle)
            });
        if let Some(i) = later {
            self.current = self.waiting[i].as_ref().map_or(self.current, |w| w.decoder);
        }
        let Some(slot) = self.decoders.get_mut(self.current) else {
            return self.missed(ticks);
        };
        let wanted = u64::from(ticks) * u64::from(slot.format.sample_rate.as_hz())
            / u64::from(Self::JITTER_CLOCK.as_hz());
        let wanted = (wanted as u32).min(MAX_PACKET_SAMPLES as u32);
        let room = &mut self.pcm[..STRIDE * slot.format.channels as usize];
        if let Some(waiting) = later.and_then(|i| self.waiting[i].as_ref())
            && let Ok(recovered) = slot
                .decoder
                .recover(waiting.payload.bytes(), action.back, wanted, room)
            && recovered.samples > 0
        {
            self.push_decoded(recovered.samples as usize);
            return 0;
        }
        match slot.decoder.conceal(wanted, room) {
            Ok(made) => {
                let before = self.ready.len();
                self.push_decoded(made.samples as usize);
                self.ready.len() - before
            }
            Err(_) => self.missed(ticks),
        }
    }

    /// Moves `samples` from the decoder's room to what is ready, through the converter if there is one.
    fn push_decoded(&mut self, samples: usize) {
        let slot = &mut self.decoders[self.current];
        let samples = samples.min(STRIDE);
        let Some(converter) = &mut slot.converter else {
            self.ready.push(&self.pcm, STRIDE, samples);
            return;
        };
        let (from, to) = (converter.from(), converter.to());
        let (n_in, n_out) = (from.block_samples(), to.block_samples());
        let (len_in, len_out) = (from.block_len(), to.block_len());
        // Whole blocks of 10 ms: what packets of every codec here are made of.
        for block in 0..samples / n_in {
            let (input, output) = self.converted.split_at_mut(len_in);
            for c in 0..from.channels as usize {
                let at = c * STRIDE + block * n_in;
                input[c * n_in..(c + 1) * n_in].copy_from_slice(&self.pcm[at..at + n_in]);
            }
            converter.convert(input, &mut output[..len_out]);
            self.ready.push(&output[..len_out], n_out, n_out);
        }
    }
}

impl Due {
    fn handover(self) -> JitterHandover {
        JitterHandover {
            started: u32::from(self.started),
            next_sequence_number: self.sequence_number,
            next_timestamp: self.timestamp,
            ..JitterHandover::default()
        }
    }
}

/// What a pull was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// Samples per channel that were concealed on the way.
    pub concealed: usize,
    /// Whether nothing came and nothing was due.
    pub silence: bool,
}

/// Takes back the handles that a jitter buffer lets go.
struct Released<'a> {
    waiting: &'a mut [Option<Waiting>],
    recycle: &'a mut dyn Recycle,
    count: u64,
}

impl HandleSink for Released<'_> {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        self.count += 1;
        release(self.waiting, handle, self.recycle);
        Ok(())
    }
}

fn index(handle: u64) -> usize {
    (handle & 0xffff_ffff) as usize
}

fn take(waiting: &mut [Option<Waiting>], handle: u64) -> Option<Waiting> {
    let slot = waiting.get_mut(index(handle))?;
    if slot.as_ref().is_some_and(|w| w.arrival.handle == handle) {
        slot.take()
    } else {
        None
    }
}

fn release(waiting: &mut [Option<Waiting>], handle: u64, recycle: &mut dyn Recycle) {
    if let Some(waiting) = take(waiting, handle) {
        recycle.recycle(waiting.payload);
    }
}
