//! Each queue discipline keeps what its RFC promises.

use jackfield_core::units::TimeDelta;
use jackfield_sim::light::{self, Observer};
use jackfield_sim::scenario::Scenario;
use jackfield_sim::{DropReason, PacketRecord, Source, VirtualTime};

use crate::controllers::windows;

/// What was measured of each source after the first 10 s.
#[derive(Default)]
struct Measured {
    /// For each flow: bytes, and queueing in ms.
    flows: Vec<(f64, Vec<f64>)>,
    /// Of all cross traffic.
    other: (f64, Vec<f64>),
    overflows: u64,
    managed: u64,
    marked: u64,
}

impl Observer for Measured {
    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        if at < VirtualTime::from_ns(10_000_000_000) {
            return;
        }
        let place = match packet.source {
            Source::Flow(flow) => {
                if self.flows.len() <= flow {
                    self.flows.resize_with(flow + 1, Default::default);
                }
                &mut self.flows[flow]
            }
            Source::CrossTraffic(_) => &mut self.other,
            Source::Feedback(_) => return,
        };
        place.0 += packet.size.as_bytes() as f64;
        place.1.push(queueing.as_ms_f64());
    }
    fn dropped(&mut self, _: VirtualTime, _: &PacketRecord, why: DropReason) {
        match why {
            DropReason::Overflow => self.overflows += 1,
            DropReason::Managed => self.managed += 1,
            _ => {}
        }
    }
    fn marked(&mut self, _: VirtualTime, _: &PacketRecord) {
        self.marked += 1;
    }
}

fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A minute over 20 Mbit/s and 20 ms one way, with this queue, these flows, and cross traffic.
fn minute(queue: &str, flows: &[&str], cross: &str) -> Measured {
    let flows: String = flows
        .iter()
        .map(|name| {
            format!(
                r#"
                [[flows]]
                name = "{name}"
                path = ["forward"]
                return_path = ["backward"]
                feedback = "ccfb"
                rate = {{ start = "1 Mbit/s" }}
                streams = [{{ kind = "video", model = "steady", frame_rate = 500, minimum = "100 kbit/s", maximum = "40 Mbit/s" }}]
                "#
            )
        })
        .collect();
    let text = format!(
        r#"
        name = "queue"
        duration = "70 s"
        [links.forward]
        rate = "20 Mbit/s"
        delay = "20 ms"
        queue = {queue}
        [links.backward]
        delay = "20 ms"
        {flows}
        {cross}
        "#
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut measured = Measured::default();
    light::run(&scenario, 1, &mut windows, &mut measured).expect("a run");
    measured
}

const OVERLOAD: &str = r#"
    [[cross_traffic]]
    name = "too much"
    kind = "poisson"
    path = ["forward"]
    rate = "22 Mbit/s"
"#;

fn utilisation(bytes: f64) -> f64 {
    bytes * 8.0 / 60.0 / 20e6
}

#[test]
fn drop_tail_is_full_under_overload() {
    let measured = minute("\"100 ms\"", &[], OVERLOAD);
    let delay = mean(&measured.other.1);
    assert!((90.0..=100.0).contains(&delay), "{delay} ms");
    assert!(measured.overflows > 5_000 && measured.managed == 0);
}

#[test]
fn e17_3_drop_tail_is_as_long_in_packets_and_in_bytes_as_in_time() {
    // At 20 Mbit/s, 100 packets of 1500 B and 100 kB take 60 and 40 ms.
    for (queue, ms) in [("\"100 packets\"", 60.0), ("\"100 kB\"", 40.0)] {
        let measured = minute(queue, &[], OVERLOAD);
        let delay = mean(&measured.other.1);
        assert!((0.9 * ms..=ms).contains(&delay), "{queue}: {delay} ms");
    }
}

#[test]
fn codel_holds_a_standing_delay_of_five_ms() {
    let measured = minute("{ kind = \"codel\" }", &["one", "two", "three", "four"], "");
    let bytes: f64 = measured.flows.iter().map(|flow| flow.0).sum();
    // A standing queue is what never goes away within an interval (RFC 8289 section 3.1): about 170 packets.
    let delays: Vec<f64> = measured
        .flows
        .iter()
        .flat_map(|flow| {
            flow.1
                .chunks(40)
                .map(|interval| interval.iter().copied().fold(f64::INFINITY, f64::min))
        })
        .collect();
    println!("codel: {} standing {}", utilisation(bytes), mean(&delays));
    assert!(
        (0.8..1.01).contains(&utilisation(bytes)),
        "{}",
        utilisation(bytes)
    );
    assert!((2.0..8.0).contains(&mean(&delays)), "{} ms", mean(&delays));
    assert!(measured.overflows == 0 && measured.managed > 20);
}

#[test]
fn codel_marks_instead_of_dropping_what_can_be_marked() {
    let measured = minute("{ kind = \"codel\", ecn = true }", &["l4s"], "");
    assert!(measured.marked > 20, "{}", measured.marked);
    assert_eq!((measured.managed, measured.overflows), (0, 0));
}

#[test]
fn fq_codel_gives_each_source_its_share_and_sparse_ones_no_wait() {
    let sparse = r#"
        [[cross_traffic]]
        name = "sparse"
        kind = "cbr"
        path = ["forward"]
        rate = "100 kbit/s"
        packet = "200 B"
    "#;
    let measured = minute("{ kind = \"fq-codel\" }", &["one", "two"], sparse);
    let (one, two) = (measured.flows[0].0, measured.flows[1].0);
    println!(
        "fq-codel: {one} {two}, sparse mean {} p99 {}",
        mean(&measured.other.1),
        percentile(&measured.other.1, 0.99)
    );
    assert!((0.75..1.33).contains(&(one / two)), "{one} {two}");
    assert!(
        percentile(&measured.other.1, 0.99) < 1.5,
        "a packet or two of others at most"
    );
    let flooded = minute("{ kind = \"fq-codel\" }", &["one"], OVERLOAD);
    let share = utilisation(flooded.flows[0].0);
    assert!(
        share > 0.4,
        "a flow has its half against what never gives way: {share}"
    );
}

#[test]
fn pie_holds_fifteen_ms_under_overload() {
    let measured = minute("{ kind = \"pie\" }", &[], OVERLOAD);
    let delay = mean(&measured.other.1);
    println!("pie: mean {delay} p95 {}", percentile(&measured.other.1, 0.95));
    assert!((12.0..20.0).contains(&delay), "{delay} ms");
    assert!(measured.managed > 5_000 && measured.overflows == 0);
}

#[test]
fn red_keeps_its_average_between_its_thresholds() {
    // 25 and 75 kB are 10 and 30 ms.
    let queue = "{ kind = \"red\", minimum = \"25 kB\", maximum = \"75 kB\", probability = \"20 %\" }";
    let measured = minute(queue, &[], OVERLOAD);
    let delay = mean(&measured.other.1);
    println!("red: mean {delay}");
    assert!((10.0..30.0).contains(&delay), "{delay} ms");
    assert!(measured.managed > 5_000);
}

#[test]
fn e17_5_dual_pi2_keeps_l4s_short_and_classic_at_its_target_and_shares_fairly() {
    let measured = minute("{ kind = \"dual-pi2\" }", &["l4s", "classic"], "");
    let [l4s, classic] = [0, 1].map(|flow| &measured.flows[flow]);
    println!(
        "dual-pi2: l4s {} mean {} p99 {}; classic {} mean {} p99 {}",
        utilisation(l4s.0),
        mean(&l4s.1),
        percentile(&l4s.1, 0.99),
        utilisation(classic.0),
        mean(&classic.1),
        percentile(&classic.1, 0.99)
    );
    assert!(mean(&l4s.1) < 2.0, "{} ms", mean(&l4s.1));
    assert!((5.0..20.0).contains(&mean(&classic.1)), "{} ms", mean(&classic.1));
    assert!((1.0 / 3.0..3.0).contains(&(l4s.0 / classic.0)));
    assert!(utilisation(l4s.0 + classic.0) > 0.85);
}

#[test]
fn e17_5_dual_pi2_lets_neither_queue_starve_the_other() {
    // Traffic that never gives way floods the classic queue: L4S packets wait for none of it, and the flow has what its marks leave it.
    let measured = minute("{ kind = \"dual-pi2\" }", &["l4s"], OVERLOAD);
    let share = utilisation(measured.flows[0].0);
    println!(
        "classic flood: l4s {share} mean {}; other {}",
        mean(&measured.flows[0].1),
        mean(&measured.other.1)
    );
    assert!(share > 0.02, "{share}");
    assert!(mean(&measured.flows[0].1) < 2.0);
    assert!((10.0..20.0).contains(&mean(&measured.other.1)));
    // The same in the L4S queue: the classic flow has its protected tenth or what its losses leave it, and is not starved.
    let flood = OVERLOAD.replace("22 Mbit/s\"", "22 Mbit/s\"\n    l4s = true");
    let measured = minute("{ kind = \"dual-pi2\" }", &["classic"], &flood);
    let share = utilisation(measured.flows[0].0);
    println!(
        "l4s flood: classic {share} mean {}; other {}",
        mean(&measured.flows[0].1),
        mean(&measured.other.1)
    );
    assert!(share > 0.01, "{share}");
    assert!(
        mean(&measured.other.1) < 100.0,
        "marks alone do not help: packets are dropped"
    );
}
