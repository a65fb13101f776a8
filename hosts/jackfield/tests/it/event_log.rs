//! Event logs at the command line: the page that says how they are replayed, followed word by word, and what goes wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use jackfield_core::audio::BLOCK_DURATION;
use jackfield_core::environment::Environment;
use jackfield_core::jitter_buffer::{JitterBuffer, JitterConfig, PacketArrival};
use jackfield_core::module::Plugin;
use jackfield_core::parameter::Parameters;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{SampleRate, TimeDelta};
use jackfield_event_log::jitter::{EventSink, Happened, Recorded};
use jackfield_event_log::{Identity, Lines};
use jackfield_jitter_adaptive::AdaptiveDelay;
use jackfield_testkit::jitter_buffer::{Listener, Stream, network};
use serde_json::Value;

use super::pages::{follow, script};

const PAGE: &str = include_str!("../../../../docs/how-to/replay-a-call-into-another-controller.md");

fn binary() -> PathBuf {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_jackfield"));
    let built = binary.with_file_name("libjackfield_congestion_gcc.so");
    assert!(
        built.exists(),
        "{} is missing: `make plugins` builds them",
        built.display()
    );
    binary
}

fn jackfield(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(folder);
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Twenty seconds of a voice with jitter and losses, as a call host writes them down.
fn recorded_voice() -> String {
    let written = Arc::new(Mutex::new(Lines::new().text("room", "lobby").begin_log()));
    let mut buffer = AdaptiveDelay::create(&Environment::seeded(1)).expect("it needs nothing");
    let descriptions = <AdaptiveDelay as Plugin>::Parameters::PARAMETERS;
    let parameters = (0..).zip(descriptions).map(|(index, parameter)| {
        let value = buffer.parameters().value(index);
        (parameter.name.to_owned(), value)
    });
    let parameters = parameters.collect();
    let identity = Identity {
        plugin: AdaptiveDelay::DESCRIPTOR.id.to_owned(),
        version: AdaptiveDelay::DESCRIPTOR.version.to_owned(),
        seed: 1,
        parameters,
    };
    let lines = || written.lock().expect("nobody panicked");
    lines().jitter_buffer(Timestamp::ZERO, (0, 0), &identity);
    let mut recorded = Recorded::new(Box::new(buffer), Box::new(Shared(Arc::clone(&written))));
    recorded
        .activate(&JitterConfig::new(SampleRate::HZ_48000, 128))
        .expect("a usual setup");
    let path = network(1, TimeDelta::ms(20), TimeDelta::ms(90), 0.02);
    let arrivals = Stream::new().speak(TimeDelta::seconds(20), path);
    let mut listener = Listener::new(SampleRate::HZ_48000);
    for second in 1..=20 {
        let until = Timestamp::from_ms(second * 1_000);
        let came = |packet: &&PacketArrival| {
            packet.arrival > listener.now - BLOCK_DURATION && packet.arrival <= until - BLOCK_DURATION
        };
        let second: Vec<PacketArrival> = arrivals.iter().filter(came).copied().collect();
        listener.run(&mut recorded, &second, until);
        recorded.delay(until).expect("a running stream");
    }
    lines().as_text().to_owned()
}

struct Shared(Arc<Mutex<Lines>>);

impl EventSink for Shared {
    fn note(&mut self, at: Timestamp, happened: &Happened, released: &[u64]) -> bool {
        let mut lines = self.0.lock().expect("nobody panicked");
        lines.jitter_happened(at, (0, 0), happened, released);
        true
    }
}

/// Everything that the page says, done in a folder of its own in which there is the log of a call. What it says on the error output goes with the rest.
fn followed() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("voice.jsonl"), recorded_voice()).expect("written");
    let programs = binary().parent().expect("it lies somewhere").to_owned();
    let path = format!(
        "{}:{}",
        programs.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let script = format!("exec 2>&1\n{}", script(PAGE));
    let said = follow(
        &script,
        folder.path(),
        folder.path(),
        &[("PATH", Path::new(&path))],
    );
    (folder, said)
}

