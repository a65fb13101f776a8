//! What is measured of a run, on runs that are told by hand so that every value is known, and on one that is run.

use jackfield_core::congestion_controller::CongestionUpdate;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_lab::metrics::{LightMetrics, MetricValue, Registry};
use jackfield_sim::light::{FrameRecord, Observer};
use jackfield_sim::scenario::Scenario;
use jackfield_sim::{DropReason, Ecn, PacketKind, PacketRecord, Source, VirtualTime};

const MS: u64 = 1_000_000;

fn scenario(more: &str) -> Scenario {
    let text = format!(
        r#"
        name = "told"
        duration = "40 s"
        [links.up]
        rate = [{{ at = "0 s", rate = "1 Mbit/s" }}, {{ at = "20 s", rate = "500 kbit/s" }}]
        delay = "50 ms"
        queue = "300 ms"
        [links.down]
        delay = "50 ms"
        [[flows]]
        name = "call"
        path = ["up"]
        return_path = ["down"]
        rate = {{ minimum = "100 kbit/s", start = "300 kbit/s", maximum = "3 Mbit/s" }}
        streams = [{{ kind = "audio", rate = "20 kbit/s" }}, {{ kind = "video" }}]
        {more}
    "#
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn second_flow() -> Scenario {
    scenario(
        r#"
        [[flows]]
        name = "other"
        path = ["up"]
        return_path = ["down"]
        priority = 2
        rate = { minimum = "100 kbit/s", start = "300 kbit/s", maximum = "3 Mbit/s" }
        streams = [{ kind = "video" }]
    "#,
    )
}

/// Tells a run by hand.
struct Teller {
    metrics: LightMetrics,
    number: u64,
}

impl Teller {
    fn new(scenario: &Scenario) -> Self {
        let mut metrics = LightMetrics::new(scenario);
        metrics.capacity(VirtualTime::ZERO, 1, DataRate::kbps(1_000));
        Self { metrics, number: 0 }
    }

    fn available(&mut self, ms: u64, flow: usize, kbps: i64) {
        self.metrics.available(at(ms), flow, DataRate::kbps(kbps));
    }

    fn target(&mut self, ms: u64, kbps: i64) {
        let update = CongestionUpdate {
            target: DataRate::kbps(kbps),
            ..CongestionUpdate::default()
        };
        self.metrics.decided(at(ms), 0, &update);
    }

    /// A packet of 1250 bytes that leaves now: it comes after `delay` milliseconds, of which `queueing` in queues, or never.
    fn packet(&mut self, ms: u64, source: Source, kind: PacketKind, delay: Option<u64>) {
        self.number += 1;
        let packet = PacketRecord {
            source,
            number: self.number,
            size: DataSize::bytes(1_250),
            sent: at(ms),
            kind,
            ecn: Ecn::NotEct,
            stream: 1,
            cluster: 0,
            frame: 0,
        };
        self.metrics.sent(at(ms), &packet);
        match delay {
            Some(delay) => {
                let queueing = TimeDelta::ms(delay as i64 - 50);
                self.metrics.arrived(at(ms + delay), &packet, queueing);
            }
            None => self.metrics.dropped(at(ms + 10), &packet, DropReason::Overflow),
        }
    }

    /// So many kbit/s of video between two instants, in packets of 10 kbit each.
    fn video(&mut self, flow: usize, from: u64, to: u64, kbps: u64) {
        let gap = 10_000 / kbps;
        for ms in (from..to).step_by(gap as usize) {
            self.packet(ms, Source::Flow(flow), PacketKind::Video, Some(60));
        }
    }

    fn frame(&mut self, number: u32, captured: u64, completed: Option<u64>) {
        let frame = FrameRecord {
            stream: 1,
            number,
            audio: false,
            captured: at(captured),
            size: DataSize::bytes(1_250),
            target: DataRate::kbps(300),
            sent: completed.map(at),
            completed: completed.map(at),
        };
        self.metrics.frame(0, &frame);
    }
}

fn at(ms: u64) -> VirtualTime {
    VirtualTime::from_ns(ms * MS)
}

fn find(rows: &[MetricValue], flow: &str, segment: &str, metric: &str) -> Option<f64> {
    let mut found = rows
        .iter()
        .filter(|row| row.flow == flow && row.segment == segment && row.metric == metric);
    let value = found.next().map(|row| row.value);
    assert!(found.next().is_none(), "{metric} of {flow} in {segment} twice");
    value
}

fn near(rows: &[MetricValue], segment: &str, metric: &str, expected: f64, error: f64) {
    let value = find(rows, "call", segment, metric).unwrap_or_else(|| panic!("no {metric} in {segment}"));
    assert!(
        (value - expected).abs() <= error,
        "{metric} in {segment}: {value}, expected {expected}"
    );
}

/// Full use for ten seconds, half of it for ten; then the link halves, and the flow goes on as before for two seconds.
fn step_down() -> (Scenario, Vec<MetricValue>) {
    let scenario = scenario("");
    let mut teller = Teller::new(&scenario);
    teller.available(0, 0, 1_000);
    teller.target(0, 1_000);
    teller.video(0, 0, 10_000, 1_000);
    teller.target(10_000, 500);
    teller.video(0, 10_000, 20_000, 500);
    teller.target(20_000, 1_000);
    teller.available(20_000, 0, 500);
    teller.video(0, 20_000, 22_000, 1_000);
    teller.target(22_000, 500);
    teller.video(0, 22_000, 40_000, 500);
    (scenario.clone(), teller.metrics.rows())
}

#[test]
fn e17_3_use_and_errors_are_measured_against_what_was_truly_available() {
    let (scenario, rows) = step_down();
    let (first, second) = (&scenario.segments[0].name, &scenario.segments[1].name);
    near(&rows, first, "utilisation", 0.75, 0.01);
    // Two seconds of twice too much count for no more than two full ones.
    near(&rows, second, "utilisation", 1.0, 0.02);
    near(&rows, first, "rate_error", 0.25, 0.005);
    near(&rows, first, "overestimation", 0.0, 1e-9);
    near(&rows, second, "overestimation", 0.1, 0.005);
    near(&rows, second, "rate_squared_error", 0.25 * 0.1, 0.002);
    near(
        &rows,
        "*",
        "target_rate",
        (10.0 * 1_000.0 + 10.0 * 500.0 + 2.0 * 1_000.0 + 18.0 * 500.0) / 40.0,
        1.0,
    );
    near(&rows, "*", "packets", 2_600.0, 0.0);
    near(&rows, "*", "bytes", 2_600.0 * 1_250.0, 0.0);
    let whole = find(&rows, "*", "*", "utilisation").expect("of all flows");
    near(&rows, "*", "utilisation", whole, 1e-12);
}

#[test]
fn e17_3_reaction_and_overshoot_are_those_of_the_step() {
    let (scenario, rows) = step_down();
    let (first, second) = (&scenario.segments[0].name, &scenario.segments[1].name);
    assert_eq!(
        find(&rows, "call", first, "reaction_time"),
        None,
        "it begins with no step"
    );
    near(&rows, second, "reaction_time", 2.1, 0.101);
    near(&rows, first, "overshoot", 0.0, 0.02);
    near(&rows, second, "overshoot", 1.0, 0.02);
    // Nothing arrives in the first 60 ms.
    near(&rows, first, "time_to_90", 0.6, 0.01);
    near(&rows, first, "settling_time", 0.5, 0.01);
    // Two seconds of too much, then the second that the mean looks back.
    near(&rows, second, "settling_time", 3.0, 0.21);
    assert_eq!(
        find(&rows, "call", "*", "settling_time"),
        None,
        "of segments only"
    );
}

#[test]
fn a_flow_that_never_gets_there_needs_all_of_the_segment() {
    let scenario = scenario("");
    let mut teller = Teller::new(&scenario);
    teller.available(0, 0, 1_000);
    teller.target(0, 300);
    teller.video(0, 0, 19_900, 300);
    let rows = teller.metrics.rows();
    let first = &scenario.segments[0].name;
    near(&rows, first, "time_to_90", 20.0, 1e-9);
    near(&rows, first, "settling_time", 20.0, 1e-9);
    // In the second segment nothing came: the worst of everything, but for what describes.
    let second = &scenario.segments[1].name;
    let registry = Registry::network();
    for metric in ["utilisation", "delay_p95", "loss", "mos", "freezes"] {
        let worst = registry.find(metric).expect("described").worst;
        near(&rows, second, metric, worst, 0.0);
    }
}

#[test]
fn e17_3_delay_loss_and_overhead_are_counted_by_what_a_packet_carries() {
    let scenario = scenario("");
    let mut teller = Teller::new(&scenario);
    teller.available(0, 0, 1_000);
    for packet in 0..1_000 {
        let delay = if packet % 10 == 0 { 250 } else { 70 };
        teller.packet(packet * 10, Source::Flow(0), PacketKind::Video, Some(delay));
    }
    for packet in 0..250 {
        teller.packet(10_300 + packet * 10, Source::Flow(0), PacketKind::Video, None);
    }
    for packet in 0..150 {
        teller.packet(
            13_000 + packet * 10,
            Source::Flow(0),
            PacketKind::Padding,
            Some(50),
        );
        teller.packet(13_000 + packet * 10, Source::Flow(0), PacketKind::Probe, Some(50));
    }
    teller.metrics.feedback(at(15_000), 0, DataSize::bytes(16_250));
    let rows = teller.metrics.rows();
    near(&rows, "*", "loss", 0.2, 1e-12);
    near(&rows, "*", "delay_p50", 70.0, 70.0 * 0.008);
    near(&rows, "*", "delay_p95", 250.0, 250.0 * 0.008);
    near(&rows, "*", "queueing_p95", 200.0, 200.0 * 0.008);
    near(&rows, "*", "padding_overhead", 150.0 / 1_550.0, 1e-12);
    near(&rows, "*", "probe_overhead", 150.0 / 1_550.0, 1e-12);
    near(
        &rows,
        "*",
        "feedback_overhead",
        16_250.0 / (1_300.0 * 1_250.0),
        1e-12,
    );
}

#[test]
fn queueing_behind_others_is_not_self_inflicted() {
    let scenario = scenario(
        r#"
        [[cross_traffic]]
        name = "noise"
        path = ["up"]
        kind = "cbr"
        rate = "400 kbit/s"
        packet = "1250 B"
    "#,
    );
    let mut teller = Teller::new(&scenario);
    teller.available(0, 0, 600);
    // Three packets of the other are on their way for each of ours.
    for round in 0..100 {
        let ms = round * 100;
        let others: Vec<PacketRecord> = (0..3)
            .map(|n| PacketRecord {
                source: Source::CrossTraffic(0),
                number: round * 3 + n,
                size: DataSize::bytes(1_250),
                sent: at(ms),
                kind: PacketKind::Other,
                ecn: Ecn::NotEct,
                stream: 0,
                cluster: 0,
                frame: 0,
            })
            .collect();
        others
            .iter()
            .for_each(|packet| teller.metrics.sent(at(ms), packet));
        teller.packet(ms, Source::Flow(0), PacketKind::Video, Some(90));
        others
            .iter()
            .for_each(|packet| teller.metrics.arrived(at(ms + 91), packet, TimeDelta::ms(40)));
    }
    let rows = teller.metrics.rows();
    near(&rows, "*", "queueing_p95", 40.0, 0.4);
    near(&rows, "*", "self_queueing_p95", 10.0, 0.1);
}

#[test]
fn e17_3_freezes_and_frame_delay_follow_the_frames() {
    let scenario = scenario("");
    let mut teller = Teller::new(&scenario);
    teller.available(0, 0, 1_000);
    teller.video(0, 0, 20_000, 500);
    let mut number = 0;
    let mut shown = |teller: &mut Teller, from: u64, to: u64| {
        for ms in (from..to).step_by(40) {
            teller.frame(number, ms, Some(ms + 80));
            number += 1;
        }
    };
    shown(&mut teller, 0, 8_000);
    // A second without a picture: a freeze. 200 ms with frames that never become whole: 240 ms from picture to picture, one too.
    shown(&mut teller, 9_000, 12_000);
    for ms in (12_000..12_200).step_by(40) {
        teller.frame(9_999, ms, None);
    }
    shown(&mut teller, 12_200, 40_000);
    let rows = teller.metrics.rows();
    near(&rows, "*", "freezes", 60.0 * 2.0 / 40.0, 1e-9);
    near(&rows, "*", "frozen", (1.04 + 0.24) / 40.0, 1e-3);
    near(&rows, "*", "frame_delay_p95", 80.0, 0.7);
    near(&rows, "*", "frames_lost", 5.0 / 975.0, 1e-9);
}

#[test]
fn e17_3_loss_is_told_before_and_after_repair() {
    let scenario = scenario("");
    let mut teller = Teller::new(&scenario);
    teller.available(0, 0, 1_000);
    // Of a packet every 40 ms each tenth is lost; of those, every second one comes when it is sent again.
    for (n, ms) in (0..40_000).step_by(40).enumerate() {
        let lost = n % 10 == 9;
        teller.packet(ms, Source::Flow(0), PacketKind::Video, (!lost).then_some(30));
        if n % 20 == 19 {
            teller.packet(ms + 90, Source::Flow(0), PacketKind::Retransmission, Some(30));
            teller.metrics.repaired(at(ms + 120), 0, at(ms));
        }
    }
    let rows = teller.metrics.rows();
    near(&rows, "*", "loss", 0.1, 1e-9);
    near(&rows, "*", "loss_after_repair", 0.05, 1e-9);
    near(&rows, "*", "repair_overhead", 0.05 / 1.05, 1e-9);
}

#[test]
fn e17_3_fairness_goes_by_priority_and_by_window() {
    let scenario = second_flow();
    let mut teller = Teller::new(&scenario);
    teller.available(0, 0, 333);
    teller.available(0, 1, 667);
    // The second flow has twice the weight and twice the rate, then only as much as the first.
    for ms in (0..20_000).step_by(40) {
        teller.packet(ms, Source::Flow(0), PacketKind::Video, Some(1));
        teller.packet(ms, Source::Flow(1), PacketKind::Video, Some(1));
        teller.packet(ms + 20, Source::Flow(1), PacketKind::Video, Some(1));
    }
    for ms in (20_000..40_000).step_by(40) {
        teller.packet(ms, Source::Flow(0), PacketKind::Video, Some(1));
        teller.packet(ms, Source::Flow(1), PacketKind::Video, Some(1));
    }
    let rows = teller.metrics.rows();
    let (first, second) = (&scenario.segments[0].name, &scenario.segments[1].name);
    for metric in ["jain_1s", "jain_5s", "jain_20s"] {
        let of = |segment: &str| find(&rows, "*", segment, metric).expect("two flows");
        assert!((of(first) - 1.0).abs() < 1e-9, "{metric}");
        // Shares 1 and 1/2: (3/2)² / (2 · 5/4) = 0.9.
        assert!((of(second) - 0.9).abs() < 1e-9, "{metric}");
    }
    assert!((find(&rows, "*", second, "rate_ratio").expect("two flows") - 2.0).abs() < 1e-9);
    assert_eq!(find(&rows, "call", first, "jain_1s"), None);
}

#[test]
fn e17_3_tcp_has_a_share_and_suffers_harm() {
    let scenario = scenario(
        r#"
        [[cross_traffic]]
        name = "download"
        path = ["up"]
        return_path = ["down"]
        kind = "tcp"
    "#,
    );
    let mut teller = Teller::new(&scenario);
    teller.available(0, 0, 500);
    teller.video(0, 0, 40_000, 500);
    let mut others = Teller {
        metrics: teller.metrics.clone(),
        number: 10_000,
    };
    // 250 kbit/s where 500 would be fair and 1000 would be there alone.
    for ms in (0..40_000).step_by(40) {
        others.packet(ms, Source::CrossTraffic(0), PacketKind::Tcp, Some(1));
    }
    let rows = others.metrics.rows();
    let of = |metric| find(&rows, "download", "*", metric).expect("a connection");
    assert!((of("tcp_share") - 0.5).abs() < 0.01, "{}", of("tcp_share"));
    assert!((of("tcp_harm") - 0.75).abs() < 0.01, "{}", of("tcp_harm"));
    let link = find(&rows, "*", "*", "link_utilisation").expect("a link");
    assert!((link - 0.75).abs() < 0.01, "{link}");
}

#[test]
fn a_flow_that_swings_is_said_to_oscillate() {
    let scenario = scenario("");
    let mut teller = Teller::new(&scenario);
    teller.available(0, 0, 1_000);
    // Two seconds up, two down, for forty.
    for round in 0..10 {
        teller.video(0, round * 4_000, round * 4_000 + 2_000, 1_000);
        teller.video(0, round * 4_000 + 2_000, round * 4_000 + 4_000, 500);
    }
    let rows = teller.metrics.rows();
    for segment in &scenario.segments {
        near(&rows, &segment.name, "oscillation", 9.0 * 60.0 / 20.0, 1e-9);
    }
}

#[test]
fn the_series_have_a_value_for_every_step_and_the_worst_rows_those_of_a_run() {
    let scenario = second_flow();
    let mut teller = Teller::new(&scenario);
    teller.available(0, 0, 333);
    teller.target(0, 300);
    teller.video(0, 0, 40_000, 250);
    let series = teller.metrics.series(2);
    assert_eq!((series.step, series.flows.len(), series.links.len()), (0.2, 2, 2));
    let flow = &series.flows[0];
    for values in [&flow.target, &flow.sent, &flow.received, &flow.delay, &flow.loss] {
        assert_eq!(values.len(), 200);
    }
    assert!((flow.received[100] - 250.0).abs() < 1e-9 && (flow.delay[100] - 60.0).abs() < 1e-9);
    assert!(series.flows[1].delay[5].is_nan());

    let worst = teller.metrics.worst();
    let registry = Registry::network();
    for row in &worst {
        assert_eq!(
            Some(row.value),
            registry.find(row.metric).map(|metric| metric.worst)
        );
    }
    let key = |row: &MetricValue| (row.flow.clone(), row.segment.clone(), row.metric);
    let known: std::collections::BTreeSet<_> = worst.iter().map(key).collect();
    assert_eq!(known.len(), worst.len(), "none twice");
    let judged = |row: &&MetricValue| {
        !["packets", "bytes", "sent_rate", "target_rate", "reaction_time"].contains(&row.metric)
    };
    for row in teller
        .metrics
        .rows()
        .iter()
        .filter(judged)
        .filter(|row| !row.metric.starts_with("jain") && row.metric != "rate_ratio")
    {
        assert!(known.contains(&key(row)), "{row:?}");
    }
}
