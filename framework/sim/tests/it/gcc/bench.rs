//! A bench for whole calls: a controller and the leaky bucket over simulated links, in virtual time, each case in the weather of thirty seeds.

use std::sync::{Arc, Mutex};

use jackfield_congestion_gcc::{Gcc, GccParameters};
use jackfield_congestion_receive_side::ReceiveSide;
use jackfield_congestion_scream::Scream;
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_sdk::prelude::*;
use jackfield_sim::light::{FlowModules, FlowSummary, FrameRecord, Observer, run};
use jackfield_sim::scenario::{FlowSpec, Scenario};
use jackfield_sim::{PacketRecord, Source, VirtualTime};

use super::far_end::FarEnd;
use super::scripted::{Log, Scripted};

/// In so many weathers each case is tried.
pub(crate) const SEEDS: u64 = 30;

/// A case: a scenario, what is set, and what else the controller is told.
#[derive(Clone)]
pub(crate) struct Case {
    scenario: Scenario,
    controller: fn(&Self, u64) -> Result<Box<dyn CongestionController>, Fault>,
    tune: fn(&mut GccParameters),
    /// Told at these times, in order.
    pub(super) told: Vec<(TimeDelta, CongestionEvent)>,
    /// What the encoders make at most, from each time on.
    pub(super) media: Vec<(TimeDelta, DataRate)>,
    pub(super) repeat_probes: bool,
    /// Until then no probe is sent.
    pub(super) no_probes_until: TimeDelta,
    probe_without_media: bool,
    /// Whether the far end tells what it believes that the path bears.
    estimates: bool,
}

