//! The bookkeeping of playing: what is due, what is missing, what is silence.

use jackfield_core::Fault;
use jackfield_core::jitter_buffer::{
    Action, HandleSink, Insertion, JitterConfig, Operation, PacketArrival, Playout,
};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{SampleRate, TimeDelta};

use super::counters::Counters;
use super::delay::DelayWindow;
use super::policy::{Policy, Stretch};
use super::queue::PacketQueue;
use super::restart::{Place, RestartDetector};

/// The most that is made at once, of silence or of what is missing.
const STEP: TimeDelta = TimeDelta::ms(10);
/// Closer than this is now.
const NOW: TimeDelta = TimeDelta::ms(1);
/// After so long with nothing to play it is silence, and playing begins anew.
const CONCEAL_AT_MOST: TimeDelta = TimeDelta::ms(400);
/// A hole longer than this is a jump of the stream's clock and not played out.
const JUMP: TimeDelta = TimeDelta::ms(1_000);
/// How far beyond the target a packet after a pause may wait, so that the old timing can be kept.
const SLACK: TimeDelta = TimeDelta::ms(20);
/// The most packets that a host may ask to keep.
const MOST_PACKETS: u32 = 65_536;

/// Orders packets and plays them a wanted delay after their arrival; the heart of a jitter buffer, without its policy.
///
/// A packet that comes after its time is still played if none behind it has been: what was concealed meanwhile adds to the delay, and the
/// policy's stretching takes it off again. So a late packet costs time and no speech.
#[derive(Debug)]
pub struct Playback {
    pub(super) rate: SampleRate,
    pub(super) queue: PacketQueue,
    pub(super) cursor: Option<Cursor>,
    pub(super) restart: RestartDetector,
    pub(super) window: DelayWindow,
    pub(super) counters: Counters,
    /// Ticks made up or left silent since the last packet.
    pub(super) idle_ticks: i64,
    /// Something has been played, so there is something to go on from.
    pub(super) heard: bool,
    /// The sender said that it is silent.
    pub(super) pause: bool,
    /// The host can let comfort noise go on.
    pub(super) comfort: bool,
    /// There was nothing to play when there should have been.
    pub(super) dry: bool,
    /// Nothing came for so long that playing begins anew.
    pub(super) rebuffer: bool,
    /// A predecessor has handed over, and `next` has not been called since.
    pub(super) taken_over: bool,
    /// A predecessor's delay is being brought down gently.
    pub(super) easing: bool,
}

/// Where playing stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    pub(super) sequence_number: i64,
    pub(super) timestamp: i64,
    /// A media time and when it was or will be played.
    pub(super) anchor: Option<(i64, Timestamp)>,
    /// Of the 128 packets before the next, those that have come; bit 0 is the latest.
    pub(super) came: u128,
}

impl Playback {
    /// For streams of `config`. Allocates.
    ///
    /// # Errors
    /// `Invalid` if the clock has no rate or there is no room for packets.
    pub fn new(config: &JitterConfig) -> Result<Self, Fault> {
        if config.clock_rate.as_hz() < 1_000 {
            return Err(Fault::invalid(
                "the clock of an RTP stream runs at 1 kHz or more: pass the format's clock rate",
            ));
        }
        if !(1..=MOST_PACKETS).contains(&config.max_packets) {
            return Err(Fault::invalid("`max_packets` must be 1 to 65,536; 200 is usual"));
        }
        Ok(Self {
            rate: config.clock_rate,
            queue: PacketQueue::new(config.max_packets as usize),
            cursor: None,
            restart: RestartDetector::default(),
            window: DelayWindow::default(),
            counters: Counters::default(),
            idle_ticks: 0,
            heard: false,
            pause: false,
            comfort: false,
            dry: false,
            rebuffer: false,
            taken_over: false,
            easing: false,
        })
    }

