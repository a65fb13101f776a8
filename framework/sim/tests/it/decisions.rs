//! What a controller decides in the light mode is heeded, and it is told what a live call tells.

use std::sync::{Arc, Mutex};

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionAdvice, CongestionController, CongestionEvent, CongestionEventKind, CongestionHandover,
    CongestionUpdate, PacketFeedback, ProbeCluster, ProbeSink, RateConstraints,
};
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Plugin};
use jackfield_core::pacer::{DepartureSink, PacedPacket, Pacer, PacerQueue, PacerStatus};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_pacing_null::Null;
use jackfield_sim::light::{self, FlowModules, Observer};
use jackfield_sim::scenario::{FlowSpec, Scenario};
use jackfield_sim::{Ecn, PacketKind, PacketRecord, Source, VirtualTime};

/// What the controller was told, and the packets of its feedback.
type Told = Arc<Mutex<(Vec<CongestionEvent>, Vec<PacketFeedback>)>>;

/// Decides what it was made with and notes what it is told.
struct Scripted {
    parameters: (),
    update: CongestionUpdate,
    reduction: f32,
    probe_at: Option<Timestamp>,
    told: Told,
}

impl Plugin for Scripted {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.scripted", "Scripted", "0.1.0");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: (),
            update: CongestionUpdate {
                target: DataRate::kbps(400),
                pacing: DataRate::kbps(1_000),
                ..CongestionUpdate::default()
            },
            reduction: 0.0,
            probe_at: None,
            told: Told::default(),
        })
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl CongestionController for Scripted {
    fn activate(&mut self, _: Timestamp, _: &RateConstraints) -> Result<(), Fault> {
        Ok(())
    }
    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        let mut told = self.told.lock().expect("one thread");
        told.0.push(*event);
        told.1.extend_from_slice(packets);
        if self.probe_at.take_if(|at| *at <= now).is_some() {
            probes.probe(&ProbeCluster {
                id: 7,
                minimum_packets: 5,
                rate: DataRate::kbps(3_000),
                duration: TimeDelta::ms(15),
            })?;
        }
        Ok(self.update)
    }
    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(TimeDelta::ms(25))
    }
    fn hand_over(&mut self, _: Timestamp) -> Result<CongestionHandover, Fault> {
        Ok(CongestionHandover::default())
    }
    fn take_over(&mut self, _: Timestamp, _: &CongestionHandover) -> Result<(), Fault> {
        Ok(())
    }
    fn advice(&mut self, _: Timestamp) -> Result<CongestionAdvice, Fault> {
        Ok(CongestionAdvice {
            reduction: self.reduction,
            ..CongestionAdvice::NONE
        })
    }
}

/// Sends at once; of a probe it lacks 6 kB, which then belong to the cluster; video waits while the window is full.
struct Prober {
    parameters: (),
    waiting: Vec<PacedPacket>,
    cluster: u32,
    lacks: i64,
    congested: bool,
}

impl Plugin for Prober {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.prober", "Prober", "0.1.0");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: (),
            waiting: Vec::new(),
            cluster: 0,
            lacks: 0,
            congested: false,
        })
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl Pacer for Prober {
    fn set_rates(&mut self, _: Timestamp, _: DataRate, _: DataRate) -> Result<(), Fault> {
        Ok(())
    }
    fn enqueue(&mut self, _: Timestamp, packet: &PacedPacket) -> Result<(), Fault> {
        self.waiting.push(*packet);
        Ok(())
    }
    fn poll(&mut self, _: Timestamp, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        if self.congested {
            return Ok(());
        }
        for packet in self.waiting.drain(..) {
            departures.depart(packet.handle)?;
            self.lacks -= packet.size.as_bytes();
        }
        Ok(())
    }
    fn deadline(&mut self) -> Result<Timestamp, Fault> {
        Ok(if self.waiting.is_empty() && self.lacks <= 0 {
            Timestamp::NEVER
        } else {
            Timestamp::ZERO
        })
    }
    fn queue(&mut self) -> Result<PacerQueue, Fault> {
        Ok(PacerQueue {
            packets: self.waiting.len() as u64,
            size: DataSize::bytes(self.waiting.iter().map(|packet| packet.size.as_bytes()).sum()),
        })
    }
    fn hand_over(&mut self, _: &mut dyn DepartureSink) -> Result<(), Fault> {
        Ok(())
    }
    fn set_congested(&mut self, _: Timestamp, congested: u32) -> Result<(), Fault> {
        self.congested = congested == 1;
        Ok(())
    }
    fn probe(&mut self, _: Timestamp, cluster: &ProbeCluster) -> Result<(), Fault> {
        (self.cluster, self.lacks) = (cluster.id, 6_000);
        Ok(())
    }
    fn status(&mut self, _: Timestamp) -> Result<PacerStatus, Fault> {
        let status = PacerStatus {
            cluster: self.cluster,
            padding: DataSize::bytes(self.lacks.max(0)),
            ..PacerStatus::UNKNOWN
        };
        if self.lacks <= 0 {
            self.cluster = 0;
        }
        Ok(status)
    }
}

