//! The pacer: when the next packet leaves.

use jackfield_sdk::prelude::*;

use crate::LeakyBucketParameters;
use crate::bucket::Bucket;
use crate::prober::Prober;
use crate::queue::{PADDING, Queue, Waiting};

/// What was allowed longer ago than this, and the burst window, is not made up for when the host was late.
const CATCH_UP: TimeDelta = TimeDelta::ms(100);
/// What must leave within less than this leaves as if there were so much time.
const LEAST_TIME: TimeDelta = TimeDelta::ms(1);
/// What leaves at once in a step of a probe is never more than its rate allows in so long, whatever the host says.
const LONGEST_STEP: TimeDelta = TimeDelta::ms(100);

/// The pacer.
pub struct LeakyBucket {
    pub(crate) parameters: LeakyBucketParameters,
    config: PacerConfig,
    queue: Queue,
    prober: Prober,
    pacing: DataRate,
    bucket: Bucket,
    paused: bool,
    congested: bool,
    /// Since when nothing may leave.
    blocked_since: Option<Timestamp>,
    /// How long nothing was to leave before that.
    blocked: TimeDelta,
    media_seen: bool,
    /// When a packet left last, or was let go in spite of congestion.
    sign_of_life: Timestamp,
    /// One packet may leave in spite of congestion.
    keep_alive: bool,
    /// What the last poll was about.
    cluster: u32,
    padding_wanted: DataSize,
    departed: u64,
    refused: u64,
    wait: TimeDelta,
    padding_asked: i64,
}

impl LeakyBucket {
    pub(crate) fn new() -> Self {
        Self {
            parameters: LeakyBucketParameters::defaults(),
            config: PacerConfig::DEFAULT,
            queue: Queue::new(),
            prober: Prober::new(),
            pacing: DataRate::ZERO,
            bucket: Bucket::default(),
            paused: false,
            congested: false,
            blocked_since: None,
            blocked: TimeDelta::ZERO,
            media_seen: false,
            sign_of_life: Timestamp::ZERO,
            keep_alive: false,
            cluster: 0,
            padding_wanted: DataSize::ZERO,
            departed: 0,
            refused: 0,
            wait: TimeDelta::ZERO,
            padding_asked: 0,
        }
    }

    pub(crate) fn present(&self) -> [f64; 7] {
        [
            self.departed as f64,
            self.refused as f64,
            self.bucket.rate.as_kbps_f64(),
            self.wait.as_ms_f64(),
            self.padding_asked as f64,
            self.prober.completed as f64,
            self.prober.abandoned as f64,
        ]
    }

    pub(crate) fn forget(&mut self) {
        self.bucket.empty();
        self.padding_wanted = DataSize::ZERO;
        self.prober.clear();
    }

    fn window(&self) -> TimeDelta {
        if self.config.window > TimeDelta::ZERO {
            self.config.window
        } else {
            TimeDelta::seconds_f64(self.parameters.burst_window / 1e3)
        }
    }

    fn longest_wait(&self) -> TimeDelta {
        if self.config.longest_wait > TimeDelta::ZERO {
            self.config.longest_wait
        } else {
            TimeDelta::seconds_f64(self.parameters.longest_wait / 1e3)
        }
    }

    fn probe_distance(&self) -> TimeDelta {
        if self.config.probe_distance > TimeDelta::ZERO {
            self.config.probe_distance.min(LONGEST_STEP)
        } else {
            TimeDelta::seconds_f64(self.parameters.probe_distance / 1e3)
        }
    }

    fn paces_audio(&self) -> bool {
        self.parameters.pace_audio || self.config.count_audio != 0
    }

    /// Whether it leaves when it comes.
    fn is_unpaced(&self, waiting: &Waiting) -> bool {
        waiting.level == 0 && !self.paces_audio()
    }

    fn on_the_wire(&self, packets: usize, size: DataSize) -> DataSize {
        size + self.config.overhead.max(DataSize::ZERO) * packets as i64
    }

    /// The clock that stands still while nothing may leave.
    fn clock(&self, now: Timestamp) -> TimeDelta {
        let standing = self
            .blocked_since
            .map_or(TimeDelta::ZERO, |since| now.since(since));
        now.since(Timestamp::ZERO) - self.blocked - standing
    }

    fn set_blocked(&mut self, now: Timestamp) {
        match (self.paused || self.congested, self.blocked_since) {
            (true, None) => self.blocked_since = Some(now),
            (false, Some(since)) => {
                self.blocked += now.since(since);
                self.blocked_since = None;
                // Nobody could use what was allowed meanwhile.
                self.bucket.leak_and_forget(now);
            }
            _ => {}
        }
    }

    /// When the next packet that is paced may leave.
    fn due(&self) -> Timestamp {
        self.bucket.due(self.window())
    }

    /// When padding may leave, if nothing else does.
    fn padding_due(&self) -> Timestamp {
        if self.media_seen && !self.congested {
            self.bucket.padding_due()
        } else {
            Timestamp::NEVER
        }
    }

