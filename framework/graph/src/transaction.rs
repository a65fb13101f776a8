//! The steps of a swap, and nothing else: which follows which, on what, and whose instance may be dropped when. Pure, so that the executors of
//! all areas obey one machine that is tested as such.
//!
//! ```text
//! verify → instantiate → shadow → (ready) → align → join → probation → committed
//!    ↓          ↓           ↓        ↓         ↓       ↓        ↓
//! refused    refused     rolled back ····································
//! ```

use jackfield_core::swap::SwapRules;
use jackfield_core::units::TimeDelta;
use serde::Serialize;

/// Where a swap stands in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The newcomer's file and parameters are checked.
    Verify,
    /// Its instance is made, off the threads that must not wait.
    Instantiate,
    /// It is fed the live input; its output is judged and thrown away.
    Shadow,
    /// It has shown itself fit and waits for somebody to promote it, still in the shadow.
    Ready,
    /// Both are brought to the same instant of the signal, or to the edge of a packet.
    Align,
    /// It comes in: one block is faded, or what the predecessor holds is handed over.
    Join,
    /// It is heard, and its predecessor is kept warm.
    Probation,
    /// It stays, and its predecessor is out of use. The end.
    Committed,
    /// Its predecessor stays, and it is out of use. The end.
    RolledBack,
    /// It never got to where the signal is. The end.
    Refused,
    /// The place itself is gone, such as that of a participant who left. The end.
    Gone,
}

/// What happens to a swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// File and parameters are in order.
    Verified,
    /// The instance is made.
    Instantiated,
    /// So much time of the signal passed, and the newcomer did nothing wrong in it.
    Passed(TimeDelta),
    /// Both are at the same instant.
    Aligned,
    /// The newcomer has come in.
    Joined,
    /// The newcomer failed, or the watchdog found it out.
    Failed,
    /// The predecessor failed.
    PredecessorFailed,
    /// Somebody wants it to go on now: out of the shadow, or to stay.
    Promote,
    /// Somebody does not want it.
    Abort,
    /// Another swap takes its place.
    Displaced,
    /// The place goes away.
    Left,
}

/// One swap in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    rules: SwapRules,
    hold: bool,
    step: Step,
    left: TimeDelta,
    times: StepTimes,
}

/// How long the steps of a swap took, in time of the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepTimes {
    /// In the shadow.
    pub shadow: TimeDelta,
    /// Ready, and waiting for somebody to promote it.
    pub ready: TimeDelta,
    /// Until both were at the same instant.
    pub align: TimeDelta,
    /// Heard, with its predecessor at hand.
    pub probation: TimeDelta,
}

impl StepTimes {
    /// No time at all.
    pub const NONE: Self = Self {
        shadow: TimeDelta::ZERO,
        ready: TimeDelta::ZERO,
        align: TimeDelta::ZERO,
        probation: TimeDelta::ZERO,
    };

    /// The longer of each.
    #[must_use]
    pub fn longest(self, other: Self) -> Self {
        Self {
            shadow: self.shadow.max(other.shadow),
            ready: self.ready.max(other.ready),
            align: self.align.max(other.align),
            probation: self.probation.max(other.probation),
        }
    }
}

impl Step {
    /// Whether nothing follows.
    pub fn is_end(self) -> bool {
        self >= Self::Committed
    }

    /// Whether the newcomer runs beside its predecessor without being heard.
    pub fn is_unheard(self) -> bool {
        (Self::Shadow..=Self::Join).contains(&self)
    }
}

impl Transaction {
    /// A swap by these rules, at its beginning. One on `hold` goes on to be heard, and to stay, only when it is promoted.
    pub fn new(rules: SwapRules, hold: bool) -> Self {
        Self {
            rules,
            hold,
            step: Step::Verify,
            left: TimeDelta::ZERO,
            times: StepTimes::NONE,
        }
    }

    /// The same for whoever gets an instance: that was verified and made.
    pub fn begun(rules: SwapRules, hold: bool) -> Self {
        let mut transaction = Self::new(rules, hold);
        transaction.on(Event::Verified);
        transaction.on(Event::Instantiated);
        transaction
    }

    /// Where it stands.
    pub fn step(&self) -> Step {
        self.step
    }

    /// Whether it goes on only when it is promoted.
    pub fn is_held(&self) -> bool {
        self.hold
    }

    /// How long each step took so far.
    pub fn times(&self) -> StepTimes {
        self.times
    }

    /// Takes an event; what makes no sense in this step changes nothing. Gives the step that follows.
    pub fn on(&mut self, event: Event) -> Step {
        if let Event::Passed(time) = event {
            self.pass(time);
        } else {
            self.enter(self.after(event));
        }
        self.step
    }

    fn after(&self, event: Event) -> Step {
        use Step::{
            Align, Committed, Gone, Instantiate, Join, Probation, Ready, Refused, RolledBack, Shadow, Verify,
        };
        match (self.step, event) {
            (step, _) if step.is_end() => step,
            (Verify, Event::Verified) => Instantiate,
            (Instantiate, Event::Instantiated) => Shadow,
            (Verify | Instantiate, Event::Failed | Event::Abort | Event::Displaced | Event::Left) => Refused,
            (Verify | Instantiate, _) => self.step,
            (_, Event::Left) => Gone,
            (_, Event::Failed | Event::Abort) => RolledBack,
            (Probation, Event::Promote | Event::Displaced) => Committed,
            // The newcomer works, and what it should replace does not: it is heard at once.
            (Shadow | Ready | Align | Join, Event::PredecessorFailed) => Committed,
            (Shadow | Ready | Align | Join, Event::Displaced) => RolledBack,
            (Shadow | Ready, Event::Promote) => Align,
            (Align, Event::Aligned) => Join,
            (Join, Event::Joined) => Probation,
            (step, _) => step,
        }
    }

    fn pass(&mut self, time: TimeDelta) {
        let times = &mut self.times;
        match self.step {
            Step::Shadow => times.shadow += time,
            Step::Ready => times.ready += time,
            Step::Align => times.align += time,
            Step::Probation => times.probation += time,
            _ => return,
        }
        if self.left > TimeDelta::ZERO {
            self.left -= time;
        } else {
            self.enter(match (self.step, self.hold) {
                (Step::Shadow, false) => Step::Align,
                (Step::Shadow, true) => Step::Ready,
                (Step::Probation, false) => Step::Committed,
                (step, _) => step,
            });
        }
    }

    fn enter(&mut self, step: Step) {
        if step != self.step {
            self.step = step;
            self.left = match step {
                Step::Shadow => self.rules.shadow,
                Step::Probation => self.rules.probation,
                _ => TimeDelta::ZERO,
            };
        }
    }
}
