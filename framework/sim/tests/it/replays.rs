//! What a simulated controller was told replays into the very decisions that it took, whichever it is.

use jackfield_congestion_bbr::Bbr;
use jackfield_congestion_gcc::Gcc;
use jackfield_congestion_nada::Nada;
use jackfield_congestion_scream::Scream;
use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_event_log::replay::Course;
use jackfield_event_log::{EventLog as Log, Identity};
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_sim::export::EventLog;
use jackfield_sim::light::{self, FlowModules};
use jackfield_sim::scenario::{FlowSpec, Scenario};

/// A rate that falls and rises, some loss, marks, and a pause of the media.
const SCENARIO: &str = r#"
name = "changing"
duration = "40 s"

[links.up]
rate = [{ at = "0 s", rate = "1 Mbit/s" }, { at = "15 s", rate = "400 kbit/s" }, { at = "25 s", rate = "2 Mbit/s" }]
delay = "40 ms"
queue = "300 ms"
loss = "1 %"

[links.down]
delay = "40 ms"

[[flows]]
name = "call"
path = ["up"]
return_path = ["down"]
rate = { minimum = "100 kbit/s", start = "300 kbit/s", maximum = "2 Mbit/s" }
streams = [{ kind = "audio", rate = "20 kbit/s" }, { kind = "video" }]
"#;

fn made<T: Plugin + CongestionController>() -> Box<dyn CongestionController> {
    Box::new(T::create(&Environment::seeded(1)).expect("it needs nothing"))
}

/// A run with this controller: its log, and the hash of everything that happened to packets.
fn run(make: fn() -> Box<dyn CongestionController>, recorded: bool) -> (String, [u8; 32]) {
    let scenario = Scenario::parse(SCENARIO).expect("the scenario is right");
    let mut log = EventLog::new(&scenario.name, 3);
    let mut controller = Some(if recorded {
        log.record(0, make(), &Identity::default())
    } else {
        make()
    });
    let mut modules = |_: usize, _: &FlowSpec, seed: u64| -> Result<FlowModules, Fault> {
        Ok(FlowModules {
            controller: controller.take().expect("there is one flow"),
            pacer: Box::new(LeakyBucket::create(&Environment::seeded(seed))?),
            knows_truth: false,
        })
    };
    let summary = light::run(&scenario, 3, &mut modules, &mut log).expect("it runs");
    (log.into_text(), summary.trace_hash)
}

fn replays(make: fn() -> Box<dyn CongestionController>) {
    let (text, hash) = run(make, true);
    let (unrecorded, alone) = run(make, false);
    assert_eq!(hash, alone, "being recorded changes nothing");
    let log = Log::parse(text.as_bytes()).expect("it is a log");
    let course = Course::of_flow(&log, 0).expect("it tells everything");
    let replay = course.replay(&mut *make(), true).expect("its bounds are its own");
    assert!(replay.answers.len() > 3_000, "{}", replay.answers.len());
    assert_eq!(replay.fault, None);
    let first = replay.first_difference(0);
    assert!(
        first.is_none(),
        "{}",
        first.map_or_else(String::new, |first| first.to_string())
    );

    // The decisions are those that the log of an unrecorded run tells of, line by line.
    let decided = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.contains("\"event\":\"decided\""));
        lines
            .map(|line| {
                line.split_once(",\"event\"")
                    .expect("behind the time")
                    .1
                    .to_owned()
            })
            .collect()
    };
    assert_eq!(decided(&text), decided(&unrecorded));
}

#[test]
fn e26_3_gcc_replays_bit_for_bit() {
    replays(made::<Gcc>);
}

#[test]
fn e26_3_scream_replays_bit_for_bit() {
    replays(made::<Scream>);
}

#[test]
fn e26_3_nada_replays_bit_for_bit() {
    replays(made::<Nada>);
}

#[test]
fn e26_3_bbr_replays_bit_for_bit() {
    replays(made::<Bbr>);
}

#[test]
fn e26_3_another_controller_differs_and_says_where() {
    let (text, _) = run(made::<Gcc>, true);
    let log = Log::parse(text.as_bytes()).expect("it is a log");
    let course = Course::of_flow(&log, 0).expect("it tells everything");
    let replay = course
        .replay(&mut *made::<Nada>(), false)
        .expect("it takes the bounds");
    assert_eq!(
        replay.answers.len(),
        course.steps().len() - 1,
        "all but the activation"
    );
    let first = replay.first_difference(0).expect("NADA is not Google's");
    assert_eq!(first.event, 1, "{first}");
}
