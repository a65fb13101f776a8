//! Numbers that the network thread leaves where others can read them at any time, without a lock.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};

use jackfield_core::transport::TransportState;
use jackfield_core::units::{DataRate, TimeDelta};

use super::outgoing::Departure;
use crate::stats::SocketStats;

/// What the network domain knows of one participant. Counters only grow, also across swaps of its plugins.
#[derive(Debug, Default)]
pub struct NetworkStats {
    /// RTP packets that came and were authentic.
    pub packets_received: AtomicU64,
    /// Their bytes without headers.
    pub bytes_received: AtomicU64,
    /// RTP packets that came to be measured and thrown away: video, for which there is no codec.
    pub measured_packets: AtomicU64,
    /// Their bytes without headers.
    pub measured_bytes: AtomicU64,
    /// RTP packets sent.
    pub packets_sent: AtomicU64,
    /// Their bytes without headers.
    pub bytes_sent: AtomicU64,
    /// Datagrams sent, of all kinds.
    pub datagrams_sent: AtomicU64,
    /// Datagrams handed to the transport, of all kinds.
    pub datagrams_received: AtomicU64,
    /// Packets that did not come (RFC 3550 section 6.4.1); negative if duplicates came.
    pub packets_lost: AtomicI64,
    /// Packets of ours that the remote end says are lost.
    pub remote_packets_lost: AtomicI64,
    /// Packets for which the ring into the receiver had no room.
    pub dropped_inbound: AtomicU64,
    /// Packets of ours that could not be sent: the queue was full, or the transport refused.
    pub dropped_outbound: AtomicU64,
    /// Packets that were no RTP or RTCP, of an unknown stream or payload type, or far out of order.
    pub discarded: AtomicU64,
    /// RTCP packets that came.
    pub rtcp_received: AtomicU64,
    /// RTCP packets sent.
    pub rtcp_sent: AtomicU64,
    /// RTP packets sent that held nothing but padding; they count in `packets_sent` too.
    pub padding_packets_sent: AtomicU64,
    /// Their bytes of padding.
    pub padding_bytes_sent: AtomicU64,
    /// Probes of the congestion controller that the pacer took on.
    pub probes_begun: AtomicU64,
    /// Probes that could not be sent: no stream may carry padding, or the pacer does not probe.
    pub probes_refused: AtomicU64,
    /// What the transport reports of itself.
    pub transport: SocketStats,
    /// What the pacer reports of itself.
    pub pacer: SocketStats,
    /// What the congestion controller reports of itself.
    pub congestion: SocketStats,
    /// What the estimator of what may come reports of itself, where there is one.
    pub estimator: SocketStats,
    /// Whether there is one, because the remote end knows REMB alone.
    pub estimating: AtomicBool,
    state: AtomicU32,
    jitter_us: AtomicI64,
    round_trip_us: AtomicI64,
    /// Microseconds and one bit that says that they are known.
    pictures_behind: AtomicI64,
    fraction_lost: AtomicU32,
    target_bps: AtomicI64,
    estimate_bps: AtomicI64,
    told_bps: AtomicI64,
    shadow_target_bps: AtomicI64,
    shadow_estimate_bps: AtomicI64,
}

const STATES: [TransportState; 6] = [
    TransportState::New,
    TransportState::Connecting,
    TransportState::Connected,
    TransportState::Disconnected,
    TransportState::Failed,
    TransportState::Closed,
];

impl NetworkStats {
    /// How its transport stands.
    pub fn state(&self) -> TransportState {
        STATES[(self.state.load(Relaxed) as usize).min(STATES.len() - 1)]
    }

    /// Interarrival jitter of what it sends.
    pub fn jitter_ms(&self) -> f64 {
        TimeDelta::us(self.jitter_us.load(Relaxed)).as_ms_f64()
    }

    /// The round-trip time that its last report told; `None` before the first.
    pub fn round_trip_ms(&self) -> Option<f64> {
        self.round_trip().map(TimeDelta::as_ms_f64)
    }

