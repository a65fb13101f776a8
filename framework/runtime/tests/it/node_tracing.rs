//! E25.7: what happens at each node is told as structured events, to whoever asks for it, and never by the audio thread.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Map;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::{Layer, Registry};

use super::caller::engine;

/// One event: its level, the thread that told it, its fields.
#[derive(Debug)]
struct Told {
    level: tracing::Level,
    thread: String,
    fields: BTreeMap<String, String>,
}

/// Keeps all events of nodes.
#[derive(Clone, Default)]
struct Notebook(Arc<Mutex<Vec<Told>>>);

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Layer<Registry> for Notebook {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, Registry>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        fields.insert("target".to_owned(), event.metadata().target().to_owned());
        self.0.lock().unwrap().push(Told {
            level: *event.metadata().level(),
            thread: std::thread::current().name().unwrap_or_default().to_owned(),
            fields,
        });
    }
}

impl Notebook {
    /// The fields of the events about nodes with this message.
    fn of(&self, message: &str) -> Vec<BTreeMap<String, String>> {
        let told = self.0.lock().unwrap();
        told.iter()
            .filter(|one| one.fields["target"] == "jackfield::node" && one.fields["message"] == message)
            .map(|one| one.fields.clone())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e25_7_plans_swaps_and_statistics_are_traced_node_by_node_and_not_by_the_audio_thread() {
    let notebook = Notebook::default();
    tracing::subscriber::set_global_default(Registry::default().with(notebook.clone())).unwrap();
    let engine = engine("profile = \"conference\"\n");
    let room = engine.open_room("studio").unwrap();

    let planned = notebook.of("planned");
    let nodes: Vec<String> = room.graph().nodes.iter().map(|node| node.id.clone()).collect();
    let told: Vec<String> = planned.iter().map(|one| one["node"].clone()).collect();
    assert_eq!(told, nodes, "every node, in the order of the plan");
    let echo = planned
        .iter()
        .find(|one| one["plugin"] == "jackfield.processing.aec3")
        .expect("the echo canceller stands in a room");
    assert_eq!(
        (echo["room"].as_str(), echo["kind"].as_str()),
        ("studio", "processor")
    );
    assert!(echo["format"].contains("Hz") && echo["latency_ms"].parse::<f64>().is_ok());

    let clip = format!(
        "{}/../../hosts/call-host/speech/reader-1.wav",
        env!("CARGO_MANIFEST_DIR")
    );
    let robot = room.add_robot("Robot", clip.as_ref()).unwrap();
    room.set_socket("mixer", Some("jackfield.mixer.sum"), &Map::new())
        .await
        .unwrap();
    let swapped = notebook.of("swapped");
    assert_eq!(swapped.len(), 1);
    assert_eq!(
        (swapped[0]["room"].as_str(), swapped[0]["outcome"].as_str()),
        ("studio", "Committed")
    );
    assert!(swapped[0]["stall_us"].parse::<f64>().unwrap() > 0.0);

    let deadline = Instant::now() + Duration::from_secs(20);
    let of_robot = |one: &BTreeMap<String, String>| one["participant"] == robot.id();
    while notebook.of("running").iter().filter(|one| of_robot(one)).count() < 3 {
        assert!(Instant::now() < deadline, "{:?}", notebook.0.lock().unwrap());
        tokio::task::yield_now().await;
    }
    let running = notebook.of("running");
    let gain = running
        .iter()
        .find(|one| of_robot(one) && one["plugin"] == "jackfield.processing.gain")
        .expect("each processor of the chain tells");
    assert_eq!(gain["bypassed"], "false");
    assert!(gain["statistics"].contains('='), "{gain:?}");
    engine.close().await;

    let told = notebook.0.lock().unwrap();
    let audible: Vec<&Told> = told
        .iter()
        .filter(|one| one.thread == "jackfield-audio")
        .collect();
    // Only before it begins to tick may it say that it has no real-time priority.
    assert!(
        audible
            .iter()
            .all(|one| one.fields["message"].contains("real-time priority")),
        "{audible:?}"
    );
    let about_nodes = told
        .iter()
        .filter(|one| one.fields["target"] == "jackfield::node");
    assert!(
        about_nodes.clone().all(|one| one.level >= tracing::Level::DEBUG),
        "quiet unless asked for"
    );
}

#[test]
fn e28_3_the_processor_is_told_when_an_engine_starts() {
    let notebook = Notebook::default();
    let subscriber = Registry::default().with(notebook.clone());
    tracing::subscriber::with_default(subscriber, || {
        tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(async { engine("profile = \"conference\"\n").close().await });
    });
    let told = notebook.0.lock().unwrap();
    let processor = jackfield_runtime::cpu::CpuFeatures::detect().to_string();
    assert!(
        told.iter()
            .any(|one| one.fields.get("processor") == Some(&processor)),
        "{told:?}"
    );
}
