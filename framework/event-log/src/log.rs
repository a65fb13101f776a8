//! What an event log tells.

use std::collections::BTreeMap;

use jackfield_core::FaultCode;
use jackfield_core::congestion_controller::{
    CongestionEvent, CongestionHandover, CongestionUpdate, PacketFeedback, ProbeCluster, RateConstraints,
};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;

use crate::jitter::BufferLog;
use crate::sink::Identity;

/// An event log that has been read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventLog {
    /// Where it comes from: the first line without its schema.
    pub origin: BTreeMap<String, String>,
    /// The controllers, by flow and instance.
    pub controllers: Vec<ControllerLog>,
    /// The jitter buffers, by stream and instance.
    pub jitter_buffers: Vec<BufferLog>,
    /// The swaps of controllers that ended, in the order of their lines.
    pub swaps: Vec<Swapped>,
    /// The swaps of jitter buffers that ended, in the order of their lines; their flow is the stream.
    pub jitter_swaps: Vec<Swapped>,
    /// Why the log ends before the call, if it says so.
    pub stopped: Option<String>,
    /// How many lines tell of something else.
    pub others: u64,
    /// Whether the last line is torn and was left out, together with the last event of its controller, whose answer may have been on it.
    pub torn: bool,
}

/// What was noted of one controller.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControllerLog {
    /// The flow that it worked for.
    pub flow: u32,
    /// 0 for the flow's first controller; its successors count on.
    pub instance: u32,
    /// Which plugin it was, if that was noted.
    pub identity: Option<Identity>,
    /// What happened to it, in order.
    pub steps: Vec<Step>,
    /// How much could not be noted.
    pub missing: u64,
}

/// Something that happened to a controller.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened to a controller.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It got its bounds.
    Activated(RateConstraints),
    /// It was told what its predecessor believed.
    TookOver(CongestionHandover),
    /// It was asked what it believes.
    HandedOver,
    /// It was told an event, and answered.
    Told(Box<Told>),
    /// It decided this; what it was told was not noted.
    Decided(CongestionUpdate),
    /// A parameter was set.
    Parameter {
        /// Its place in the plugin's list.
        index: u32,
        /// Its value.
        value: f64,
    },
    /// It was reset.
    Reset(ResetReason),
    /// So many of these could not be noted.
    Missing(u64),
}

/// An event and what the controller answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The event.
    pub event: CongestionEvent,
    /// The packets of a feedback.
    pub packets: Vec<PacketFeedback>,
    /// The probes that it asked for.
    pub probes: Vec<ProbeCluster>,
    /// What it answered.
    pub answer: Answer,
}

/// What a controller answered to an event.
pub type Answer = Result<CongestionUpdate, FaultCode>;

/// A swap that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Swapped {
    /// When.
    pub at: Timestamp,
    /// The flow.
    pub flow: u32,
    /// The instance that was swapped in.
    pub instance: u32,
    /// The number of the swap.
    pub swap: u64,
    /// Why it had to go; nothing if it stayed.
    pub rolled_back: Option<String>,
}

impl ControllerLog {
    /// The event to which a line of this time is an answer.
    pub(crate) fn last_told(&mut self, at: Timestamp) -> Option<&mut Told> {
        match self.steps.last_mut() {
            Some(Step {
                at: then,
                what: What::Told(told),
            }) if *then == at => Some(told),
            _ => None,
        }
    }

    /// What it was told, with the time of it.
    pub fn told(&self) -> impl Iterator<Item = (Timestamp, &Told)> {
        self.steps.iter().filter_map(|step| match &step.what {
            What::Told(told) => Some((step.at, &**told)),
            _ => None,
        })
    }
}