/// `links` is TOML for the links `up` and `down`; `flow` what is special about the flow, its `rate` and `streams` among it.
pub(crate) fn case(seconds: f64, links: &str, flow: &str) -> Case {
    let text = format!(
        "name = \"case\"\nduration = \"{seconds} s\"\n{links}\n[[flows]]\nname = \"call\"\npath = [\"up\"]\nreturn_path = [\"down\"]\n{flow}\n"
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Case::of(scenario)
}

/// The cases that a scenario file has.
pub(crate) fn cases(file: &str) -> Vec<Case> {
    let scenarios = Scenario::parse_all(file).unwrap_or_else(|error| panic!("{error}"));
    scenarios.into_iter().map(Case::of).collect()
}

/// Links of these rates and delays, without an end of their queues; rates and delays as TOML has them.
pub(crate) fn links(rate: &str, delay: &str, back: &str) -> String {
    format!(
        "[links.up]\nrate = {rate}\ndelay = {delay}\nqueue = \"unlimited\"\n[links.down]\ndelay = {back}\n"
    )
}

/// A camera, whose frames differ by some percent in size; between these rates.
pub(crate) fn camera(minimum: &str, maximum: &str) -> String {
    format!(
        "streams = [{{ kind = \"video\", minimum = \"{minimum}\", maximum = \"{maximum}\", lag = \"0 ms\", transient_frames = 0, size_scale = 0.05, interval_scale = 0 }}]"
    )
}

impl Case {
    fn of(scenario: Scenario) -> Self {
        Self {
            scenario,
            controller: Self::gcc,
            tune: |_| {},
            told: Vec::new(),
            media: Vec::new(),
            repeat_probes: false,
            no_probes_until: TimeDelta::ZERO,
            probe_without_media: false,
            estimates: false,
        }
    }

    fn gcc(&self, seed: u64) -> Result<Box<dyn CongestionController>, Fault> {
        let mut gcc = Gcc::create(&Environment::seeded(seed))?;
        (self.tune)(gcc.parameters());
        Ok(Box::new(gcc))
    }

    /// The same with SCReAM as the controller.
    pub(crate) fn by_scream(mut self) -> Self {
        self.controller = |_, seed| Ok(Box::new(Scream::create(&Environment::seeded(seed))?));
        self
    }

    pub(crate) fn tuned(mut self, tune: fn(&mut GccParameters)) -> Self {
        self.tune = tune;
        self
    }

    /// The controller is told this besides.
    pub(crate) fn telling(mut self, at: TimeDelta, event: CongestionEvent) -> Self {
        self.told.push((at, event));
        self
    }

    /// The encoders make no more than this from then on, and the streams say so.
    pub(crate) fn media(mut self, at: TimeDelta, most: DataRate) -> Self {
        self.media.push((at, most));
        self
    }

    pub(crate) fn without_probes_until(mut self, at: TimeDelta) -> Self {
        self.no_probes_until = at;
        self
    }

    /// The first probes are repeated until media flows, and go with padding alone.
    pub(crate) fn probing_without_media(mut self) -> Self {
        self.repeat_probes = true;
        self.probe_without_media = true;
        self
    }

    /// The far end estimates what the path of the first flow bears, and says so in REMB.
    pub(crate) fn with_an_estimator_at_the_far_end(mut self) -> Self {
        self.estimates = true;
        self
    }

    /// What came of it in the weather of `seed`.
    pub(crate) fn run(&self, seed: u64) -> Told {
        let scenario = &self.scenario;
        let log: Log = Arc::new(Mutex::new(vec![Vec::new(); scenario.flows.len()]));
        let estimator = || ReceiveSide::create(&Environment::seeded(seed));
        let far_end = self
            .estimates
            .then(|| FarEnd::new(estimator().expect("an estimator"), scenario.flows[0].start_rate));
        let mut told = Told {
            seed,
            far_end: far_end.clone(),
            ..Told::default()
        };
        let mut modules = |flow: usize, _: &FlowSpec, seed: u64| {
            let mut pacer = LeakyBucket::create(&Environment::seeded(seed))?;
            pacer.parameters().probe_without_media = self.probe_without_media;
            Ok(FlowModules {
                controller: Box::new(Scripted::new(
                    (self.controller)(self, seed)?,
                    self,
                    flow,
                    &log,
                    far_end.clone(),
                )),
                pacer: Box::new(pacer),
                knows_truth: false,
            })
        };
        let summary = run(scenario, seed, &mut modules, &mut told).expect("a run");
        told.hash = summary.trace_hash;
        told.flows = summary.flows;
        told.decisions = std::mem::take(&mut log.lock().expect("nobody panicked"));
        for flow in &told.flows {
            assert_eq!((&flow.controller_fault, &flow.pacer_fault), (&None, &None));
        }
        told
    }

    /// Tries it in all weathers; `holds` says what does not, if anything.
    pub(crate) fn in_all_weathers(&self, holds: impl Fn(&Told) -> Result<(), String>) {
        let failed: Vec<_> = (1..=SEEDS)
            .filter_map(|seed| {
                holds(&self.run(seed))
                    .err()
                    .map(|why| format!("seed {seed}: {why}"))
            })
            .collect();
        assert!(
            failed.is_empty(),
            "{} of {SEEDS} fail:\n{}",
            failed.len(),
            failed.join("\n")
        );
    }
}

/// A packet that came.
struct Arrival {
    flow: usize,
    at: Timestamp,
    size: DataSize,
    took: TimeDelta,
}

/// What a run tells.
#[derive(Default)]
pub(crate) struct Told {
    /// Of each flow.
    decisions: Vec<Vec<(Timestamp, CongestionUpdate)>>,
    /// Of each packet that came: of which flow, when, how big, and how long it took.
    arrivals: Vec<Arrival>,
    frames: Vec<FrameRecord>,
    /// Feedback and reports: on which flow, when, how big.
    feedback: Vec<(usize, Timestamp, DataSize)>,
    pub(crate) flows: Vec<FlowSummary>,
    pub(crate) hash: [u8; 32],
    pub(crate) seed: u64,
    far_end: Option<FarEnd>,
}

impl Observer for Told {
    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, _queueing: TimeDelta) {
        if let Source::Flow(flow) = packet.source {
            if let (0, Some(far_end)) = (flow, &self.far_end) {
                far_end.received(timestamp(at), packet.number, timestamp(packet.sent), packet.size);
            }
            self.arrivals.push(Arrival {
                flow,
                at: timestamp(at),
                size: packet.size,
                took: TimeDelta::us((at.ns() - packet.sent.ns()) as i64 / 1_000),
            });
        }
    }

    fn frame(&mut self, _flow: usize, frame: &FrameRecord) {
        self.frames.push(*frame);
    }

    fn feedback(&mut self, at: VirtualTime, flow: usize, size: DataSize) {
        self.feedback.push((flow, timestamp(at), size));
    }
}

fn timestamp(at: VirtualTime) -> Timestamp {
    Timestamp::from_us((at.ns() / 1_000) as i64)
}

