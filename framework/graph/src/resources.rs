//! Resources that run short, and what follows from it: each votes for how much may be encoded, and the vote that limits most wins.
//!
//! A resource is whatever has a name and an opinion: the processor, a battery, heat, an operator. What they agree on is told to the encoders
//! ([`crate::command::Command::Limit`]); the congestion controller has no say in it, and is not asked: a path may bear more than a machine.
//!
//! ```
//! use jackfield_core::units::DataRate;
//! use jackfield_graph::resources::Resources;
//!
//! let mut resources = Resources::new();
//! assert_eq!(resources.limit(), DataRate::INFINITE, "nobody minds");
//! resources.vote("battery", Some(DataRate::kbps(24)));
//! resources.vote("processor", Some(DataRate::kbps(16)));
//! assert_eq!(resources.limit(), DataRate::kbps(16));
//! resources.vote("processor", None);
//! assert_eq!(resources.limit(), DataRate::kbps(24));
//! ```

use std::collections::BTreeMap;

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, TimeDelta};

/// The name under which the processor votes.
pub const PROCESSOR: &str = "processor";

/// Who has voted, and for what. \[control\]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    votes: BTreeMap<String, DataRate>,
}

impl Resources {
    /// Nobody has voted.
    pub const fn new() -> Self {
        Self {
            votes: BTreeMap::new(),
        }
    }

    /// `resource` votes for encoders that make at most so much (payload, each); `None` takes its vote back. A vote replaces the one before.
    /// Tells whether the limit has become another.
    pub fn vote(&mut self, resource: &str, most: Option<DataRate>) -> bool {
        let before = self.limit();
        match most {
            Some(most) => self.votes.insert(resource.to_owned(), most.max(DataRate::ZERO)),
            None => self.votes.remove(resource),
        };
        self.limit() != before
    }

    /// What all can live with; infinite if nobody minds.
    pub fn limit(&self) -> DataRate {
        self.votes
            .values()
            .copied()
            .fold(DataRate::INFINITE, DataRate::min)
    }

    /// Who has voted for what.
    pub fn votes(&self) -> impl Iterator<Item = (&str, DataRate)> {
        self.votes.iter().map(|(name, most)| (name.as_str(), *most))
    }
}

/// What is looked at to see whether the processor is overused (libwebrtc's `CpuOveruseOptions`): so often …
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(5);
/// … above this share of the time at two looks running it is …
const HIGH: f64 = 0.85;
const HIGH_LOOKS: u32 = 2;
/// … and below this one it has time to spare.
const LOW: f64 = 0.42;
/// Of less than the high share it is too little if one tick in so many ended after the next was due. With time to spare that is others' doing, who
/// are not helped by worse sound.
const LATE_TICKS: u64 = 100;
/// After a step down it takes so long before a step up is tried (libwebrtc's `kStandardRampUpDelayMs`) …
const RAMP_UP: TimeDelta = TimeDelta::seconds(40);
/// … twice as long after each step up that was too much, up to this (`kMaxRampUpDelayMs`).
const LONGEST_RAMP_UP: TimeDelta = TimeDelta::seconds(240);
/// What encoders may make at each step: speech in a wide band, in a middle one, in a narrow one.
const STEPS: [DataRate; 3] = [DataRate::kbps(24), DataRate::kbps(16), DataRate::kbps(10)];

/// The processor as a resource: it votes by how much of their time the ticks of the audio domain take, and how many end too late. \[control\]
#[derive(Clone, Debug)]
pub struct ProcessorUse {
    next_look: Option<Timestamp>,
    /// What had been counted at the last look.
    seen: TickCount,
    high_looks: u32,
    /// How many steps down it stands.
    step: usize,
    stepped_at: Timestamp,
    stepped_up: bool,
    ramp_up: TimeDelta,
}

/// What the ticks have taken since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TickCount {
    /// Ticks of 10 ms, each of all rooms.
    pub ticks: u64,
    /// The time that was spent in them.
    pub busy: TimeDelta,
    /// Those that ended when the next was due, or later.
    pub late: u64,
}

impl Default for ProcessorUse {
    fn default() -> Self {
        Self {
            next_look: None,
            seen: TickCount::default(),
            high_looks: 0,
            step: 0,
            stepped_at: Timestamp::ZERO,
            stepped_up: false,
            ramp_up: RAMP_UP,
        }
    }
}

impl ProcessorUse {
    /// What the processor votes for when it has come to this count: `None` for no limit. To be asked at least once a second.
    pub fn vote(&mut self, now: Timestamp, count: TickCount) -> Option<DataRate> {
        match self.next_look {
            Some(look) if now >= look => self.look(now, count),
            Some(_) => {}
            None => self.note(now, count),
        }
        self.step.checked_sub(1).map(|step| STEPS[step])
    }

    fn note(&mut self, now: Timestamp, count: TickCount) {
        self.next_look = Some(now + LOOK_EVERY);
        self.seen = count;
    }

    fn look(&mut self, now: Timestamp, count: TickCount) {
        let ticks = count.ticks.saturating_sub(self.seen.ticks);
        let late = count.late.saturating_sub(self.seen.late);
        let busy = count.busy - self.seen.busy;
        self.note(now, count);
        if ticks == 0 {
            return;
        }
        let share = busy.as_ms_f64() / (jackfield_core::audio::BLOCK_DURATION.as_ms_f64() * ticks as f64);
        let too_late = share > LOW && late * LATE_TICKS >= ticks;
        if share >= HIGH || too_late {
            self.high_looks += 1;
            if self.high_looks >= HIGH_LOOKS {
                self.step_down(now);
            }
            return;
        }
        self.high_looks = 0;
        if share <= LOW && self.step > 0 && now.since(self.stepped_at) >= self.ramp_up {
            self.step -= 1;
            (self.stepped_at, self.stepped_up) = (now, true);
        }
    }

    fn step_down(&mut self, now: Timestamp) {
        if std::mem::take(&mut self.stepped_up) {
            let soon = now.since(self.stepped_at) < self.ramp_up;
            self.ramp_up = if soon {
                (self.ramp_up * 2).min(LONGEST_RAMP_UP)
            } else {
                RAMP_UP
            };
        }
        self.step = (self.step + 1).min(STEPS.len());
        self.stepped_at = now;
        self.high_looks = 0;
    }
}
