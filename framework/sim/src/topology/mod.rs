//! Links joined to routes: packets go in at one end, and what becomes of them is told.

mod medium;

use jackfield_core::units::DataSize;

use crate::agenda::Agenda;
use crate::clock::VirtualTime;
use crate::link::{Link, NEVER, Passage};
use crate::packet::{DropReason, PacketRecord};
use crate::queue::Fates;
use crate::random::CounterRandom;
use crate::scenario::{LinkSpec, MediumSpec, Scenario};

use medium::Medium;

/// A packet on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transit {
    pub(crate) packet: PacketRecord,
    /// The owner's name for it.
    pub(crate) token: u64,
    /// Nanoseconds that it has waited in queues.
    pub(crate) queueing: u64,
    /// When it came to the queue that it is in.
    pub(crate) entered: VirtualTime,
    route: u32,
    hop: u32,
}

impl Transit {
    pub(crate) fn bytes(&self) -> u64 {
        self.packet.size.as_bytes() as u64
    }
}

/// Who is told what becomes of packets.
pub(crate) trait Witness {
    fn arrived(&mut self, now: VirtualTime, transit: &Transit);
    fn dropped(&mut self, now: VirtualTime, transit: &Transit, why: DropReason);
    fn marked(&mut self, now: VirtualTime, transit: &Transit);
    fn queue(&mut self, now: VirtualTime, link: usize, waiting: DataSize);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A link has sent what it was sending.
    Sent(u32),
    /// The packet in this place has come to the end of a link.
    Came(u32),
    /// Somebody may send in a medium, if this plan of it still holds.
    Access(u32, u32),
    /// What several sent in a medium at a time has come to its end.
    Collided(u32),
}

/// Names a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteId(u32);

/// Links and routes over them.
#[derive(Debug)]
pub(crate) struct Topology {
    random: CounterRandom,
    links: Vec<Link>,
    media: Vec<Medium>,
    routes: Vec<Box<[u16]>>,
    agenda: Agenda<Step>,
    /// Packets that travel from one end of a link to the other.
    travelling: Vec<Transit>,
    free: Vec<u32>,
    fates: Fates,
}

