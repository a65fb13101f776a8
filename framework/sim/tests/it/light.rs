//! The light mode: controllers and pacers over simulated links.

use jackfield_congestion_fixed::Fixed;
use jackfield_core::Fault;
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_pacing_null::Null;
use jackfield_sim::light::{self, FlowModules, FrameRecord, Observer};
use jackfield_sim::scenario::{FlowSpec, Scenario};
use jackfield_sim::{DropReason, PacketKind, PacketRecord, Source, VirtualTime};

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

/// The bytes of TCP segments that came, and how long they waited.
#[derive(Default)]
struct Downloads {
    bytes: i64,
    acknowledgements: u64,
    waited: Vec<f64>,
}

impl Observer for Downloads {
    fn arrived(&mut self, _: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        match packet.kind {
            PacketKind::Tcp => {
                self.bytes += packet.size.as_bytes();
                self.waited.push(queueing.as_ms_f64());
            }
            PacketKind::Acknowledgement => self.acknowledgements += 1,
            _ => {}
        }
    }
}

#[test]
fn e17_3_tcp_fills_the_link_beside_a_flow_and_what_the_queue_holds() {
    for (algorithm, fills) in [("reno", true), ("cubic", true), ("bbr", false)] {
        let text = format!(
            r#"
            name = "with a download"
            duration = "60 s"
            [links.forward]
            rate = "2 Mbit/s"
            delay = "50 ms"
            queue = "300 ms"
            [links.backward]
            delay = "50 ms"
            [[flows]]
            name = "call"
            path = ["forward"]
            return_path = ["backward"]
            streams = [{{ kind = "video", minimum = "100 kbit/s" }}]
            [[cross_traffic]]
            name = "download"
            kind = "tcp"
            algorithm = "{algorithm}"
            path = ["forward"]
            return_path = ["backward"]
            "#
        );
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let mut seen = Downloads::default();
        light::run(&scenario, 1, &mut fixed(300.0), &mut seen).expect("a run");
        let rate = seen.bytes as f64 * 8.0 / 60.0 / 1e3;
        let waited = seen.waited.iter().sum::<f64>() / seen.waited.len() as f64;
        println!("{algorithm}: {rate} kbit/s, {waited} ms");
        assert!(
            (1_300.0..1_750.0).contains(&rate),
            "{algorithm}: {rate} of the 1,700 kbit/s that are left"
        );
        assert!(seen.acknowledgements > 1_000);
        assert_eq!(waited > 130.0, fills, "{algorithm}: {waited} ms");
    }
}

#[test]
fn e17_3_the_weather_is_the_same_for_arms_whose_packets_differ() {
    // Losses come in spans of time: what one arm loses in a span in which the other sends too, the other loses too.
    let scenario = one_flow(
        "rate = \"4 Mbit/s\"\ndelay = \"50 ms\"\nqueue = \"300 ms\"\n\
         loss = { kind = \"gilbert-elliott\", good = \"2 s\", bad = \"200 ms\" }",
    );
    let lost = |kbps| {
        let mut seen = Seen::default();
        light::run(&scenario, 7, &mut fixed(kbps), &mut seen).expect("a run");
        let spans: std::collections::BTreeSet<u64> =
            seen.dropped.iter().map(|(at, ..)| at.ns() / 50_000_000).collect();
        (spans, seen.dropped.len())
    };
    let ((slow, few), (fast, many)) = (lost(400.0), lost(1_600.0));
    assert!(
        many > few + few / 2,
        "the fast one loses more packets: {few} {many}"
    );
    let shared = slow.intersection(&fast).count();
    assert!(
        slow.len() > 5 && shared * 10 >= slow.len() * 9,
        "in the same spans: {shared} of {}",
        slow.len()
    );
    // And the same for frames: their complexity is that of the captured frame, whatever the rate.
    let sizes = |kbps| {
        let mut seen = Seen::default();
        light::run(&one_flow("rate = \"9 Mbit/s\""), 7, &mut fixed(kbps), &mut seen).expect("a run");
        let mut video: Vec<_> = seen
            .frames
            .into_iter()
            .filter(|frame| !frame.audio && frame.number > 30)
            .collect();
        video.sort_by_key(|frame| frame.number);
        video
    };
    let (small, large) = (sizes(500.0), sizes(1_500.0));
    for (small, large) in small.iter().zip(&large) {
        assert_eq!(small.captured, large.captured);
        let relative =
            [small, large].map(|frame| frame.size.as_bytes() as f64 * 240.0 / frame.target.as_bps() as f64);
        assert!((relative[0] - relative[1]).abs() < 0.01, "{small:?} {large:?}");
    }
}

