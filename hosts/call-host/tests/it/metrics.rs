//! E27.4, E28.2: the metrics are what Prometheus reads. E27.5: every plugin's statistics stand under a name of their own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::support::Host;

/// One line of the text format: name, labels, value.
#[derive(Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// Reads the text format and checks what it demands: a type before the first sample, families undivided, no sample twice.
fn read(text: &str) -> Vec<Sample> {
    let (mut samples, mut types, mut closed) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    let mut seen = BTreeSet::new();
    let mut family = String::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("# TYPE ") {
            let (name, kind) = head.split_once(' ').expect("a name and a type");
            assert!(
                ["counter", "gauge", "histogram", "untyped"].contains(&kind),
                "{line}"
            );
            assert!(
                types.insert(name.to_owned(), kind.to_owned()).is_none(),
                "{name} has one type"
            );
            assert!(
                closed.insert(std::mem::replace(&mut family, name.to_owned())),
                "families are undivided"
            );
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line
                .rsplit_once(' ')
                .unwrap_or_else(|| panic!("no value: {line}"));
            assert!(seen.insert(series.to_owned()), "twice: {series}");
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let of_histogram = ["_bucket", "_sum", "_count"]
                .into_iter()
                .find_map(|part| name.strip_suffix(part))
                .filter(|whole| types.get(*whole).is_some_and(|kind| kind == "histogram"));
            assert_eq!(of_histogram.unwrap_or(name), family, "{line}");
            assert!(name.starts_with("jackfield_"), "{name}");
            assert!(
                name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
                "{name}"
            );
            assert_eq!(types[&family] == "counter", name.ends_with("_total"), "{name}");
            let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}"));
            let labels = labels.split(',').filter(|label| !label.is_empty()).map(|label| {
                let (key, text) = label.split_once('=').unwrap_or_else(|| panic!("{line}"));
                (key.to_owned(), text.trim_matches('"').to_owned())
            });
            let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
            samples.push(Sample {
                name: name.to_owned(),
                labels: labels.collect(),
                value,
            });
        }
    }
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn e27_4_prometheus_can_read_the_metrics() {
    let host = Host::open();
    let (mut ann, _) = host.join("studio", "Ann").await;
    let (_bob, _) = host.join("kitchen", "Bob").await;
    ann.say(&json!({"v": 1, "type": "dance"})).await;
    ann.complaint().await;
    let answer = host.get("/metrics").await;
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let samples = read(&answer.body);
    let value = |name: &str, label: Option<(&str, &str)>| {
        let found = samples.iter().find(|sample| {
            sample.name == name
                && label.is_none_or(|(key, text)| sample.labels.get(key).is_some_and(|known| known == text))
        });
        found
            .unwrap_or_else(|| panic!("{name} {label:?}: {samples:#?}"))
            .value
    };
    assert_eq!(value("jackfield_rooms", None), 2.0);
    assert_eq!(value("jackfield_seats", None), 2.0);
    assert_eq!(value("jackfield_signalling_connections", None), 2.0);
    assert_eq!(value("jackfield_signalling_connections_total", None), 2.0);
    assert_eq!(
        value(
            "jackfield_signalling_errors_total",
            Some(("code", "malformed-message"))
        ),
        1.0
    );
    assert_eq!(value("jackfield_participants", Some(("room", "studio"))), 1.0);
    assert_eq!(
        value("jackfield_packets_received_total", Some(("room", "kitchen"))),
        0.0
    );
    assert!(value("jackfield_tick_late_total", Some(("room", "studio"))) >= 0.0);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e28_2_tick_times_and_swap_stalls_are_histograms() {
    let host = Host::open();
    let (_ann, _) = host.join("studio", "Ann").await;
    let swap = json!({"use": "jackfield.mixer.sum"}).to_string();
    let report = host
        .post(
            "/api/rooms/studio/sockets/mixer",
            &[("content-type", "application/json")],
            &swap,
        )
        .await;
    assert_eq!(report.status, 200, "{}", report.body);
    let samples = read(&host.get("/metrics").await.body);
    let of = |name: &str| -> Vec<&Sample> { samples.iter().filter(|sample| sample.name == name).collect() };
    for (name, least) in [
        ("jackfield_tick_seconds", 10.0),
        ("jackfield_swap_stall_seconds", 1.0),
    ] {
        let buckets = of(&format!("{name}_bucket"));
        let counts: Vec<f64> = buckets.iter().map(|bucket| bucket.value).collect();
        assert!(counts.is_sorted(), "{name} {counts:?}");
        let bounds: Vec<f64> = buckets
            .iter()
            .map(|bucket| bucket.labels["le"].parse().expect("a number or +Inf"))
            .collect();
        assert!(
            bounds.is_sorted() && bounds.last() == Some(&f64::INFINITY),
            "{bounds:?}"
        );
        let (count, sum) = (
            of(&format!("{name}_count"))[0].value,
            of(&format!("{name}_sum"))[0].value,
        );
        assert!(count >= least, "{name} {count}");
        assert_eq!(counts.last(), Some(&count));
        assert!(sum > 0.0 && sum < count, "{name} {sum} s");
    }
    host.stop().await;
}
