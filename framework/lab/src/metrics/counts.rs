//! What is counted of flows, cross traffic and links.

use jackfield_core::units::TimeDelta;
use jackfield_sim::light::FrameRecord;
use jackfield_sim::scenario::{FlowSpec, StreamKind};

use super::freezes::FreezeWatch;
use super::histogram::Histogram;
use super::spans::{Span, Spans};
use super::windows::{Amounts, Steps};

/// What is counted of a flow.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) name: String,
    pub(super) priority: f64,
    pub(super) maximum: f64,
    pub(super) active: Vec<Span>,
    pub(super) has_video: bool,
    pub(super) has_media: bool,
    pub(super) path: Vec<usize>,
    /// Which sources share a link with it, itself included: flows, then cross traffic.
    pub(super) rivals: Vec<usize>,
    pub(super) in_flight: i64,
    pub(super) tallies: Vec<Tally>,
    pub(super) sent: Amounts,
    pub(super) received: Amounts,
    pub(super) arrived: Amounts,
    pub(super) lost: Amounts,
    pub(super) delay: Amounts,
    pub(super) target: Steps,
    /// Its fair share, at most what it may send.
    pub(super) available: Steps,
    /// Its fair share for a weight of 1.
    pub(super) weightless: Steps,
    pub(super) watches: Vec<Stream>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    pub(super) watch: FreezeWatch,
    pub(super) newest: Option<u32>,
}

/// Counts over one span.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) delay: Histogram,
    pub(super) queueing: Histogram,
    pub(super) own_queueing: Histogram,
    pub(super) frame_delay: Histogram,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) received: u64,
    pub(super) padding: u64,
    pub(super) probes: u64,
    pub(super) feedback: u64,
    pub(super) media: u64,
    pub(super) media_lost: u64,
    /// Of the lost, those that came after all.
    pub(super) repaired: u64,
    pub(super) resent: u64,
    pub(super) marked: u64,
    pub(super) frames: u64,
    pub(super) video_frames: u64,
    pub(super) frames_lost: u64,
    pub(super) audio: [u64; 2],
    pub(super) freezes: u64,
    pub(super) frozen: u64,
}

/// What is counted of cross traffic.
#[derive(Clone, Debug)]
pub(super) struct Cross {
    pub(super) name: String,
    /// A TCP connection that lasts.
    pub(super) tcp: bool,
    pub(super) active: Vec<Span>,
    pub(super) path: Vec<usize>,
    pub(super) in_flight: i64,
    pub(super) received: Amounts,
}

/// What is counted of a link.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) capacity: Steps,
    pub(super) crossed: Amounts,
    pub(super) queue: Amounts,
}

impl Flow {
    pub(super) fn new(
        spec: &FlowSpec,
        path: Vec<usize>,
        rivals: Vec<usize>,
        spans: usize,
        windows: usize,
    ) -> Self {
        let mut active = Vec::new();
        let mut from = spec.start;
        for pause in &spec.pauses {
            active.push(span(from, pause.from.min(spec.stop)));
            from = pause.to;
        }
        active.push(span(from, spec.stop));
        active.retain(|span| span.from < span.to);
        Self {
            name: spec.name.clone(),
            priority: if spec.priority > 0.0 { spec.priority } else { 1.0 },
            maximum: spec.maximum.as_bps() as f64,
            active,
            has_media: !spec.streams.is_empty(),
            has_video: spec
                .streams
                .iter()
                .any(|stream| matches!(stream.kind, StreamKind::Video(_))),
            path,
            rivals,
            in_flight: 0,
            tallies: vec![Tally::default(); spans],
            sent: Amounts::new(windows),
            received: Amounts::new(windows),
            arrived: Amounts::new(windows),
            lost: Amounts::new(windows),
            delay: Amounts::new(windows),
            target: Steps::new(windows),
            available: Steps::new(windows),
            weightless: Steps::new(windows),
            watches: vec![Stream::default(); spec.streams.len()],
        }
    }
}

impl Flow {
    /// Whether it shares a link with a source: flows, then cross traffic.
    pub(super) fn rivals_with(&self, source: usize) -> bool {
        self.rivals.contains(&source)
    }
}

impl Flow {
    /// A frame that comes after a later one is not shown any more; a pause is no freeze.
    pub(super) fn shown(&mut self, frame: &FrameRecord, at: u64, spans: &Spans) {
        let Some(stream) = self.watches.get_mut(usize::from(frame.stream)) else {
            return;
        };
        if stream.newest.is_some_and(|newest| frame.number < newest) {
            return;
        }
        stream.newest = Some(frame.number);
        if let Some(begin) = stream.watch.shown(at) {
            let paused = self.active.iter().all(|span| begin < span.from || span.to < at);
            if !paused {
                freeze(&mut self.tallies, spans, begin, at);
            }
        }
    }
}

/// A freeze counts where it ended, and its length where it was.
pub(super) fn freeze(tallies: &mut [Tally], spans: &Spans, begin: u64, end: u64) {
    for (index, (tally, span)) in tallies.iter_mut().zip(&spans.all).enumerate() {
        tally.frozen += span.overlap(begin, end);
        tally.freezes += u64::from(index == 0 || (span.from < end && end <= span.to));
    }
}

pub(super) fn ns(time: TimeDelta) -> u64 {
    time.as_us().max(0) as u64 * 1_000
}

pub(super) fn span(from: TimeDelta, to: TimeDelta) -> Span {
    Span {
        name: String::new(),
        from: ns(from),
        to: ns(to),
    }
}