/// The whole of what happened in a run, as one number: it must not depend on the machine, the process or the optimisation. When it changes, the
/// simulation has changed, and results from before cannot be compared with those from after.
const GOLDEN: &str = "d6226fd8d019e88ec91a686e62bb01b5d19eabe667871b9fe76ab327a861eaf8";

fn golden_run() -> String {
    let scenario = Scenario::parse(
        r#"
        name = "golden"
        duration = "20 s"
        [links.forward]
        rate = [{ at = "0 s", rate = "2 Mbit/s" }, { at = "10 s", rate = "900 kbit/s" }]
        delay = "30 ms"
        queue = { kind = "dual-pi2" }
        jitter = { deviation = "5 ms" }
        loss = { kind = "gilbert-elliott", good = "3 s", bad = "50 ms" }
        reorder = { share = "0.5 %", delay = "8 ms" }
        [links.backward]
        delay = "30 ms"
        rate = "1 Mbit/s"
        queue = { kind = "fq-codel" }
        [[flows]]
        name = "l4s"
        path = ["forward"]
        return_path = ["backward"]
        feedback = "ccfb"
        clock = { offset = "2 s", drift_ppm = 40 }
        streams = [{ kind = "audio" }, { kind = "video" }]
        [[flows]]
        name = "classic"
        path = ["forward"]
        return_path = ["backward"]
        pauses = [{ from = "5 s", to = "8 s" }]
        streams = [{ kind = "video" }]
        [[cross_traffic]]
        name = "poisson"
        kind = "poisson"
        path = ["forward"]
        rate = "100 kbit/s"
        [[cross_traffic]]
        name = "download"
        kind = "tcp"
        algorithm = "cubic"
        path = ["forward"]
        return_path = ["backward"]
        start = "12 s"
        "#,
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let summary = light::run(&scenario, 42, &mut crate::controllers::windows, &mut ()).expect("a run");
    summary
        .trace_hash
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn e25_2_a_run_is_the_same_packet_by_packet_in_every_process() {
    let hash = golden_run();
    if std::env::var_os("JACKFIELD_PRINT_TRACE_HASH").is_some() {
        println!("trace hash: {hash}");
        return;
    }
    assert_eq!(hash, golden_run(), "within a process");
    let child = std::process::Command::new(std::env::current_exe().expect("this very test"))
        .args([
            "--exact",
            "light::e25_2_a_run_is_the_same_packet_by_packet_in_every_process",
            "--nocapture",
        ])
        .env("JACKFIELD_PRINT_TRACE_HASH", "1")
        .output()
        .expect("another process");
    let printed = String::from_utf8_lossy(&child.stdout);
    assert!(
        printed.contains(&format!("trace hash: {hash}")),
        "in another process: {printed}"
    );
    assert_eq!(hash, GOLDEN, "on any machine, at any level of optimisation");
}

#[test]
fn pauses_stops_and_route_changes_are_heeded() {
    let text = r#"
        name = "comes and goes"
        duration = "20 s"
        [links.first]
        delay = "10 ms"
        [links.second]
        delay = "80 ms"
        [links.backward]
        delay = "10 ms"
        [[flows]]
        name = "call"
        path = ["first"]
        return_path = ["backward"]
        start = "1 s"
        stop = "18 s"
        pauses = [{ from = "5 s", to = "7 s" }]
        route_changes = [{ at = "10 s", path = ["second"], start = "200 kbit/s" }]
        streams = [{ kind = "audio", rate = "20 kbit/s" }, { kind = "video" }]
    "#;
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let mut seen = Seen::default();
    light::run(&scenario, 1, &mut fixed(500.0), &mut seen).expect("a run");
    let sent = |from: u64, to: u64| {
        let span = VirtualTime::from_ns(from * 1_000_000)..VirtualTime::from_ns(to * 1_000_000);
        seen.arrived
            .iter()
            .filter(|(_, packet, _)| span.contains(&packet.sent))
            .count()
    };
    assert_eq!(
        (sent(0, 1_000), sent(5_001, 7_000), sent(18_001, 20_000)),
        (0, 0, 0)
    );
    assert!(sent(1_000, 5_000) > 200 && sent(7_000, 10_000) > 200);
    let delay = |at: u64| {
        let after = VirtualTime::from_ns(at * 1_000_000);
        let one = seen
            .arrived
            .iter()
            .find(|(_, packet, _)| packet.sent >= after)
            .expect("a packet");
        (one.0.ns() - one.1.sent.ns()) / 1_000_000
    };
    assert_eq!((delay(9_000), delay(10_001)), (10, 80));
}
