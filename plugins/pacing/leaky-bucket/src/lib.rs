//! Pacer that lets packets leave at a rate, urgent ones first: a leaky bucket after libwebrtc's `modules/pacing` (revision f3ae3eb).
//!
//! - **Rate.** What leaves fills a bucket that leaks at the pacing rate; while more is in it than the rate allows in the *burst window*
//!   (40 ms), media waits until it has leaked out. A window of zero paces every packet. No burst is larger than 63 kB.
//! - **Priorities.** Audio leaves at once, and does not fill the bucket unless told to. Then come audio sent again, video sent again, video
//!   and repair packets, and padding. Streams of one priority take turns, a packet each.
//! - **Bound of the wait.** No media waits longer than the *longest wait* (2 s): the rate is raised so far that, of each priority, all that is
//!   as urgent or more leaves before the packet that came first has waited so long. libwebrtc reckons with the average wait of all packets,
//!   which bounds the wait of no single one.
//! - **Congestion.** While the congestion controller's window is full, only audio leaves; but if nothing at all has left for 500 ms one packet
//!   does, so that there is something to be acknowledged.
//! - **Probes.** The packets of a cluster leave in steps of 2 ms, or what the host says, at the cluster's rate, whatever the bucket holds. Where media is lacking,
//!   [`PacerStatus::padding`] tells how much padding is.
//! - **Padding.** At the padding rate, when nothing waits and both buckets are empty, [`PacerStatus::padding`] asks for 5 ms worth of it; never
//!   before the first packet of media, never while paused or congested.
//!
//! It must never lose a packet, let one leave twice, or let packets of one stream and priority overtake each other; and in `[network]` calls
//! it must not allocate: room for [`CAPACITY`] packets is reserved when it is made, and what comes beyond that is refused.
//!
//! ```
//! use jackfield_pacing_leaky_bucket::LeakyBucket;
//! use jackfield_sdk::prelude::*;
//!
//! struct Gone(Vec<u64>);
//! impl DepartureSink for Gone {
//!     fn depart(&mut self, handle: u64) -> Result<(), Fault> {
//!         self.0.push(handle);
//!         Ok(())
//!     }
//! }
//!
//! let mut pacer = LeakyBucket::create(&Environment::seeded(1))?;
//! pacer.parameters().burst_window = 0.0;
//! pacer.set_rates(Timestamp::ZERO, DataRate::kbps(1_200), DataRate::ZERO)?;
//! for (handle, priority) in [(1, PacketPriority::Video), (2, PacketPriority::Video), (3, PacketPriority::Audio)] {
//!     let packet = PacedPacket { handle, size: DataSize::bytes(1_500), priority, ssrc: 1 };
//!     pacer.enqueue(Timestamp::ZERO, &packet)?;
//! }
//! let mut gone = Gone(Vec::new());
//! pacer.poll(Timestamp::ZERO, &mut gone)?;
//! assert_eq!(gone.0, [3, 1], "audio first, and as much as the rate allows");
//! assert_eq!(pacer.deadline()?, Timestamp::from_ms(10));
//! # Ok::<(), Fault>(())
//! ```

mod bucket;
mod pacer;
mod prober;
mod queue;

pub use jackfield_sdk::pacing::CAPACITY;
use jackfield_sdk::prelude::*;

pub use crate::pacer::LeakyBucket;

/// What can be set while it runs.
#[derive(Params)]
pub struct LeakyBucketParameters {
    /// What the rate allows in so long may leave at once; 0 paces every packet. The host's configuration wins if it names one.
    #[param(title = "Burst window", unit = "ms", min = 0.0, max = 500.0, default = 40.0)]
    pub burst_window: f64,
    /// Longer than this nothing shall wait: the rate is raised for it. The host's configuration wins if it names one.
    #[param(
        title = "Longest wait",
        unit = "ms",
        min = 50.0,
        max = 10_000.0,
        default = 2_000.0
    )]
    pub longest_wait: f64,
    /// Whether audio counts against the rate and waits as everything else does. The host's configuration can turn it on too.
    #[param(title = "Pace audio", default = false)]
    pub pace_audio: bool,
    /// After so long without any packet, one leaves in spite of a full window; 0 for never.
    #[param(title = "Keep alive", unit = "ms", min = 0.0, max = 10_000.0, default = 500.0)]
    pub keep_alive: f64,
    /// How far the steps are apart in which the packets of a probe leave. The host's configuration wins if it names one.
    #[param(title = "Probe distance", unit = "ms", min = 0.5, max = 20.0, default = 2.0)]
    pub probe_distance: f64,
    /// Whether a probe goes with padding alone if no media comes; else it waits for a packet.
    #[param(title = "Probe without media", default = false)]
    pub probe_without_media: bool,
}

impl Plugin for LeakyBucket {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.pacing.leaky-bucket",
        "Leaky bucket",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("Lets packets leave at a rate, urgent ones first, with probes and padding.");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::counter(
            "departed",
            "packets",
            "Packets that have left since the instance was made.",
        ),
        Statistic::counter("refused", "packets", "Packets for which there was no room."),
        Statistic::gauge(
            "rate",
            "kbit/s",
            "The rate at which media leaves: the pacing rate, or more if the queue is long.",
        ),
        Statistic::gauge("wait", "ms", "How long the packet that left last had waited."),
        Statistic::counter("padding_asked", "bytes", "Padding that was asked for."),
        Statistic::counter("probes", "", "Probe clusters that were sent in full."),
        Statistic::counter(
            "probes_abandoned",
            "",
            "Probe clusters that were given up: too late, or not enough to send.",
        ),
    ];
    type Parameters = LeakyBucketParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self::new())
    }

    fn parameters(&mut self) -> &mut LeakyBucketParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let present = self.present();
        values[..present.len()].copy_from_slice(&present);
    }

    /// The buckets are empty and no probe is asked for; what waits goes on waiting.
    fn reset(&mut self, _reason: ResetReason) {
        self.forget();
    }
}

jackfield_sdk::export! { Pacer => LeakyBucket }
