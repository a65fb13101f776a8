//! Replay word for word: what a jitter buffer answers now to what one was told and asked when it was recorded. The plugin of the recording answers the
//! same, to the last bit; another one cannot be asked like that ([`super::Listening::of_plugin`] is for those).

use std::fmt;

use jackfield_core::Fault;
use jackfield_core::jitter_buffer::{HandleSink, JitterBuffer};

use super::{BufferLog, Happened, Step};

/// What a replay showed: for each step of the log what happened, with the answers that are given now.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// As many as the log has.
    pub steps: Vec<Step>,
}

/// Why there is nothing to replay.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The log has no such stream.
    #[error("the log tells of no jitter buffer of a stream {stream}; it has: {known}")]
    NoStream {
        /// Which.
        stream: u32,
        /// Those that it has.
        known: String,
    },
    /// The log tells of no jitter buffer at all.
    #[error(
        "the log tells of no jitter buffer: it is one of a simulation, which plays nothing, or of a version before; a call host records them"
    )]
    NoJitterBuffer,
    /// The beginning is missing.
    #[error(
        "the log begins after its jitter buffer did, which can therefore not be replayed; keep the first file of the connection"
    )]
    NoBeginning,
    /// The jitter buffer did not take its clock.
    #[error("the jitter buffer refused the clock of the recorded one: {0}")]
    Refused(Fault),
}

/// Tells `buffer`, to which nothing has happened yet, what the recorded one was told. Parameters that were set meanwhile are set again.
///
/// # Errors
/// If the log lacks its beginning, or the buffer refuses its clock. Faults later on are answers.
pub fn replay(log: &BufferLog, buffer: &mut dyn JitterBuffer) -> Result<Replay, ReplayError> {
    log.config().ok_or(ReplayError::NoBeginning)?;
    let mut steps = Vec::with_capacity(log.steps.len());
    let mut refused = None;
    for step in &log.steps {
        steps.push(answered(step, buffer, &mut refused));
        if let Some(fault) = refused.take() {
            return Err(ReplayError::Refused(fault));
        }
    }
    Ok(Replay { steps })
}

/// The same step, with what is answered now. A clock that is refused is told.
fn answered(step: &Step, buffer: &mut dyn JitterBuffer, refused: &mut Option<Fault>) -> Step {
    let (at, mut released) = (step.at, Released::default());
    let what = match step.what {
        Happened::Activated(config) => {
            *refused = buffer.activate(&config).err();
            step.what
        }
        Happened::Inserted { packet, .. } => Happened::Inserted {
            packet,
            answer: buffer.insert(at, &packet, &mut released).map_err(|f| f.code()),
        },
        Happened::ToneInserted { event, .. } => Happened::ToneInserted {
            event,
            answer: buffer
                .insert_event(at, &event, &mut released)
                .map_err(|f| f.code()),
        },
        Happened::Asked { playout, .. } => Happened::Asked {
            playout,
            answer: buffer.next(at, &playout, &mut released).map_err(|f| f.code()),
        },
        Happened::Delay(_) => Happened::Delay(buffer.delay(at).map_err(|f| f.code())),
        // Of these it is not noted what was answered: what was refused then is refused now.
        Happened::TookOver(state) => {
            let _ = buffer.take_over(at, &state);
            step.what
        }
        Happened::HandedOver => {
            let _ = buffer.hand_over(at);
            step.what
        }
        Happened::Bounds { minimum, maximum } => {
            let _ = buffer.set_bounds(minimum, maximum);
            step.what
        }
        Happened::Parameter { index, value } => {
            let _ = buffer.set_parameter(index, value);
            step.what
        }
        Happened::Reset(reason) => {
            let _ = buffer.reset(reason);
            step.what
        }
        Happened::Missing(_) => step.what,
    };
    Step {
        at,
        what,
        released: released.0,
    }
}

/// Where a replay first went otherwise than the recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The number of the step, from 1.
    pub step: usize,
    /// What happened then.
    pub recorded: Step,
    /// What happens now.
    pub replayed: Step,
}

impl Replay {
    /// Where it first goes otherwise than in `log`, of which it is the replay; none if it never does.
    pub fn first_difference(&self, log: &BufferLog) -> Option<Difference> {
        let both = log.steps.iter().zip(&self.steps);
        both.enumerate()
            .find(|(_, (recorded, replayed))| recorded != replayed)
            .map(|(number, (recorded, replayed))| Difference {
                step: number + 1,
                recorded: recorded.clone(),
                replayed: replayed.clone(),
            })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            step,
            recorded,
            replayed,
        } = self;
        write!(f, "step {step} at {:.6} s: ", recorded.at.us() as f64 / 1e6)?;
        match (&recorded.what, &replayed.what) {
            (then, now) if then == now => {
                let (then, now) = (&recorded.released, &replayed.released);
                write!(f, "it let go {then:?} then, {now:?} now")
            }
            (Happened::Inserted { packet, answer: then }, Happened::Inserted { answer: now, .. }) => {
                let number = packet.sequence_number;
                write!(f, "packet {number} was {then:?} then, and is {now:?} now")
            }
            (Happened::Asked { answer: then, .. }, Happened::Asked { answer: now, .. }) => {
                write!(f, "{then:?} then, {now:?} now")
            }
            (then, now) => write!(f, "{then:?} then, {now:?} now"),
        }
    }
}

/// Handles that came back.
#[derive(Default)]
pub(super) struct Released(pub(super) Vec<u64>);

impl HandleSink for Released {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle);
        Ok(())
    }
}
