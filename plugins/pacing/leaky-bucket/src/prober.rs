//! Probe clusters: packets that leave in steps at a rate of their own, whatever the pacing rate is.

use jackfield_sdk::prelude::*;

/// More clusters than this never wait; the eldest goes (libwebrtc's `kMaxPendingProbeClusters`).
const CLUSTERS: usize = 5;
/// A cluster that has not begun after so long tells nothing of use any more (libwebrtc's `kProbeClusterTimeout`).
const OLDEST: TimeDelta = TimeDelta::seconds(5);
/// A step that comes later than this spoils its cluster (libwebrtc's `max_probe_delay`).
const LATEST: TimeDelta = TimeDelta::ms(20);
/// A packet at least so large sets a cluster off (libwebrtc's `min_packet_size`).
const FIRST_PACKET: DataSize = DataSize::bytes(200);

#[derive(Clone, Copy)]
struct Cluster {
    config: ProbeCluster,
    /// How far its steps are apart.
    distance: TimeDelta,
    asked: Timestamp,
}

/// The cluster that is being sent, and those behind it.
pub(crate) struct Prober {
    /// The first `count` of them are there.
    clusters: [Cluster; CLUSTERS],
    count: usize,
    /// Since when the first is being sent.
    started: Option<Timestamp>,
    sent: DataSize,
    packets: u32,
    /// Whether padding was asked for to open the first.
    opening: bool,
    next: Timestamp,
    pub(crate) completed: u64,
    pub(crate) abandoned: u64,
}

impl Prober {
    pub(crate) fn new() -> Self {
        let nothing = Cluster {
            config: ProbeCluster {
                id: 0,
                minimum_packets: 0,
                rate: DataRate::ZERO,
                duration: TimeDelta::ZERO,
            },
            distance: TimeDelta::ZERO,
            asked: Timestamp::ZERO,
        };
        Self {
            clusters: [nothing; CLUSTERS],
            count: 0,
            started: None,
            sent: DataSize::ZERO,
            packets: 0,
            opening: false,
            next: Timestamp::ZERO,
            completed: 0,
            abandoned: 0,
        }
    }

    /// One cluster more, to be sent in steps so far apart.
    pub(crate) fn ask(&mut self, now: Timestamp, config: &ProbeCluster, distance: TimeDelta) {
        if self.count == CLUSTERS {
            self.drop_first();
            self.abandoned += 1;
        }
        self.clusters[self.count] = Cluster {
            config: *config,
            distance,
            asked: now,
        };
        self.count += 1;
    }

    /// A packet of this size came, or it goes without one (`size` none).
    pub(crate) fn set_off(&mut self, now: Timestamp, size: Option<DataSize>) {
        let Some(first) = self.first().filter(|_| self.started.is_none()) else {
            return;
        };
        let enough = FIRST_PACKET.min(first.config.rate * first.distance);
        if size.is_none_or(|size| size >= enough) {
            self.start(now);
        }
    }

    fn start(&mut self, now: Timestamp) {
        self.started = Some(now);
        self.sent = DataSize::ZERO;
        self.packets = 0;
        self.opening = false;
        self.next = now;
    }

    /// Whether nothing of the cluster has left yet.
    pub(crate) fn is_new(&self) -> bool {
        self.started.is_some() && self.packets == 0
    }

    /// Whether to ask for a small packet of padding that opens the cluster; once for each.
    pub(crate) fn ask_to_open(&mut self) -> bool {
        self.is_new() && !std::mem::replace(&mut self.opening, true)
    }

    fn first(&self) -> Option<&Cluster> {
        self.clusters[..self.count].first()
    }

    fn drop_first(&mut self) {
        self.clusters.copy_within(1.., 0);
        self.count = self.count.saturating_sub(1);
        self.started = None;
    }

    /// Gives up what is too late to tell anything.
    pub(crate) fn tidy(&mut self, now: Timestamp) {
        while let Some(first) = self.first() {
            let stale = match self.started {
                None => now.since(first.asked) > OLDEST,
                Some(_) => now.since(self.next) > LATEST,
            };
            if !stale {
                break;
            }
            // The next one begins when the next packet comes.
            self.drop_first();
            self.abandoned += 1;
        }
    }

    /// The number of the cluster that is being sent, and its rate.
    pub(crate) fn running(&self) -> Option<ProbeCluster> {
        self.started.and(self.first()).map(|first| first.config)
    }

    /// How much one of its steps holds.
    pub(crate) fn step(&self) -> DataSize {
        let step = self
            .first()
            .map_or(DataSize::ZERO, |first| first.config.rate * first.distance);
        step.max(DataSize::bytes(1))
    }

    /// When its next step is due.
    pub(crate) fn next(&self) -> Timestamp {
        self.next
    }

    /// Until when the next step still makes sense.
    pub(crate) fn give_up(&self) -> Timestamp {
        self.next + LATEST + TimeDelta::us(1)
    }

    /// A packet of it has left.
    pub(crate) fn sent(&mut self, now: Timestamp, size: DataSize) {
        let (Some(started), Some(first)) = (self.started, self.first().copied()) else {
            return;
        };
        self.sent += size;
        self.packets += 1;
        self.next = started + self.sent / first.config.rate;
        let enough = first.config.rate * first.config.duration;
        if self.sent >= enough && self.packets >= first.config.minimum_packets {
            self.drop_first();
            self.completed += 1;
            if self.count > 0 {
                self.start(now.max(self.next));
            }
        }
    }

    /// Nothing was asked.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.started = None;
    }
}
