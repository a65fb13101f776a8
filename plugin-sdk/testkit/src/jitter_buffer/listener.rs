//! A host in virtual time: keeps payloads, plays 10 ms at a time, and watches that the jitter buffer keeps its promises.

use std::collections::{BTreeMap, HashMap};

use jackfield_sdk::prelude::*;

/// What the host's time stretcher takes out or puts in.
const PITCH: TimeDelta = TimeDelta::ms(6);

/// A host with a decoder that only counts ticks. Its methods panic when a handle is given out that the buffer does not have, or twice.
#[derive(Debug)]
pub struct Listener {
    /// The time of the next block.
    pub now: Timestamp,
    /// What was played, in order.
    pub played: Vec<Played>,
    /// The handles that came back unplayed.
    pub released: Vec<u64>,
    /// How often each operation was asked for, by number.
    pub operations: BTreeMap<u32, u64>,
    /// Ticks that were concealed.
    pub concealed_ticks: u64,
    /// What became of the packets inserted, by number.
    pub insertions: BTreeMap<u32, u64>,
    clock_rate: SampleRate,
    pub(super) playout: Playout,
    held: HashMap<u64, PacketArrival>,
}

/// A packet that was played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Played {
    /// The packet.
    pub packet: PacketArrival,
    /// How.
    pub operation: Operation,
    /// When its first sample was heard.
    pub at: Timestamp,
}

impl Played {
    /// From arrival to playing.
    pub fn waited(&self) -> TimeDelta {
        self.at - self.packet.arrival
    }
}

impl Listener {
    /// A host that listens to a stream with this clock, from time zero.
    pub fn new(clock_rate: SampleRate) -> Self {
        Self {
            now: Timestamp::ZERO,
            played: Vec::new(),
            released: Vec::new(),
            operations: BTreeMap::new(),
            concealed_ticks: 0,
            insertions: BTreeMap::new(),
            clock_rate,
            playout: Playout::START,
            held: HashMap::new(),
        }
    }

    /// Plays until `until`; each of `arrivals`, in order of arrival, is inserted when it comes.
    pub fn run(&mut self, jitter: &mut dyn JitterBuffer, arrivals: &[PacketArrival], until: Timestamp) {
        let mut coming = arrivals.iter().peekable();
        while self.now < until {
            while let Some(packet) = coming.next_if(|packet| packet.arrival <= self.now) {
                self.insert(jitter, packet);
            }
            self.tick(jitter);
        }
        for packet in coming {
            self.insert(jitter, packet);
        }
    }

    /// Inserts one packet.
    ///
    /// # Panics
    /// If the buffer fails or breaks a promise.
    pub fn insert(&mut self, jitter: &mut dyn JitterBuffer, packet: &PacketArrival) -> Insertion {
        let mut released = Released::default();
        let insertion = jitter
            .insert(packet.arrival, packet, &mut released)
            .expect("a good packet");
        self.take_back(&released);
        if insertion == Insertion::Accepted || insertion == Insertion::Flushed {
            let before = self.held.insert(packet.handle, *packet);
            assert!(before.is_none(), "the test uses handle {} twice", packet.handle);
        } else {
            assert!(
                released.0.is_empty(),
                "only a buffer that is flushed gives handles back on insertion"
            );
        }
        *self.insertions.entry(insertion.0).or_default() += 1;
        insertion
    }

    /// Plays 10 ms.
    ///
    /// # Panics
    /// If the buffer fails, breaks a promise, or is asked a hundred times and gives nothing.
    pub fn tick(&mut self, jitter: &mut dyn JitterBuffer) {
        let block = self.clock_rate.samples(BLOCK_DURATION) as u32;
        let mut asked = 0;
        while self.playout.ready_ticks < block {
            let mut released = Released::default();
            let action = jitter
                .next(self.now, &self.playout, &mut released)
                .expect("a running stream");
            self.take_back(&released);
            self.perform(&action);
            asked += 1;
            assert!(
                asked < 1_000,
                "asked a thousand times for 10 ms, and still there are not enough: {action:?}"
            );
        }
        self.playout.ready_ticks -= block;
        self.now += BLOCK_DURATION;
    }

