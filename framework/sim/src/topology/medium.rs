//! Airtime that links share: turns in the order of asking, or won by contention.

use std::collections::VecDeque;

use crate::clock::VirtualTime;
use crate::contention::{Contention, Retry};
use crate::link::NEVER;
use crate::packet::DropReason;
use crate::scenario::MediumSpec;
use crate::steps::ns;

use super::{Step, Topology, Witness};

/// Airtime that links share.
#[derive(Debug)]
pub(super) struct Medium {
    spec: MediumSpec,
    busy: bool,
    /// Links that want to send, in the order of their asking; unused where there is contention.
    waiting: VecDeque<u16>,
    contention: Option<Contention>,
    /// Links that send now, with when they tried before.
    senders: Vec<(u16, Option<VirtualTime>)>,
}

impl Medium {
    pub(super) fn new(spec: MediumSpec) -> Self {
        Self {
            busy: false,
            waiting: VecDeque::new(),
            contention: spec.contention.as_ref().map(Contention::new),
            senders: Vec::new(),
            spec,
        }
    }
}

impl Topology {
    /// A link that sends nothing wants to.
    pub(super) fn ask(&mut self, now: VirtualTime, medium: usize, number: usize, witness: &mut impl Witness) {
        let link = &mut self.links[number];
        link.busy = true;
        let asked = &mut self.media[medium];
        if let Some(contention) = &mut asked.contention {
            contention.join(now, link.number, link.category, asked.busy, &self.random);
            return self.contend(medium);
        }
        asked.waiting.push_back(number as u16);
        if !asked.busy {
            self.take_turn(now, medium, witness);
        }
    }

    /// A link has sent its turn.
    pub(super) fn end_turn(
        &mut self,
        now: VirtualTime,
        medium: usize,
        number: usize,
        witness: &mut impl Witness,
    ) {
        let link = &mut self.links[number];
        let more = !link.queue.is_empty();
        link.busy = more;
        let left = &mut self.media[medium];
        left.busy = false;
        if let Some(contention) = &mut left.contention {
            contention.leave(link.number);
            contention.free(now);
            if more {
                contention.join(now, link.number, link.category, true, &self.random);
            }
            return self.contend(medium);
        }
        if more {
            // Behind those that wait already.
            left.waiting.push_back(number as u16);
        }
        self.take_turn(now, medium, witness);
    }

    /// The next link that waits sends as much as it may in a turn.
    fn take_turn(&mut self, now: VirtualTime, medium: usize, witness: &mut impl Witness) {
        while let Some(number) = self.media[medium].waiting.pop_front() {
            let number = usize::from(number);
            let end = self.fill(now, medium, number, witness);
            let any = !self.links[number].sending.is_empty();
            self.links[number].busy = any;
            self.media[medium].busy = any;
            if any && end != NEVER {
                self.agenda.schedule(end, Step::Sent(number as u32));
            }
            if any {
                return;
            }
        }
        self.media[medium].busy = false;
    }

    /// Takes out of a link's queue what fits into a turn, unless it holds what has collided; when that is sent.
    fn fill(
        &mut self,
        now: VirtualTime,
        medium: usize,
        number: usize,
        witness: &mut impl Witness,
    ) -> VirtualTime {
        let spec = self.media[medium].spec;
        let link = &mut self.links[number];
        let mut end = now.later(ns(spec.overhead));
        if !link.sending.is_empty() {
            for transit in &link.sending {
                end = link.transmitter.finish(end, transit.bytes());
            }
            return end;
        }
        let latest = end.later(ns(spec.turn.min(link.category.longest_turn())));
        while link.sending.len() < spec.packets as usize && end < latest {
            let Some(mut transit) = link.next(now, &self.random, &mut self.fates) else {
                break;
            };
            end = link.transmitter.finish(end, transit.bytes());
            transit.queueing += ns(spec.overhead);
            link.sending.push(transit);
        }
        let waiting = link.waiting();
        self.tell(now, witness);
        witness.queue(now, number, waiting);
        end
    }

    /// Plans who sends next in a medium that is free.
    fn contend(&mut self, medium: usize) {
        let free = &mut self.media[medium];
        if free.busy {
            return;
        }
        if let Some((at, plan)) = free.contention.as_mut().and_then(Contention::plan) {
            self.agenda.schedule(at, Step::Access(medium as u32, plan));
        }
    }

    /// Those whose slots have ended send: one alone, or several that collide.
    pub(super) fn access(&mut self, now: VirtualTime, medium: usize, plan: u32, witness: &mut impl Witness) {
        let won = &mut self.media[medium];
        let Some(contention) = won
            .contention
            .as_mut()
            .filter(|contention| contention.holds(plan))
        else {
            return;
        };
        let mut senders = std::mem::take(&mut won.senders);
        senders.clear();
        contention.elect(now, &self.random, &mut senders);
        let mut ends = VirtualTime::ZERO;
        senders.retain(|(number, tried)| {
            let link = usize::from(*number);
            for transit in &mut self.links[link].sending {
                // What has collided has waited since.
                transit.queueing += tried.map_or(0, |tried| now.ns() - tried.ns());
            }
            let end = self.fill(now, medium, link, witness);
            let any = !self.links[link].sending.is_empty();
            if any {
                ends = ends.max(end);
            } else {
                // The discipline of its queue has dropped everything.
                self.links[link].busy = false;
                if let Some(contention) = &mut self.media[medium].contention {
                    contention.leave(*number);
                }
            }
            any
        });
        let step = match senders[..] {
            [] => None,
            [(link, _)] => Some(Step::Sent(u32::from(link))),
            _ => Some(Step::Collided(medium as u32)),
        };
        let won = &mut self.media[medium];
        won.busy = step.is_some();
        won.senders = senders;
        match step {
            Some(step) if ends != NEVER => self.agenda.schedule(ends, step),
            Some(_) => {}
            None => self.contend(medium),
        }
    }

    /// Nobody has understood anything; each tries again, or gives up.
    pub(super) fn collided(&mut self, now: VirtualTime, medium: usize, witness: &mut impl Witness) {
        let failed = &mut self.media[medium];
        failed.busy = false;
        let senders = std::mem::take(&mut failed.senders);
        for (number, _) in &senders {
            let Some(contention) = &mut self.media[medium].contention else {
                continue;
            };
            if contention.collide(now, *number, &self.random) == Retry::Again {
                continue;
            }
            let link = &mut self.links[usize::from(*number)];
            for transit in link.sending.drain(..) {
                witness.dropped(now, &transit, DropReason::Lost);
            }
            if link.queue.is_empty() {
                link.busy = false;
                contention.leave(*number);
            }
        }
        self.media[medium].senders = senders;
        if let Some(contention) = &mut self.media[medium].contention {
            contention.free(now);
        }
        self.contend(medium);
    }
}
