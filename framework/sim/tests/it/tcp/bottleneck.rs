//! A link with a queue, an ideal way back, and pairs of TCP ends at both sides.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jackfield_sim::tcp::{Acknowledgement, Segment, TcpConfig, TcpReceiver, TcpSender};
use jackfield_sim::{Ecn, VirtualTime};

/// So many seconds after the beginning.
pub(super) fn seconds(seconds: f64) -> VirtualTime {
    VirtualTime::from_ns((seconds * 1e9) as u64)
}

pub(super) struct Pair {
    pub(super) sender: TcpSender,
    pub(super) receiver: TcpReceiver,
    pub(super) starts: VirtualTime,
    /// For when it stands in the heap.
    due: Option<VirtualTime>,
}

impl Pair {
    /// That always has something to send.
    pub(super) fn endless(config: TcpConfig, starts: VirtualTime) -> Self {
        let mut sender = TcpSender::new(config);
        sender.write_endlessly();
        Self {
            sender,
            receiver: TcpReceiver::new(),
            starts,
            due: None,
        }
    }

    /// With so much to send.
    pub(super) fn of(config: TcpConfig, bytes: u64) -> Self {
        let mut sender = TcpSender::new(config);
        sender.write(bytes);
        Self {
            sender,
            receiver: TcpReceiver::new(),
            starts: VirtualTime::ZERO,
            due: None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Starts(usize),
    Comes(usize, usize),
    Answered(usize, usize),
    Due(usize),
}

/// What happens to the segment with this number (of all that were sent) that wants in: whether it is lost, and how much later it comes.
pub(super) type Weather = Box<dyn FnMut(u64, &Segment) -> (bool, u64)>;

pub(super) struct Bottleneck {
    pub(super) pairs: Vec<Pair>,
    pub(super) now: VirtualTime,
    /// Bits per second.
    pub(super) rate: u64,
    /// One way, ns.
    delay: u64,
    /// Bytes.
    queue: u64,
    /// Capable packets that find more waiting than this (ns) are marked.
    pub(super) mark_above: Option<u64>,
    pub(super) weather: Weather,
    /// The same for acknowledgements, by number.
    pub(super) answer_lost: Box<dyn FnMut(u64) -> bool>,
    busy_until: VirtualTime,
    heap: BinaryHeap<Reverse<(VirtualTime, u64, Event)>>,
    segments: Vec<(Segment, Ecn)>,
    answers: Vec<Acknowledgement>,
    inserted: u64,
    pub(super) dropped: u64,
    /// Sum and count of what packets waited, ns.
    pub(super) waited: (u128, u64),
}

impl Bottleneck {
    /// `rate` in bits per second, `delay` one way in ms, `queue` in bytes.
    pub(super) fn new(rate: u64, delay: u64, queue: u64, pairs: Vec<Pair>) -> Self {
        let mut link = Self {
            pairs: Vec::new(),
            now: VirtualTime::ZERO,
            rate,
            delay: delay * 1_000_000,
            queue,
            mark_above: None,
            weather: Box::new(|_, _| (false, 0)),
            answer_lost: Box::new(|_| false),
            busy_until: VirtualTime::ZERO,
            heap: BinaryHeap::new(),
            segments: Vec::new(),
            answers: Vec::new(),
            inserted: 0,
            dropped: 0,
            waited: (0, 0),
        };
        for (index, pair) in pairs.iter().enumerate() {
            link.schedule(pair.starts, Event::Starts(index));
        }
        link.pairs = pairs;
        link
    }

    pub(super) fn run_until(&mut self, end: VirtualTime) {
        while let Some(Reverse((at, _, event))) = self.heap.peek().copied()
            && at <= end
        {
            self.heap.pop();
            self.now = at;
            let index = match event {
                Event::Starts(index) => index,
                Event::Comes(index, segment) => {
                    let (segment, ecn) = self.segments[segment];
                    let answer = self.pairs[index].receiver.receive(at, &segment, ecn);
                    self.answer(index, answer);
                    index
                }
                Event::Answered(index, answer) => {
                    let answer = self.answers[answer];
                    self.pairs[index].sender.acknowledge(at, &answer);
                    index
                }
                Event::Due(index) => {
                    if self.pairs[index].due != Some(at) {
                        // It moved meanwhile.
                        continue;
                    }
                    self.pairs[index].due = None;
                    self.pairs[index].sender.handle_timeout(at);
                    let answer = self.pairs[index].receiver.handle_timeout(at);
                    self.answer(index, answer);
                    index
                }
            };
            self.settle(index);
        }
        self.now = end;
    }

    fn settle(&mut self, index: usize) {
        while let Some(segment) = self.pairs[index].sender.poll_transmit(self.now) {
            self.carry(index, segment);
        }
        let pair = &mut self.pairs[index];
        let due = [pair.sender.deadline(), pair.receiver.deadline()]
            .into_iter()
            .flatten()
            .min();
        let due = due.map(|due| due.max(self.now));
        if let Some(at) = due
            && pair.due != due
        {
            pair.due = due;
            self.schedule(at, Event::Due(index));
        }
    }

    fn carry(&mut self, index: usize, segment: Segment) {
        let number = self.segments.len() as u64;
        let bytes = segment.size().as_bytes() as u64;
        let start = self.busy_until.max(self.now);
        let wait = start.ns() - self.now.ns();
        let is_marked = self.mark_above.is_some_and(|above| wait > above) && segment.ecn.is_capable();
        let ecn = if is_marked { Ecn::Ce } else { segment.ecn };
        self.segments.push((segment, ecn));
        let (lost, later) = (self.weather)(number, &segment);
        let waiting = u128::from(wait) * u128::from(self.rate) / 8_000_000_000;
        if lost || waiting as u64 + bytes > self.queue {
            self.dropped += 1;
            return;
        }
        self.waited = (self.waited.0 + u128::from(wait), self.waited.1 + 1);
        self.busy_until = start.later(bytes * 8_000_000_000 / self.rate);
        let comes = self.busy_until.later(self.delay + later);
        self.schedule(comes, Event::Comes(index, number as usize));
    }

    fn answer(&mut self, index: usize, answer: Option<Acknowledgement>) {
        let Some(answer) = answer else { return };
        let number = self.answers.len();
        self.answers.push(answer);
        if !(self.answer_lost)(number as u64) {
            self.schedule(self.now.later(self.delay), Event::Answered(index, number));
        }
    }

    fn schedule(&mut self, at: VirtualTime, event: Event) {
        self.inserted += 1;
        self.heap.push(Reverse((at, self.inserted, event)));
    }

    /// What packets waited since it was asked last, in ms on average.
    pub(super) fn average_wait(&mut self) -> f64 {
        let (sum, count) = std::mem::take(&mut self.waited);
        sum as f64 / count.max(1) as f64 / 1e6
    }

    /// Mbit/s that arrived of a pair, from now until `end`.
    pub(super) fn throughput_until(&mut self, end: VirtualTime) -> Vec<f64> {
        let (since, before) = (self.now, self.received());
        self.run_until(end);
        let span = (end.ns() - since.ns()) as f64 / 1e9;
        let after = self.received();
        after
            .iter()
            .zip(before)
            .map(|(after, before)| (after - before) as f64 * 8.0 / span / 1e6)
            .collect()
    }

    fn received(&self) -> Vec<u64> {
        self.pairs.iter().map(|pair| pair.receiver.received()).collect()
    }
}
