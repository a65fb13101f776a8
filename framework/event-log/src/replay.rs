//! Replay: what a controller would have decided, had it been told what was recorded. The loop is open: what it decides changes nothing of what it is
//! told next, so this shows how a controller reads a path, not what would have become of the call.

use std::fmt;

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionController, CongestionUpdate, ProbeCluster, ProbeSink,
};
use jackfield_core::time::Timestamp;

use crate::log::{Answer, ControllerLog, EventLog, Step, What};

/// What a flow's controllers were told, as if it had been one: each event once, in the order of time. Up to the first swap that is what its first
/// controller was told, from there on what its successors were.
#[derive(Clone, Debug)]
pub struct Course<'a> {
    steps: Vec<(u32, &'a Step)>,
}

/// What a replay showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// What was answered to each event, then and now.
    pub answers: Vec<Answered>,
    /// The fault with which the controller ended the replay; none if it did not.
    pub fault: Option<(Timestamp, Fault)>,
}

/// An event, and the answers to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// When it was told.
    pub at: Timestamp,
    /// Which instance was told it when it was recorded.
    pub instance: u32,
    /// What was answered then.
    pub recorded: Answer,
    /// What is answered now.
    pub replayed: CongestionUpdate,
    /// The probes that were asked for then.
    pub recorded_probes: Vec<ProbeCluster>,
    /// The probes that are asked for now.
    pub replayed_probes: Vec<ProbeCluster>,
}

/// Why there is nothing to replay.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The log has no such flow.
    #[error("the log has no flow {flow}; it has: {known}")]
    NoFlow {
        /// Which.
        flow: u32,
        /// Those that it has.
        known: String,
    },
    /// The log tells what was decided, and not on what.
    #[error(
        "the log tells what the controller decided and not what it was told; record it with its controllers, as a call host does"
    )]
    NothingTold,
    /// The beginning is missing.
    #[error(
        "the log begins after its controller did, which can therefore not be replayed; keep the first file of the connection"
    )]
    NoBeginning,
    /// The controller did not take its bounds.
    #[error("the controller refused the bounds of the recorded one: {0}; set parameters that fit them")]
    Refused(Fault),
}

impl<'a> Course<'a> {
    /// That of a flow.
    ///
    /// # Errors
    /// If the log has no such flow, or does not tell from the beginning what its controller was told.
    pub fn of_flow(log: &'a EventLog, flow: u32) -> Result<Self, ReplayError> {
        let mut controllers = log.controllers.iter().filter(|one| one.flow == flow);
        let first = controllers.next().ok_or_else(|| {
            let mut known: Vec<u32> = log.controllers.iter().map(|one| one.flow).collect();
            known.dedup();
            let known: Vec<String> = known.iter().map(u32::to_string).collect();
            ReplayError::NoFlow {
                flow,
                known: known.join(", "),
            }
        })?;
        let mut course = Self::of_controller(first)?;
        for successor in controllers {
            course.go_on(successor);
        }
        Ok(course)
    }

    /// That of one controller alone: what it took over is told, too.
    ///
    /// # Errors
    /// If the log does not tell from the beginning what it was told.
    pub fn of_controller(controller: &'a ControllerLog) -> Result<Self, ReplayError> {
        if controller.told().next().is_none() {
            return Err(ReplayError::NothingTold);
        }
        // Parameters may be set before it is activated.
        let first = controller
            .steps
            .iter()
            .find(|step| !matches!(step.what, What::Parameter { .. }));
        if !matches!(first.map(|step| &step.what), Some(What::Activated(_))) {
            return Err(ReplayError::NoBeginning);
        }
        let steps = controller.steps.iter();
        Ok(Self {
            steps: steps.map(|step| (controller.instance, step)).collect(),
        })
    }

