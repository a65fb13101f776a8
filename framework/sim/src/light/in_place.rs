//! TCP in the place of media: what as many connections over the same paths at the same times would get, for whoever wants to set media beside it
//! (RFC 8869 section 3.2).

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::clock::VirtualTime;
use crate::packet::{DropReason, PacketKind, PacketRecord, Source};
use crate::scenario::{CrossKind, CrossTrafficSpec, Scenario, ScenarioError, TcpSpec};
use crate::source::traffic::paced;
use crate::steps::instant;

use super::observer::Observer;
use super::run::Run;
use super::truth::{Claim, Truth, competes};
use super::{FlowSummary, RunError, Summary};

/// Runs a scenario with a TCP connection in the place of each media flow: over its path, from its start to its stop, a new one after each pause.
/// There is nothing to choose, so that such a run is the same for all controllers. The observer is told of segments as of packets of the flow
/// ([`PacketKind::Tcp`]), of acknowledgements as of its feedback, and of what the flow could have; there are no frames, targets or decisions.
///
/// # Errors
/// If the scenario makes no sense, or a flow changes its route, which a TCP connection does not survive.
pub fn run_as_tcp(
    scenario: &Scenario,
    tcp: TcpSpec,
    seed: u64,
    observer: &mut dyn Observer,
) -> Result<Summary, RunError> {
    scenario.check()?;
    let mut replaced = Scenario {
        flows: Vec::new(),
        ..scenario.clone()
    };
    let mut connections = Vec::new();
    for (number, flow) in scenario.flows.iter().enumerate() {
        if !flow.route_changes.is_empty() {
            return Err(RunError::Scenario(ScenarioError::new(
                format!("flows[{number}].route_changes"),
                "a TCP connection in the place of the flow ends where its route does",
                "leave the arm out that puts TCP in the place of media, or the scenario",
            )));
        }
        for (start, stop) in spans(scenario, number) {
            connections.push(Connection {
                flow: number,
                before: 0,
            });
            replaced.cross_traffic.push(CrossTrafficSpec {
                name: flow.name.clone(),
                path: flow.path.clone(),
                return_path: flow.return_path.clone(),
                start,
                stop,
                kind: CrossKind::Tcp(tcp),
                l4s: false,
                on_off: None,
            });
        }
    }
    let mut in_place = InPlace {
        others: scenario.cross_traffic.len(),
        connections,
        shares: shares(scenario).into_iter().peekable(),
        counted: vec![FlowSummary::default(); scenario.flows.len()],
        observer,
    };
    let mut nobody = |_: usize, _: &_, _: u64| Err(jackfield_core::Fault::failed("nobody has a controller"));
    let summary = Run::new(&replaced, seed, &mut nobody, &mut in_place)?.go_to_the_end()?;
    in_place.tell(instant(scenario.duration));
    Ok(Summary {
        flows: in_place.counted,
        ..summary
    })
}

/// When a flow has media.
fn spans(scenario: &Scenario, number: usize) -> Vec<(TimeDelta, TimeDelta)> {
    let flow = &scenario.flows[number];
    let mut spans = Vec::new();
    let mut from = flow.start;
    for pause in &flow.pauses {
        spans.push((from, pause.from.min(flow.stop)));
        from = pause.to;
    }
    spans.push((from, flow.stop));
    spans.retain(|(from, to)| from < to);
    spans
}