    /// Raises the rate so far that nothing waits too long, or takes it back.
    fn set_rate(&mut self, now: Timestamp) {
        let until = if self.queue.is_empty() {
            now
        } else {
            now.min(self.due())
        };
        self.bucket.leak_to(until);
        let mut rate = self.pacing;
        // What is in the bucket leaks before anything that waits leaves.
        let mut size = self.bucket.media();
        let clock = self.clock(now);
        for level in usize::from(!self.paces_audio())..PADDING {
            if let Some((packets, waiting, stamp)) = self.queue.level(level) {
                size += self.on_the_wire(packets, waiting);
                let left = (self.longest_wait() - (clock - stamp)).max(LEAST_TIME);
                rate = rate.max(size / left + DataRate::bps(1));
            }
        }
        self.bucket.rate = if self.pacing > DataRate::ZERO {
            rate
        } else {
            DataRate::ZERO
        };
    }

    /// Lets `waiting` leave, unless it is refused.
    fn depart(
        &mut self,
        now: Timestamp,
        waiting: &Waiting,
        departures: &mut dyn DepartureSink,
    ) -> Result<DataSize, Fault> {
        departures.depart(waiting.handle)?;
        self.queue.remove(waiting);
        let size = self.on_the_wire(1, waiting.size);
        self.bucket
            .add(size, !self.is_unpaced(waiting), waiting.level == PADDING);
        self.departed += 1;
        self.wait = now.since(waiting.came);
        self.sign_of_life = now;
        self.keep_alive = false;
        Ok(size)
    }

    /// Sends the next step of a probe.
    fn poll_probe(
        &mut self,
        now: Timestamp,
        cluster: &ProbeCluster,
        departures: &mut dyn DepartureSink,
    ) -> Result<(), Fault> {
        self.bucket.leak_and_forget(now);
        let due = self.prober.next() <= now;
        let step = self.prober.step();
        let mut sent = DataSize::ZERO;
        if due && self.prober.is_new() && self.media_seen && !self.congested {
            // A small packet first, as libwebrtc has it: the first to arrive does not count for the rate at which the probe came, and a large
            // one of media would be missed there.
            if let Some(padding) = self.queue.next_at(PADDING) {
                let size = self.depart(now, &padding, departures)?;
                self.cluster = cluster.id;
                self.prober.sent(now, size);
                sent += size;
            } else if self.prober.ask_to_open()
                && self.queue.next().is_some_and(|next| !self.is_unpaced(&next))
            {
                self.ask_for_padding(DataSize::bytes(1));
                return Ok(());
            }
        }
        while let Some(waiting) = self.queue.next() {
            // Audio does not wait for the next step: it makes that one later.
            let of_the_step = due && sent < step;
            if !self.is_unpaced(&waiting) && !of_the_step {
                break;
            }
            let size = self.depart(now, &waiting, departures)?;
            self.cluster = cluster.id;
            self.prober.sent(now, size);
            sent += size;
            if self.prober.running().is_none_or(|next| next.id != cluster.id) {
                return Ok(());
            }
        }
        if due && sent < step && self.queue.is_empty() && self.media_seen && !self.congested {
            self.ask_for_padding(step - sent);
        }
        Ok(())
    }

    /// Sends what the bucket allows.
    fn poll_media(&mut self, now: Timestamp, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        self.watch_silence(now);
        let earliest = now - self.window().max(CATCH_UP);
        if self.bucket.last < earliest {
            self.bucket.leak_and_forget(earliest);
        }
        while let Some(waiting) = self.queue.next() {
            if self.is_unpaced(&waiting) {
                self.depart(now, &waiting, departures)?;
            } else if self.congested {
                if !self.keep_alive {
                    break;
                }
                self.depart(now, &waiting, departures)?;
            } else {
                let due = self.due();
                if due > now {
                    break;
                }
                self.bucket.leak_to(due);
                self.depart(now, &waiting, departures)?;
            }
        }
        if !self.queue.is_empty() {
            return Ok(());
        }
        self.bucket.leak_and_forget(now);
        if self.keep_alive {
            self.ask_for_padding(DataSize::bytes(1));
        } else if self.padding_due() <= now {
            let piece = self.bucket.ask_for_padding();
            self.ask_for_padding(piece);
        }
        Ok(())
    }

    fn ask_for_padding(&mut self, size: DataSize) {
        self.padding_wanted = size;
        self.padding_asked = self.padding_asked.saturating_add(size.as_bytes());
    }

    /// When one packet may leave in spite of congestion.
    fn end_of_silence(&self) -> Timestamp {
        let longest = TimeDelta::seconds_f64(self.parameters.keep_alive / 1e3);
        if longest > TimeDelta::ZERO && self.media_seen {
            self.sign_of_life + longest
        } else {
            Timestamp::NEVER
        }
    }

    fn watch_silence(&mut self, now: Timestamp) {
        if !self.congested {
            self.keep_alive = false;
        } else if now >= self.end_of_silence() {
            self.keep_alive = true;
            self.sign_of_life = now;
        }
    }
}

