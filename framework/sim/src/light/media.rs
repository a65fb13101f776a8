//! The media of a flow: what its encoders make, how the target is shared out among them, and what became of frames.

use std::collections::{BTreeMap, VecDeque};

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::clock::VirtualTime;
use crate::random::CounterRandom;
use crate::scenario::{StreamKind, StreamSpec};
use crate::source::video::Video;
use crate::steps::ns;

use super::observer::{FrameRecord, Observer};

/// One stream.
pub(super) struct Stream {
    pub(super) spec: StreamSpec,
    pub(super) encoder: Encoder,
    /// What it is allowed.
    pub(super) target: DataRate,
    frames: VecDeque<Frame>,
    first: u32,
    resending: Option<Resending>,
}

/// What it takes to send packets again.
#[derive(Default)]
struct Resending {
    /// The number in the stream of the next packet.
    next: u64,
    /// The last packets, the newest with the number before `next`: the frame of each, and its size. Older ones are not sent again.
    sent: VecDeque<(u32, DataSize)>,
    /// When packets were lost that have not come since, by number.
    lost: BTreeMap<u64, VirtualTime>,
    /// What was sent again within the last second, and when.
    recent: VecDeque<(VirtualTime, DataSize)>,
}

impl Resending {
    /// What sending again takes of the stream's rate.
    fn rate(&mut self, now: VirtualTime) -> DataRate {
        while self
            .recent
            .front()
            .is_some_and(|(at, _)| now.ns() - at.ns() > RESENT_NS)
        {
            self.recent.pop_front();
        }
        let sum = self
            .recent
            .iter()
            .fold(DataSize::ZERO, |sum, (_, size)| sum + *size);
        sum / TimeDelta::us((RESENT_NS / 1_000) as i64)
    }
}

/// What is sent again is averaged over so long.
const RESENT_NS: u64 = 1_000_000_000;
/// So many packets can be sent again.
const RESENDABLE: usize = 4_096;
/// What a packet is longer by that is sent again: the original number (RFC 4588 section 4).
const RESENT_HEADER: DataSize = DataSize::bytes(2);

pub(super) enum Encoder {
    Audio { frame: TimeDelta, next: VirtualTime },
    Video(Video),
}

/// A frame on its way.
struct Frame {
    record: FrameRecord,
    /// The number in the stream of its first packet; 0 where nothing is sent again.
    first_packet: u64,
    packets: u32,
    left: u32,
    arrived: u32,
    dropped: u32,
    told: bool,
}

impl Frame {
    fn is_settled(&self) -> bool {
        self.arrived + self.dropped == self.packets
    }
}

/// What a frame is sent in.
pub(super) struct Encoded {
    pub(super) frame: u32,
    pub(super) packets: u64,
    pub(super) size: u64,
}

impl Stream {
    pub(super) fn new(spec: StreamSpec, number: u16) -> Self {
        let encoder = match &spec.kind {
            StreamKind::Audio(audio) => Encoder::Audio {
                frame: audio.frame,
                next: VirtualTime::ZERO,
            },
            StreamKind::Video(video) => Encoder::Video(Video::new(*video, spec.ladder.clone(), number)),
        };
        Self {
            target: spec.minimum,
            resending: spec.repair.map(|_| Resending::default()),
            spec,
            encoder,
            frames: VecDeque::with_capacity(64),
            first: 0,
        }
    }

    pub(super) fn is_audio(&self) -> bool {
        matches!(self.encoder, Encoder::Audio { .. })
    }

    pub(super) fn begin(&mut self, now: VirtualTime) {
        match &mut self.encoder {
            Encoder::Audio { next, .. } => *next = now,
            Encoder::Video(video) => video.begin(now),
        }
    }

    pub(super) fn restart(&mut self) {
        if let Encoder::Video(video) = &mut self.encoder {
            video.restart();
        }
    }

    pub(super) fn allow(&mut self, rate: DataRate) {
        self.target = rate;
        if let Encoder::Video(video) = &mut self.encoder {
            video.ask(rate);
        }
    }

    pub(super) fn next_capture(&self, random: &CounterRandom) -> VirtualTime {
        match &self.encoder {
            Encoder::Audio { next, .. } => *next,
            Encoder::Video(video) => video.next_capture(random),
        }
    }

    pub(super) fn skip(&mut self) {
        match &mut self.encoder {
            Encoder::Audio { next, frame } => *next = next.later(ns(*frame)),
            Encoder::Video(video) => video.skip(),
        }
    }

    /// The frame that is captured now.
    pub(super) fn encode(&mut self, now: VirtualTime, stream: u16, random: &CounterRandom) -> Encoded {
        let (size, packets, target) = match &mut self.encoder {
            Encoder::Audio { frame, next } => {
                *next = next.later(ns(*frame));
                let size = (self.target * *frame).as_bytes().max(20);
                (size as u64, 1, self.target)
            }
            Encoder::Video(video) => {
                if let Some(resending) = &mut self.resending {
                    video.ask((self.target - resending.rate(now)).max(self.spec.minimum));
                }
                let size = video.encode(now, random);
                (size, size.div_ceil(video.packet()).max(1), video.rate())
            }
        };
        let number = self.first + self.frames.len() as u32;
        self.frames.push_back(Frame {
            record: FrameRecord {
                stream,
                number,
                audio: matches!(self.encoder, Encoder::Audio { .. }),
                captured: now,
                size: DataSize::bytes(size as i64),
                target,
                sent: None,
                completed: None,
            },
            first_packet: self.resending.as_ref().map_or(0, |resending| resending.next),
            packets: packets as u32,
            left: 0,
            arrived: 0,
            dropped: 0,
            told: false,
        });
        Encoded {
            frame: number,
            packets,
            size,
        }
    }