#[derive(Default)]
struct Sent(Vec<PacketRecord>, Vec<f64>);

impl Observer for Sent {
    fn sent(&mut self, _: VirtualTime, packet: &PacketRecord) {
        if matches!(packet.source, Source::Flow(_)) {
            self.0.push(*packet);
        }
    }
    fn decided(&mut self, _: VirtualTime, _: usize, update: &CongestionUpdate) {
        self.1.push(update.target.as_kbps_f64());
    }
}

fn run(
    scenario: &Scenario,
    change: impl Fn(&mut Scripted),
    prober: bool,
    knows_truth: bool,
) -> (Sent, Vec<CongestionEvent>, Vec<PacketFeedback>) {
    let told = Told::default();
    let mut sent = Sent::default();
    let mut modules = |_: usize, _: &FlowSpec, seed: u64| {
        let environment = Environment::seeded(seed);
        let mut controller = Scripted::create(&environment)?;
        controller.told = Arc::clone(&told);
        change(&mut controller);
        let pacer: Box<dyn Pacer> = if prober {
            Box::new(Prober::create(&environment)?)
        } else {
            Box::new(Null::create(&environment)?)
        };
        Ok(FlowModules {
            controller: Box::new(controller),
            pacer,
            knows_truth,
        })
    };
    light::run(scenario, 1, &mut modules, &mut sent).expect("a run");
    let (events, packets) = std::mem::take(&mut *told.lock().expect("one thread"));
    (sent, events, packets)
}

