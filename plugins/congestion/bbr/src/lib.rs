//! Congestion controller after BBR, for real-time media: it measures what the path delivers and how long it takes when it is empty, and sends
//! at that rate, with short probes for more.
//!
//! The algorithm is BBRv3 (draft-ietf-ccwg-bbr-04: start-up, drain, the cycle down – cruise – refill – up, `ProbeRTT`, short-term and
//! long-term bounds after losses with β 0.7) over the delivery-rate samples of draft-cheng-iccrg-delivery-rate-estimation-02. What differs
//! for media, and why:
//!
//! - **Arrival times.** Samples are made of the receiver's own arrival times, which transport-wide feedback (TWCC, RFC 8888) carries; the
//!   time of an acknowledgement would say more of the feedback interval than of the link. The window allows for that interval on top of the
//!   bandwidth-delay product.
//! - **Mostly limited by the application.** An encoder sends what it is told or less, never more. So a sample counts in full only if what was
//!   sent filled the estimate, or a queue shows that the link was the limit; others can raise the estimate and never lower it. In start-up
//!   and in probes the rest is *padding*, so that the encoder's rate stays calm; on hosts that make none, media probes.
//! - **Queues count.** A queue of 80 ms that stands is congestion, long before a drop-tail queue loses anything: the rate goes back
//!   to what was delivered, and further down until the queue is gone. A probe ends at 30 ms. A queue that does not go away though less is sent is
//!   somebody else's, and for a while counts for nothing: so a flow beside a loss-based TCP keeps its share.
//! - **`ProbeRTT` does not starve.** It sends 75 % of the bandwidth for 200 ms or a round, and only if the empty path was not seen for 10 s; the
//!   draft sends half a window every 5 s.
//! - **Targets below the estimate.** Encoders get 95 % of it, so that what they are off by does not queue.
//! - **Silence.** Without feedback for longer than it should take the rate goes down by 0.7 again and again. Where there has never been any, the
//!   losses that RTCP reports move it, and an estimate of the remote end (REMB) bounds it.
//!
//! Marks of congestion count as losses (RFC 3168); it does not ask for L4S.
//!
//! It must never allocate after it is made: 4,096 packets are remembered, which is what is in flight in 300 ms of 100 Mbit/s.
//!
//! ```
//! use jackfield_congestion_bbr::Bbr;
//! use jackfield_sdk::prelude::*;
//!
//! struct NoProbes;
//! impl ProbeSink for NoProbes {
//!     fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
//!         Ok(())
//!     }
//! }
//!
//! let mut bbr = Bbr::create(&Environment::seeded(1))?;
//! let bounds = RateConstraints { minimum: DataRate::kbps(30), maximum: DataRate::kbps(5_000), start: DataRate::kbps(300) };
//! bbr.activate(Timestamp::ZERO, &bounds)?;
//! let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::ZERO);
//! let update = bbr.on_event(Timestamp::ZERO, &event, &[], &mut NoProbes)?;
//! assert_eq!(update.target, DataRate::kbps(300));
//! assert_eq!(update.pacing, update.estimate * 2.0, "start-up doubles, with padding");
//! # Ok::<(), Fault>(())
//! ```

mod controller;
mod filter;
mod path;
mod phase;
mod sampler;

use jackfield_sdk::prelude::*;

pub use crate::controller::Bbr;

/// What can be set while it runs.
#[derive(Params)]
pub struct BbrParameters {
    /// The share of the estimate that encoders are told to send.
    #[param(title = "Target fraction", min = 0.5, max = 1.0, default = 0.95)]
    pub target_fraction: f64,
    /// The window as a multiple of the bandwidth-delay product.
    #[param(title = "Window gain", min = 1.0, max = 4.0, default = 2.0)]
    pub window_gain: f64,
    /// The rounds of which the fastest counts.
    #[param(title = "Bandwidth filter", unit = "rounds", min = 2, max = 30, default = 8)]
    pub bandwidth_rounds: i32,
    /// A queue that stands higher than this is drained.
    #[param(title = "Queue bound", unit = "ms", min = 10.0, max = 1_000.0, default = 80.0)]
    pub queue_bound: f64,
    /// A probe ends when the queue is so long.
    #[param(title = "Probe queue", unit = "ms", min = 5.0, max = 1_000.0, default = 30.0)]
    pub probe_queue: f64,
    /// From one probe to the next, at least; up to half of it more is added at random.
    #[param(
        title = "Probe interval",
        unit = "ms",
        min = 200.0,
        max = 10_000.0,
        default = 1_500.0
    )]
    pub probe_interval: f64,
    /// Whether start-up and probes fill up with padding; else they are made of media.
    #[param(title = "Padding", default = true)]
    pub padding: bool,
}

jackfield_sdk::export! { CongestionController => Bbr }
