//! `GET /metrics`: what the host, its rooms, their participants and plugins report, in Prometheus' text format 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jackfield_runtime::Room;
use jackfield_runtime::view::{HistogramView, ParticipantStats, SwapOutcome};

use crate::access::Grant;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// Shows every room, so it needs a token for every room.
pub(crate) async fn metrics(State(shared): State<Arc<Shared>>, grant: Grant) -> Response {
    if !grant.opens_all() {
        let message =
            "the metrics tell of every room: use a token for every room (`jackfield token --room '*'`)";
        return Refusal::new(StatusCode::FORBIDDEN, "bad-token", message).into_response();
    }
    let mut text = Text::default();
    host(&mut text, &shared);
    for room in shared.engine.rooms() {
        self::room(&mut text, &room);
    }
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text.finish(),
    )
        .into_response()
}

fn host(text: &mut Text, shared: &Shared) {
    text.gauge(
        "jackfield_rooms",
        "Rooms that are open.",
        &[],
        shared.engine.rooms().len() as f64,
    );
    text.gauge(
        "jackfield_seats",
        "Places that are held or kept.",
        &[],
        shared.seats.len() as f64,
    );
    let connections = shared
        .options
        .limits
        .connections
        .saturating_sub(shared.connections.available_permits());
    text.gauge(
        "jackfield_signalling_connections",
        "Signalling connections that are open.",
        &[],
        connections as f64,
    );
    let accepted = shared.counters.connections.load(Ordering::Relaxed);
    text.counter(
        "jackfield_signalling_connections_total",
        "Signalling connections that were opened.",
        &[],
        accepted as f64,
    );
    processes(text, shared);
    for (code, times) in shared.counters.refusals() {
        text.counter(
            "jackfield_signalling_errors_total",
            "Errors that were sent, by code.",
            &[("code", code)],
            times as f64,
        );
    }
}

/// Plugins in processes of their own, all instances of one together.
fn processes(text: &mut Text, shared: &Shared) {
    let mut plugins: BTreeMap<(String, String), [u64; 5]> = BTreeMap::new();
    for process in shared.engine.loader().processes() {
        let sums = plugins.entry((process.plugin, process.area)).or_default();
        let own = [
            u64::from(process.process.is_some()),
            process.missed,
            process.concealed,
            process.ends,
            process.restarts,
        ];
        sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
    }
    for ((plugin, area), [up, missed, concealed, ends, restarts]) in plugins {
        let labels = [("plugin", plugin.as_str()), ("area", area.as_str())];
        text.gauge(
            "jackfield_plugin_processes",
            "Plugins that run in processes of their own.",
            &labels,
            up as f64,
        );
        for (name, help, value) in [
            (
                "jackfield_plugin_process_missed_total",
                "Calls whose deadline passed before the plugin's process answered.",
                missed,
            ),
            (
                "jackfield_plugin_process_concealed_total",
                "Calls that the plugin's process did not answer.",
                concealed,
            ),
            (
                "jackfield_plugin_process_ends_total",
                "How often the plugin's process ended.",
                ends,
            ),
            (
                "jackfield_plugin_process_restarts_total",
                "How often the plugin's process was started again.",
                restarts,
            ),
        ] {
            text.counter(name, help, &labels, value as f64);
        }
    }
}

fn room(text: &mut Text, room: &Room) {
    let stats = room.stats();
    let name = stats.room.as_str();
    let label = [("room", name)];
    text.gauge(
        "jackfield_participants",
        "Participants in the room.",
        &label,
        stats.participants.len() as f64,
    );
    for (quantile, value) in [("0.5", stats.tick.p50_us), ("0.99", stats.tick.p99_us)] {
        let labels = [("room", name), ("quantile", quantile)];
        text.gauge(
            "jackfield_tick_duration_microseconds",
            "How long the audio tick takes.",
            &labels,
            value,
        );
    }
    text.histogram(
        "jackfield_tick_seconds",
        "How long the audio ticks took.",
        &label,
        &stats.tick.durations,
    );
    text.histogram(
        "jackfield_swap_stall_seconds",
        "How long swaps held up the audio tick, one count for each place that was swapped.",
        &label,
        &stats.swap_stalls,
    );
    text.counter(
        "jackfield_tick_late_total",
        "Audio ticks that missed their deadline.",
        &label,
        stats.tick.late as f64,
    );
    for participant in &stats.participants {
        self::participant(text, name, participant);
    }
    // The last swaps by outcome: a window, not a count since the start, so a gauge.
    let outcomes = [
        ("committed", SwapOutcome::Committed),
        ("rolled-back", SwapOutcome::RolledBack),
        ("refused", SwapOutcome::Refused),
    ];
    for (outcome, wanted) in outcomes {
        let times = stats.swaps.iter().filter(|swap| swap.outcome == wanted).count();
        let labels = [("room", name), ("outcome", outcome)];
        text.gauge(
            "jackfield_recent_swaps",
            "The room's last swaps, by outcome.",
            &labels,
            times as f64,
        );
    }
    plugins(text, room);
}

