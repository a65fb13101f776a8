//! Everything that happens, one line of JSON each.

use std::fmt::Write;

use jackfield_core::congestion_controller::CongestionUpdate;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::clock::VirtualTime;
use crate::light::{FrameRecord, Observer};
use crate::packet::{DropReason, Ecn, PacketKind, PacketRecord, Source};

/// The version of the lines, which the first line names. It is raised when a reader of the old lines would misunderstand the new ones; that
/// fields or events are added does not raise it.
pub const SCHEMA: &str = "jackfield.events/1";

/// Writes down a run. The first line is `{"schema", "scenario", "seed"}`, the others are `{"at", "event", …}`: `at` in ns since the beginning,
/// rates in bits per second, sizes in bytes, spans in µs; 0 in a decision means "as before". Links, flows and cross traffic have their numbers.
#[derive(Debug)]
pub struct EventLog {
    text: String,
}

impl EventLog {
    /// Without an event yet.
    pub fn new(scenario: &str, seed: u64) -> Self {
        let mut text = format!("{{\"schema\":\"{SCHEMA}\",\"scenario\":");
        quote(&mut text, scenario);
        let _ = writeln!(text, ",\"seed\":{seed}}}");
        Self { text }
    }

    /// The lines.
    pub fn into_text(self) -> String {
        self.text
    }

    fn begin(&mut self, at: VirtualTime, event: &str) {
        let _ = write!(self.text, "{{\"at\":{},\"event\":\"{event}\"", at.ns());
    }

    fn number(&mut self, key: &str, value: i128) {
        let _ = write!(self.text, ",\"{key}\":{value}");
    }

    fn word(&mut self, key: &str, value: &str) {
        let _ = write!(self.text, ",\"{key}\":\"{value}\"");
    }

    fn end(&mut self) {
        self.text.push_str("}\n");
    }

    fn rate(&mut self, at: VirtualTime, event: &str, key: &str, index: usize, rate: DataRate) {
        self.begin(at, event);
        self.number(key, index as i128);
        self.number("rate", i128::from(rate.as_bps()));
        self.end();
    }

    fn packet(&mut self, packet: &PacketRecord) {
        let (source, index) = match packet.source {
            Source::Flow(index) => ("flow", index),
            Source::Feedback(index) => ("feedback", index),
            Source::CrossTraffic(index) => ("cross-traffic", index),
        };
        let kind = match packet.kind {
            PacketKind::Audio => "audio",
            PacketKind::Video => "video",
            PacketKind::Padding => "padding",
            PacketKind::Probe => "probe",
            PacketKind::Tcp => "tcp",
            PacketKind::Acknowledgement => "acknowledgement",
            PacketKind::Feedback => "feedback",
            PacketKind::Other => "other",
            PacketKind::Retransmission => "retransmission",
        };
        let ecn = match packet.ecn {
            Ecn::NotEct => "not-ect",
            Ecn::Ect1 => "ect1",
            Ecn::Ect0 => "ect0",
            Ecn::Ce => "ce",
        };
        self.word("source", source);
        self.number("index", index as i128);
        self.number("number", i128::from(packet.number));
        self.number("size", i128::from(packet.size.as_bytes()));
        self.number("sent", i128::from(packet.sent.ns()));
        self.word("kind", kind);
        self.word("ecn", ecn);
        self.number("stream", i128::from(packet.stream));
        self.number("cluster", i128::from(packet.cluster));
        self.number("frame", i128::from(packet.frame));
        self.end();
    }
}

impl Observer for EventLog {
    fn capacity(&mut self, at: VirtualTime, link: usize, rate: DataRate) {
        self.rate(at, "capacity", "link", link, rate);
    }

    fn available(&mut self, at: VirtualTime, flow: usize, rate: DataRate) {
        self.rate(at, "available", "flow", flow, rate);
    }

    fn sent(&mut self, at: VirtualTime, packet: &PacketRecord) {
        self.begin(at, "sent");
        self.packet(packet);
    }

    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        self.begin(at, "arrived");
        self.number("queueing", i128::from(queueing.as_us()));
        self.packet(packet);
    }

    fn dropped(&mut self, at: VirtualTime, packet: &PacketRecord, why: DropReason) {
        let why = match why {
            DropReason::Overflow => "overflow",
            DropReason::Managed => "managed",
            DropReason::Policed => "policed",
            DropReason::Lost => "lost",
            DropReason::Outage => "outage",
        };
        self.begin(at, "dropped");
        self.word("why", why);
        self.packet(packet);
    }

    fn marked(&mut self, at: VirtualTime, packet: &PacketRecord) {
        self.begin(at, "marked");
        self.packet(packet);
    }

    fn feedback(&mut self, at: VirtualTime, flow: usize, size: DataSize) {
        self.begin(at, "feedback");
        self.number("flow", flow as i128);
        self.number("size", i128::from(size.as_bytes()));
        self.end();
    }

    fn decided(&mut self, at: VirtualTime, flow: usize, update: &CongestionUpdate) {
        self.begin(at, "decided");
        self.number("flow", flow as i128);
        let rates = [
            ("target", update.target),
            ("pacing", update.pacing),
            ("padding", update.padding),
            ("estimate", update.estimate),
        ];
        for (key, rate) in rates {
            self.number(key, i128::from(rate.as_bps()));
        }
        self.number("window", i128::from(update.window.as_bytes()));
        self.number("feedback_interval", i128::from(update.feedback_interval.as_us()));
        self.end();
    }

    /// `at` is when its fate was settled: when it was complete, or else when it was captured. What never came about has no key.
    fn frame(&mut self, flow: usize, frame: &FrameRecord) {
        self.begin(frame.completed.unwrap_or(frame.captured), "frame");
        self.number("flow", flow as i128);
        self.number("stream", i128::from(frame.stream));
        self.number("number", i128::from(frame.number));
        self.number("size", i128::from(frame.size.as_bytes()));
        self.number("target", i128::from(frame.target.as_bps()));
        self.number("captured", i128::from(frame.captured.ns()));
        for (key, at) in [("sent", frame.sent), ("completed", frame.completed)] {
            if let Some(at) = at {
                self.number(key, i128::from(at.ns()));
            }
        }
        self.end();
    }

    fn repaired(&mut self, at: VirtualTime, flow: usize, lost: VirtualTime) {
        self.begin(at, "repaired");
        self.number("flow", flow as i128);
        self.number("lost", i128::from(lost.ns()));
        self.end();
    }

    fn queue(&mut self, at: VirtualTime, link: usize, waiting: DataSize) {
        self.begin(at, "queue");
        self.number("link", link as i128);
        self.number("waiting", i128::from(waiting.as_bytes()));
        self.end();
    }
}

/// As a string of JSON.
fn quote(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => {
                text.push('\\');
                text.push(c);
            }
            c if u32::from(c) < 0x20 => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}
