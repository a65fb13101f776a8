//! A participant's receiver: packets in, 10 ms blocks out. The jitter buffer decides, the decoder and the time stretcher obey.

mod shadow;
mod swapping;
mod waiting;

use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::AudioDecoder;
use jackfield_core::jitter_buffer::{
    Action, Insertion, JitterBuffer, JitterDelay, JitterHandover, Operation, PacketArrival, Playout,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{SampleRate, TimeDelta};

use self::swapping::Swap;
use self::waiting::{Released, Waiting, index, release, take};
use crate::decoding::Decoding;
use crate::fallback::Fallback;
use crate::media::{InboundPacket, PacketBuffer};
use crate::transaction::Step;

pub use self::swapping::JitterSwapped;
pub use crate::decoding::Decoder;

/// The most packets that wait at once; the jitter buffer is told.
pub const MAX_WAITING: usize = 128;
/// Packets whose handles the jitter buffer is about to get or has just given back.
const SPARE: usize = 8;
/// More actions than this for one block, and the jitter buffer makes no progress.
const MAX_ACTIONS: usize = 48;
/// 10 ms of the jitter buffer's clock.
const STEP: u32 = 480;

/// Packets in, blocks out.
pub struct Receiver {
    jitter: Box<dyn JitterBuffer>,
    /// The jitter buffer broke: `fallback` plays.
    failed: bool,
    /// It did not break but its process did not answer: it plays on once it does.
    away: bool,
    fallback: Fallback,
    swap: Option<Swap>,
    ended: Option<JitterSwapped>,
    stepped: Option<(u64, Step)>,
    decoding: Decoding,
    format: AudioFormat,
    waiting: Vec<Option<Waiting>>,
    generation: u32,
    last: Operation,
    due: Due,
    /// What is asked of whichever jitter buffer plays.
    minimum_delay: TimeDelta,
    counters: ReceiveCounters,
}

/// Where playing stands, kept beside the jitter buffer so that a broken one can be replaced without loss.
#[derive(Clone, Copy, Default)]
pub(crate) struct Due {
    pub(crate) started: bool,
    pub(crate) sequence_number: i64,
    pub(crate) timestamp: i64,
    target: TimeDelta,
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
    /// Samples of comfort noise that went on in a pause.
    pub comfort_noise_samples: u64,
}

/// Where used payload boxes go.
pub trait Recycle {
    /// Takes one back.
    fn recycle(&mut self, payload: Box<PacketBuffer>);
}

impl Receiver {
    /// The clock in which the jitter buffer counts.
    pub const JITTER_CLOCK: SampleRate = SampleRate::HZ_48000;

    /// A receiver that gives blocks of `format`. `jitter` is activated for a 48 kHz clock and [`MAX_WAITING`] packets, whatever the codecs'
    /// clocks are: the receiver converts. Allocates all that it will need.
    pub fn new(format: AudioFormat, jitter: Box<dyn JitterBuffer>, decoders: Vec<Decoder>) -> Self {
        Self {
            jitter,
            failed: false,
            away: false,
            fallback: Fallback::default(),
            swap: None,
            ended: None,
            stepped: None,
            decoding: Decoding::new(format, decoders),
            format,
            waiting: std::iter::repeat_with(|| None)
                .take(MAX_WAITING + SPARE)
                .collect(),
            generation: 0,
            last: Operation::Silence,
            due: Due::default(),
            minimum_delay: TimeDelta::ZERO,
            counters: ReceiveCounters::default(),
        }
    }

    /// What has been counted so far.
    pub fn counters(&self) -> ReceiveCounters {
        self.counters
    }

    /// The delay of the jitter buffer. \[audio\]
    pub fn delay(&mut self, now: Timestamp) -> JitterDelay {
        let delay = self.jitter.delay(now).unwrap_or_default();
        self.due.target = delay.target;
        delay
    }

    /// Packets are held back at least so long from now on, so that the voice is in step with something else; whoever takes the jitter buffer's place
    /// is told, too. False if it cannot be. \[audio\]
    pub fn set_minimum_delay(&mut self, minimum: TimeDelta) -> bool {
        self.minimum_delay = minimum;
        !self.failed && self.jitter.set_bounds(minimum, TimeDelta::INFINITE).is_ok()
    }

    /// The jitter buffer, to set parameters and read statistics.
    pub fn jitter(&mut self) -> &mut dyn JitterBuffer {
        &mut *self.jitter
    }

    /// Whether the jitter buffer broke, so that packets are played by a plain stand-in until another jitter buffer is put in.
    pub fn is_jitter_failed(&self) -> bool {
        self.failed
    }

    /// The decoder that was used last.
    pub fn decoder(&mut self) -> Option<&mut dyn AudioDecoder> {
        self.decoding.decoder()
    }

    /// Whether the first decoder for what comes does not answer.
    pub(crate) fn is_decoder_away(&self) -> bool {
        self.decoding.is_away()
    }

    /// Packets that went without the first decoder for them: another one stood in, or something was made up.
    pub(crate) fn concealed_packets(&self) -> u64 {
        self.decoding.concealed_packets()
    }

    /// The end of a swap of the jitter buffer, told once. \[audio\]
    pub fn take_ended(&mut self) -> Option<JitterSwapped> {
        self.ended.take()
    }

    /// Takes a packet in. \[audio\]
    pub fn insert(&mut self, now: Timestamp, packet: InboundPacket, recycle: &mut dyn Recycle) {
        let probed = self.decoding.probe(packet.payload_type, packet.payload.bytes());
        let free = self.waiting.iter().position(Option::is_none);
        let (Some((info, clock, ticks)), Some(free)) = (probed, free) else {
            self.counters.undecodable += 1;
            recycle.recycle(packet.payload);
            return;
        };
        let clock = i64::from(clock.as_hz().max(1));
        self.generation = self.generation.wrapping_add(1);
        let arrival = PacketArrival {
            arrival: packet.arrival,
            handle: u64::from(self.generation) << 32 | free as u64,
            sequence_number: packet.sequence_number,
            timestamp: packet.timestamp * i64::from(Self::JITTER_CLOCK.as_hz()) / clock,
            ticks,
            redundancy: info.redundancy,
            dtx: info.dtx,
            marker: u32::from(packet.marker),
        };
        self.waiting[free] = Some(Waiting {
            payload: packet.payload,
            arrival,
            payload_type: packet.payload_type,
        });
        if self.failed {
            return;
        }
        let mut released = Released::new(&mut self.waiting, recycle);
        let insertion = self.jitter.insert(now, &arrival, &mut released);
        self.counters.flushed += released.count;
        match insertion {
            Ok(Insertion::Late) => self.counters.late += 1,
            Ok(Insertion::Duplicate) => self.counters.duplicate += 1,
            Ok(_) => return self.shadow_insert(now, &arrival),
            // No packet is lost with it: whoever is next is given all that wait.
            Err(fault) => return self.jitter_failed(now, &fault, recycle),
        }
        self.shadow_insert(now, &arrival);
        release(&mut self.waiting, arrival.handle, recycle);
    }

    /// Gives the next 10 ms in `block`. Without `decode` the packets are consumed and the block is silence: nobody would hear it.
    /// \[audio\]
    pub fn pull(
        &mut self,
        now: Timestamp,
        block: &mut [f32],
        decode: bool,
        recycle: &mut dyn Recycle,
    ) -> Pulled {
        let need = self.format.block_samples();
        let mut pulled = Pulled::default();
        if self.away {
            self.rejoin(now, recycle);
        }
        let mut played = false;
        for _ in 0..MAX_ACTIONS {
            if self.decoding.ready() >= need {
                break;
            }
            if let Some(action) = self.next(now, decode, recycle) {
                played |= is_played(action.operation);
                pulled.concealed += self.perform(&action, decode, recycle);
                self.last = action.operation;
            }
        }
        let ready = self.decoding.ready();
        if ready < need {
            self.decoding.silence(need - ready);
        }
        self.decoding.pop(block, need);
        self.counters.concealed_samples += pulled.concealed as u64;
        self.counters.total_samples += need as u64;
        pulled.silence = matches!(self.last, Operation::Silence | Operation::ComfortNoise);
        self.shadow_pull(now, played, recycle);
        pulled
    }

    /// Puts these decoders in the place of the present ones, which are given back; packets that wait are decoded by the newcomer of the
    /// same payload type. \[audio\]
    pub fn swap_decoders(&mut self, decoders: Vec<Decoder>) -> Vec<Decoder> {
        self.decoding.watch_seams();
        self.decoding.swap(decoders)
    }

    /// The largest step at a joint of the signal since something was swapped, beyond its own, in dB below full scale.
    pub(crate) fn seam_db(&self) -> f32 {
        self.decoding.worst_seam_db()
    }

    /// What to do next; `None` if the jitter buffer broke just now.
    fn next(&mut self, now: Timestamp, decode: bool, recycle: &mut dyn Recycle) -> Option<Action> {
        if self.failed {
            return Some(self.fall_back(now, recycle));
        }
        let per_sample = Self::JITTER_CLOCK.as_hz() / self.format.sample_rate.as_hz().max(1);
        let playout = Playout {
            ready_ticks: self.decoding.ready() as u32 * per_sample,
            last: self.last,
            voice: u32::from(self.decoding.voice()),
            muted: u32::from(!decode),
            ..Playout::START
        };
        let mut released = Released::new(&mut self.waiting, recycle);
        let action = self.jitter.next(now, &playout, &mut released);
        self.counters.flushed += released.count;
        action
            .inspect_err(|fault| self.jitter_failed(now, fault, recycle))
            .ok()
    }

    fn fall_back(&mut self, now: Timestamp, recycle: &mut dyn Recycle) -> Action {
        let due = self.due;
        // A number far behind is no late packet but a stream that began anew.
        while let Some(late) = self.next_waiting(i64::MIN).filter(|a| {
            due.started && (due.sequence_number - 1_000..due.sequence_number).contains(&a.sequence_number)
        }) {
            let handle = late.handle;
            self.counters.late += 1;
            release(&mut self.waiting, handle, recycle);
        }
        let end = self
            .waiting
            .iter()
            .flatten()
            .map(|w| w.arrival.timestamp + i64::from(w.arrival.ticks))
            .max();
        let front = self.next_waiting(i64::MIN).copied();
        self.fallback
            .next(now, &due, front.as_ref(), end.unwrap_or_default())
    }

    fn next_waiting(&self, after: i64) -> Option<&PacketArrival> {
        waiting::next(&self.waiting, after)
    }

    /// Does what the jitter buffer said; gives the number of concealed samples.
    fn perform(&mut self, action: &Action, decode: bool, recycle: &mut dyn Recycle) -> usize {
        let ticks = if action.ticks == 0 { STEP } else { action.ticks };
        match action.operation {
            Operation::Normal
            | Operation::Merge
            | Operation::Accelerate
            | Operation::FastAccelerate
            | Operation::PreemptiveExpand => {
                // A handle of a packet that has been played means nothing, and the next question is answered at once.
                let Some(waiting) = take(&mut self.waiting, action.handle) else {
                    return 0;
                };
                let arrival = waiting.arrival;
                self.due.after(&arrival);
                if decode {
                    let packet = (waiting.payload_type, waiting.payload, arrival.ticks);
                    return self
                        .decoding
                        .decode(packet, action.operation, &mut self.counters, recycle);
                }
                self.decoding.skip(arrival.ticks);
                recycle.recycle(waiting.payload);
                0
            }
            Operation::Recover | Operation::Conceal => {
                self.due.timestamp += i64::from(ticks);
                if !decode {
                    self.decoding.skip(ticks);
                    return self.decoding.samples(ticks);
                }
                self.make_up(action, ticks)
            }
            // What the decoder makes of a packet that is missing is, after one that said "silence", the noise that the sender described.
            Operation::ComfortNoise if decode => {
                let before = self.decoding.ready();
                self.decoding.conceal(ticks);
                self.counters.comfort_noise_samples += (self.decoding.ready() - before) as u64;
                0
            }
            _ => {
                self.decoding.silence(self.decoding.samples(ticks));
                0
            }
        }
    }

    fn make_up(&mut self, action: &Action, ticks: u32) -> usize {
        if action.operation == Operation::Recover
            && let Some(Some(later)) = self.waiting.get(index(action.handle))
            && later.arrival.handle == action.handle
        {
            self.due.sequence_number = later.arrival.sequence_number;
            let payload = later.payload.bytes();
            if self
                .decoding
                .recover(later.payload_type, payload, action.back, ticks)
            {
                return 0;
            }
        }
        let before = self.decoding.ready();
        self.decoding.conceal(ticks);
        self.decoding.ready() - before
    }
}

impl Due {
    /// The packet is played: the one behind it is due.
    fn after(&mut self, played: &PacketArrival) {
        self.started = true;
        self.sequence_number = played.sequence_number + 1;
        self.timestamp = played.timestamp + i64::from(played.ticks);
    }

    fn handover(self) -> JitterHandover {
        JitterHandover {
            started: u32::from(self.started),
            next_sequence_number: self.sequence_number,
            next_timestamp: self.timestamp,
            target: self.target,
            ..JitterHandover::default()
        }
    }
}

/// Whether what is done is playing a packet.
fn is_played(operation: Operation) -> bool {
    !matches!(
        operation,
        Operation::Silence | Operation::ComfortNoise | Operation::Conceal | Operation::Recover
    )
}

/// What a pull was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// Samples per channel that were concealed on the way.
    pub concealed: usize,
    /// Whether nothing came and nothing was due.
    pub silence: bool,
}
