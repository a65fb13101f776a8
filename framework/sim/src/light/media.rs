//! The media of a flow: what its encoders make, how the target is shared out among them, and what became of frames.

use std::collections::VecDeque;

use jackfield_core::units::{DataRate, DataSize};

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
}

pub(super) enum Encoder {
    Audio {
        packet: DataSize,
        frame_ns: u64,
        next: VirtualTime,
    },
    Video(Video),
}

/// A frame on its way.
struct Frame {
    record: FrameRecord,
    packets: u32,
    left: u32,
    arrived: u32,
    dropped: u32,
    told: bool,
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
                packet: DataSize::bytes((spec.maximum * audio.frame).as_bytes().max(20)),
                frame_ns: ns(audio.frame),
                next: VirtualTime::ZERO,
            },
            StreamKind::Video(video) => Encoder::Video(Video::new(*video, number)),
        };
        Self {
            target: spec.minimum,
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
            Encoder::Audio { next, frame_ns, .. } => *next = next.later(*frame_ns),
            Encoder::Video(video) => video.skip(),
        }
    }

    /// The frame that is captured now.
    pub(super) fn encode(&mut self, now: VirtualTime, stream: u16, random: &CounterRandom) -> Encoded {
        let (size, packets, target) = match &mut self.encoder {
            Encoder::Audio {
                packet,
                frame_ns,
                next,
            } => {
                *next = next.later(*frame_ns);
                (packet.as_bytes() as u64, 1, self.spec.maximum)
            }
            Encoder::Video(video) => {
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
        self.settle(number, flow, observer);
    }

    pub(super) fn dropped(&mut self, number: u32, flow: usize, observer: &mut dyn Observer) {
        if let Some(frame) = self.frame(number) {
            frame.dropped += 1;
        }
        self.settle(number, flow, observer);
    }

    /// Tells of the frame if its fate is known, and forgets those at the front that were told of.
    fn settle(&mut self, number: u32, flow: usize, observer: &mut dyn Observer) {
        if let Some(frame) = self.frame(number)
            && frame.arrived + frame.dropped == frame.packets
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