    fn frame(&mut self, number: u32) -> Option<&mut Frame> {
        self.frames.get_mut(number.checked_sub(self.first)? as usize)
    }

    pub(super) fn left(&mut self, now: VirtualTime, number: u32) {
        if let Some(frame) = self.frame(number) {
            frame.left += 1;
            if frame.left == frame.packets {
                frame.record.sent = Some(now);
            }
        }
    }

    /// The number in the stream of a packet that is cut off a frame; 0 where nothing is sent again.
    pub(super) fn number(&mut self, frame: u32, size: DataSize) -> u64 {
        let Some(resending) = &mut self.resending else {
            return 0;
        };
        if resending.sent.len() == RESENDABLE {
            resending.sent.pop_front();
        }
        resending.sent.push_back((frame, size));
        resending.next += 1;
        resending.next - 1
    }

    /// The frame and the size of a packet that is sent again now; nothing if it is too old.
    pub(super) fn resend(&mut self, now: VirtualTime, sequence: u64) -> Option<(u32, DataSize)> {
        let resending = self.resending.as_mut()?;
        let back = resending.next.checked_sub(sequence)? as usize;
        let place = resending.sent.len().checked_sub(back)?;
        let (frame, size) = *resending.sent.get(place)?;
        let size = size + RESENT_HEADER;
        resending.recent.push_back((now, size));
        Some((frame, size))
    }

    /// A packet was lost that may be sent again.
    pub(super) fn lost(&mut self, now: VirtualTime, sequence: u64) {
        if let Some(resending) = &mut self.resending {
            resending.lost.insert(sequence, now);
        }
    }

    /// When a packet was lost that has come after all, or was given up.
    pub(super) fn found(&mut self, sequence: u64) -> Option<VirtualTime> {
        self.resending.as_mut()?.lost.remove(&sequence)
    }

    /// The frame that a packet was cut off, if its fate is not known yet.
    pub(super) fn frame_of(&self, sequence: u64) -> Option<u32> {
        let behind = self
            .frames
            .partition_point(|frame| frame.first_packet <= sequence);
        Some(self.first + behind.checked_sub(1)? as u32)
    }

    pub(super) fn arrived(
        &mut self,
        now: VirtualTime,
        number: u32,
        flow: usize,
        observer: &mut dyn Observer,
    ) {
        if let Some(frame) = self.frame(number) {
            frame.arrived += 1;
            if frame.arrived == frame.packets {
                frame.record.completed = Some(now);
            }
        }
        self.settle(now, number, flow, observer);
    }

    pub(super) fn dropped(
        &mut self,
        now: VirtualTime,
        number: u32,
        flow: usize,
        observer: &mut dyn Observer,
    ) {
        if let Some(frame) = self.frame(number) {
            frame.dropped += 1;
        }
        self.settle(now, number, flow, observer);
    }

    /// Tells of the frame if its fate is known, and forgets those at the front that were told of.
    fn settle(&mut self, now: VirtualTime, number: u32, flow: usize, observer: &mut dyn Observer) {
        if self.resending.is_some() {
            return self.settle_in_order(now, flow, observer);
        }
        if let Some(frame) = self.frame(number)
            && frame.is_settled()
            && !frame.told
        {
            frame.told = true;
            observer.frame(flow, &frame.record);
        }
        while self.frames.front().is_some_and(|frame| frame.told) {
            self.frames.pop_front();
            self.first += 1;
        }
    }

    /// Where gaps are repaired, what is behind one waits for it.
    fn settle_in_order(&mut self, now: VirtualTime, flow: usize, observer: &mut dyn Observer) {
        while let Some(frame) = self.frames.front().filter(|frame| frame.is_settled()) {
            let record = FrameRecord {
                completed: frame.record.completed.map(|_| now),
                ..frame.record
            };
            observer.frame(flow, &record);
            self.frames.pop_front();
            self.first += 1;
        }
    }

    /// Tells of the frames whose fate nobody knows at the end.
    pub(super) fn end(&mut self, flow: usize, observer: &mut dyn Observer) {
        for frame in self.frames.drain(..).filter(|frame| !frame.told) {
            observer.frame(flow, &frame.record);
        }
    }
}

/// Shares `total` out: to each its minimum, the rest by priority up to each one's maximum.
pub(super) fn share_out(total: DataRate, streams: &mut [Stream]) {
    let mut rest = total.as_bps();
    for stream in streams.iter_mut() {
        stream.target = stream.spec.minimum;
        rest -= stream.spec.minimum.as_bps();
    }
    // Each round fills at least one stream up or shares everything out.
    for _ in 0..streams.len() {
        let weight: f64 = streams
            .iter()
            .filter(|stream| stream.target < stream.spec.maximum)
            .map(|stream| stream.spec.priority)
            .sum();
        if rest <= 0 || weight <= 0.0 {
            break;
        }
        let (round, mut filled) = (rest as f64, false);
        for stream in streams
            .iter_mut()
            .filter(|stream| stream.target < stream.spec.maximum)
        {
            let share = (round * stream.spec.priority / weight) as i64;
            let room = stream.spec.maximum.as_bps() - stream.target.as_bps();
            let given = share.min(room);
            filled |= given == room;
            stream.target += DataRate::bps(given);
            rest -= given;
        }
        if !filled {
            break;
        }
    }
    for stream in streams {
        stream.allow(stream.target);
    }
}