    /// Swaps one jitter buffer for another as a host does: state over, waiting packets in.
    ///
    /// # Panics
    /// If one of them fails or the newcomer refuses a packet.
    pub fn swap(&mut self, old: &mut dyn JitterBuffer, new: &mut dyn JitterBuffer) {
        let state = old.hand_over(self.now).expect("a running stream");
        new.take_over(self.now, &state).expect("a good state");
        let mut waiting: Vec<PacketArrival> = self.held.values().copied().collect();
        waiting.sort_by_key(|packet| packet.arrival);
        for packet in &waiting {
            let mut released = Released::default();
            let insertion = new
                .insert(self.now, packet, &mut released)
                .expect("a good packet");
            assert_eq!(
                insertion,
                Insertion::Accepted,
                "the successor refuses packet {}",
                packet.sequence_number
            );
            assert!(released.0.is_empty());
        }
    }

    /// How often an operation was asked for.
    pub fn count(&self, operation: Operation) -> u64 {
        self.operations.get(&operation.0).copied().unwrap_or(0)
    }

    /// How many insertions ended so.
    pub fn inserted(&self, insertion: Insertion) -> u64 {
        self.insertions.get(&insertion.0).copied().unwrap_or(0)
    }

    /// How many packets the buffer holds.
    pub fn waiting(&self) -> usize {
        self.held.len()
    }

    /// How long the packets that were played from `from` on waited, in ms: shortest and longest.
    pub fn waits_ms(&self, from: Timestamp) -> (f64, f64) {
        let waits = self
            .played
            .iter()
            .filter(|played| played.at >= from)
            .map(|played| played.waited().as_ms_f64());
        waits.fold((f64::MAX, f64::MIN), |(least, most), wait| {
            (least.min(wait), most.max(wait))
        })
    }

    /// # Panics
    /// If packets were not played in the order of their numbers.
    pub fn assert_ordered(&self) {
        for pair in self.played.windows(2) {
            let (first, second) = (pair[0].packet.sequence_number, pair[1].packet.sequence_number);
            assert!(first < second, "packet {second} was played after {first}");
        }
    }

    fn perform(&mut self, action: &Action) {
        *self.operations.entry(action.operation.0).or_default() += 1;
        let at = self.now + self.clock_rate.duration(i64::from(self.playout.ready_ticks));
        let pitch = self.clock_rate.samples(PITCH) as u32;
        assert!(
            self.playout.knows(action.operation),
            "the host does not know {:?}",
            action.operation
        );
        self.playout.last = action.operation;
        self.playout.ready_ticks += match action.operation {
            Operation::Silence | Operation::Conceal | Operation::ComfortNoise => {
                assert!(action.ticks > 0, "{:?} of no length", action.operation);
                if action.operation == Operation::Conceal {
                    self.concealed_ticks += u64::from(action.ticks);
                }
                action.ticks
            }
            Operation::Recover => {
                let later = self
                    .held
                    .get(&action.handle)
                    .expect("recovers from a packet that waits");
                assert!(later.redundancy != 0, "recovers from a packet without redundancy");
                assert!(action.ticks > 0 && action.back > TimeDelta::ZERO);
                action.ticks
            }
            operation => {
                let packet = self
                    .held
                    .remove(&action.handle)
                    .expect("plays a packet that waits");
                self.played.push(Played {
                    packet,
                    operation,
                    at,
                });
                match operation {
                    Operation::Accelerate => packet.ticks - pitch.min(packet.ticks / 2),
                    Operation::FastAccelerate => {
                        packet.ticks - (packet.ticks / 2 / pitch).max(1) * pitch.min(packet.ticks / 2)
                    }
                    Operation::PreemptiveExpand => packet.ticks + pitch,
                    Operation::Normal | Operation::Merge => packet.ticks,
                    other => panic!("an operation that there is not: {other:?}"),
                }
            }
        };
    }

    fn take_back(&mut self, released: &Released) {
        for handle in &released.0 {
            assert!(
                self.held.remove(handle).is_some(),
                "handle {handle} is given back, which the buffer does not have"
            );
            self.released.push(*handle);
        }
    }
}

/// Handles that came back.
#[derive(Clone, Debug, Default)]
pub struct Released(pub Vec<u64>);

impl HandleSink for Released {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle);
        Ok(())
    }
}