    /// Takes a packet in, as [`JitterBuffer::insert`](jackfield_core::jitter_buffer::JitterBuffer::insert) says.
    ///
    /// # Errors
    /// `Invalid` if the packet lasts no time or more than a second; the handle then stays with the caller.
    pub fn insert(
        &mut self,
        now: Timestamp,
        packet: &PacketArrival,
        released: &mut dyn HandleSink,
    ) -> Result<Insertion, Fault> {
        if packet.ticks == 0 || packet.ticks > self.rate.as_hz() {
            return Err(Fault::invalid(
                "a packet lasts from one tick to one second: probe it with its decoder first",
            ));
        }
        if self.has_come(packet.sequence_number) {
            self.counters.duplicate += 1;
            return Ok(Insertion::Duplicate);
        }
        let due = self
            .cursor
            .map(|cursor| cursor.sequence_number)
            .or_else(|| self.queue.front().map(|p| p.sequence_number));
        // Before playing begins a packet from before the first is as welcome as any other.
        let due = due.map(|due| {
            if self.cursor.is_none() {
                due.saturating_sub(100)
            } else {
                due
            }
        });
        let place = due.map_or(Place::Ahead, |due| {
            self.restart.place(packet.sequence_number, due)
        });
        match place {
            Place::Passed => {
                self.counters.late += 1;
                Ok(Insertion::Late)
            }
            Place::Restarted => {
                self.counters.restarts += 1;
                self.begin_anew(released)?;
                self.queue.insert(packet);
                Ok(Insertion::Flushed)
            }
            Place::Ahead if self.queue.is_full() => {
                self.begin_anew(released)?;
                self.queue.insert(packet);
                Ok(Insertion::Flushed)
            }
            Place::Ahead => {
                self.queue.insert(packet);
                self.measure(now, packet);
                Ok(Insertion::Accepted)
            }
        }
    }

    /// Says what to do next, as [`JitterBuffer::next`](jackfield_core::jitter_buffer::JitterBuffer::next) asks.
    ///
    /// # Errors
    /// Those of `released`.
    pub fn next(
        &mut self,
        now: Timestamp,
        playout: &Playout,
        policy: &Policy,
        released: &mut dyn HandleSink,
    ) -> Result<Action, Fault> {
        let at = now + self.rate.duration(i64::from(playout.ready_ticks));
        self.comfort = playout.knows(Operation::ComfortNoise);
        self.anchor(at, playout);
        let Some(&front) = self.queue.front() else {
            self.dry = true;
            return Ok(self.idle(STEP, self.pause));
        };
        let cursor = match self.cursor {
            Some(cursor) if !self.rebuffer => cursor,
            _ => return self.begin(at, playout, policy, released),
        };
        let missing = front.sequence_number > cursor.sequence_number;
        let hole = self
            .rate
            .duration(front.timestamp.saturating_sub(cursor.timestamp));
        if hole <= TimeDelta::ZERO {
            return if self.must_refill(policy) {
                Ok(self.idle(STEP, false))
            } else {
                self.play(at, playout, policy, released)
            };
        }
        let lead = self.due(&front, &cursor, missing, hole, policy) - at;
        if lead < NOW {
            return self.play(at, playout, policy, released);
        }
        if !missing {
            return Ok(self.idle(lead, true)); // the sender sent nothing, so there was nothing to hear
        }
        let length = self.rate.duration(i64::from(front.ticks));
        if front.redundancy != 0 && (lead - length).abs() < NOW {
            return Ok(self.recover(&front, length));
        }
        let until_redundancy = lead - length;
        let step = if front.redundancy != 0 && until_redundancy > NOW {
            until_redundancy
        } else {
            lead
        };
        Ok(self.idle(step, self.pause))
    }

    fn has_come(&self, sequence_number: i64) -> bool {
        let played = self.cursor.is_some_and(|cursor| {
            let back = cursor
                .sequence_number
                .saturating_sub(sequence_number)
                .saturating_sub(1);
            (0..128).contains(&back) && cursor.came >> back & 1 != 0
        });
        played || self.queue.contains(sequence_number)
    }

    fn begin_anew(&mut self, released: &mut dyn HandleSink) -> Result<(), Fault> {
        self.cursor = None;
        self.window.clear();
        self.counters.flushed += self.queue.len() as u64;
        self.queue.release_all(released).map(|_| ())
    }

