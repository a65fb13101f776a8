//! Who may use shared airtime next, by the rules of IEEE 802.11 for contention (DCF, and EDCA which WMM names): everybody who has something to
//! send waits until the air has been free for a while that hangs on the category, then for a number of slots drawn from a window. Whose
//! number ends first sends, and the others keep what is left of theirs. If two end in one slot both fail, and draw from a window twice as wide.
//!
//! Everybody hears everybody, each link is a station of its own, and whole turns collide, as without RTS and CTS. Whoever finds the air free
//! needs not draw.

use crate::clock::VirtualTime;
use crate::random::{CounterRandom, Purpose};
use crate::scenario::{AccessCategory, ContentionSpec};
use crate::steps::ns;

/// The contenders for one medium.
#[derive(Debug)]
pub(crate) struct Contention {
    slot: u64,
    sifs: u64,
    retries: u32,
    contenders: Vec<Contender>,
    idle_since: VirtualTime,
    /// Counts what was planned, so that what no longer holds is known.
    plan: u32,
}

#[derive(Debug)]
struct Contender {
    link: u16,
    category: AccessCategory,
    joined: VirtualTime,
    slots: u64,
    /// The number is drawn from 0 to this.
    window: u64,
    attempts: u32,
    /// When it sent last, if that failed.
    tried: Option<VirtualTime>,
    sends: bool,
}

/// What came of a collision for a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It tries again.
    Again,
    /// It has tried often enough, and drops what it wanted to send.
    GivesUp,
}

impl Contention {
    pub(crate) fn new(spec: &ContentionSpec) -> Self {
        Self {
            slot: ns(spec.slot).max(1),
            sifs: ns(spec.sifs),
            retries: spec.retries,
            contenders: Vec::new(),
            idle_since: VirtualTime::ZERO,
            plan: 0,
        }
    }

    /// A link has something to send. It draws if the air is in use, or if it has just sent.
    pub(crate) fn join(
        &mut self,
        now: VirtualTime,
        link: u16,
        category: AccessCategory,
        draws: bool,
        random: &CounterRandom,
    ) {
        let mut contender = Contender {
            link,
            category,
            joined: now,
            slots: 0,
            window: category.window().0,
            attempts: 0,
            tried: None,
            sends: false,
        };
        if draws {
            contender.draw(now, random);
        }
        self.contenders.push(contender);
    }

    /// When the next one may send, and the number of this plan; nothing if nobody wants to. Earlier plans are void.
    pub(crate) fn plan(&mut self) -> Option<(VirtualTime, u32)> {
        self.plan += 1;
        let next = self.contenders.iter().map(|one| self.due(one)).min()?;
        Some((next, self.plan))
    }

    pub(crate) fn holds(&self, plan: u32) -> bool {
        self.plan == plan
    }

    /// Those who begin to send now go into `winners`, with when they tried before.
    pub(crate) fn elect(
        &mut self,
        now: VirtualTime,
        random: &CounterRandom,
        winners: &mut Vec<(u16, Option<VirtualTime>)>,
    ) {
        // Who begins within half a slot does not hear the other in time.
        let late = now.later(self.slot / 2);
        for index in 0..self.contenders.len() {
            let (due, start) = (
                self.due(&self.contenders[index]),
                self.start(&self.contenders[index]),
            );
            let contender = &mut self.contenders[index];
            contender.sends = due <= late;
            if contender.sends {
                winners.push((contender.link, contender.tried));
                contender.tried = Some(now);
            } else {
                let passed = now.ns().saturating_sub(start.ns()) / self.slot;
                contender.slots = contender.slots.saturating_sub(passed);
                // It found the air free and was about to send: now it has to draw.
                if contender.slots == 0 {
                    contender.draw(now, random);
                }
            }
        }
    }

    /// A link has nothing to send any more, or has sent it.
    pub(crate) fn leave(&mut self, link: u16) {
        self.contenders.retain(|one| one.link != link);
    }

    /// The air is free from now on.
    pub(crate) fn free(&mut self, now: VirtualTime) {
        self.idle_since = now;
    }

    /// What a link sent has collided.
    pub(crate) fn collide(&mut self, now: VirtualTime, link: u16, random: &CounterRandom) -> Retry {
        let retries = self.retries;
        let Some(contender) = self.contenders.iter_mut().find(|one| one.link == link) else {
            return Retry::GivesUp;
        };
        let (least, most) = contender.category.window();
        contender.attempts += 1;
        let gives_up = contender.attempts > retries;
        if gives_up {
            (contender.attempts, contender.window, contender.tried) = (0, least, None);
        } else {
            contender.window = (2 * contender.window + 1).min(most);
        }
        contender.draw(now, random);
        if gives_up { Retry::GivesUp } else { Retry::Again }
    }

    /// From when on the slots of a contender count.
    fn start(&self, contender: &Contender) -> VirtualTime {
        let spacing = self.sifs + contender.category.spacing() * self.slot;
        self.idle_since.max(contender.joined).later(spacing)
    }

    fn due(&self, contender: &Contender) -> VirtualTime {
        self.start(contender).later(contender.slots * self.slot)
    }
}

impl Contender {
    fn draw(&mut self, now: VirtualTime, random: &CounterRandom) {
        let unit = random.unit(self.link, Purpose::Contention, now.ns() / 1_000, self.attempts);
        self.slots = (unit * (self.window + 1) as f64) as u64;
    }
}
