//! An observer of the light mode for tests of controllers: rates by kind, time in queues, losses, targets.

use jackfield_core::congestion_controller::CongestionUpdate;
use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_sim::light::Observer;
use jackfield_sim::{DropReason, PacketKind, PacketRecord, Source, VirtualTime};

/// A packet of a flow or of cross traffic that came.
#[derive(Clone, Copy)]
struct Came {
    at: i64,
    source: Source,
    size: i64,
    kind: PacketKind,
    queueing: TimeDelta,
}

/// What was seen of a run. Times are in ms.
#[derive(Default)]
pub(crate) struct Watch {
    came: Vec<Came>,
    dropped: Vec<(i64, Source)>,
    targets: Vec<(i64, usize, DataRate)>,
}

fn ms(at: VirtualTime) -> i64 {
    (at.ns() / 1_000_000) as i64
}

impl Observer for Watch {
    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        if matches!(packet.source, Source::Flow(_) | Source::CrossTraffic(_))
            && packet.kind != PacketKind::Acknowledgement
        {
            self.came.push(Came {
                at: ms(at),
                source: packet.source,
                size: packet.size.as_bytes(),
                kind: packet.kind,
                queueing,
            });
        }
    }

    fn dropped(&mut self, at: VirtualTime, packet: &PacketRecord, _: DropReason) {
        self.dropped.push((ms(at), packet.source));
    }

    fn decided(&mut self, at: VirtualTime, flow: usize, update: &CongestionUpdate) {
        if update.target > DataRate::ZERO {
            self.targets.push((ms(at), flow, update.target));
        }
    }
}

impl Watch {
    fn of(&self, source: Source, from: i64, to: i64) -> impl Iterator<Item = &Came> {
        let before = |at: i64| self.came.partition_point(|came| came.at < at);
        self.came[before(from)..before(to)]
            .iter()
            .filter(move |came| came.source == source)
    }

    /// When the last packet came.
    pub(crate) fn last(&self) -> i64 {
        self.came.last().map_or(0, |came| came.at)
    }

    /// What came of a source, in kbit/s.
    pub(crate) fn rate(&self, source: Source, from: i64, to: i64) -> f64 {
        let bytes: i64 = self.of(source, from, to).map(|came| came.size).sum();
        bytes as f64 * 8.0 / (to - from) as f64
    }

    /// What came of a flow's audio and video, in kbit/s.
    pub(crate) fn media(&self, flow: usize, from: i64, to: i64) -> f64 {
        let media = |came: &&Came| matches!(came.kind, PacketKind::Audio | PacketKind::Video);
        let bytes: i64 = self
            .of(Source::Flow(flow), from, to)
            .filter(media)
            .map(|came| came.size)
            .sum();
        bytes as f64 * 8.0 / (to - from) as f64
    }

    /// A quantile of the time that a flow's packets spent in queues, ms.
    pub(crate) fn queueing(&self, flow: usize, from: i64, to: i64, quantile: f64) -> f64 {
        let mut all: Vec<TimeDelta> = self
            .of(Source::Flow(flow), from, to)
            .map(|came| came.queueing)
            .collect();
        all.sort_unstable();
        let at = ((all.len() as f64 - 1.0) * quantile).round() as usize;
        all.get(at).map_or(f64::INFINITY, |time| time.as_ms_f64())
    }

    /// The share of a source's packets that did not come.
    pub(crate) fn loss(&self, source: Source, from: i64, to: i64) -> f64 {
        let inside = |at: i64, of: Source| of == source && at >= from && at < to;
        let lost = self.dropped.iter().filter(|(at, of)| inside(*at, *of)).count() as f64;
        lost / (lost + self.of(source, from, to).count() as f64).max(1.0)
    }

    /// What a flow's controller decided, with its time.
    pub(crate) fn targets(&self, flow: usize, from: i64, to: i64) -> Vec<(i64, DataRate)> {
        self.targets
            .iter()
            .filter(|(at, of, _)| *of == flow && *at >= from && *at < to)
            .map(|(at, _, target)| (*at, *target))
            .collect()
    }

    /// The last that a flow's controller decided before this time.
    pub(crate) fn target(&self, flow: usize, before: i64) -> DataRate {
        let of = self.targets.iter().rev();
        of.filter(|(at, number, _)| *number == flow && *at < before)
            .map(|(_, _, target)| *target)
            .next()
            .unwrap_or(DataRate::ZERO)
    }
}