    fn measure(&mut self, now: Timestamp, packet: &PacketArrival) {
        let played = self
            .cursor
            .and_then(|cursor| self.play_time(&cursor, packet.timestamp));
        if let Some(wait) = played.map(|played| played - packet.arrival)
            && wait.abs() < JUMP * 2
        {
            self.window.add(now, wait);
        }
    }

    /// What is due next is played at `at`, whatever was expected: the host has stretched time, or was late itself.
    fn anchor(&mut self, at: Timestamp, playout: &Playout) {
        if std::mem::take(&mut self.taken_over) {
            self.pause = matches!(playout.last, Operation::Silence | Operation::ComfortNoise);
        } else if self.idle_ticks != 0 || self.rebuffer {
            return; // something is made up in its place
        }
        let Some(cursor) = &mut self.cursor else { return };
        let expected = cursor.anchor.replace((cursor.timestamp, at));
        if let Some((media, time)) = expected {
            let shift = at - (time + self.rate.duration(cursor.timestamp.saturating_sub(media)));
            if shift.abs() < JUMP {
                self.window.shift(shift);
            } else {
                self.window.clear();
            }
        }
    }

    pub(super) fn play_time(&self, cursor: &Cursor, timestamp: i64) -> Option<Timestamp> {
        let (media, time) = cursor.anchor?;
        Some(time + self.rate.duration(timestamp.saturating_sub(media)))
    }

    /// Begins playing as soon as the fastest packet has waited long enough.
    fn begin(
        &mut self,
        at: Timestamp,
        playout: &Playout,
        policy: &Policy,
        released: &mut dyn HandleSink,
    ) -> Result<Action, Fault> {
        let front = self.queue.front().map_or(0, |front| front.timestamp);
        let due = self
            .queue
            .fastest_arrival(front, self.rate)
            .map_or(at, |arrival| arrival + policy.target);
        // Blocks come every 10 ms: the nearest one, not the next one.
        if at + STEP / 2 < due && !self.queue.is_full() {
            return Ok(self.idle(STEP, self.pause));
        }
        self.play(at, playout, policy, released)
    }

    /// When `front`, before which something is missing or nothing was sent, is to be played.
    fn due(
        &self,
        front: &PacketArrival,
        cursor: &Cursor,
        missing: bool,
        hole: TimeDelta,
        policy: &Policy,
    ) -> Timestamp {
        let regular = self.play_time(cursor, front.timestamp).unwrap_or(front.arrival);
        if missing && hole <= JUMP {
            return regular;
        }
        // A pause is the time to correct the delay: nobody hears it. Half of the target is kept in any case, for the packets that follow
        // may be slower than this one.
        let measured = self.window.delay(front.arrival).unwrap_or(policy.target);
        let correction = policy.target - measured;
        let wanted = if correction.abs() > STEP {
            regular + correction
        } else {
            regular
        };
        let target = policy.target.max(TimeDelta::ZERO);
        wanted.clamp(front.arrival + target / 2, front.arrival + target + SLACK)
    }

    /// Whether it ran dry and too little has come since to go on.
    fn must_refill(&self, policy: &Policy) -> bool {
        let (Some(front), Some(back)) = (self.queue.front(), self.queue.back()) else {
            return false;
        };
        let waits = self.rate.duration(
            back.timestamp
                .saturating_add(i64::from(back.ticks))
                .saturating_sub(front.timestamp),
        );
        self.dry && !self.pause && waits < policy.resume && self.rate.duration(self.idle_ticks) < STEP * 10
    }

