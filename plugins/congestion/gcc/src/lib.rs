//! Google congestion control, as libwebrtc has it: a controller that watches the trend of the one-way delay and the loss, and probes for more.
//!
//! It follows libwebrtc's `modules/congestion_controller/goog_cc` at revision f3ae3eb62e (version code 2026-08-22), with the defaults that
//! hold when no field trial is set; those that users would want to change are parameters. It is written anew from that behaviour in safe
//! Rust. It must never read a clock, draw a random number, or allocate after `activate`.
//!
//! The parts, from the bottom up, each usable by itself:
//!
//! | Part | What it says |
//! |---|---|
//! | [`inter_arrival`] | how the gaps between groups of packets changed on the way |
//! | [`trendline`] | whether the delay grows |
//! | [`link_capacity`], [`aimd`] | the rate that the delay allows |
//! | [`delay_based`] | the three together |
//! | [`acknowledged`] | what gets through |
//! | [`loss_based`] | the rate that the loss allows |
//! | [`loss_reports`] | the same from receiver reports, when there is no feedback on packets |
//! | [`round_trip_limit`] | a brake for round trips that take seconds |
//! | [`send_side`] | the least of all these |
//! | [`alr`] | whether the media fills it |
//! | [`probe_controller`], [`probe_settings`], [`probe_estimator`] | when to probe, and what a probe found |
//! | [`window`] | how much may be on its way |
//!
//! ```
//! use jackfield_congestion_gcc::Gcc;
//! use jackfield_sdk::prelude::*;
//!
//! #[derive(Default)]
//! struct Probes(Vec<ProbeCluster>);
//! impl ProbeSink for Probes {
//!     fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
//!         self.0.push(*cluster);
//!         Ok(())
//!     }
//! }
//!
//! let mut gcc = Gcc::create(&Environment::seeded(1))?;
//! let bounds = RateConstraints { minimum: DataRate::kbps(30), maximum: DataRate::kbps(2_500), start: DataRate::kbps(300) };
//! gcc.activate(Timestamp::ZERO, &bounds)?;
//! let mut probes = Probes::default();
//! let up = CongestionEvent { flag: 1, ..CongestionEvent::new(CongestionEventKind::NetworkAvailability, Timestamp::ZERO) };
//! gcc.on_event(Timestamp::ZERO, &up, &[], &mut probes)?;
//! let tick = CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::ZERO);
//! let update = gcc.on_event(Timestamp::ZERO, &tick, &[], &mut probes)?;
//! assert_eq!((update.target, update.pacing), (DataRate::kbps(300), DataRate::kbps(750)));
//! // It begins with probes at three and six times the start rate.
//! let rates: Vec<_> = probes.0.iter().map(|probe| probe.rate).collect();
//! assert_eq!(rates, [DataRate::kbps(900), DataRate::kbps(1_800)]);
//! # Ok::<(), Fault>(())
//! ```

pub mod acknowledged;
pub mod aimd;
pub mod alr;
mod arithmetic;
mod controller;
pub mod delay_based;
mod feedback;
mod history;
pub mod inter_arrival;
pub mod link_capacity;
pub mod loss_based;
pub mod loss_reports;
mod parameters;
pub mod path_estimate;
mod plugin;
pub mod probe_controller;
pub mod probe_estimator;
pub mod probe_settings;
mod report;
pub mod round_trip_limit;
mod sane;
pub mod send_side;
pub mod trendline;
pub mod window;

pub use parameters::GccParameters;
pub use plugin::{Gcc, JACKFIELD_PLUGIN};
