//! Numbers that the audio thread leaves where others can read them at any time, without a lock.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

/// The most statistics that one plugin's place shows.
pub const MAX_STATISTICS: usize = 24;

/// What is known of one participant.
#[derive(Debug, Default)]
pub struct StripStats {
    level: AtomicU32,
    heard: AtomicBool,
    receiver_failed: AtomicBool,
    ticked: AtomicBool,
    /// Samples per channel played.
    pub total_samples: AtomicU64,
    /// Samples per channel made up by concealment.
    pub concealed_samples: AtomicU64,
    /// Packets that came too late to be played.
    pub late: AtomicU64,
    /// Packets that came twice.
    pub duplicate: AtomicU64,
    /// Packets thrown away by the jitter buffer.
    pub flushed: AtomicU64,
    /// Packets that no decoder took.
    pub undecodable: AtomicU64,
    /// Delay of the jitter buffer in µs.
    pub jitter_delay_us: AtomicU64,
    /// Delay that it aims for in µs.
    pub jitter_target_us: AtomicU64,
    /// One per processor socket.
    pub sockets: Vec<SocketStats>,
    /// The jitter buffer.
    pub jitter: SocketStats,
    /// The decoder.
    pub decoder: SocketStats,
    /// The participant's own encoder.
    pub encoder: SocketStats,
}

/// What the plugin in one socket reports of itself.
#[derive(Debug, Default)]
pub struct SocketStats {
    values: [AtomicU64; MAX_STATISTICS],
    latency_samples: AtomicU64,
    bypassed: AtomicBool,
    concealed_blocks: AtomicU64,
}

impl StripStats {
    /// For a chain of `processors` sockets.
    pub fn new(processors: usize) -> Self {
        Self {
            sockets: std::iter::repeat_with(SocketStats::default)
                .take(processors)
                .collect(),
            ..Self::default()
        }
    }

    /// How loud the participant is, dBov.
    pub fn level_dbov(&self) -> f32 {
        f32::from_bits(self.level.load(Relaxed))
    }

    /// Whether the participant is in the mix.
    pub fn is_heard(&self) -> bool {
        self.heard.load(Relaxed)
    }

    /// Whether its jitter buffer fails.
    pub fn is_receiver_failed(&self) -> bool {
        self.receiver_failed.load(Relaxed)
    }

    /// Whether the audio thread has run its strip at least once.
    pub fn has_ticked(&self) -> bool {
        self.ticked.load(Relaxed)
    }

    pub(crate) fn set_level(&self, level_dbov: f32, heard: bool) {
        self.level.store(level_dbov.to_bits(), Relaxed);
        self.heard.store(heard, Relaxed);
        self.ticked.store(true, Relaxed);
    }

    pub(crate) fn receiver_failed(&self, failed: bool) {
        self.receiver_failed.store(failed, Relaxed);
    }
}

impl SocketStats {
    /// The values, in the order of the plugin's statistics.
    pub fn values(&self) -> [f64; MAX_STATISTICS] {
        std::array::from_fn(|i| f64::from_bits(self.values[i].load(Relaxed)))
    }

    /// Latency in samples of the room's rate.
    pub fn latency_samples(&self) -> u64 {
        self.latency_samples.load(Relaxed)
    }

    /// Whether the signal goes around the plugin because it broke.
    pub fn is_bypassed(&self) -> bool {
        self.bypassed.load(Relaxed)
    }

    /// Blocks that went around the plugin because its process did not answer.
    pub fn concealed_blocks(&self) -> u64 {
        self.concealed_blocks.load(Relaxed)
    }

    pub(crate) fn set_concealed(&self, blocks: u64) {
        self.concealed_blocks.store(blocks, Relaxed);
    }

    pub(crate) fn set(&self, values: &[f64]) {
        for (place, value) in self.values.iter().zip(values) {
            place.store(value.to_bits(), Relaxed);
        }
    }

    pub(crate) fn set_state(&self, latency_samples: usize, bypassed: bool) {
        self.latency_samples.store(latency_samples as u64, Relaxed);
        self.bypassed.store(bypassed, Relaxed);
    }
}

/// What is known of one room's audio domain.
#[derive(Debug, Default)]
pub struct RoomStats {
    /// Ticks done.
    pub ticks: AtomicU64,
    /// Participants whose voice was decoded in the last tick.
    pub heard: AtomicU64,
    /// Encoders that ran in the last tick.
    pub encoders: AtomicU64,
    /// Packets that found no box or no room in the ring.
    pub dropped_packets: AtomicU64,
    /// The mixer.
    pub mixer: SocketStats,
}
