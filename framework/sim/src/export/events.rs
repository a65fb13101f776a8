//! Everything that happens, one line of JSON each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jackfield_core::congestion_controller::{CongestionController, CongestionUpdate};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_event_log::{EventSink, Happening, Identity, Lines, Recorded};

use crate::clock::VirtualTime;
use crate::light::{FrameRecord, Observer};
use crate::packet::{DropReason, Ecn, PacketKind, PacketRecord, Source};

/// Writes down a run, in the format of [`jackfield_event_log`]. The first line is `{"schema", "scenario", "seed"}`. Links, flows and cross traffic
/// have their numbers; 0 in a decision means "as before".
///
/// Of controllers it writes what they decide; of those that are [recorded](EventLog::record) also what they are told, so that their flows can be
/// replayed.
#[derive(Debug)]
pub struct EventLog {
    lines: Arc<Mutex<Lines>>,
    /// The flows whose controllers are recorded.
    recorded: Vec<usize>,
}

impl EventLog {
    /// Without an event yet.
    pub fn new(scenario: &str, seed: u64) -> Self {
        let lines = Lines::new().text("scenario", scenario).count("seed", seed);
        Self {
            lines: Arc::new(Mutex::new(lines.begin_log())),
            recorded: Vec::new(),
        }
    }

    /// Puts a recorder around the controller of a flow, before the run. `identity` is which plugin it is.
    pub fn record(
        &mut self,
        flow: usize,
        controller: Box<dyn CongestionController>,
        identity: &Identity,
    ) -> Box<dyn CongestionController> {
        let key = (flow as u32, 0);
        self.lines().identity(Timestamp::ZERO, key, identity);
        self.recorded.push(flow);
        let sink = FlowSink {
            lines: Arc::clone(&self.lines),
            flow: flow as u32,
        };
        Box::new(Recorded::new(controller, Box::new(sink)))
    }

    /// The lines.
    pub fn into_text(self) -> String {
        std::mem::take(&mut *self.lines()).into_text()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        lock(&self.lines)
    }

    fn rate(&mut self, at: VirtualTime, event: &str, key: &str, index: usize, rate: DataRate) {
        let mut lines = self.lines();
        lines.begin(i128::from(at.ns()), event);
        lines.number(key, index as i128);
        lines.number("rate", i128::from(rate.as_bps()));
        lines.end();
    }

    /// A line about a packet, with what stands before that.
    fn packet(
        &mut self,
        at: VirtualTime,
        event: &str,
        packet: &PacketRecord,
        first: impl FnOnce(&mut Lines),
    ) {
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
        let mut lines = self.lines();
        lines.begin(i128::from(at.ns()), event);
        first(&mut lines);
        lines.word("source", source);
        lines.number("index", index as i128);
        lines.number("number", i128::from(packet.number));
        lines.number("size", i128::from(packet.size.as_bytes()));
        lines.number("sent", i128::from(packet.sent.ns()));
        lines.word("kind", kind);
        lines.word("ecn", ecn);
        lines.number("stream", i128::from(packet.stream));
        lines.number("cluster", i128::from(packet.cluster));
        lines.number("frame", i128::from(packet.frame));
        lines.end();
    }
}

/// A run is one thread; the lock is for the compiler. A panic while it was held leaves whole lines behind.
fn lock(lines: &Mutex<Lines>) -> MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the recorder of one flow writes.
struct FlowSink {
    lines: Arc<Mutex<Lines>>,
    flow: u32,
}

impl EventSink for FlowSink {
    fn note(&mut self, at: Timestamp, happening: &Happening<'_>) -> bool {
        lock(&self.lines).happening(at, (self.flow, 0), happening);
        true
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
        self.packet(at, "sent", packet, |_| {});
    }

    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        self.packet(at, "arrived", packet, |lines| {
            lines.number("queueing", i128::from(queueing.as_us()));
        });
    }

    fn dropped(&mut self, at: VirtualTime, packet: &PacketRecord, why: DropReason) {
        let why = match why {
            DropReason::Overflow => "overflow",
            DropReason::Managed => "managed",
            DropReason::Policed => "policed",
            DropReason::Lost => "lost",
            DropReason::Outage => "outage",
        };
        self.packet(at, "dropped", packet, |lines| lines.word("why", why));
    }

    fn marked(&mut self, at: VirtualTime, packet: &PacketRecord) {
        self.packet(at, "marked", packet, |_| {});
    }

    fn feedback(&mut self, at: VirtualTime, flow: usize, size: DataSize) {
        let mut lines = self.lines();
        lines.begin(i128::from(at.ns()), "feedback");
        lines.number("flow", flow as i128);
        lines.number("size", i128::from(size.as_bytes()));
        lines.end();
    }

    /// A recorder writes it itself, behind what was told.
    fn decided(&mut self, at: VirtualTime, flow: usize, update: &CongestionUpdate) {
        if self.recorded.contains(&flow) {
            return;
        }
        let mut lines = self.lines();
        lines.begin(i128::from(at.ns()), "decided");
        lines.number("flow", flow as i128);
        lines.update(update);
        lines.end();
    }

    /// `at` is when its fate was settled: when it was complete, or else when it was captured. What never came about has no key.
    fn frame(&mut self, flow: usize, frame: &FrameRecord) {
        let mut lines = self.lines();
        let at = frame.completed.unwrap_or(frame.captured);
        lines.begin(i128::from(at.ns()), "frame");
        lines.number("flow", flow as i128);
        lines.number("stream", i128::from(frame.stream));
        lines.number("number", i128::from(frame.number));
        lines.number("size", i128::from(frame.size.as_bytes()));
        lines.number("target", i128::from(frame.target.as_bps()));
        lines.number("captured", i128::from(frame.captured.ns()));
        for (key, at) in [("sent", frame.sent), ("completed", frame.completed)] {
            if let Some(at) = at {
                lines.number(key, i128::from(at.ns()));
            }
        }
        lines.end();
    }

    fn repaired(&mut self, at: VirtualTime, flow: usize, lost: VirtualTime) {
        let mut lines = self.lines();
        lines.begin(i128::from(at.ns()), "repaired");
        lines.number("flow", flow as i128);
        lines.number("lost", i128::from(lost.ns()));
        lines.end();
    }

    fn queue(&mut self, at: VirtualTime, link: usize, waiting: DataSize) {
        let mut lines = self.lines();
        lines.begin(i128::from(at.ns()), "queue");
        lines.number("link", link as i128);
        lines.number("waiting", i128::from(waiting.as_bytes()));
        lines.end();
    }
}
