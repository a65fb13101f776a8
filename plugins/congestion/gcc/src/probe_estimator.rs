//! What a probe measured: the rate at which its packets left and came.
//!
//! Facts: libwebrtc's `probe_bitrate_estimator.cc`.

use jackfield_sdk::prelude::*;

/// So much of a probe must have come, of its packets and of its bytes.
const LEAST_SHARE: f64 = 0.8;
/// Packets that come faster than they left by more than this were held back together: no result.
const LARGEST_RATIO: f64 = 2.0;
/// If packets come slower than this share of the rate at which they left, the link was full …
const UNSATURATED: f64 = 0.9;
/// … and this share of it is to be used.
const UTILIZATION: f64 = 0.95;
/// How long a probe is remembered, and the longest that it may last.
const LONGEST: TimeDelta = TimeDelta::seconds(1);
/// So many probes are measured at a time.
const MOST_CLUSTERS: usize = 16;

/// A packet of a probe that came.
#[derive(Clone, Copy, Debug)]
pub struct ProbePacket {
    /// Which probe.
    pub cluster: u32,
    /// When it left.
    pub sent: Timestamp,
    /// When it came, on the remote clock.
    pub received: Timestamp,
    /// Its size.
    pub size: DataSize,
    /// How many packets the probe was to have.
    pub minimum_packets: u32,
    /// How much data.
    pub minimum_size: DataSize,
}

#[derive(Clone, Copy)]
struct Cluster {
    id: u32,
    packets: u32,
    size: DataSize,
    first_sent: Timestamp,
    last_sent: Timestamp,
    last_sent_size: DataSize,
    first_received: Timestamp,
    first_received_size: DataSize,
    last_received: Timestamp,
}

/// Measures probes.
#[derive(Default)]
pub struct ProbeEstimator {
    clusters: [Option<Cluster>; MOST_CLUSTERS],
    estimate: Option<DataRate>,
}

impl ProbeEstimator {
    /// Takes a packet of a probe; gives what the probe says so far.
    pub fn add(&mut self, packet: &ProbePacket) -> Option<DataRate> {
        self.forget_old(packet.received);
        let cluster = self.cluster(packet);
        if packet.sent < cluster.first_sent {
            cluster.first_sent = packet.sent;
        }
        if packet.sent > cluster.last_sent {
            cluster.last_sent = packet.sent;
            cluster.last_sent_size = packet.size;
        }
        if packet.received < cluster.first_received {
            cluster.first_received = packet.received;
            cluster.first_received_size = packet.size;
        }
        cluster.last_received = cluster.last_received.max(packet.received);
        cluster.size += packet.size;
        cluster.packets += 1;

        let least_packets = (f64::from(packet.minimum_packets) * LEAST_SHARE) as u32;
        let least_size = (packet.minimum_size.as_bytes() as f64 * LEAST_SHARE).round();
        if cluster.packets < least_packets || (cluster.size.as_bytes() as f64) < least_size {
            return None;
        }
        let rate = measured(cluster)?;
        self.estimate = Some(rate);
        self.estimate
    }

    /// The last result, once.
    pub fn take(&mut self) -> Option<DataRate> {
        self.estimate.take()
    }

    fn forget_old(&mut self, now: Timestamp) {
        for slot in &mut self.clusters {
            if slot.is_some_and(|cluster| cluster.last_received + LONGEST < now) {
                *slot = None;
            }
        }
    }

    /// The probe that a packet belongs to; a new one takes a free place or that of the probe heard of least recently.
    fn cluster(&mut self, packet: &ProbePacket) -> &mut Cluster {
        let known = |slot: &Option<Cluster>| slot.is_some_and(|cluster| cluster.id == packet.cluster);
        let at = self.clusters.iter().position(known).unwrap_or_else(|| {
            let oldest = |at: &usize| self.clusters[*at].map(|cluster| cluster.last_received);
            let at = (0..MOST_CLUSTERS).min_by_key(oldest).unwrap_or(0);
            self.clusters[at] = None;
            at
        });
        self.clusters[at].get_or_insert(Cluster {
            id: packet.cluster,
            packets: 0,
            size: DataSize::ZERO,
            first_sent: packet.sent,
            last_sent: packet.sent,
            last_sent_size: packet.size,
            first_received: packet.received,
            first_received_size: packet.size,
            last_received: packet.received,
        })
    }
}

fn measured(cluster: &Cluster) -> Option<DataRate> {
    let sent_in = cluster.last_sent - cluster.first_sent;
    let received_in = cluster.last_received - cluster.first_received;
    if [sent_in, received_in]
        .iter()
        .any(|time| *time <= TimeDelta::ZERO || *time > LONGEST)
    {
        return None;
    }
    // The last packet leaves behind the span, and the first one came before it.
    let sent = (cluster.size - cluster.last_sent_size) / sent_in;
    let received = (cluster.size - cluster.first_received_size) / received_in;
    if sent <= DataRate::ZERO || received <= DataRate::ZERO || received / sent > LARGEST_RATIO {
        return None;
    }
    Some(if received < sent * UNSATURATED {
        received * UTILIZATION
    } else {
        sent.min(received)
    })
}