    /// Gives the front packet out.
    fn play(
        &mut self,
        at: Timestamp,
        playout: &Playout,
        policy: &Policy,
        released: &mut dyn HandleSink,
    ) -> Result<Action, Fault> {
        let dropped = self.drop_excess(at, policy, released)?;
        let Some(packet) = self.queue.pop() else {
            return Ok(self.idle(STEP, self.pause));
        };
        let contiguous = self.idle_ticks == 0
            && self
                .cursor
                .is_some_and(|c| c.sequence_number == packet.sequence_number);
        let operation = match policy.stretch {
            _ if dropped || playout.last == Operation::Conceal => Operation::Merge,
            Stretch::FastAccelerate if contiguous && playout.knows(Operation::FastAccelerate) => {
                Operation::FastAccelerate
            }
            Stretch::Accelerate | Stretch::FastAccelerate if contiguous => Operation::Accelerate,
            Stretch::Expand if contiguous => Operation::PreemptiveExpand,
            _ => Operation::Normal,
        };
        let going_on = self.cursor.filter(|_| !self.rebuffer);
        match going_on.and_then(|cursor| self.play_time(&cursor, packet.timestamp)) {
            // It ran dry: what was measured before says little about the network as it is now.
            Some(regular) if self.dry && !self.pause && at > regular + NOW => self.window.clear(),
            Some(regular) if (at - regular).abs() < JUMP => self.window.shift(at - regular),
            _ => self.window.clear(),
        }
        self.advance_to(packet.sequence_number);
        self.cursor = Some(Cursor {
            sequence_number: packet.sequence_number.saturating_add(1),
            timestamp: packet.timestamp.saturating_add(i64::from(packet.ticks)),
            anchor: Some((packet.timestamp, at)),
            came: self.cursor.map_or(0, |cursor| cursor.came) << 1 | 1,
        });
        self.idle_ticks = 0;
        self.heard = true;
        self.dry = false;
        self.rebuffer = false;
        self.pause = packet.dtx != 0;
        self.counters.played += 1;
        self.counters.count(operation);
        Ok(Action {
            operation,
            ticks: 0,
            handle: packet.handle,
            back: TimeDelta::ZERO,
        })
    }

    /// Moves the memory of what has come along to `sequence_number`, which is next.
    fn advance_to(&mut self, sequence_number: i64) {
        if let Some(cursor) = &mut self.cursor {
            let skipped = sequence_number.saturating_sub(cursor.sequence_number);
            cursor.came = u32::try_from(skipped)
                .ok()
                .and_then(|skipped| cursor.came.checked_shl(skipped))
                .unwrap_or(0);
            cursor.sequence_number = sequence_number;
        }
    }

    /// Gives packets back while the delay is beyond all measure, and tells whether it did.
    fn drop_excess(
        &mut self,
        at: Timestamp,
        policy: &Policy,
        released: &mut dyn HandleSink,
    ) -> Result<bool, Fault> {
        let mut dropped = false;
        let mut allowed = policy.target + policy.excess;
        while let Some(&front) = self.queue.front() {
            let fastest = self.queue.fastest_arrival(front.timestamp, self.rate);
            let delay = fastest.map_or(TimeDelta::ZERO, |arrival| at - arrival);
            if delay <= allowed {
                self.easing = false;
                break;
            }
            if self.easing || self.queue.len() == 1 {
                break;
            }
            allowed = policy.target + STEP;
            self.queue.pop();
            self.advance_to(front.sequence_number.saturating_add(1));
            self.counters.flushed += 1;
            dropped = true;
            released.release(front.handle)?;
        }
        Ok(dropped)
    }

    fn recover(&mut self, later: &PacketArrival, length: TimeDelta) -> Action {
        self.advance_to(later.sequence_number);
        if let Some(cursor) = &mut self.cursor {
            cursor.timestamp = later.timestamp;
        }
        self.idle_ticks = 0;
        self.counters.count(Operation::Recover);
        Action {
            operation: Operation::Recover,
            ticks: later.ticks,
            handle: later.handle,
            back: length,
        }
    }

    /// Makes up to `wanted` of silence or of what is missing.
    fn idle(&mut self, wanted: TimeDelta, silent: bool) -> Action {
        let ticks = self.rate.samples(wanted.min(STEP)).max(1);
        let over = self.rate.duration(self.idle_ticks) >= CONCEAL_AT_MOST;
        self.rebuffer |= over && !silent && self.queue.is_empty();
        self.idle_ticks = self.idle_ticks.saturating_add(ticks);
        let operation = if silent && self.pause && self.heard && self.comfort {
            Operation::ComfortNoise
        } else if silent || over || !self.heard {
            Operation::Silence
        } else {
            Operation::Conceal
        };
        self.counters.count(operation);
        Action {
            operation,
            ticks: ticks as u32,
            handle: 0,
            back: TimeDelta::ZERO,
        }
    }
}