impl Told {
    /// What held at this time for the first flow.
    pub(crate) fn at(&self, seconds: f64) -> CongestionUpdate {
        self.of_flow(0, seconds)
    }

    fn of_flow(&self, flow: usize, seconds: f64) -> CongestionUpdate {
        let at = Timestamp::ZERO + TimeDelta::seconds_f64(seconds);
        let decisions = &self.decisions[flow];
        let after = decisions.partition_point(|(when, _)| *when <= at);
        decisions[..after].last().expect("something was decided").1
    }

    /// The target for the encoders, in kbit/s.
    pub(crate) fn target(&self, seconds: f64) -> f64 {
        self.at(seconds).target.as_kbps_f64()
    }

    /// What the path of the first flow is believed to bear, in kbit/s.
    pub(crate) fn estimate(&self, seconds: f64) -> f64 {
        self.estimate_of(0, seconds)
    }

    /// What the path of this flow is believed to bear, in kbit/s.
    pub(crate) fn estimate_of(&self, flow: usize, seconds: f64) -> f64 {
        self.of_flow(flow, seconds).estimate.as_kbps_f64()
    }

    /// What came between these times, in kbit/s.
    pub(crate) fn received(&self, from: f64, to: f64) -> f64 {
        let bytes: i64 = self
            .between(0, from, to)
            .map(|packet| packet.size.as_bytes())
            .sum();
        bytes as f64 * 8.0 / 1e3 / (to - from)
    }

    /// What feedback and reports on this flow took between these times, in kbit/s.
    pub(crate) fn feedback_on(&self, flow: usize, from: f64, to: f64) -> f64 {
        let at = |seconds: f64| Timestamp::ZERO + TimeDelta::seconds_f64(seconds);
        let span = at(from)..at(to);
        let bytes: i64 = self
            .feedback
            .iter()
            .filter(|(of, when, _)| *of == flow && span.contains(when))
            .map(|(_, _, size)| size.as_bytes())
            .sum();
        bytes as f64 * 8.0 / 1e3 / (to - from)
    }

    /// How long packets of this flow took between these times, on average over time as regular pings would see it: over the averages of all
    /// tenths of a second in which any came.
    pub(crate) fn mean_delay(&self, flow: usize, from: f64, to: f64) -> TimeDelta {
        let tenths = ((to - from) * 10.0).round() as usize;
        let means: Vec<i64> = (0..tenths)
            .filter_map(|tenth| {
                let at = from + tenth as f64 / 10.0;
                let packets = || self.between(flow, at, at + 0.1).map(|packet| packet.took.as_us());
                packets().sum::<i64>().checked_div(packets().count() as i64)
            })
            .collect();
        TimeDelta::us(means.iter().sum::<i64>() / means.len().max(1) as i64)
    }

    fn between(&self, flow: usize, from: f64, to: f64) -> impl Iterator<Item = &Arrival> {
        let at = |seconds: f64| Timestamp::ZERO + TimeDelta::seconds_f64(seconds);
        let (from, to) = (at(from), at(to));
        self.arrivals
            .iter()
            .filter(move |packet| packet.flow == flow && packet.at >= from && packet.at < to)
    }

    /// How long frames captured between these times took to leave, on average.
    pub(crate) fn pacer_delay(&self, from: f64, to: f64) -> TimeDelta {
        let waits: Vec<i64> = self
            .frames
            .iter()
            .filter(|frame| {
                let captured = frame.captured.ns() as f64 / 1e9;
                captured >= from && captured < to
            })
            .filter_map(|frame| Some((frame.sent?.ns() - frame.captured.ns()) as i64 / 1_000))
            .collect();
        TimeDelta::us(waits.iter().sum::<i64>() / waits.len().max(1) as i64)
    }
}

/// `value` is `expected`, give or take `off`.
pub(crate) fn near(what: &str, value: f64, expected: f64, off: f64) -> Result<(), String> {
    within(what, value, expected - off, expected + off)
}

/// `value` lies between `lowest` and `highest`.
pub(crate) fn within(what: &str, value: f64, lowest: f64, highest: f64) -> Result<(), String> {
    if (lowest..=highest).contains(&value) {
        Ok(())
    } else {
        Err(format!("{what} is {value:.0}, not {lowest:.0} to {highest:.0}"))
    }
}