impl Pacer for LeakyBucket {
    fn set_rates(&mut self, now: Timestamp, pacing: DataRate, padding: DataRate) -> Result<(), Fault> {
        let padding = padding.min(pacing).max(DataRate::ZERO);
        self.bucket.set_padding_rate(now, padding, self.queue.is_empty());
        self.pacing = pacing.max(DataRate::ZERO);
        self.set_rate(now);
        Ok(())
    }

    fn enqueue(&mut self, now: Timestamp, packet: &PacedPacket) -> Result<(), Fault> {
        if self.queue.is_empty() {
            // Time in which nothing waited allows nothing.
            self.bucket.leak_and_forget(now);
        }
        let pushed = self.queue.push(now, self.clock(now), packet);
        if let Err(fault) = pushed {
            self.refused += 1;
            return Err(fault);
        }
        if packet.priority != PacketPriority::Padding {
            if !self.media_seen {
                self.sign_of_life = now;
            }
            self.media_seen = true;
            self.prober.set_off(now, Some(packet.size));
        }
        self.set_rate(now);
        Ok(())
    }

    fn poll(&mut self, now: Timestamp, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        self.cluster = 0;
        self.padding_wanted = DataSize::ZERO;
        if self.paused {
            return Ok(());
        }
        self.prober.tidy(now);
        let polled = match self.prober.running() {
            Some(cluster) => self.poll_probe(now, &cluster, departures),
            None => self.poll_media(now, departures),
        };
        self.set_rate(now);
        polled
    }

    /// Never if there is nothing to do: nothing waits, nothing is probed, and no padding is allowed; or it is paused.
    fn deadline(&mut self) -> Result<Timestamp, Fault> {
        if self.paused {
            return Ok(Timestamp::NEVER);
        }
        let next = self.queue.next();
        if let Some(audio) = next.filter(|next| self.is_unpaced(next)) {
            return Ok(audio.came);
        }
        if self.prober.running().is_some() {
            // A step was due at the last poll, and there was nothing to send.
            let starved = next.is_none() && self.bucket.last >= self.prober.next();
            return Ok(if starved {
                self.prober.give_up()
            } else {
                self.prober.next()
            });
        }
        Ok(if self.congested {
            self.end_of_silence()
        } else if next.is_some() {
            self.due()
        } else {
            self.padding_due()
        })
    }

    fn queue(&mut self) -> Result<PacerQueue, Fault> {
        Ok(PacerQueue {
            packets: self.queue.packets() as u64,
            size: self.queue.size(),
        })
    }

    /// In the order in which they came, whatever their priority: the successor has an order of its own.
    fn hand_over(&mut self, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        while let Some(waiting) = self.queue.oldest() {
            departures.depart(waiting.handle)?;
            self.queue.remove(&waiting);
        }
        self.prober.clear();
        self.padding_wanted = DataSize::ZERO;
        Ok(())
    }

    fn configure(&mut self, now: Timestamp, config: &PacerConfig) -> Result<(), Fault> {
        self.config = *config;
        self.set_rate(now);
        Ok(())
    }

    fn set_paused(&mut self, now: Timestamp, paused: u32) -> Result<(), Fault> {
        self.paused = paused != 0;
        self.set_blocked(now);
        Ok(())
    }

    fn set_congested(&mut self, now: Timestamp, congested: u32) -> Result<(), Fault> {
        self.congested = congested != 0;
        self.keep_alive &= self.congested;
        self.set_blocked(now);
        Ok(())
    }

    fn probe(&mut self, now: Timestamp, cluster: &ProbeCluster) -> Result<(), Fault> {
        if cluster.id == 0 || cluster.rate <= DataRate::ZERO || cluster.duration < TimeDelta::ZERO {
            return Err(Fault::invalid(
                "a probe cluster has a number from 1, a rate above 0 and a duration that is not negative",
            ));
        }
        self.prober.tidy(now);
        self.prober.ask(now, cluster, self.probe_distance());
        if !self.queue.is_empty() || self.media_seen && self.parameters.probe_without_media {
            self.prober.set_off(now, None);
        }
        Ok(())
    }

    fn status(&mut self, now: Timestamp) -> Result<PacerStatus, Fault> {
        let (packets, waiting) = (self.queue.packets(), self.queue.size());
        let expected_wait = if packets == 0 {
            TimeDelta::ZERO
        } else if self.bucket.rate > DataRate::ZERO {
            self.on_the_wire(packets, waiting) / self.bucket.rate
        } else {
            TimeDelta::us(-1)
        };
        Ok(PacerStatus {
            cluster: self.cluster,
            packets: packets as u64,
            waiting,
            oldest_wait: self
                .queue
                .oldest()
                .map_or(TimeDelta::ZERO, |oldest| now.since(oldest.came)),
            expected_wait,
            padding: self.padding_wanted,
            ..PacerStatus::UNKNOWN
        })
    }
}
