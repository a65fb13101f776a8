//! Lines of JSON, written without a tree in between.

use std::fmt::Write;

use jackfield_core::congestion_controller::{
    CongestionEvent, CongestionHandover, CongestionUpdate, PacketFeedback, ProbeCluster, RateConstraints,
};
use jackfield_core::time::Timestamp;

use crate::fields;

/// The version of the lines, which the first line names. It is raised when a reader of the old lines would misunderstand the new ones; that
/// fields or events are added does not raise it.
pub const SCHEMA: &str = "jackfield.events/1";

/// Lines of an event log, in the making.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    text: String,
}

impl Lines {
    /// The first line, to which what says where the log comes from is added before [`Lines::begin_log`].
    pub fn new() -> Self {
        Self {
            text: format!("{{\"schema\":\"{SCHEMA}\""),
        }
    }

    /// Lines that go on behind others.
    pub const fn more() -> Self {
        Self { text: String::new() }
    }

    /// Adds a text to the first line.
    #[must_use]
    pub fn text(mut self, key: &str, value: &str) -> Self {
        self.quoted(key, value);
        self
    }

    /// Adds a number to the first line.
    #[must_use]
    pub fn count(mut self, key: &str, value: u64) -> Self {
        self.number(key, i128::from(value));
        self
    }

    /// The whole ones among these lines that fit into so many bytes.
    pub fn whole(text: &str, bytes: usize) -> Self {
        let fits = &text.as_bytes()[..bytes.min(text.len())];
        let end = fits
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last + 1);
        Self {
            text: text[..end].to_owned(),
        }
    }

    /// Ends the first line.
    #[must_use]
    pub fn begin_log(mut self) -> Self {
        self.end();
        self
    }

    /// What there is so far.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// The lines.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Forgets what there is, and keeps its room.
    pub fn clear(&mut self) {
        self.text.clear();
    }

    /// Begins the line of an event that happened so many ns after the beginning.
    pub fn begin(&mut self, at_ns: i128, event: &str) {
        let _ = write!(self.text, "{{\"at\":{at_ns},\"event\":\"{event}\"");
    }

    /// Adds a number.
    pub fn number(&mut self, key: &str, value: i128) {
        let _ = write!(self.text, ",\"{key}\":{value}");
    }

    /// Adds a word that needs no escapes.
    pub fn word(&mut self, key: &str, value: &str) {
        let _ = write!(self.text, ",\"{key}\":\"{value}\"");
    }

    /// Adds a text.
    pub fn quoted(&mut self, key: &str, value: &str) {
        let _ = write!(self.text, ",\"{key}\":");
        quote(&mut self.text, value);
    }

    /// Ends the line.
    pub fn end(&mut self) {
        self.text.push_str("}\n");
    }

    /// Adds the fields of a decision; `flow` stands before them.
    pub fn update(&mut self, update: &CongestionUpdate) {
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
        if update.ecn != 0 {
            self.number("ecn", i128::from(update.ecn));
        }
    }

    /// Adds a key and a number with a fraction; nothing if it is none.
    pub(crate) fn fraction(&mut self, key: &str, value: f64) {
        if value.is_finite() {
            let _ = write!(self.text, ",\"{key}\":{value:?}");
        }
    }

    /// Adds numbers with fractions under their names, as an object.
    pub(crate) fn object<'a>(&mut self, key: &str, values: impl Iterator<Item = (&'a str, f64)>) {
        let _ = write!(self.text, ",\"{key}\":{{");
        let mut comma = "";
        for (name, value) in values.filter(|(_, value)| value.is_finite()) {
            self.text.push_str(comma);
            quote(&mut self.text, name);
            let _ = write!(self.text, ":{value:?}");
            comma = ",";
        }
        self.text.push('}');
    }

    /// Adds whole numbers under one key, as a list.
    pub(crate) fn list(&mut self, key: &str, values: impl Iterator<Item = i64>) {
        let _ = write!(self.text, ",\"{key}\":[");
        let mut comma = "";
        for value in values {
            let _ = write!(self.text, "{comma}{value}");
            comma = ",";
        }
        self.text.push(']');
    }

    pub(crate) fn constraints(&mut self, constraints: &RateConstraints) {
        for (key, rate) in [
            ("minimum", constraints.minimum),
            ("maximum", constraints.maximum),
            ("start", constraints.start),
        ] {
            self.number(key, i128::from(rate.as_bps()));
        }
    }

    pub(crate) fn handover(&mut self, state: &CongestionHandover) {
        for field in fields::HANDOVER {
            self.number(field.key, i128::from((field.get)(state)));
        }
    }

    pub(crate) fn probe(&mut self, cluster: &ProbeCluster) {
        self.number("cluster", i128::from(cluster.id));
        self.number("packets", i128::from(cluster.minimum_packets));
        self.number("rate", i128::from(cluster.rate.as_bps()));
        self.number("duration", i128::from(cluster.duration.as_us()));
    }

    /// Adds what is not zero of an event that was told at `now`, and its packets.
    pub(crate) fn event(&mut self, now: Timestamp, event: &CongestionEvent, packets: &[PacketFeedback]) {
        match fields::kind_name(event.kind) {
            Some(name) => self.word("kind", name),
            None => self.number("kind", i128::from(event.kind.0)),
        }
        if event.at != now {
            self.number("happened", ns(event.at));
        }
        for field in fields::EVENT {
            let value = (field.get)(event);
            if value != 0 {
                self.number(field.key, i128::from(value));
            }
        }
        for (key, value) in [
            ("confidence", event.confidence),
            ("pacing_factor", event.pacing_factor),
        ] {
            if value != 0.0 {
                // As a double, the digits of which give the same float again.
                self.fraction(key, f64::from(value));
            }
        }
        if packets.is_empty() {
            return;
        }
        self.text.push_str(",\"packets\":[");
        for (number, packet) in packets.iter().enumerate() {
            if number > 0 {
                self.text.push(',');
            }
            self.packet(packet);
        }
        self.text.push(']');
    }

    fn packet(&mut self, packet: &PacketFeedback) {
        let _ = write!(self.text, "[{},{}", packet.sequence_number, ns(packet.sent));
        if packet.received.is_never() {
            self.text.push_str(",null");
        } else {
            let _ = write!(self.text, ",{}", ns(packet.received));
        }
        let _ = write!(
            self.text,
            ",{},{}",
            packet.arrival_offset.as_us(),
            packet.size.as_bytes()
        );
        let rest = [packet.ecn, packet.cluster, packet.audio, packet.recovered];
        let told = rest
            .iter()
            .rposition(|value| *value != 0)
            .map_or(0, |last| last + 1);
        for value in &rest[..told] {
            let _ = write!(self.text, ",{value}");
        }
        self.text.push(']');
    }
}

/// In ns, of which it has whole thousands, as far as a reader's numbers go.
pub(crate) fn ns(at: Timestamp) -> i128 {
    (i128::from(at.us()) * 1_000).clamp(i128::from(i64::MIN), i128::from(i64::MAX))
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