/// What each flow could have, and from when: known before the run, because nothing that is decided in it changes it.
fn shares(scenario: &Scenario) -> Vec<(VirtualTime, usize, DataRate)> {
    let numbers = |names: &[String]| -> Vec<usize> {
        names
            .iter()
            .filter_map(|name| scenario.link_number(name))
            .collect()
    };
    let truth = Truth::new(scenario);
    let cross = scenario.cross_traffic.iter().enumerate();
    let constant: Vec<_> = cross
        .filter_map(|(number, spec)| Some((numbers(&spec.path), paced(number, spec)?)))
        .collect();
    let mut claimants: Vec<(Vec<usize>, f64, Vec<(TimeDelta, TimeDelta)>)> = scenario
        .flows
        .iter()
        .enumerate()
        .map(|(number, flow)| (numbers(&flow.path), flow.priority, spans(scenario, number)))
        .collect();
    let rivals = scenario.cross_traffic.iter().filter(|spec| competes(&spec.kind));
    claimants.extend(rivals.map(|spec| (numbers(&spec.path), 1.0, vec![(spec.start, spec.stop)])));

    let mut instants: Vec<VirtualTime> = truth.changes().into_iter().map(|(at, _, _)| at).collect();
    instants.extend(constant.iter().flat_map(|(_, source)| source.changes()));
    instants.extend(
        claimants
            .iter()
            .flat_map(|(_, _, spans)| spans)
            .flat_map(|(from, to)| [instant(*from), instant(*to)]),
    );
    instants.sort_unstable();
    instants.dedup();

    let mut shares = Vec::new();
    let mut last = vec![DataRate::ZERO; scenario.flows.len()];
    for now in instants {
        let wants = |spans: &[(TimeDelta, TimeDelta)]| {
            spans
                .iter()
                .any(|(from, to)| instant(*from) <= now && now < instant(*to))
        };
        let claims: Vec<Claim<'_>> = claimants
            .iter()
            .filter(|(_, _, spans)| wants(spans))
            .map(|(path, weight, _)| Claim {
                path,
                weight: *weight,
            })
            .collect();
        for (number, (path, weight, _)) in claimants.iter().take(last.len()).enumerate() {
            let own = Claim {
                path,
                weight: *weight,
            };
            let share = truth.share(now, &own, &claims, &constant);
            let flow = &scenario.flows[number];
            let lives = instant(flow.start) <= now && now < instant(flow.stop);
            if lives && last[number] != share {
                last[number] = share;
                shares.push((now, number, share));
            }
        }
    }
    shares
}

/// A connection, and how many packets those before it in the place of the same flow have sent.
struct Connection {
    flow: usize,
    before: u64,
}

/// Tells of connections as of the flows in whose place they are. Of frames and decisions there is nothing to tell.
struct InPlace<'a> {
    /// How much cross traffic the scenario has of itself.
    others: usize,
    connections: Vec<Connection>,
    shares: std::iter::Peekable<std::vec::IntoIter<(VirtualTime, usize, DataRate)>>,
    counted: Vec<FlowSummary>,
    observer: &'a mut dyn Observer,
}

impl InPlace<'_> {
    /// Tells what the flows could have until `now`.
    fn tell(&mut self, now: VirtualTime) {
        while let Some((at, flow, rate)) = self.shares.next_if(|(at, _, _)| *at <= now) {
            self.observer.available(at, flow, rate);
        }
    }

    fn shown(&self, packet: &PacketRecord) -> PacketRecord {
        let connection = match packet.source {
            Source::CrossTraffic(number) => number
                .checked_sub(self.others)
                .and_then(|number| self.connections.get(number)),
            _ => None,
        };
        match connection {
            Some(connection) if packet.kind == PacketKind::Acknowledgement => PacketRecord {
                source: Source::Feedback(connection.flow),
                ..*packet
            },
            Some(connection) => PacketRecord {
                source: Source::Flow(connection.flow),
                number: connection.before + packet.number,
                ..*packet
            },
            None => *packet,
        }
    }
}

impl Observer for InPlace<'_> {
    fn capacity(&mut self, at: VirtualTime, link: usize, rate: DataRate) {
        self.observer.capacity(at, link, rate);
        self.tell(at);
    }

    fn sent(&mut self, at: VirtualTime, packet: &PacketRecord) {
        self.tell(at);
        if let Source::CrossTraffic(number) = packet.source
            && packet.kind != PacketKind::Acknowledgement
            && packet.number == 0
            && let Some(connection) = number
                .checked_sub(self.others)
                .and_then(|number| self.connections.get_mut(number))
        {
            connection.before = self.counted[connection.flow].sent;
        }
        let shown = self.shown(packet);
        match shown.source {
            Source::Flow(flow) => self.counted[flow].sent += 1,
            Source::Feedback(flow) => self.observer.feedback(at, flow, packet.size),
            Source::CrossTraffic(_) => {}
        }
        self.observer.sent(at, &shown);
    }

    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        self.tell(at);
        let shown = self.shown(packet);
        match shown.source {
            Source::Flow(flow) => self.counted[flow].arrived += 1,
            Source::Feedback(flow) => self.counted[flow].feedbacks += 1,
            Source::CrossTraffic(_) => {}
        }
        self.observer.arrived(at, &shown, queueing);
    }

    fn dropped(&mut self, at: VirtualTime, packet: &PacketRecord, why: DropReason) {
        self.tell(at);
        let shown = self.shown(packet);
        self.observer.dropped(at, &shown, why);
    }

    fn marked(&mut self, at: VirtualTime, packet: &PacketRecord) {
        self.tell(at);
        let shown = self.shown(packet);
        self.observer.marked(at, &shown);
    }

    fn queue(&mut self, at: VirtualTime, link: usize, waiting: DataSize) {
        self.tell(at);
        self.observer.queue(at, link, waiting);
    }
}