fn scenario(link: &str, flow: &str) -> Scenario {
    let text = format!(
        r#"
        name = "decisions"
        duration = "10 s"
        [links.forward]
        rate = [{{ at = "0 s", rate = "4 Mbit/s" }}, {{ at = "5 s", rate = "2 Mbit/s" }}]
        delay = "40 ms"
        {link}
        [links.backward]
        delay = "40 ms"
        [[flows]]
        name = "call"
        path = ["forward"]
        return_path = ["backward"]
        {flow}
        streams = [{{ kind = "audio", rate = "20 kbit/s" }}, {{ kind = "video", model = "steady", minimum = "100 kbit/s" }}]
        "#
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn kbps(sent: &[PacketRecord], which: impl Fn(&PacketRecord) -> bool) -> f64 {
    sent.iter()
        .filter(|packet| which(packet))
        .map(|packet| packet.size.as_bytes() as f64)
        .sum::<f64>()
        * 8.0
        / 10e3
}

#[test]
fn e17_1_the_controller_is_told_what_a_live_call_tells() {
    let (_, events, packets) = run(&scenario("", ""), |_| (), false, false);
    let kinds: Vec<CongestionEventKind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds[..2],
        [
            CongestionEventKind::NetworkAvailability,
            CongestionEventKind::StreamsConfig
        ]
    );
    assert_eq!((events[0].flag, events[1].rate), (1, DataRate::kbps(120)));
    assert_eq!(events[1].constraints.maximum, DataRate::kbps(1_520));
    let count = |kind| kinds.iter().filter(|one| **one == kind).count();
    assert!((395..=400).contains(&count(CongestionEventKind::ProcessInterval)));
    assert!((150..=200).contains(&count(CongestionEventKind::PacketFeedback)));
    assert_eq!(
        (
            count(CongestionEventKind::RoundTripTime),
            count(CongestionEventKind::TransportLoss)
        ),
        (9, 9)
    );
    let round_trips = events
        .iter()
        .filter(|event| event.kind == CongestionEventKind::RoundTripTime);
    assert!(
        round_trips
            .into_iter()
            .all(|event| (80..90).contains(&event.time.as_ms()))
    );
    let sent: Vec<_> = events
        .iter()
        .filter(|event| event.kind == CongestionEventKind::SentPacket)
        .collect();
    assert!(
        sent.iter()
            .enumerate()
            .all(|(n, event)| event.sequence_number == n as i64 && event.in_flight >= event.size)
    );
    assert!(
        packets
            .iter()
            .all(|packet| packet.arrival_offset < TimeDelta::ZERO && packet.received.us() % 250 == 0)
    );
    assert!(
        packets
            .windows(2)
            .all(|pair| pair[0].sequence_number + 1 == pair[1].sequence_number)
    );
    assert_eq!(count(CongestionEventKind::NetworkStateEstimate), 0);
}

#[test]
fn e17_3_who_knows_the_truth_is_told_at_every_step() {
    let (_, events, _) = run(&scenario("", ""), |_| (), false, true);
    let truths: Vec<_> = events
        .iter()
        .filter(|event| event.kind == CongestionEventKind::NetworkStateEstimate)
        .map(|event| (event.at, event.rate, event.time))
        .collect();
    assert_eq!(
        truths,
        [
            (Timestamp::ZERO, DataRate::kbps(4_000), TimeDelta::ms(40)),
            (
                Timestamp::from_ms(5_000),
                DataRate::kbps(2_000),
                TimeDelta::ms(40)
            ),
        ]
    );
}

#[test]
fn e17_5_ecn_goes_out_with_the_packets_and_comes_back_with_ccfb() {
    let l4s = |controller: &mut Scripted| controller.update.ecn = 1;
    let marking = "ecn = { share = \"20 %\" }";
    let (sent, events, packets) = run(&scenario(marking, "feedback = \"ccfb\""), l4s, false, false);
    assert!(sent.0.iter().all(|packet| packet.ecn == Ecn::Ect1));
    let share = packets.iter().filter(|packet| packet.ecn == 3).count() as f64 / packets.len() as f64;
    assert!((0.15..0.25).contains(&share), "{share}");
    assert!(
        packets
            .iter()
            .all(|packet| packet.arrival_offset >= TimeDelta::ZERO)
    );
    let feedbacks = events
        .iter()
        .filter(|event| event.kind == CongestionEventKind::PacketFeedback);
    assert!(
        feedbacks.into_iter().all(|event| event.flag == 1),
        "the path carries ECN"
    );
    let (_, _, packets) = run(&scenario(marking, ""), l4s, false, false);
    assert!(
        packets.iter().all(|packet| packet.ecn == 0),
        "transport-wide feedback says nothing of it"
    );
}

#[test]
fn e18_6_padding_fills_up_to_its_rate_and_a_probe_gets_what_it_lacks() {
    let padded = |controller: &mut Scripted| controller.update.padding = DataRate::kbps(900);
    let (sent, ..) = run(&scenario("", "padding = \"1 Mbit/s\""), padded, false, false);
    let (media, all) = (
        kbps(&sent.0, |packet| packet.kind != PacketKind::Padding),
        kbps(&sent.0, |_| true),
    );
    assert!(
        (380.0..420.0).contains(&media) && (870.0..920.0).contains(&all),
        "{media} {all}"
    );
    let probing = |controller: &mut Scripted| controller.probe_at = Some(Timestamp::from_ms(3_000));
    let (sent, _, packets) = run(&scenario("", ""), probing, true, false);
    let probe: i64 = sent
        .0
        .iter()
        .filter(|packet| packet.kind == PacketKind::Probe)
        .map(|packet| packet.size.as_bytes())
        .sum();
    assert!(
        (4_000..=7_200).contains(&probe),
        "{probe} bytes of padding for 6 kB"
    );
    assert!(packets.iter().filter(|packet| packet.cluster == 7).count() >= 4);
    let (sent, ..) = run(&scenario("", ""), |_| (), false, false);
    assert!(
        sent.0
            .iter()
            .all(|packet| matches!(packet.kind, PacketKind::Audio | PacketKind::Video)),
        "none unless wanted"
    );
}

#[test]
fn the_window_and_the_reduction_are_heeded() {
    // 5 kB in a round trip of 80 ms and the time until the feedback: no more than about 300 kbit/s.
    let narrow = |controller: &mut Scripted| controller.update.window = DataSize::bytes(5_000);
    let (sent, ..) = run(&scenario("", ""), narrow, true, false);
    let rate = kbps(&sent.0, |_| true);
    assert!((150.0..400.0).contains(&rate), "{rate}");
    let halved = |controller: &mut Scripted| controller.reduction = 0.5;
    let (sent, ..) = run(&scenario("", ""), halved, false, false);
    let rate = kbps(&sent.0, |_| true);
    assert!((190.0..210.0).contains(&rate), "{rate}");
}