fn participant(text: &mut Text, room: &str, one: &ParticipantStats) {
    let labels = [("room", room), ("participant", one.id.as_str())];
    let mut counter = |name: &str, help: &str, value: f64| text.counter(name, help, &labels, value);
    counter(
        "jackfield_packets_received_total",
        "RTP packets that came.",
        one.packets_received as f64,
    );
    counter(
        "jackfield_packets_sent_total",
        "RTP packets that went.",
        one.packets_sent as f64,
    );
    counter(
        "jackfield_bytes_received_total",
        "RTP payload bytes that came.",
        one.bytes_received as f64,
    );
    counter(
        "jackfield_bytes_sent_total",
        "RTP payload bytes that went.",
        one.bytes_sent as f64,
    );
    counter(
        "jackfield_concealed_samples_total",
        "Samples that the jitter buffer made up.",
        one.concealed_samples as f64,
    );
    counter(
        "jackfield_samples_total",
        "Samples that the jitter buffer gave.",
        one.total_samples as f64,
    );
    let mut gauge = |name: &str, help: &str, value: f64| text.gauge(name, help, &labels, value);
    // Duplicates count against losses (RFC 3550), so it may shrink.
    gauge(
        "jackfield_packets_lost",
        "RTP packets that did not come.",
        one.packets_lost as f64,
    );
    gauge(
        "jackfield_jitter_milliseconds",
        "Interarrival jitter.",
        one.jitter_ms,
    );
    gauge(
        "jackfield_jitter_buffer_milliseconds",
        "What the jitter buffer holds.",
        one.jitter_buffer_ms,
    );
    gauge(
        "jackfield_level_dbov",
        "Loudness after processing; -127 is silence.",
        f64::from(one.level_dbov),
    );
    if let Some(rates) = one.congestion {
        gauge(
            "jackfield_target_kilobits_per_second",
            "What the congestion controller lets be sent to them.",
            rates.target_kbps,
        );
    }
    if let Some(rates) = one.congestion_shadow {
        gauge(
            "jackfield_shadow_target_kilobits_per_second",
            "What the congestion controller in the shadow would let be sent to them.",
            rates.target_kbps,
        );
    }
    if let Some(told) = one.told_kbps {
        gauge(
            "jackfield_told_kilobits_per_second",
            "What they were told last that they may send (REMB).",
            told,
        );
    }
    if let Some(round_trip) = one.round_trip_ms {
        gauge(
            "jackfield_round_trip_milliseconds",
            "Round-trip time.",
            round_trip,
        );
    }
}

fn plugins(text: &mut Text, room: &Room) {
    let graph = room.graph();
    text.gauge(
        "jackfield_latency_milliseconds",
        "Delay through the room.",
        &[("room", &graph.room)],
        graph.latency_ms,
    );
    for socket in &graph.sockets {
        let labels = [
            ("room", graph.room.as_str()),
            ("socket", socket.socket.as_str()),
            ("plugin", socket.plugin.id.as_str()),
        ];
        text.gauge(
            "jackfield_socket_latency_milliseconds",
            "Delay of the plugin.",
            &labels,
            socket.latency_ms,
        );
        text.gauge(
            "jackfield_socket_instances",
            "Instances of the plugin.",
            &labels,
            f64::from(socket.instances),
        );
        for statistic in &socket.stats {
            let Some(value) = statistic.value else { continue };
            let labels = [labels[0], labels[1], labels[2], ("unit", statistic.unit.as_str())];
            // The name comes from a plugin: two of them may mean a level by it, or a count.
            text.untyped(
                &format!("jackfield_plugin_{}", plain(&statistic.name)),
                "Reported by a plugin.",
                &labels,
                value,
            );
        }
    }
}

/// The letters that a metric's name may have.
fn plain(name: &str) -> String {
    name.chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '_'
            }
        })
        .collect()
}

/// Metrics by name, as the format wants all samples of one beside each other.
#[derive(Default)]
struct Text {
    families: BTreeMap<String, Family>,
}

struct Family {
    head: String,
    samples: String,
}

impl Text {
    fn gauge(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.sample(name, "gauge", help, labels, value);
    }

    fn counter(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.sample(name, "counter", help, labels, value);
    }

    fn untyped(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.sample(name, "untyped", help, labels, value);
    }

    /// All of a histogram in seconds, the unit that Prometheus asks for.
    fn histogram(&mut self, name: &str, help: &str, labels: &[(&str, &str)], view: &HistogramView) {
        let family = self.family(name, "histogram", help);
        let bounds = view.bounds_us.iter().map(|us| number(*us as f64 / 1e6));
        let buckets = bounds.zip(view.up_to.iter().copied());
        for (bound, count) in buckets.chain([("+Inf".to_owned(), view.count)]) {
            let labels = [labels, &[("le", bound.as_str())]].concat();
            family.sample(&format!("{name}_bucket"), &labels, count as f64);
        }
        family.sample(&format!("{name}_sum"), labels, view.sum_us / 1e6);
        family.sample(&format!("{name}_count"), labels, view.count as f64);
    }

    fn sample(&mut self, name: &str, kind: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        self.family(name, kind, help).sample(name, labels, value);
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) -> &mut Family {
        self.families.entry(name.to_owned()).or_insert_with(|| Family {
            head: format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"),
            samples: String::new(),
        })
    }

    fn finish(self) -> String {
        self.families
            .into_values()
            .map(|family| family.head + &family.samples)
            .collect()
    }
}

impl Family {
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.samples.push_str(name);
        for (position, (label, text)) in labels.iter().enumerate() {
            let before = if position == 0 { '{' } else { ',' };
            // Writing to a String cannot fail.
            let _ = write!(self.samples, "{before}{label}=\"{}\"", escaped(text));
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.samples, "{after} {}", number(value));
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}
