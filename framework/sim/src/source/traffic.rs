//! All the cross traffic of a scenario: it says when it wants to be called, and sends.

use jackfield_core::units::DataSize;

use crate::clock::VirtualTime;
use crate::link::NEVER;
use crate::packet::{Ecn, PacketKind, PacketRecord, Source};
use crate::random::CounterRandom;
use crate::scenario::{CrossKind, CrossTrafficSpec, Scenario};
use crate::source::cross::Cross;
use crate::steps::instant;
use crate::tcp::{TcpPacket, TcpTraffic};
use crate::topology::{RouteId, Topology, Transit};

/// Under which the randomness of cross traffic is drawn.
const NUMBERS: u16 = 0x8000;

/// Where packets of cross traffic go in.
pub(crate) trait Entrance {
    fn send(
        &mut self,
        topology: &mut Topology,
        now: VirtualTime,
        route: RouteId,
        packet: PacketRecord,
        token: u64,
    );
}

/// The sources of a scenario, by number.
pub(crate) struct Traffic {
    sources: Vec<CrossTraffic>,
    random: CounterRandom,
    /// What TCP has under way.
    segments: Vec<TcpPacket>,
    free: Vec<u32>,
}

struct CrossTraffic {
    kind: Kind,
    path: RouteId,
    ecn: Ecn,
    start: VirtualTime,
    sent: u64,
}

enum Kind {
    Paced(Box<Cross>),
    Burst { packets: u32, packet: DataSize },
    Tcp(Box<Tcp>),
}

/// A TCP sender with its receiver, and when they are next to be asked.
struct Tcp {
    traffic: TcpTraffic,
    return_path: RouteId,
    at: VirtualTime,
    answers: u64,
}

/// The source of this number if it sends at a rate.
pub(crate) fn paced(number: usize, spec: &CrossTrafficSpec) -> Option<Cross> {
    Cross::new(spec, NUMBERS | number as u16)
}

impl Traffic {
    /// Nothing is sent.
    pub(crate) fn none(seed: u64) -> Self {
        Self {
            sources: Vec::new(),
            random: CounterRandom::new(seed),
            segments: Vec::new(),
            free: Vec::new(),
        }
    }

    /// What the scenario has, over a topology whose links are those of the scenario.
    pub(crate) fn new(scenario: &Scenario, seed: u64, topology: &mut Topology) -> Self {
        let mut traffic = Self::none(seed);
        for (number, spec) in scenario.cross_traffic.iter().enumerate() {
            let mut route = |names: &[String]| {
                topology.add_route(names.iter().filter_map(|name| scenario.link_number(name)))
            };
            let kind = match &spec.kind {
                CrossKind::Burst(burst) => Kind::Burst {
                    packets: burst.packets,
                    packet: burst.packet,
                },
                CrossKind::Tcp(tcp) => Kind::Tcp(Box::new(Tcp {
                    traffic: TcpTraffic::new(
                        *tcp,
                        instant(spec.start),
                        instant(spec.stop),
                        NUMBERS | number as u16,
                        traffic.random,
                    ),
                    return_path: route(&spec.return_path),
                    at: NEVER,
                    answers: 0,
                })),
                CrossKind::Constant { .. } | CrossKind::Poisson { .. } => match paced(number, spec) {
                    Some(source) => Kind::Paced(Box::new(source)),
                    None => Kind::Burst {
                        packets: 0,
                        packet: DataSize::ZERO,
                    },
                },
            };
            traffic.sources.push(CrossTraffic {
                kind,
                path: route(&spec.path),
                ecn: if spec.l4s { Ecn::Ect1 } else { Ecn::NotEct },
                start: instant(spec.start),
                sent: 0,
            });
        }
        traffic
    }