#[test]
fn e26_3_e26_4_the_page_about_replays_works_word_by_word() {
    let (folder, said) = followed();
    let at = folder.path();
    // The summary.
    for wanted in [
        "controller 0: jackfield.congestion.gcc",
        "PacketFeedback",
        "bit for bit",
        "jackfield.congestion.scream: told ",
        "jackfield.congestion.nada: told ",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
    for page in ["call.html", "others.html"] {
        let html = fs::read_to_string(at.join(page)).expect(page);
        assert!(html.contains("<svg") && html.contains("round trip"), "{page}");
        for outside in ["http://", "https://", "src=", "url("] {
            assert!(!html.contains(outside), "{page} needs {outside}");
        }
    }
    let csv = fs::read_to_string(at.join("others.csv")).expect("it was written");
    let header = csv.lines().next().expect("a first line");
    for column in [
        "time s",
        "recorded (jackfield.congestion.gcc) target kbit/s",
        "jackfield.congestion.scream target kbit/s",
        "jackfield.congestion.nada pacing kbit/s",
        "acknowledged kbit/s",
    ] {
        assert!(header.contains(column), "{header}");
    }
    assert!(
        (295..=305).contains(&csv.lines().count()),
        "30 s by 100 ms: {}",
        csv.lines().count()
    );
    a_voice_was_replayed(at, &said);
    // Replayed into itself, what is drawn is what was recorded.
    let same = fs::read_to_string(at.join("same.csv")).expect("it was written");
    for line in same.lines().skip(1) {
        let values: Vec<&str> = line.split(',').collect();
        assert_eq!(values[1..4], values[4..7], "{line}");
    }

    // The same log, the same bytes.
    let out = [
        "replay-bwe",
        "call.jsonl",
        "--use",
        "jackfield.congestion.nada",
        "--out",
        "a.json",
    ];
    assert!(jackfield(at, &out).status.success());
    let first = fs::read(at.join("a.json")).expect("it was written");
    assert!(jackfield(at, &out).status.success());
    assert_eq!(first, fs::read(at.join("a.json")).expect("it was written"));
    let json: Value = serde_json::from_slice(&first).expect("JSON");
    assert_eq!(json["facts"]["recorded"], "jackfield.congestion.gcc");
    assert_eq!(json["step_s"], 0.1);

    // Another log: the first difference is named, and the status says so.
    let log = fs::read_to_string(at.join("call.jsonl")).expect("it was written");
    let changed = log.replacen("\"target\":300000,", "\"target\":300001,", 1);
    assert_ne!(log, changed);
    fs::write(at.join("changed.jsonl"), changed).expect("written");
    let differs = jackfield(
        at,
        &[
            "replay-bwe",
            "changed.jsonl",
            "--use",
            "jackfield.congestion.gcc",
            "--out",
            "b.csv",
        ],
    );
    assert_eq!(differs.status.code(), Some(1));
    let said = text(&differs.stderr);
    assert!(
        said.contains("first at event 1 at ") && said.contains("then"),
        "{said}"
    );

    // What goes wrong says what to do.
    let fails = |arguments: &[&str], wanted: &str| {
        let ran = jackfield(at, arguments);
        let said = text(&ran.stderr).replace(['\n', '│'], " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            !ran.status.success() && said.contains(wanted),
            "{arguments:?}: {said}"
        );
    };
    let gcc = "jackfield.congestion.gcc";
    fs::write(at.join("two.jsonl"), log.replacen("events/1", "events/2", 1)).expect("written");
    fails(&["replay-bwe", "two.jsonl", "--use", gcc], "jackfield.events/2");
    fails(
        &["replay-bwe", "call.jsonl", "--use", "jackfield.mixer.sum"],
        "jackfield.mixer.sum",
    );
    fails(
        &["replay-bwe", "call.jsonl", "--use", gcc, "--flow", "7"],
        "no flow 7; it has: 0",
    );
    fails(
        &["replay-bwe", "call.jsonl", "--use", gcc, "--out", "a.pdf"],
        ".csv, .html or .json",
    );
    fails(
        &["replay-bwe", "call.jsonl", "--use", gcc, "--param", "nonsense=1"],
        "nonsense",
    );
    fails(&["event-log", "nowhere.jsonl"], "cannot read the event log");

    // A torn last line is a warning.
    fs::write(at.join("torn.jsonl"), &log[..log.len() - 20]).expect("written");
    let torn = jackfield(at, &["replay-bwe", "torn.jsonl", "--use", gcc]);
    assert!(torn.status.success(), "{}", text(&torn.stderr));
    assert!(text(&torn.stderr).contains("torn"));
    assert!(text(&torn.stdout).starts_with("time s,"));
}

/// What the page says of jitter buffers came about.
fn a_voice_was_replayed(at: &Path, said: &str) {
    for wanted in [
        "jitter buffer 0: jackfield.jitter.adaptive",
        "jackfield.jitter.adaptive: asked the same ",
        "jackfield.jitter.fixed: played what came",
        "made up %",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
    let html = fs::read_to_string(at.join("voice.html")).expect("it was written");
    assert!(html.contains("<svg") && html.contains("delay, ms") && !html.contains("src="));
    let csv = fs::read_to_string(at.join("voice.csv")).expect("it was written");
    let header = csv.lines().next().expect("a first line");
    for column in [
        "recorded (jackfield.jitter.adaptive) delay ms",
        "jackfield.jitter.fixed made up",
    ] {
        assert!(header.contains(column), "{header}");
    }
    assert!(
        (19..=22).contains(&csv.lines().count()),
        "20 s by 1 s: {}",
        csv.lines().count()
    );

    let arguments = [
        "replay-jitter",
        "voice.jsonl",
        "--against",
        "jackfield.jitter.fixed",
        "--out",
        "voice.json",
    ];
    assert!(jackfield(at, &arguments).status.success());
    let json: Value =
        serde_json::from_slice(&fs::read(at.join("voice.json")).expect("written")).expect("JSON");
    let heard = &json["facts"]["heard"];
    let (then, now) = (
        &heard["recorded (jackfield.jitter.adaptive)"],
        &heard["jackfield.jitter.adaptive"],
    );
    assert_eq!(then["packets"], now["packets"], "it plays what came as it did");
    let of = |name: &str, key: &str| heard[name][key].as_f64().expect("a number");
    let (adaptive, fixed) = ("jackfield.jitter.adaptive", "jackfield.jitter.fixed");
    assert!(
        of(fixed, "concealed") > 1.5 * of(adaptive, "concealed"),
        "60 ms are too short for 90 ms of jitter: {heard}"
    );
    assert!(of(fixed, "delay_ms") < of(adaptive, "delay_ms"), "{heard}");
    assert!(of(adaptive, "concealed") < 0.1, "{heard}");

    // Something else was decided: where is named, and the status says so.
    let log = fs::read_to_string(at.join("voice.jsonl")).expect("it is there");
    let changed = log.replacen("\"operation\":\"normal\"", "\"operation\":\"merge\"", 1);
    fs::write(at.join("otherwise.jsonl"), changed).expect("written");
    let differs = jackfield(at, &["replay-jitter", "otherwise.jsonl"]);
    assert_eq!(differs.status.code(), Some(1));
    let said = text(&differs.stderr);
    assert!(
        said.contains("first at step ") && said.contains("Merge"),
        "{said}"
    );
    // With another parameter it is no longer what was recorded.
    let longer = jackfield(
        at,
        &["replay-jitter", "otherwise.jsonl", "--param", "minimum_ms=200"],
    );
    assert!(longer.status.success(), "{}", text(&longer.stderr));

    let fails = |arguments: &[&str], wanted: &str| {
        let ran = jackfield(at, arguments);
        let said = text(&ran.stderr).replace(['\n', '│'], " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            !ran.status.success() && said.contains(wanted),
            "{arguments:?}: {said}"
        );
    };
    fails(&["replay-jitter", "call.jsonl"], "tells of no jitter buffer");
    fails(
        &["replay-jitter", "voice.jsonl", "--stream", "7"],
        "no jitter buffer of a stream 7; it has: 0",
    );
    fails(
        &[
            "replay-jitter",
            "voice.jsonl",
            "--use",
            "jackfield.congestion.gcc",
        ],
        "jackfield.congestion.gcc",
    );
    fails(
        &["replay-bwe", "voice.jsonl", "--use", "jackfield.congestion.gcc"],
        "no flow 0",
    );
}
