//! The processor of this machine as a resource.

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, TimeDelta};

use super::{FrameRate, Limits, Pictures};

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
/// What encoders may make at each step: speech in a wide band, in a middle one, in a narrow one; and so many steps down from the pictures of a usual
/// camera.
const STEPS: [(DataRate, usize); 3] = [
    (DataRate::kbps(24), 2),
    (DataRate::kbps(16), 4),
    (DataRate::kbps(10), 8),
];
const CAMERA: Pictures = Pictures::new(FrameRate::fps(30), 1280 * 720);

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
    pub fn vote(&mut self, now: Timestamp, count: TickCount) -> Option<Limits> {
        match self.next_look {
            Some(look) if now >= look => self.look(now, count),
            Some(_) => {}
            None => self.note(now, count),
        }
        let (audio, steps) = STEPS[self.step.checked_sub(1)?];
        Some(Limits {
            audio,
            pictures: CAMERA.lowered(steps),
        })
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