impl Topology {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: CounterRandom::new(seed),
            links: Vec::new(),
            media: Vec::new(),
            routes: Vec::new(),
            agenda: Agenda::new(),
            travelling: Vec::with_capacity(256),
            free: Vec::with_capacity(256),
            fates: Fates::default(),
        }
    }

    /// The links of a scenario, numbered in the order of their names; no routes yet.
    pub(crate) fn of(scenario: &Scenario, seed: u64) -> Self {
        let mut topology = Self::new(seed);
        let media: Vec<&String> = scenario.media.keys().collect();
        for spec in scenario.media.values() {
            topology.add_medium(*spec);
        }
        for link in scenario.links.values() {
            let name = link.medium.as_ref();
            let medium = name.and_then(|name| media.iter().position(|medium| *medium == name));
            topology.add_link(link, medium);
        }
        topology
    }

    pub(crate) fn add_medium(&mut self, spec: MediumSpec) -> usize {
        self.media.push(Medium::new(spec));
        self.media.len() - 1
    }

    pub(crate) fn add_link(&mut self, spec: &LinkSpec, medium: Option<usize>) -> usize {
        let number = self.links.len();
        self.links.push(Link::new(number as u16, spec, medium));
        number
    }

    pub(crate) fn add_route(&mut self, links: impl IntoIterator<Item = usize>) -> RouteId {
        self.routes
            .push(links.into_iter().map(|link| link as u16).collect());
        RouteId(self.routes.len() as u32 - 1)
    }

    /// When the next thing happens.
    pub(crate) fn next(&self) -> VirtualTime {
        self.agenda.next().unwrap_or(NEVER)
    }

    /// A packet enters a route.
    pub(crate) fn send(
        &mut self,
        now: VirtualTime,
        route: RouteId,
        packet: PacketRecord,
        token: u64,
        witness: &mut impl Witness,
    ) {
        let transit = Transit {
            packet,
            token,
            queueing: 0,
            entered: now,
            route: route.0,
            hop: 0,
        };
        self.enter(now, transit, witness);
    }

    /// Lets the next thing happen.
    pub(crate) fn step(&mut self, witness: &mut impl Witness) {
        let Some((now, step)) = self.agenda.take() else {
            return;
        };
        match step {
            Step::Sent(link) => self.sent(now, link as usize, witness),
            Step::Access(medium, plan) => self.access(now, medium as usize, plan, witness),
            Step::Collided(medium) => self.collided(now, medium as usize, witness),
            Step::Came(place) => {
                self.free.push(place);
                let mut transit = self.travelling[place as usize];
                transit.hop += 1;
                self.enter(now, transit, witness);
            }
        }
    }

    /// A packet stands before its next link, or at the end of its route.
    fn enter(&mut self, now: VirtualTime, mut transit: Transit, witness: &mut impl Witness) {
        let route = &self.routes[transit.route as usize];
        let Some(&number) = route.get(transit.hop as usize) else {
            return witness.arrived(now, &transit);
        };
        transit.entered = now;
        let number = usize::from(number);
        let link = &mut self.links[number];
        if link.medium.is_none() && link.passes_at_once(now) {
            if link.polices(now, transit.bytes()) {
                return witness.dropped(now, &transit, DropReason::Policed);
            }
            return self.carry(now, number, transit, witness);
        }
        link.admit(now, transit, &self.random, &mut self.fates);
        self.tell(now, witness);
        let link = &self.links[number];
        witness.queue(now, number, link.waiting());
        if !link.busy {
            self.begin(now, number, witness);
        }
    }

    /// A link that sends nothing begins with the next packet, or asks for its turn.
    fn begin(&mut self, now: VirtualTime, number: usize, witness: &mut impl Witness) {
        if self.links[number].queue.is_empty() {
            return;
        }
        if let Some(medium) = self.links[number].medium {
            return self.ask(now, medium, number, witness);
        }
        let link = &mut self.links[number];
        let next = link.next(now, &self.random, &mut self.fates);
        let mut done = None;
        if let Some(transit) = next {
            let finish = link.transmitter.finish(now, transit.bytes());
            link.sending.push(transit);
            link.busy = true;
            done = Some(finish);
        }
        let waiting = link.waiting();
        if let Some(finish) = done.filter(|finish| *finish != NEVER) {
            self.agenda.schedule(finish, Step::Sent(number as u32));
        }
        self.tell(now, witness);
        witness.queue(now, number, waiting);
    }

    /// A link has sent what it was sending, and goes on.
    fn sent(&mut self, now: VirtualTime, number: usize, witness: &mut impl Witness) {
        for index in 0..self.links[number].sending.len() {
            let transit = self.links[number].sending[index];
            self.carry(now, number, transit, witness);
        }
        let link = &mut self.links[number];
        link.sending.clear();
        link.busy = false;
        match link.medium {
            None => self.begin(now, number, witness),
            Some(medium) => self.end_turn(now, medium, number, witness),
        }
    }

    /// Over the wire.
    fn carry(&mut self, now: VirtualTime, number: usize, mut transit: Transit, witness: &mut impl Witness) {
        let passage = self.links[number].carry(now, &mut transit, &self.random, &mut self.fates);
        if !self.fates.marked.is_empty() {
            self.tell(now, witness);
        }
        match passage {
            Passage::Lost(why) => witness.dropped(now, &transit, why),
            Passage::Arrives(at) => {
                let place = match self.free.pop() {
                    Some(place) => {
                        self.travelling[place as usize] = transit;
                        place
                    }
                    None => {
                        self.travelling.push(transit);
                        self.travelling.len() as u32 - 1
                    }
                };
                self.agenda.schedule(at, Step::Came(place));
            }
        }
    }

    /// Tells what the disciplines did.
    fn tell(&mut self, now: VirtualTime, witness: &mut impl Witness) {
        for transit in self.fates.marked.drain(..) {
            witness.marked(now, &transit);
        }
        for (transit, why) in self.fates.dropped.drain(..) {
            witness.dropped(now, &transit, why);
        }
    }
}
