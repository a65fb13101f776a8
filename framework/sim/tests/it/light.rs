//! The light mode: controllers and pacers over simulated links.

use jackfield_congestion_fixed::Fixed;
use jackfield_core::Fault;
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_pacing_null::Null;
use jackfield_sim::light::{self, FlowModules, FrameRecord, Observer};
use jackfield_sim::scenario::{FlowSpec, Scenario};
use jackfield_sim::{DropReason, PacketRecord, Source, VirtualTime};

/// A controller that holds a rate and a pacer that holds nothing back.
pub(crate) fn fixed(kbps: f64) -> impl FnMut(usize, &FlowSpec, u64) -> Result<FlowModules, Fault> {
    move |_, _, seed| {
        let mut controller = Fixed::create(&Environment::seeded(seed))?;
        controller.parameters().rate = kbps;
        Ok(FlowModules {
            controller: Box::new(controller),
            pacer: Box::new(Null::create(&Environment::seeded(seed))?),
            knows_truth: false,
        })
    }
}

/// What was seen of the flows' packets.
#[derive(Default, Debug)]
pub(crate) struct Seen {
    pub(crate) bytes: i64,
    pub(crate) arrived: Vec<(VirtualTime, PacketRecord, TimeDelta)>,
    pub(crate) dropped: Vec<(VirtualTime, PacketRecord, DropReason)>,
    pub(crate) marked: u64,
    pub(crate) feedback: u64,
    pub(crate) capacity: Vec<(VirtualTime, usize, DataRate)>,
    pub(crate) available: Vec<(VirtualTime, usize, DataRate)>,
    pub(crate) frames: Vec<FrameRecord>,
    pub(crate) most_waiting: DataSize,
}

impl Observer for Seen {
    fn capacity(&mut self, at: VirtualTime, link: usize, rate: DataRate) {
        self.capacity.push((at, link, rate));
    }
    fn available(&mut self, at: VirtualTime, flow: usize, rate: DataRate) {
        self.available.push((at, flow, rate));
    }
    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        if matches!(packet.source, Source::Flow(_)) {
            self.bytes += packet.size.as_bytes();
            self.arrived.push((at, *packet, queueing));
        }
    }
    fn dropped(&mut self, at: VirtualTime, packet: &PacketRecord, why: DropReason) {
        if matches!(packet.source, Source::Flow(_)) {
            self.dropped.push((at, *packet, why));
        }
    }
    fn marked(&mut self, _: VirtualTime, _: &PacketRecord) {
        self.marked += 1;
    }
    fn feedback(&mut self, _: VirtualTime, _: usize, _: DataSize) {
        self.feedback += 1;
    }
    fn frame(&mut self, _: usize, frame: &FrameRecord) {
        self.frames.push(*frame);
    }
    fn queue(&mut self, _: VirtualTime, _: usize, waiting: DataSize) {
        self.most_waiting = self.most_waiting.max(waiting);
    }
}

pub(crate) fn one_flow(link: &str) -> Scenario {
    let text = format!(
        r#"
        name = "one flow"
        duration = "20 s"
        [links.forward]
        {link}
        [links.backward]
        delay = "50 ms"
        [[flows]]
        name = "call"
        path = ["forward"]
        return_path = ["backward"]
        rate = {{ minimum = "100 kbit/s", maximum = "5 Mbit/s" }}
        streams = [{{ kind = "audio", rate = "20 kbit/s" }}, {{ kind = "video", maximum = "5 Mbit/s" }}]
        "#
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_flow_that_holds_its_rate_gets_it_through() {
    let scenario = one_flow("rate = \"2 Mbit/s\"\ndelay = \"50 ms\"\nqueue = \"300 ms\"");
    let mut seen = Seen::default();
    let summary = light::run(&scenario, 1, &mut fixed(1_000.0), &mut seen).expect("a run");
    let rate = seen.bytes as f64 * 8.0 / 20.0 / 1e3;
    assert!((950.0..1_050.0).contains(&rate), "{rate} kbit/s");
    assert!(seen.dropped.is_empty());
    assert!((80..450).contains(&seen.feedback), "{}", seen.feedback);
    assert!(summary.flows[0].feedbacks > 80);
    assert_eq!(seen.capacity, [(VirtualTime::ZERO, 1, DataRate::kbps(2_000))]);
    assert_eq!(seen.available, [(VirtualTime::ZERO, 0, DataRate::kbps(2_000))]);
    assert!(
        seen.frames
            .iter()
            .filter(|frame| frame.completed.is_some())
            .count()
            > 1_500
    );
}

#[test]
fn equal_seeds_give_equal_runs() {
    let scenario = one_flow("rate = \"1 Mbit/s\"\ndelay = \"50 ms\"\nqueue = \"300 ms\"\nloss = \"1 %\"");
    let run = |seed| light::run(&scenario, seed, &mut fixed(1_200.0), &mut ()).expect("a run");
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).trace_hash, run(2).trace_hash);
}
