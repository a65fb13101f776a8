//! What was heard of a stream: as its jitter buffers had it played when it was recorded, or as another one would have.

use std::collections::BTreeMap;

use jackfield_core::Fault;
use jackfield_core::audio::BLOCK_DURATION;
use jackfield_core::jitter_buffer::{Action, Insertion, JitterBuffer, Operation, PacketArrival, Playout};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{SampleRate, TimeDelta};

use super::arrivals::{Arrivals, Block, Packet, of_stream};
use super::replay::{Released, ReplayError};
use super::{BufferLog, Happened, Step};
use crate::log::EventLog;

/// More answers than this for one block, and a jitter buffer makes no progress. As in a call.
const MOST_ANSWERS: usize = 48;
/// No time stretcher takes out of a packet, or puts in, more than this.
const MOST_STRETCH: TimeDelta = TimeDelta::ms(120);

/// What was heard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listening {
    /// What was played, in order.
    pub played: Vec<Played>,
    /// The packets that were not, and when that was decided.
    pub lost: Vec<(Timestamp, Loss)>,
    /// The delay that was aimed for, when it was another than before.
    pub targets: Vec<(Timestamp, TimeDelta)>,
    /// The fault that ended it; none if it went to the end.
    pub fault: Option<(Timestamp, Fault)>,
}

/// Something that was played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Played {
    /// When its first sample was heard.
    pub at: Timestamp,
    /// What it was.
    pub operation: Operation,
    /// How long it lasted.
    pub lasted: TimeDelta,
    /// How much of that the time stretcher put in; negative if it took something out.
    pub stretched: TimeDelta,
    /// Of a packet, how long it had waited since it came.
    pub waited: Option<TimeDelta>,
}

/// Why a packet was not played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Its time had passed when it came.
    Late,
    /// It had come before.
    Duplicate,
    /// It was thrown away while it waited.
    LetGo,
}

/// How much the time stretcher takes out of a packet or puts in, on average: that depends on the voice, which is in no log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Taken out.
    pub accelerate: TimeDelta,
    /// Put in.
    pub expand: TimeDelta,
}

impl Stretch {
    /// A pitch period of a voice.
    const PITCH: TimeDelta = TimeDelta::ms(6);

    /// As in what was heard; a pitch period where nothing was stretched.
    pub fn of(listening: &Listening) -> Self {
        let mean = |operation| {
            let stretched = listening.played.iter().filter(|one| one.operation == operation);
            let stretched: Vec<i64> = stretched.map(|one| one.stretched.as_us().abs()).collect();
            match stretched.len() as i64 {
                0 => Self::PITCH,
                count => TimeDelta::us((stretched.iter().sum::<i64>() / count).max(1)),
            }
        };
        Self {
            accelerate: mean(Operation::Accelerate),
            expand: mean(Operation::PreemptiveExpand),
        }
    }

    /// Of a packet that lasts so long.
    fn stretched(self, operation: Operation, packet: TimeDelta) -> TimeDelta {
        let half = packet / 2;
        match operation {
            Operation::Accelerate => -self.accelerate.min(half),
            // As many periods as fit.
            Operation::FastAccelerate => {
                let periods = (half.as_us() / self.accelerate.as_us().max(1)).max(1);
                -(self.accelerate * periods).min(half)
            }
            Operation::PreemptiveExpand => self.expand,
            _ => TimeDelta::ZERO,
        }
    }
}

impl Listening {
    /// What was heard when it was recorded. A newcomer is heard from when it was handed over to last, on probation at first; one that was rolled back
    /// after that was heard for up to 400 ms, which are counted for its predecessor.
    ///
    /// # Errors
    /// If the log has no such stream, or not its beginning.
    pub fn of_record(log: &EventLog, stream: u32) -> Result<Self, ReplayError> {
        let buffers = of_stream(log, stream)?;
        let clock = buffers[0].config().ok_or(ReplayError::NoBeginning)?.clock_rate;
        let mut packets = BTreeMap::new();
        for step in buffers.iter().flat_map(|buffer| &buffer.steps) {
            if let Happened::Inserted { packet, .. } = step.what {
                packets.insert(packet.handle, packet);
            }
        }
        let mut listening = Self::default();
        let swaps = log.jitter_swaps.iter();
        let committed = swaps.filter(|swap| swap.flow == stream && swap.rolled_back.is_none());
        let (mut from, mut heard) = (Timestamp::from_us(i64::MIN), buffers[0]);
        for swap in committed {
            let newcomer = buffers.iter().copied().find(|one| one.instance == swap.instance);
            let joined = newcomer.and_then(|one| {
                let before = |step: &&Step| step.at <= swap.at && matches!(step.what, Happened::TookOver(_));
                one.steps.iter().rfind(before)
            });
            let at = joined.map_or(swap.at, |step| step.at);
            listening.hear(heard, (from, at), clock, &packets);
            (from, heard) = (at, newcomer.unwrap_or(heard));
        }
        listening.hear(heard, (from, Timestamp::NEVER), clock, &packets);
        Ok(listening)
    }