    /// What a successor was told after the last of those before it. While both were there they were told the same.
    fn go_on(&mut self, successor: &'a ControllerLog) {
        let is_told = |step: &Step| matches!(step.what, What::Told(_));
        let told = self.steps.iter().rev().filter(|(_, step)| is_told(step));
        let Some(end) = told.clone().next().map(|(_, step)| step.at) else {
            return;
        };
        // Several events may have one time.
        let mut at_the_end = told.take_while(|(_, step)| step.at == end).count();
        for step in successor.steps.iter().filter(|step| is_told(step)) {
            if step.at < end {
                continue;
            }
            if step.at == end && at_the_end > 0 {
                at_the_end -= 1;
                continue;
            }
            self.steps.push((successor.instance, step));
        }
    }

    /// When it begins and ends.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        let at = |step: Option<&(u32, &Step)>| step.map_or(Timestamp::ZERO, |(_, step)| step.at);
        (at(self.steps.first()), at(self.steps.last()))
    }

    /// The steps, with the instance that each was noted of.
    pub fn steps(&self) -> &[(u32, &'a Step)] {
        &self.steps
    }

    /// Tells it to `controller`, to which nothing has happened yet. Parameters that were set meanwhile are set again if `with_parameters`: that
    /// makes sense for the plugin that they were set of.
    ///
    /// # Errors
    /// If the controller refuses its bounds. One that fails later ends the replay: see [`Replay::fault`].
    pub fn replay(
        &self,
        controller: &mut dyn CongestionController,
        with_parameters: bool,
    ) -> Result<Replay, ReplayError> {
        let mut replay = Replay {
            answers: Vec::with_capacity(self.steps.len()),
            fault: None,
        };
        for (instance, step) in &self.steps {
            let at = step.at;
            let done = match &step.what {
                What::Activated(constraints) => {
                    controller
                        .activate(at, constraints)
                        .map_err(ReplayError::Refused)?;
                    Ok(())
                }
                What::TookOver(state) => controller.take_over(at, state),
                What::HandedOver => controller.hand_over(at).map(|_| ()),
                What::Parameter { index, value } if with_parameters => {
                    // One that was refused then is refused now.
                    let _ = controller.set_parameter(*index, *value);
                    Ok(())
                }
                What::Reset(reason) => controller.reset(*reason),
                What::Told(told) => {
                    let mut probes = Probes(Vec::new());
                    let answer = controller.on_event(at, &told.event, &told.packets, &mut probes);
                    answer.map(|update| {
                        replay.answers.push(Answered {
                            at,
                            instance: *instance,
                            recorded: told.answer,
                            replayed: update,
                            recorded_probes: told.probes.clone(),
                            replayed_probes: probes.0,
                        });
                    })
                }
                What::Parameter { .. } | What::Decided(_) | What::Missing(_) => Ok(()),
            };
            if let Err(fault) = done {
                replay.fault = Some((at, fault));
                break;
            }
        }
        Ok(replay)
    }
}

/// Where a replay first went otherwise than the recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The number of the event, from 1.
    pub event: usize,
    /// What was answered to it.
    pub answered: Answered,
}

impl Replay {
    /// Where it first answers otherwise than `instance` did; none if it never does.
    pub fn first_difference(&self, instance: u32) -> Option<Difference> {
        let own = self.answers.iter().enumerate();
        own.filter(|(_, one)| one.instance == instance)
            .find(|(_, one)| one.recorded != Ok(one.replayed) || one.recorded_probes != one.replayed_probes)
            .map(|(number, one)| Difference {
                event: number + 1,
                answered: one.clone(),
            })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answered {
            at,
            recorded,
            replayed,
            recorded_probes,
            replayed_probes,
            ..
        } = &self.answered;
        write!(f, "event {} at {:.6} s: ", self.event, at.us() as f64 / 1e6)?;
        match recorded {
            Ok(recorded) if recorded == replayed => {
                write!(f, "probes {recorded_probes:?} then, {replayed_probes:?} now")
            }
            Ok(recorded) => write!(f, "{recorded:?} then, {replayed:?} now"),
            Err(code) => write!(f, "it failed then ({code}), and answers {replayed:?} now"),
        }
    }
}

struct Probes(Vec<ProbeCluster>);

impl ProbeSink for Probes {
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
        self.0.push(*cluster);
        Ok(())
    }
}
