//! Scenarios: what the network is like, who sends over it, and over which spans of time results are counted. A scenario names no plugin.
//!
//! A scenario is a TOML file; [`Scenario::parse`] reads it and refuses what makes no sense, with the key and what to do. `docs/reference/scenarios.md`
//! lists every key. One file can stand for several scenarios (`[sweep]`): [`Scenario::parse_all`] gives them all, with derived names.
//!
//! ```
//! use jackfield_sim::scenario::Scenario;
//!
//! let scenario = Scenario::parse(r#"
//!     name = "one call over a slow link"
//!     duration = "30 s"
//!
//!     [links.uplink]
//!     rate = [{ at = "0 s", rate = "1 Mbit/s" }, { at = "15 s", rate = "500 kbit/s" }]
//!     delay = "50 ms"
//!     queue = "300 ms"
//!
//!     [links.downlink]
//!     delay = "50 ms"
//!
//!     [[flows]]
//!     name = "call"
//!     path = ["uplink"]
//!     return_path = ["downlink"]
//!     rate = { minimum = "150 kbit/s", start = "300 kbit/s", maximum = "1.5 Mbit/s" }
//!     streams = [{ kind = "audio", rate = "20 kbit/s" }, { kind = "video" }]
//! "#)?;
//! assert_eq!(scenario.segments.len(), 2, "one for each step of the capacity");
//! # Ok::<(), jackfield_sim::scenario::ScenarioError>(())
//! ```

mod check;
mod check_links;
mod error;
mod flows;
mod ladder;
mod links;
mod queues;
mod raw;
mod read;
mod sweep;
mod traces;
mod units;

use std::collections::BTreeMap;

use jackfield_core::units::TimeDelta;

pub use error::ScenarioError;
pub use flows::{
    AudioSpec, Burst, ClockSpec, CrossKind, CrossTrafficSpec, FeedbackFormat, FlowSpec, OnOff, Pause,
    RepairSpec, RouteChange, Segment, ShortTcp, StreamKind, StreamSpec, TcpAlgorithm, TcpSpec, VideoSpec,
};
pub use links::{
    AccessCategory, ContentionSpec, DeliverySlots, JitterSpec, LinkSpec, LossSpec, MarkingSpec, MediumSpec,
    Outage, PolicerSpec, QueueLimit, QueueSpec, RateSpec, RedSpec, ReorderSpec,
};

/// A scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What it is called; results go by this name.
    pub name: String,
    /// What it is about and where its numbers come from.
    pub description: String,
    /// How long it lasts.
    pub duration: TimeDelta,
    /// Links by name. Where links are numbered, it is in this order.
    pub links: BTreeMap<String, LinkSpec>,
    /// Airtime that several links share, by name.
    pub media: BTreeMap<String, MediumSpec>,
    /// Media flows, each with a congestion controller of its own.
    pub flows: Vec<FlowSpec>,
    /// What else is sent.
    pub cross_traffic: Vec<CrossTrafficSpec>,
    /// What results are counted over. Without any in the file: one for each step of any link's capacity; those of a trace are not counted.
    pub segments: Vec<Segment>,
}

/// Opens the traces that scenarios name.
pub trait TraceSource {
    /// What stands in the trace of this name, which is as the scenario writes it: usually a path. Asked for once for each name.
    ///
    /// # Errors
    /// Why it cannot be had, in words that end in no full stop.
    fn text(&mut self, name: &str) -> Result<String, String>;
}

impl<F: FnMut(&str) -> Result<String, String>> TraceSource for F {
    fn text(&mut self, name: &str) -> Result<String, String> {
        self(name)
    }
}

/// Nobody opens anything.
struct NoTraces;

impl TraceSource for NoTraces {
    fn text(&mut self, _: &str) -> Result<String, String> {
        Err("nothing was given to open traces with (`Scenario::parse_all_with`)".to_owned())
    }
}

impl Scenario {
    /// Reads the scenario of a file as it is written; what the file's `sweep` varies is left as the base has it.
    ///
    /// # Errors
    /// If the text is no TOML, has keys that are not known, or describes what cannot be. The error names the key and what to do.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        read::base(text, &mut NoTraces)
    }

    /// Reads all scenarios of a file: one for each combination of the values of its `sweep`, or the one that it is without.
    ///
    /// # Errors
    /// As [`Scenario::parse`]; the error also names the variant.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, ScenarioError> {
        read::all(text, &mut NoTraces)
    }

    /// As [`Scenario::parse`], for files whose links name traces (`rate = { trace = "…" }`): `traces` opens them, as this crate opens no files.
    ///
    /// # Errors
    /// As [`Scenario::parse`], and if a trace cannot be had or is none, with the line.
    pub fn parse_with(text: &str, traces: &mut dyn TraceSource) -> Result<Self, ScenarioError> {
        read::base(text, traces)
    }

    /// As [`Scenario::parse_all`], with traces.
    ///
    /// # Errors
    /// As [`Scenario::parse_with`]; the error also names the variant.
    pub fn parse_all_with(text: &str, traces: &mut dyn TraceSource) -> Result<Vec<Self>, ScenarioError> {
        read::all(text, traces)
    }

    /// The number of the link of this name.
    pub fn link_number(&self, name: &str) -> Option<usize> {
        self.links.keys().position(|link| link == name)
    }

    /// The numbers of the links on a flow's path.
    pub fn path_of(&self, flow: &FlowSpec) -> Vec<usize> {
        flow.path
            .iter()
            .filter_map(|name| self.link_number(name))
            .collect()
    }

    /// The number of the flow that the end which receives this one sends the other way: the one that it names as its peer, or that names it.
    pub fn peer_of(&self, flow: usize) -> Option<usize> {
        let own = self.flows.get(flow)?;
        self.flows
            .iter()
            .position(|other| own.peer == other.name || other.peer == own.name)
    }

    /// Says so if the scenario describes what cannot be: [`light::run`](crate::light::run) does before it begins.
    ///
    /// # Errors
    /// As [`Scenario::parse`].
    pub fn check(&self) -> Result<(), ScenarioError> {
        check::scenario(self)
    }
}
