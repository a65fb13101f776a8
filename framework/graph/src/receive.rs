//! A participant's receiver: packets in, 10 ms blocks out. The jitter buffer decides, the decoder and the time stretcher obey.

use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::AudioDecoder;
use jackfield_core::jitter_buffer::{
    Action, HandleSink, Insertion, JitterBuffer, JitterDelay, JitterHandover, Operation, PacketArrival,
    Playout,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{SampleRate, TimeDelta};

use crate::decoding::Decoding;
use crate::fallback::Fallback;
use crate::media::{InboundPacket, PacketBuffer};
use crate::swap::{SwapMeasure, SwapOutcome};

pub use crate::decoding::Decoder;

/// The most packets that wait at once; the jitter buffer is told.
pub const MAX_WAITING: usize = 128;
/// Packets whose handles the jitter buffer is about to get or has just given back.
const SPARE: usize = 8;
/// More actions than this for one block, and the jitter buffer makes no progress.
const MAX_ACTIONS: usize = 48;
/// 10 ms of the jitter buffer's clock.
const STEP: u32 = 480;
/// Blocks for which the predecessor of a jitter buffer is kept.
const PROBATION_BLOCKS: u32 = 40;

/// Packets in, blocks out.
pub struct Receiver {
    jitter: Box<dyn JitterBuffer>,
    /// The jitter buffer broke: `fallback` plays.
    failed: bool,
    fallback: Fallback,
    swap: Option<Swap>,
    ended: Option<JitterSwapped>,
    decoding: Decoding,
    format: AudioFormat,
    waiting: Vec<Option<Waiting>>,
    generation: u32,
    last: Operation,
    due: Due,
    counters: ReceiveCounters,
}

/// A packet that the jitter buffer knows by its handle.
struct Waiting {
    payload: Box<PacketBuffer>,
    arrival: PacketArrival,
    payload_type: u8,
}

/// A swap in its probation.
struct Swap {
    id: u64,
    predecessor: Box<dyn JitterBuffer>,
    left: u32,
    measure: SwapMeasure,
}

/// The end of a swap of the jitter buffer.
pub struct JitterSwapped {
    /// The swap.
    pub id: u64,
    /// Its figures.
    pub measure: SwapMeasure,
    /// To be dropped on the control thread.
    pub retired: Box<dyn JitterBuffer>,
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
            fallback: Fallback::default(),
            swap: None,
            ended: None,
            decoding: Decoding::new(format, decoders),
            format,
            waiting: std::iter::repeat_with(|| None)
                .take(MAX_WAITING + SPARE)
                .collect(),
            generation: 0,
            last: Operation::Silence,
            due: Due::default(),
            counters: ReceiveCounters::default(),
        }
    }

    /// What has been counted so far.
    pub fn counters(&self) -> ReceiveCounters {
        self.counters
    }

    /// The delay of the jitter buffer. [audio]
    pub fn delay(&mut self, now: Timestamp) -> JitterDelay {
        let delay = self.jitter.delay(now).unwrap_or_default();
        self.due.target = delay.target;
        delay
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

    /// The end of a swap of the jitter buffer, told once. [audio]
    pub fn take_ended(&mut self) -> Option<JitterSwapped> {
        self.ended.take()
    }

    /// Takes a packet in. [audio]
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
            Ok(_) => return,
            // No packet is lost with it: whoever is next is given all that wait.
            Err(_) => return self.jitter_failed(now, recycle),
        }
        release(&mut self.waiting, arrival.handle, recycle);
    }

    /// Gives the next 10 ms in `block`. Without `decode` the packets are consumed and the block is silence: nobody would hear it.
    /// [audio]
    pub fn pull(
        &mut self,
        now: Timestamp,
        block: &mut [f32],
        decode: bool,
        recycle: &mut dyn Recycle,
    ) -> Pulled {
        let need = self.format.block_samples();
        let mut pulled = Pulled::default();
        for _ in 0..MAX_ACTIONS {
            if self.decoding.ready() >= need {
                break;
            }
            if let Some(action) = self.next(now, recycle) {
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
        pulled.silence = self.last == Operation::Silence;
        self.count_down();
        pulled
    }

    /// Puts `jitter` (activated as for [`Receiver::new`]) in the place of the present one: it starts from what its predecessor learnt and every
    /// waiting packet is inserted again. The end is told by [`Receiver::take_ended`]; should it break before, its predecessor plays on.
    /// [audio]
    pub fn swap_jitter(
        &mut self,
        now: Timestamp,
        id: u64,
        mut jitter: Box<dyn JitterBuffer>,
        recycle: &mut dyn Recycle,
    ) -> Option<JitterSwapped> {
        let displaced = self.swap.take().map(Swap::committed);
        let before = self.delay(now).current;
        let state = self.jitter.hand_over(now).unwrap_or_else(|_| self.due.handover());
        let mut measure = SwapMeasure::CLEAN;
        match self.introduce(now, &mut *jitter, &state, recycle) {
            Ok(samples_lost) => {
                measure.samples_lost = samples_lost;
                let mut predecessor = std::mem::replace(&mut self.jitter, jitter);
                self.empty(now, &mut *predecessor);
                self.failed = false;
                self.fallback = Fallback::default();
                measure.added_latency_ms = (self.delay(now).current - before).as_ms_f64();
                self.swap = Some(Swap {
                    id,
                    predecessor,
                    left: PROBATION_BLOCKS,
                    measure,
                });
            }
            Err(_) => {
                self.ended = Some(JitterSwapped {
                    id,
                    measure: SwapMeasure {
                        outcome: SwapOutcome::RolledBack,
                        reason: "it failed or panicked while it took over",
                        ..measure
                    },
                    retired: jitter,
                });
            }
        }
        displaced
    }

    /// Adds the time that a swap took to its figures.
    pub(crate) fn stalled(&mut self, us: f64) {
        let measure = match (&mut self.swap, &mut self.ended) {
            (Some(swap), _) => &mut swap.measure,
            (None, Some(ended)) => &mut ended.measure,
            (None, None) => return,
        };
        measure.stall_us = measure.stall_us.max(us);
    }

    /// Puts these decoders in the place of the present ones, which are given back; packets that wait are decoded by the newcomer of the
    /// same payload type. [audio]
    pub fn swap_decoders(&mut self, decoders: Vec<Decoder>) -> Vec<Decoder> {
        self.decoding.swap(decoders)
    }

    /// Gives `jitter` the state and every waiting packet; says how many samples it refused. Until it has taken everything nothing is let go.
    fn introduce(
        &mut self,
        now: Timestamp,
        jitter: &mut dyn JitterBuffer,
        state: &JitterHandover,
        recycle: &mut dyn Recycle,
    ) -> Result<u64, Fault> {
        jitter.take_over(now, state)?;
        let mut refused = Noted::default();
        let mut last = i64::MIN;
        // In order of sequence numbers, without a buffer to sort in: each round takes the next one up.
        while let Some(arrival) = self.next_waiting(last).copied() {
            last = arrival.sequence_number;
            match jitter.insert(now, &arrival, &mut refused)? {
                Insertion::Late => refused.release(arrival.handle)?,
                // A predecessor that comes back has it already.
                _ => {}
            }
        }
        let mut lost = 0;
        for handle in &refused.handles[..refused.count] {
            if let Some(waiting) = take(&mut self.waiting, *handle) {
                lost += self.decoding.samples(waiting.arrival.ticks) as u64;
                recycle.recycle(waiting.payload);
            }
        }
        Ok(lost)
    }

    /// Has a predecessor give out all that waits, to nobody: should it come back, it must not remember packets that were played meanwhile.
    fn empty(&self, now: Timestamp, predecessor: &mut dyn JitterBuffer) {
        let mut left = Noted::default();
        let mut waiting = self.waiting.iter().flatten().count();
        let mut playout = Playout {
            last: self.last,
            ..Playout::START
        };
        for _ in 0..2 * MAX_WAITING {
            if waiting <= left.count {
                return;
            }
            let Ok(action) = predecessor.next(now, &playout, &mut left) else {
                return;
            };
            match action.operation {
                Operation::Silence | Operation::Conceal | Operation::Recover => {
                    playout.ready_ticks += action.ticks.max(STEP);
                }
                _ => {
                    waiting -= 1;
                    playout.ready_ticks += 2 * STEP;
                }
            }
            playout.last = action.operation;
        }
    }

    /// The jitter buffer broke: its predecessor plays on if it is still there, else the stand-in.
    fn jitter_failed(&mut self, now: Timestamp, recycle: &mut dyn Recycle) {
        self.failed = true;
        self.fallback = Fallback::default();
        let Some(mut swap) = self.swap.take() else { return };
        let state = self.due.handover();
        let mut measure = SwapMeasure {
            outcome: SwapOutcome::RolledBack,
            reason: "it failed or panicked",
            ..swap.measure
        };
        if let Ok(lost) = self.introduce(now, &mut *swap.predecessor, &state, recycle) {
            measure.samples_lost += lost;
            self.failed = false;
        }
        self.ended = Some(JitterSwapped {
            id: swap.id,
            measure,
            retired: std::mem::replace(&mut self.jitter, swap.predecessor),
        });
    }

    fn count_down(&mut self) {
        match &mut self.swap {
            Some(swap) if swap.left > 0 => swap.left -= 1,
            Some(_) if self.ended.is_none() => self.ended = self.swap.take().map(Swap::committed),
            _ => {}
        }
    }

    /// What to do next; `None` if the jitter buffer broke just now.
    fn next(&mut self, now: Timestamp, recycle: &mut dyn Recycle) -> Option<Action> {
        if self.failed {
            return Some(self.fall_back(now, recycle));
        }
        let per_sample = Self::JITTER_CLOCK.as_hz() / self.format.sample_rate.as_hz().max(1);
        let playout = Playout {
            ready_ticks: self.decoding.ready() as u32 * per_sample,
            last: self.last,
            voice: u32::from(self.decoding.voice()),
            ..Playout::START
        };
        let mut released = Released::new(&mut self.waiting, recycle);
        let action = self.jitter.next(now, &playout, &mut released);
        self.counters.flushed += released.count;
        if action.is_err() {
            self.jitter_failed(now, recycle);
        }
        action.ok()
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
        self.waiting
            .iter()
            .flatten()
            .map(|w| &w.arrival)
            .filter(|a| a.sequence_number > after)
            .min_by_key(|a| a.sequence_number)
    }

    /// Does what the jitter buffer said; gives the number of concealed samples.
    fn perform(&mut self, action: &Action, decode: bool, recycle: &mut dyn Recycle) -> usize {
        let ticks = if action.ticks == 0 { STEP } else { action.ticks };
        match action.operation {
            Operation::Normal | Operation::Merge | Operation::Accelerate | Operation::PreemptiveExpand => {
                // A handle of a packet that has been played means nothing, and the next question is answered at once.
                let Some(waiting) = take(&mut self.waiting, action.handle) else {
                    return 0;
                };
                let arrival = waiting.arrival;
                self.due.after(&arrival);
                if decode {
                    let packet = (waiting.payload_type, waiting.payload, arrival.ticks);
                    self.decoding
                        .decode(packet, action.operation, &mut self.counters, recycle);
                } else {
                    self.decoding.skip(arrival.ticks);
                    recycle.recycle(waiting.payload);
                }
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

impl Swap {
    fn committed(self) -> JitterSwapped {
        JitterSwapped {
            id: self.id,
            measure: self.measure,
            retired: self.predecessor,
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

impl<'a> Released<'a> {
    fn new(waiting: &'a mut [Option<Waiting>], recycle: &'a mut dyn Recycle) -> Self {
        Self {
            waiting,
            recycle,
            count: 0,
        }
    }
}

impl HandleSink for Released<'_> {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        self.count += 1;
        release(self.waiting, handle, self.recycle);
        Ok(())
    }
}

/// Notes the handles that a newcomer lets go, until it is sure that it stays.
struct Noted {
    handles: [u64; MAX_WAITING + SPARE],
    count: usize,
}

impl Default for Noted {
    fn default() -> Self {
        Self {
            handles: [0; MAX_WAITING + SPARE],
            count: 0,
        }
    }
}

impl HandleSink for Noted {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        if let Some(place) = self.handles.get_mut(self.count) {
            *place = handle;
            self.count += 1;
        }
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