    /// What would have been heard if `buffer`, to which nothing has happened yet, had played what came: 10 ms at a time, as often as it was played
    /// when it was recorded. A time stretcher that knows the voice is not there: it is taken to do what it did then, on average.
    ///
    /// # Errors
    /// If the buffer refuses its clock. One that fails later ends the listening: see [`Listening::fault`].
    pub fn of_plugin(arrivals: &Arrivals, buffer: &mut dyn JitterBuffer) -> Result<Self, ReplayError> {
        buffer.activate(&arrivals.config).map_err(ReplayError::Refused)?;
        let mut host = Host {
            buffer,
            clock: arrivals.config.clock_rate,
            stretch: arrivals.stretch,
            held: BTreeMap::new(),
            playout: Playout::START,
            listening: Self::default(),
        };
        let mut packets = arrivals.packets.iter().peekable();
        for block in &arrivals.blocks {
            let mut done = Ok(());
            while done.is_ok()
                && let Some((at, packet)) = packets.next_if(|(at, _)| *at <= block.at)
            {
                done = host.insert(*at, packet);
            }
            if let Err(fault) = done.and_then(|()| host.play(block)) {
                host.listening.fault = Some((block.at, fault));
                break;
            }
        }
        Ok(host.listening)
    }

    /// What one jitter buffer had played in a span.
    fn hear(
        &mut self,
        buffer: &BufferLog,
        (from, until): (Timestamp, Timestamp),
        clock: SampleRate,
        packets: &BTreeMap<u64, PacketArrival>,
    ) {
        let steps = buffer.steps.iter();
        let within: Vec<&Step> = steps.filter(|step| step.at >= from && step.at < until).collect();
        for (number, step) in within.iter().enumerate() {
            match step.what {
                Happened::Inserted { answer, .. } | Happened::ToneInserted { answer, .. } => {
                    self.inserted(step.at, answer.ok());
                }
                Happened::Asked {
                    playout,
                    answer: Ok(action),
                } => {
                    let asked_next = within[number + 1..].iter().find_map(|next| match next.what {
                        Happened::Asked { playout, .. } => Some((next.at, playout.ready_ticks)),
                        _ => None,
                    });
                    let made = asked_next.map(|next| made(clock, (step.at, playout.ready_ticks), next));
                    let packet = packets
                        .get(&action.handle)
                        .filter(|_| is_packet(action.operation));
                    self.play(clock, step.at, &playout, &action, packet, |packet| {
                        let stretched = made.map_or(TimeDelta::ZERO, |made| made - packet);
                        stretched.max(-packet.min(MOST_STRETCH)).min(MOST_STRETCH)
                    });
                }
                Happened::Delay(Ok(delay)) => self.aims(step.at, delay.target),
                _ => {}
            }
            self.let_go(step.at, step.released.len());
        }
    }

    fn inserted(&mut self, at: Timestamp, insertion: Option<Insertion>) {
        match insertion {
            Some(Insertion::Late) => self.lost.push((at, Loss::Late)),
            Some(Insertion::Duplicate) => self.lost.push((at, Loss::Duplicate)),
            _ => {}
        }
    }

    fn let_go(&mut self, at: Timestamp, packets: usize) {
        self.lost.extend((0..packets).map(|_| (at, Loss::LetGo)));
    }

    fn aims(&mut self, at: Timestamp, target: TimeDelta) {
        if self.targets.last().is_none_or(|(_, before)| *before != target) {
            self.targets.push((at, target));
        }
    }

