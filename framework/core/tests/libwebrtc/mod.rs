//! The page that says where each operation of libwebrtc's interfaces is here names what there is, and leaves nothing out.

use std::collections::BTreeSet;
use std::path::Path;

use jackfield_core::AREAS;

use crate::shapes::{Types, rust_name};

/// The operations, by interface: those of the sections on interfaces of libwebrtc at commit 3710345e71.
const OPERATIONS: &[(&str, &[&str])] = &[
    (
        "Congestion controller",
        &[
            "network availability",
            "route change",
            "process interval",
            "remote bitrate",
            "round-trip time",
            "sent packet",
            "received packet",
            "streams config",
            "target rate constraints",
            "transport loss",
            "packet feedback",
            "feedback: lost for the first time",
            "feedback: sent with ECT(1), RTP packet info",
            "network state estimate",
            "supports ECN adaptation",
            "congestion window",
            "pacer config",
            "probe clusters",
            "target rate",
        ],
    ),
    (
        "Echo control",
        &[
            "analyse render",
            "analyse capture",
            "process capture",
            "level changed",
            "linear filter output",
            "metrics",
            "external buffer delay",
            "capture output used",
            "is altering the signal",
            "factory: environment, rate, channels",
            "echo detector metrics",
            "neural residual estimator",
        ],
    ),
    (
        "Audio processing",
        &[
            "initialise",
            "apply config, get config",
            "process stream",
            "process reverse stream",
            "analyse reverse stream",
            "linear AEC output",
            "set and recommend analog level",
            "stream delay",
            "key pressed",
            "output muted",
            "runtime setting",
            "attach and detach dump",
            "statistics",
            "custom processing: to-string",
            "custom analyser",
            "frame processor: set sink",
        ],
    ),
    (
        "Audio encoder",
        &[
            "rate, channels, RTP clock",
            "frames in the next packet, at most",
            "target bitrate",
            "encode",
            "reset",
            "FEC, DTX, application, max playback rate",
            "network adaptor",
            "packet loss, recoverable loss",
            "bandwidth, allocation, round-trip time",
            "per-packet overhead",
            "receiver frame length range",
            "own frame length range, bitrate range",
        ],
    ),
    (
        "Audio decoder",
        &[
            "parse payload into frames",
            "decode",
            "decode redundant",
            "concealment",
            "packet duration",
            "redundant duration, packet has FEC",
            "rate, channels",
            "reset",
            "error code",
        ],
    ),
    (
        "Jitter buffer",
        &[
            "insert packet",
            "get audio",
            "forced operation",
            "codecs",
            "minimum, maximum, base minimum delay",
            "target delay, filtered delay",
            "network statistics, lifetime statistics",
            "operations and state",
            "playout timestamp",
            "flush",
            "decide operation",
            "packet arrived",
            "expand decision, buffer level",
            "mute notification",
            "reset, soft reset",
            "operation: normal",
            "operation: merge",
            "operation: expand",
            "operation: accelerate",
            "operation: fast accelerate",
            "operation: pre-emptive expand",
            "operation: RFC 3389 comfort noise",
            "operation: comfort noise without a packet, codec-internal",
            "operation: DTMF",
        ],
    ),
    ("Delay manager", &["update", "reset", "target delay"]),
    (
        "Mixer",
        &[
            "add source, remove source",
            "mix",
            "source: frame at a rate, muted, error",
            "source: SSRC",
            "source: preferred rate",
        ],
    ),
    (
        "Pacer",
        &[
            "create probe clusters",
            "pause, resume",
            "congested",
            "config",
            "oldest wait",
            "queue size",
            "expected queue time",
            "queue time limit",
            "count audio",
            "include overhead",
        ],
    ),
    (
        "Transport",
        &[
            "config",
            "selected connection",
            "add and destroy connection",
            "has pingable, next to ping",
            "use-candidate, should switch, sort and switch, prune",
        ],
    ),
    (
        "What has no area yet",
        &[
            "video encoder, decoder, FEC controller",
            "video capture, desktop capture",
            "frame transformer",
            "metronome",
        ],
    ),
];

struct Row {
    interface: String,
    operation: String,
    names: Vec<String>,
    remarks: String,
}

fn rows() -> Vec<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/traits-and-libwebrtc.md");
    let text = std::fs::read_to_string(page).expect("the page is there");
    let (mut interface, mut rows) = (String::new(), Vec::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut interface);
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let &[operation, here, remarks] = &cells[..] else {
            continue;
        };
        if operation == "operation" || operation.starts_with("---") {
            continue;
        }
        rows.push(Row {
            interface: interface.clone(),
            operation: operation.to_owned(),
            names: here.split('`').skip(1).step_by(2).map(str::to_owned).collect(),
            remarks: remarks.to_owned(),
        });
    }
    rows
}

/// Every `Trait.method`, `Struct.field`, `Enum.Value` and `Callback.method` of the boundary.
fn known() -> BTreeSet<String> {
    let types = Types::all();
    let fields = types
        .structs
        .values()
        .flat_map(|s| s.fields.iter().map(|field| (s.c_name, field.name)));
    let values = types
        .enums
        .values()
        .flat_map(|e| e.values.iter().map(|value| (e.c_name, value.name)));
    let callbacks = types
        .callbacks
        .values()
        .flat_map(|c| c.methods.iter().map(|method| (c.c_name, method.name)));
    let methods = AREAS
        .iter()
        .flat_map(|area| area.methods.iter().map(|method| (area.c_name, method.name)));
    fields
        .chain(values)
        .chain(callbacks)
        .chain(methods)
        .map(|(owner, name)| format!("{}.{name}", rust_name(owner)))
        .collect()
}

#[test]
fn t_1_every_operation_of_libwebrtc_has_its_place_or_a_reason_for_having_none() {
    let rows = rows();
    for (interface, operations) in OPERATIONS {
        let found: Vec<&str> = rows
            .iter()
            .filter(|row| row.interface == *interface)
            .map(|row| row.operation.as_str())
            .collect();
        assert_eq!(&found[..], *operations, "{interface}");
    }
    let listed: usize = OPERATIONS.iter().map(|(_, operations)| operations.len()).sum();
    assert_eq!(rows.len(), listed, "a section of the page is not known here");
    for row in &rows {
        assert!(
            !row.names.is_empty() || row.remarks.len() > 15,
            "{}: `{}` has neither a place nor a reason",
            row.interface,
            row.operation
        );
    }
}

#[test]
fn t_1_every_name_on_the_page_is_one_of_the_traits() {
    let known = known();
    for row in rows() {
        for name in row.names.iter().chain(
            &row.remarks
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        ) {
            let is_name = name.contains('.') && name.starts_with(char::is_uppercase);
            assert!(
                !is_name || known.contains(name),
                "{}: `{name}` does not exist",
                row.operation
            );
        }
        assert!(
            row.names.iter().all(|name| known.contains(name)),
            "{}: {:?}",
            row.operation,
            row.names
        );
    }
}

/// What revision 2 brought stands on the page: nothing was added to a trait for libwebrtc's sake and forgotten here.
#[test]
fn t_1_methods_that_were_added_later_are_on_the_page() {
    let named: BTreeSet<String> = rows().into_iter().flat_map(|row| row.names).collect();
    for area in AREAS {
        for method in area.methods.iter().filter(|method| method.since > 1) {
            let name = format!("{}.{}", rust_name(area.c_name), method.name);
            assert!(
                named.contains(&name) || name == "Pacer.status",
                "{name} is not on the page"
            );
        }
    }
}
