//! The light mode: congestion controllers and pacers over simulated links, with models of encoders and no bytes.
//!
//! The plugins are driven through their real traits with the events of a live call, in its order: `activate`; `NetworkAvailability` and
//! `StreamsConfig`; then `SentPacket` for each packet, `PacketFeedback` for each feedback, `RoundTripTime` and `TransportLoss` for each
//! receiver report (one a second), `ProcessInterval` as often as asked for, `StreamsConfig` when media pauses and resumes, `RouteChange` when
//! the path changes. What the controller decides is heeded: `target` (shared out over the streams, less `advice().reduction`), `pacing` and
//! `padding` (`Pacer::set_rates`; padding is made when the pacer is empty), `window` (`Pacer::set_congested`), probes (`Pacer::probe`, with
//! padding where media lacks), `ecn`, `feedback_interval`, `advice().pacing_window` and `probe_distance` (`Pacer::configure`). `advice` is asked
//! for after each event but `SentPacket`.
//!
//! The receiver reports each packet in a feedback, every 50 to 250 ms, so that feedback takes 5 % of what it receives (with a
//! [`peer`](crate::scenario::FlowSpec::peer) of what its own end aims to send), or as often as the controller wants. Feedback and reports are packets on the return path: they wait, and can be lost. What is lost is sent again only for streams with
//! [`repair`](crate::scenario::RepairSpec); of others, a frame that has lost a packet is never complete.
//!
//! Rates and sizes are those at the IP layer, headers included. Engine time is 0 at the beginning of the scenario; the sender's clock is
//! right, the receiver's is as the scenario says.

mod history;
mod in_place;
mod media;
mod observer;
mod receiver;
mod repair;
mod run;
mod sender;
mod trace;
mod truth;

use std::fmt;

use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::pacer::Pacer;

use crate::scenario::{FlowSpec, Scenario, ScenarioError};

pub use in_place::run_as_tcp;
pub use observer::{FrameRecord, Observer};

/// What a flow runs.
pub struct FlowModules {
    /// Its congestion controller, not activated yet.
    pub controller: Box<dyn CongestionController>,
    /// Its pacer.
    pub pacer: Box<dyn Pacer>,
    /// Whether the controller is told what the flow could have, by `NetworkStateEstimate` events at the beginning and at every change: `rate`,
    /// `lower` and `upper` are the flow's fair share of its path ([`Observer::available`]), `time` is the propagation delay. For oracles.
    pub knows_truth: bool,
}

/// Makes what the flows run.
pub trait ModuleSource {
    /// What the flow of this number runs; `seed` is that of the run, for modules that draw.
    ///
    /// # Errors
    /// If it cannot be made: the run does not begin.
    fn modules(&mut self, flow: usize, spec: &FlowSpec, seed: u64) -> Result<FlowModules, Fault>;
}

impl<F: FnMut(usize, &FlowSpec, u64) -> Result<FlowModules, Fault>> ModuleSource for F {
    fn modules(&mut self, flow: usize, spec: &FlowSpec, seed: u64) -> Result<FlowModules, Fault> {
        self(flow, spec, seed)
    }
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// BLAKE3 over every packet that was sent, arrived, was dropped or marked: when, whose, which, how big.
    pub trace_hash: [u8; 32],
    /// Packets that were sent, by all sources.
    pub packets: u64,
    /// What was counted of each flow.
    pub flows: Vec<FlowSummary>,
}

/// What was counted of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowSummary {
    /// Packets that left.
    pub sent: u64,
    /// Packets that came.
    pub arrived: u64,
    /// Feedback and reports that the sender read.
    pub feedbacks: u64,
    /// Probes that the pacer took, and those that it refused.
    pub probes: (u64, u64),
    /// The fault with which the controller failed, and after which its last decision held; none if it did not.
    pub controller_fault: Option<Fault>,
    /// The fault with which the pacer failed, and after which packets left at once; none if it did not.
    pub pacer_fault: Option<Fault>,
}

/// Why a run could not be made.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RunError {
    /// The scenario describes what cannot be.
    Scenario(ScenarioError),
    /// The modules of a flow could not be made.
    Modules {
        /// Which flow.
        flow: String,
        /// What its source said.
        fault: Fault,
    },
    /// The controller of a flow refused its bounds.
    Activation {
        /// Which flow.
        flow: String,
        /// What it said.
        fault: Fault,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scenario(error) => write!(f, "the scenario cannot be run: {error}"),
            Self::Modules { flow, fault } => write!(
                f,
                "the plugins of the flow `{flow}` could not be made: {fault}; check that they are built and found"
            ),
            Self::Activation { flow, fault } => write!(
                f,
                "the congestion controller of the flow `{flow}` refused its bounds: {fault}; change the flow's `rate`"
            ),
        }
    }
}

impl std::error::Error for RunError {}

impl From<ScenarioError> for RunError {
    fn from(error: ScenarioError) -> Self {
        Self::Scenario(error)
    }
}

/// Runs a scenario to its end, in the weather of `seed`. Equal arguments give equal runs, packet by packet.
///
/// # Errors
/// If the scenario makes no sense, or the modules could not be made. A module that fails later does not end the run: see [`FlowSummary`].
pub fn run(
    scenario: &Scenario,
    seed: u64,
    modules: &mut dyn ModuleSource,
    observer: &mut dyn Observer,
) -> Result<Summary, RunError> {
    scenario.check()?;
    run::Run::new(scenario, seed, modules, observer)?.go_to_the_end()
}