    /// Plays what was answered, and gives how long that lasts. `stretched` is asked for packets that are stretched.
    fn play(
        &mut self,
        clock: SampleRate,
        now: Timestamp,
        playout: &Playout,
        action: &Action,
        packet: Option<&PacketArrival>,
        stretched: impl FnOnce(TimeDelta) -> TimeDelta,
    ) -> TimeDelta {
        let at = now + clock.duration(i64::from(playout.ready_ticks));
        let mut lasted = match packet {
            Some(packet) => clock.duration(i64::from(packet.ticks)),
            // A handle that means nothing: the next question is asked at once.
            None if is_packet(action.operation) => return TimeDelta::ZERO,
            None if action.ticks == 0 => BLOCK_DURATION,
            None => clock.duration(i64::from(action.ticks)),
        };
        let stretched = if is_stretched(action.operation) {
            stretched(lasted)
        } else {
            TimeDelta::ZERO
        };
        lasted += stretched;
        self.played.push(Played {
            at,
            operation: action.operation,
            lasted,
            stretched,
            waited: packet.map(|packet| at - packet.arrival),
        });
        lasted
    }
}

/// A receiver without a voice: it counts.
struct Host<'a> {
    buffer: &'a mut dyn JitterBuffer,
    clock: SampleRate,
    stretch: Stretch,
    held: BTreeMap<u64, PacketArrival>,
    playout: Playout,
    listening: Listening,
}

impl Host<'_> {
    fn insert(&mut self, at: Timestamp, packet: &Packet) -> Result<(), Fault> {
        let mut released = Released::default();
        let insertion = match packet {
            Packet::Voice(packet) => {
                let insertion = self.buffer.insert(at, packet, &mut released)?;
                if matches!(insertion, Insertion::Accepted | Insertion::Flushed) {
                    self.held.insert(packet.handle, *packet);
                }
                insertion
            }
            Packet::Tone(event) => self.buffer.insert_event(at, event, &mut released)?,
        };
        self.listening.inserted(at, Some(insertion));
        self.take_back(at, &released);
        Ok(())
    }

    /// Plays 10 ms.
    fn play(&mut self, block: &Block) -> Result<(), Fault> {
        let need = self.clock.samples(BLOCK_DURATION).max(1) as u32;
        for _ in 0..MOST_ANSWERS {
            if self.playout.ready_ticks >= need {
                break;
            }
            let mut released = Released::default();
            self.playout.voice = block.voice;
            self.playout.muted = block.muted;
            let action = self.buffer.next(block.at, &self.playout, &mut released)?;
            self.take_back(block.at, &released);
            let packet = if is_packet(action.operation) {
                self.held.remove(&action.handle)
            } else {
                None
            };
            let stretch = self.stretch;
            let lasted = self.listening.play(
                self.clock,
                block.at,
                &self.playout,
                &action,
                packet.as_ref(),
                |packet| stretch.stretched(action.operation, packet),
            );
            self.playout.last = action.operation;
            let ticks = self.clock.samples(lasted).clamp(0, i64::from(u32::MAX / 2)) as u32;
            self.playout.ready_ticks = self.playout.ready_ticks.saturating_add(ticks);
        }
        // What is missing is silence.
        self.playout.ready_ticks = self.playout.ready_ticks.saturating_sub(need);
        self.listening.aims(block.at, self.buffer.delay(block.at)?.target);
        Ok(())
    }

    fn take_back(&mut self, at: Timestamp, released: &Released) {
        let gone = released.0.iter();
        let gone = gone.filter(|handle| self.held.remove(handle).is_some()).count();
        self.listening.let_go(at, gone);
    }
}

/// How long lasted what was made between two questions, each with its time and what was ready.
fn made(clock: SampleRate, (at, ready): (Timestamp, u32), (next, ready_next): (Timestamp, u32)) -> TimeDelta {
    let blocks = (next.since(at).as_us() + BLOCK_DURATION.as_us() / 2) / BLOCK_DURATION.as_us();
    let ready = i64::from(ready_next) - i64::from(ready);
    clock.duration(ready) + TimeDelta::us(blocks.saturating_mul(BLOCK_DURATION.as_us()))
}

fn is_packet(operation: Operation) -> bool {
    is_stretched(operation) || matches!(operation, Operation::Normal | Operation::Merge)
}

fn is_stretched(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Accelerate | Operation::FastAccelerate | Operation::PreemptiveExpand
    )
}
