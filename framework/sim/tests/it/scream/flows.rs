//! Runs a scenario, and says how each flow fared.

use jackfield_congestion_scream::Scream;
use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::units::TimeDelta;
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_sim::light::{self, FlowModules, Observer};
use jackfield_sim::scenario::{FlowSpec, Scenario};
use jackfield_sim::{DropReason, PacketRecord, Source, VirtualTime};

/// Which controller a flow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scream,
    /// Without L4S.
    ScreamByDelay,
    /// With the pacing factor of libwebrtc, 1.1.
    ScreamPacedAsLibwebrtc,
    /// With the pacing factor of the draft, 1.5.
    ScreamPacedAsDraft,
    /// Without compensation for competing flows.
    ScreamAlone,
}

impl Kind {
    fn controller(self, seed: u64) -> Result<Box<dyn CongestionController>, Fault> {
        let environment = Environment::seeded(seed);
        let mut scream = Scream::create(&environment)?;
        scream.parameters().l4s = self != Self::ScreamByDelay;
        scream.parameters().competing_flows = self != Self::ScreamAlone;
        match self {
            Self::ScreamPacedAsLibwebrtc => scream.parameters().pacing = 1.1,
            Self::ScreamPacedAsDraft => scream.parameters().pacing = 1.5,
            _ => {}
        }
        Ok(Box::new(scream))
    }
}

/// What is counted over several spans of time.
struct Spans(Vec<Seen>);

/// What is counted over a span.
#[derive(Default)]
pub(crate) struct Seen {
    from: VirtualTime,
    to: VirtualTime,
    bytes: Vec<i64>,
    waits: Vec<Vec<TimeDelta>>,
    lost: Vec<u64>,
    cross_bytes: i64,
}

impl Seen {
    fn counts(&self, at: VirtualTime) -> bool {
        (self.from..self.to).contains(&at)
    }

    fn place(&mut self, flow: usize) {
        let count = self.bytes.len().max(flow + 1);
        self.bytes.resize(count, 0);
        self.waits.resize_with(count, Vec::new);
        self.lost.resize(count, 0);
    }

    fn span(&self) -> f64 {
        (self.to.ns() - self.from.ns()) as f64 / 1e9
    }

    /// What arrived of a flow, kbit/s.
    pub(crate) fn rate(&self, flow: usize) -> f64 {
        self.bytes.get(flow).copied().unwrap_or(0) as f64 * 8.0 / 1e3 / self.span()
    }

    /// What arrived of cross traffic, kbit/s.
    pub(crate) fn cross_rate(&self) -> f64 {
        self.cross_bytes as f64 * 8.0 / 1e3 / self.span()
    }

    /// How long a share of the packets waited at most, ms.
    pub(crate) fn wait(&self, flow: usize, share: f64) -> f64 {
        let mut waits = self.waits[flow].clone();
        waits.sort_unstable();
        let index = ((waits.len() as f64 * share) as usize).min(waits.len() - 1);
        waits[index].as_ms_f64()
    }

    /// Packets that did not arrive.
    pub(crate) fn lost(&self, flow: usize) -> u64 {
        self.lost.get(flow).copied().unwrap_or(0)
    }
}

impl Observer for Spans {
    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        for seen in self.0.iter_mut().filter(|seen| seen.counts(at)) {
            match packet.source {
                Source::Flow(flow) => {
                    seen.place(flow);
                    seen.bytes[flow] += packet.size.as_bytes();
                    seen.waits[flow].push(queueing);
                }
                Source::CrossTraffic(_) => seen.cross_bytes += packet.size.as_bytes(),
                Source::Feedback(_) => {}
            }
        }
    }

    fn dropped(&mut self, at: VirtualTime, packet: &PacketRecord, _: DropReason) {
        let Source::Flow(flow) = packet.source else { return };
        for seen in self.0.iter_mut().filter(|seen| seen.counts(at)) {
            seen.place(flow);
            seen.lost[flow] += 1;
        }
    }
}

fn virtual_time(seconds: f64) -> VirtualTime {
    VirtualTime::from_ns((seconds * 1e9) as u64)
}

/// Runs every flow of a scenario with `kind`; counts over each span, in seconds.
pub(crate) fn run<const N: usize>(text: &str, kind: Kind, seed: u64, spans: [(f64, f64); N]) -> [Seen; N] {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let seen = spans.map(|(from, to)| Seen {
        from: virtual_time(from),
        to: virtual_time(to),
        ..Seen::default()
    });
    let mut seen = Spans(seen.into());
    let mut modules = |_: usize, _: &FlowSpec, seed: u64| {
        Ok(FlowModules {
            controller: kind.controller(seed)?,
            pacer: Box::new(LeakyBucket::create(&Environment::seeded(seed))?),
            knows_truth: false,
        })
    };
    let summary =
        light::run(&scenario, seed, &mut modules, &mut seen).unwrap_or_else(|error| panic!("{error}"));
    for flow in &summary.flows {
        assert_eq!((&flow.controller_fault, &flow.pacer_fault), (&None, &None));
    }
    seen.0
        .try_into()
        .unwrap_or_else(|_| unreachable!("as many as there were"))
}
