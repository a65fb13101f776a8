//! What is noted of a controller, and where it is written.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionEvent, CongestionHandover, CongestionUpdate, PacketFeedback, ProbeCluster, RateConstraints,
};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;

use crate::lines::{Lines, ns};

/// Something that a controller was told or asked.
#[derive(Clone, Copy, Debug)]
pub enum Happening<'a> {
    /// It got its bounds.
    Activated(&'a RateConstraints),
    /// It was told what its predecessor believed.
    TookOver(&'a CongestionHandover),
    /// It was asked what it believes.
    HandedOver,
    /// It was told an event.
    Told {
        /// The event.
        event: &'a CongestionEvent,
        /// The packets of a feedback.
        packets: &'a [PacketFeedback],
        /// The probes that it asked for.
        probes: &'a [ProbeCluster],
        /// What it answered; none if that was the same as its last answer.
        answer: Option<Result<&'a CongestionUpdate, &'a Fault>>,
    },
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

/// Takes note of what a controller is told.
pub trait EventSink: Send {
    /// Notes what happened `at`; false if it could not. Must not allocate, lock or block where the controller is told events by a thread that must
    /// not wait.
    fn note(&mut self, at: Timestamp, happening: &Happening<'_>) -> bool;
}

/// Which plugin a controller or jitter buffer is an instance of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// The plugin's id.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// The seed that it was made with.
    pub seed: u64,
    /// What its parameters were when it was made, by name.
    pub parameters: Vec<(String, f64)>,
}

/// Writes the lines of one controller into a text.
#[derive(Debug)]
pub struct TextSink {
    lines: Lines,
    flow: u32,
    instance: u32,
}

impl TextSink {
    /// Behind `lines`, for the controller of this flow and instance.
    pub fn new(lines: Lines, flow: u32, instance: u32) -> Self {
        Self {
            lines,
            flow,
            instance,
        }
    }

    /// Writes which plugin it is.
    pub fn identify(&mut self, at: Timestamp, identity: &Identity) {
        self.lines.identity(at, (self.flow, self.instance), identity);
    }

    /// What has been written.
    pub fn text(&self) -> &str {
        self.lines.as_text()
    }
}

impl EventSink for TextSink {
    fn note(&mut self, at: Timestamp, happening: &Happening<'_>) -> bool {
        self.lines.happening(at, (self.flow, self.instance), happening);
        true
    }
}

impl Lines {
    /// Writes which plugin the controller of this flow and instance is.
    pub fn identity(&mut self, at: Timestamp, controller: (u32, u32), identity: &Identity) {
        self.of("controller", at, controller);
        self.plugin(identity);
        self.end();
    }

    pub(crate) fn plugin(&mut self, identity: &Identity) {
        self.quoted("plugin", &identity.plugin);
        self.quoted("version", &identity.version);
        self.number("seed", i128::from(identity.seed));
        let parameters = identity.parameters.iter();
        self.object(
            "parameters",
            parameters.map(|(name, value)| (name.as_str(), *value)),
        );
    }

    /// Writes what happened to the controller of this flow and instance.
    pub fn happening(&mut self, at: Timestamp, controller: (u32, u32), happening: &Happening<'_>) {
        match *happening {
            Happening::Activated(constraints) => {
                self.of("activated", at, controller);
                self.constraints(constraints);
            }
            Happening::TookOver(state) => {
                self.of("took-over", at, controller);
                self.handover(state);
            }
            Happening::HandedOver => self.of("handed-over", at, controller),
            Happening::Told {
                event,
                packets,
                probes,
                answer,
            } => {
                self.of("told", at, controller);
                self.event(at, event, packets);
                for cluster in probes {
                    self.end();
                    self.of("probe", at, controller);
                    self.probe(cluster);
                }
                match answer {
                    None => {}
                    Some(Ok(update)) => {
                        self.end();
                        self.of("decided", at, controller);
                        self.update(update);
                    }
                    Some(Err(fault)) => {
                        self.end();
                        self.of("failed", at, controller);
                        self.number("status", i128::from(fault.code().status()));
                        self.quoted("why", fault.text());
                    }
                }
            }
            Happening::Parameter { index, value } => {
                self.of("parameter", at, controller);
                self.number("index", i128::from(index));
                self.fraction("value", value);
            }
            Happening::Reset(reason) => {
                self.of("reset", at, controller);
                self.number("reason", i128::from(reason.0));
            }
            Happening::Missing(count) => {
                self.of("missing", at, controller);
                self.number("count", i128::from(count));
            }
        }
        self.end();
    }

    /// Writes how a swap ended: the controller that it brought decides from now on, or had to go for a reason.
    pub fn swapped(&mut self, at: Timestamp, controller: (u32, u32), swap: u64, why: Option<&str>) {
        self.of("swapped", at, controller);
        self.outcome(swap, why);
    }

    /// How a swap ended, to the end of the line.
    pub(crate) fn outcome(&mut self, swap: u64, why: Option<&str>) {
        self.number("swap", i128::from(swap));
        self.word("outcome", if why.is_some() { "rolled-back" } else { "committed" });
        if let Some(why) = why {
            self.quoted("why", why);
        }
        self.end();
    }

    /// Writes that nothing more is noted, though the call goes on.
    pub fn stopped(&mut self, at: Timestamp, why: &str) {
        self.begin(ns(at), "stopped");
        self.quoted("why", why);
        self.end();
    }

    fn of(&mut self, event: &str, at: Timestamp, (flow, instance): (u32, u32)) {
        self.begin(ns(at), event);
        self.number("flow", i128::from(flow));
        if instance > 0 {
            self.number("instance", i128::from(instance));
        }
    }
}