    pub(crate) fn round_trip(&self) -> Option<TimeDelta> {
        // Zero is a time that can be measured on one machine, so it is kept one up.
        let kept = self.round_trip_us.load(Relaxed);
        (kept > 0).then(|| TimeDelta::us(kept - 1))
    }

    /// How much later than its voice the pictures that it sends come, negative if they come earlier: so much longer the voice would have to be held back
    /// for both to be in step. None if it sends none, or not enough is known.
    pub fn pictures_behind_ms(&self) -> Option<f64> {
        let kept = self.pictures_behind.load(Relaxed);
        (kept & 1 == 1).then(|| TimeDelta::us(kept >> 1).as_ms_f64())
    }

    /// The share of our packets that its last report says are lost, 0 to 1.
    pub fn remote_fraction_lost(&self) -> f64 {
        f64::from(self.fraction_lost.load(Relaxed)) / 256.0
    }

    /// The rate that the congestion controller allows; zero before it has said anything.
    pub fn target_rate(&self) -> DataRate {
        DataRate::bps(self.target_bps.load(Relaxed))
    }

    /// What the congestion controller believes the path bears; zero if it has not said.
    pub fn estimate(&self) -> DataRate {
        DataRate::bps(self.estimate_bps.load(Relaxed))
    }

    /// What the remote end was told last that it may send (REMB); `None` if it was told nothing.
    pub fn told_rate(&self) -> Option<DataRate> {
        let told = self.told_bps.load(Relaxed);
        (told > 0).then(|| DataRate::bps(told))
    }

    /// Target and estimate of a controller that is told everything and heeded by nobody, while a swap is under way: the newcomer in the shadow, or
    /// its predecessor during the probation.
    pub fn shadow_rates(&self) -> Option<(DataRate, DataRate)> {
        let target = self.shadow_target_bps.load(Relaxed);
        let estimate = self.shadow_estimate_bps.load(Relaxed);
        (target > 0).then(|| (DataRate::bps(target), DataRate::bps(estimate)))
    }

    /// An RTP packet has left.
    pub(crate) fn sent(&self, departure: &Departure) {
        self.packets_sent.fetch_add(1, Relaxed);
        self.bytes_sent.fetch_add(departure.payload_len as u64, Relaxed);
        if departure.padding > 0 {
            self.padding_packets_sent.fetch_add(1, Relaxed);
            self.padding_bytes_sent
                .fetch_add(u64::from(departure.padding), Relaxed);
        }
    }

    pub(crate) fn set_state(&self, state: TransportState) {
        // A state that this build does not know counts as the first.
        let place = STATES.iter().position(|known| *known == state).unwrap_or(0);
        self.state.store(place as u32, Relaxed);
    }

    pub(crate) fn set_jitter(&self, jitter: TimeDelta) {
        self.jitter_us.store(jitter.as_us(), Relaxed);
    }

    pub(crate) fn set_round_trip(&self, round_trip: TimeDelta) {
        self.round_trip_us.store(round_trip.as_us().max(0) + 1, Relaxed);
    }

    pub(crate) fn set_pictures_behind(&self, behind: Option<TimeDelta>) {
        let kept = behind.map_or(0, |behind| behind.as_us() << 1 | 1);
        self.pictures_behind.store(kept, Relaxed);
    }

    pub(crate) fn set_fraction_lost(&self, fraction: u8) {
        self.fraction_lost.store(u32::from(fraction), Relaxed);
    }

    pub(crate) fn set_rates(&self, target: DataRate, estimate: DataRate) {
        self.target_bps.store(target.as_bps(), Relaxed);
        self.estimate_bps.store(estimate.as_bps(), Relaxed);
    }

    pub(crate) fn set_told_rate(&self, rate: DataRate) {
        self.told_bps.store(rate.as_bps(), Relaxed);
    }

    pub(crate) fn set_shadow_rates(&self, target: DataRate, estimate: DataRate) {
        self.shadow_target_bps.store(target.as_bps(), Relaxed);
        self.shadow_estimate_bps.store(estimate.as_bps(), Relaxed);
    }
}
