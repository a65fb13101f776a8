//! TCP as cross traffic: what a media flow meets on a real path, with real loss recovery. Sans-IO: whoever runs it carries [`Segment`]s and
//! [`Acknowledgement`]s through a network and calls back when [`TcpSender::deadline`] or [`TcpReceiver::deadline`] has come. No bytes are
//! moved, only the ranges of them.
//!
//! What is built after what:
//! - loss detection and tail-loss probes by time, RFC 8985 (RACK-TLP), with the receiver's SACK (RFC 2018) and D-SACK (RFC 2883) blocks;
//! - retransmission timeout RFC 6298, with a least timeout of 200 ms, as deployed, where the RFC asks for 1 s ([`TcpConfig::least_timeout`]);
//! - window during recovery by RFC 6937 (proportional rate reduction, with its slow-start bound);
//! - [`Algorithm::Reno`] RFC 5681, initial window RFC 6928; [`Algorithm::Cubic`] RFC 9438 with HyStart++ RFC 9406; [`Algorithm::Bbr`] version 1
//!   as in draft-cardwell-iccrg-bbr-congestion-control-00; [`Algorithm::Prague`] a scalable one, which halves by the share of marked bytes as
//!   RFC 8257 does and is paced as RFC 9331 asks;
//! - ECN: RFC 3168 for the first three if [`TcpConfig::ecn`] says so, counted bytes (as AccECN counts them) for Prague.
//!
//! Left out: the window scale dance (a receive window is a constant), silly windows and Nagle (senders send whole segments), undoing a
//! reduction that turns out to have been needless, the closing handshake.
//!
//! ```
//! use jackfield_sim::VirtualTime;
//! use jackfield_sim::tcp::{TcpConfig, TcpReceiver, TcpSender};
//!
//! let (mut sender, mut receiver) = (TcpSender::new(TcpConfig::default()), TcpReceiver::new());
//! sender.write(10_000);
//! let mut now = VirtualTime::ZERO;
//! while !sender.is_finished() {
//!     let segments: Vec<_> = std::iter::from_fn(|| sender.poll_transmit(now)).collect();
//!     now = now.later(20_000_000);
//!     let answers: Vec<_> = segments.iter().filter_map(|s| receiver.receive(now, s, s.ecn)).collect();
//!     now = now.later(20_000_000);
//!     for answer in answers.into_iter().chain(receiver.handle_timeout(now)) {
//!         sender.acknowledge(now, &answer);
//!     }
//! }
//! assert_eq!(receiver.received(), 10_000);
//! ```

mod bbr;
mod config;
mod congestion;
mod cubic;
mod hystart;
mod prague;
mod receiver;
mod recovery;
mod reno;
mod round_trip;
mod scoreboard;
mod segment;
mod sender;
mod traffic;

pub use crate::scenario::TcpAlgorithm as Algorithm;
pub use config::{TcpConfig, TcpStats};
pub use congestion::{AckSample, Congestion, CongestionControl};
pub use receiver::TcpReceiver;
pub use segment::{Acknowledgement, SackRanges, Segment};
pub use sender::TcpSender;
pub use traffic::{TcpPacket, TcpTraffic};

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;