    /// When each source wants to be called first, if ever.
    pub(crate) fn first(&mut self) -> Vec<Option<VirtualTime>> {
        let random = self.random;
        self.sources
            .iter_mut()
            .map(|source| match &mut source.kind {
                Kind::Paced(paced) => paced.first(&random),
                Kind::Burst { .. } => Some(source.start),
                Kind::Tcp(tcp) => {
                    tcp.at = tcp.traffic.deadline().unwrap_or(NEVER);
                    Some(tcp.at).filter(|at| *at != NEVER)
                }
            })
            .collect()
    }

    /// A source that wanted to be called now; when it wants to be called again, if that is news.
    pub(crate) fn call(
        &mut self,
        now: VirtualTime,
        number: usize,
        topology: &mut Topology,
        out: &mut impl Entrance,
    ) -> Option<VirtualTime> {
        let source = self.sources.get_mut(number)?;
        let (count, size, next) = match &mut source.kind {
            Kind::Paced(paced) => (1, paced.packet, paced.after(now, &self.random)),
            Kind::Burst { packets, packet } => (*packets, *packet, None),
            Kind::Tcp(tcp) => {
                if tcp.at > now {
                    return None;
                }
                tcp.traffic.handle_timeout(now);
                return self.pump(now, number, topology, out);
            }
        };
        for _ in 0..count {
            let packet = record(number, source.sent, size, now, PacketKind::Other, source.ecn);
            source.sent += 1;
            out.send(topology, now, source.path, packet, 0);
        }
        next
    }

    /// Sends what a TCP connection has to send.
    fn pump(
        &mut self,
        now: VirtualTime,
        number: usize,
        topology: &mut Topology,
        out: &mut impl Entrance,
    ) -> Option<VirtualTime> {
        let source = self.sources.get_mut(number)?;
        let Kind::Tcp(tcp) = &mut source.kind else {
            return None;
        };
        while let Some(sent) = tcp.traffic.poll_transmit(now) {
            let (counter, kind, route) = match sent {
                TcpPacket::Segment { .. } => (&mut source.sent, PacketKind::Tcp, source.path),
                TcpPacket::Acknowledgement { .. } => {
                    (&mut tcp.answers, PacketKind::Acknowledgement, tcp.return_path)
                }
            };
            let packet = record(number, *counter, sent.size(), now, kind, sent.ecn());
            *counter += 1;
            let place = match self.free.pop() {
                Some(place) => {
                    self.segments[place as usize] = sent;
                    place
                }
                None => {
                    self.segments.push(sent);
                    self.segments.len() as u32 - 1
                }
            };
            out.send(topology, now, route, packet, u64::from(place));
        }
        let next = tcp.traffic.deadline().unwrap_or(NEVER);
        if (next != tcp.at && next != NEVER) || next <= now {
            tcp.at = next.max(now.later(1));
            return Some(tcp.at);
        }
        tcp.at = next;
        None
    }

    /// A packet of a source has come to the end of its route (`came`), or was lost; when the source wants to be called, if that is news.
    pub(crate) fn landed(
        &mut self,
        now: VirtualTime,
        transit: &Transit,
        came: bool,
        topology: &mut Topology,
        out: &mut impl Entrance,
    ) -> Option<(usize, VirtualTime)> {
        let Source::CrossTraffic(number) = transit.packet.source else {
            return None;
        };
        let Kind::Tcp(tcp) = &mut self.sources.get_mut(number)?.kind else {
            return None;
        };
        let place = transit.token as u32;
        self.free.push(place);
        if !came {
            return None;
        }
        let packet = self.segments[place as usize];
        tcp.traffic.receive(now, &packet, transit.packet.ecn);
        let next = self.pump(now, number, topology, out)?;
        Some((number, next))
    }
}

fn record(
    number: usize,
    count: u64,
    size: DataSize,
    now: VirtualTime,
    kind: PacketKind,
    ecn: Ecn,
) -> PacketRecord {
    PacketRecord {
        source: Source::CrossTraffic(number),
        number: count,
        size,
        sent: now,
        kind,
        ecn,
        stream: 0,
        cluster: 0,
        frame: 0,
    }
}
