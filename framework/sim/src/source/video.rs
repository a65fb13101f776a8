//! The models of a live video encoder of RFC 8593 section 5: the statistical one, the one that follows traces, and both together.

use std::sync::Arc;

use jackfield_core::units::{DataRate, TimeDelta};

use crate::clock::VirtualTime;
use crate::random::{CounterRandom, Purpose};
use crate::scenario::VideoSpec;
use crate::steps::ns;
use crate::trace::FrameLadder;

/// A change by less than this share of the rate makes no transient (RFC 8593 section 5.3 calls for e.g. 10 %).
const TRANSIENT_CHANGE: f64 = 0.1;
/// The first frame of a transient takes at most this share of what its frames have together, so that the others have something left.
const FIRST_SHARE: f64 = 0.6;

/// What an encoder that has not warmed up makes of what it is asked for. libvpx's VP8 in real time at 320 x 240 begins with 45 to 60 %.
const COLD: f64 = 0.5;

/// The encoder.
#[derive(Debug)]
pub(crate) struct Video {
    spec: VideoSpec,
    /// Where the sizes of frames come from outside of transients; the statistical model if nothing.
    ladder: Option<Arc<FrameLadder>>,
    /// Under which its randomness is drawn.
    number: u16,
    /// What it encodes at.
    rate: DataRate,
    /// What it is asked for.
    target: DataRate,
    taken_up: Option<VirtualTime>,
    /// When the first frame was encoded.
    warm_since: Option<VirtualTime>,
    /// Frames of the transient that are still to come, and the size of each.
    transient: u32,
    transient_size: f64,
    first_frame: bool,
    /// When frame 0 was captured.
    began: VirtualTime,
    /// Captured frames, whether they were encoded or not.
    captured: u64,
}

impl Video {
    pub(crate) fn new(spec: VideoSpec, ladder: Option<Arc<FrameLadder>>, number: u16) -> Self {
        Self {
            spec,
            ladder,
            number,
            rate: DataRate::ZERO,
            target: DataRate::ZERO,
            taken_up: None,
            warm_since: None,
            transient: 0,
            transient_size: 0.0,
            first_frame: true,
            began: VirtualTime::ZERO,
            captured: 0,
        }
    }

    /// The camera runs from `now` on.
    pub(crate) fn begin(&mut self, now: VirtualTime) {
        self.began = now;
        self.captured = 0;
        self.first_frame = true;
    }

    /// The next frame has to be decodable by itself: media goes on after a pause.
    pub(crate) fn restart(&mut self) {
        self.first_frame = true;
    }

    pub(crate) fn ask(&mut self, target: DataRate) {
        self.target = target;
    }

    /// When the next frame is captured: by its number alone.
    pub(crate) fn next_capture(&self, random: &CounterRandom) -> VirtualTime {
        let interval = 1e9 / self.spec.frame_rate;
        let noise = if self.spec.interval_scale > 0.0 {
            // Each is early or late on its own, by less than half an interval, so that they stay in order.
            let draw = random.laplace(self.number, Purpose::FrameTime, self.captured, 0);
            (self.spec.interval_scale * draw).clamp(-0.45, 0.45)
        } else {
            0.0
        };
        let at = (self.captured as f64 + noise).max(0.0) * interval;
        self.began.later(at as u64)
    }

    /// A frame is captured and not encoded.
    pub(crate) fn skip(&mut self) {
        self.captured += 1;
    }

    /// Encodes the frame captured at `now`; its size in bytes.
    pub(crate) fn encode(&mut self, now: VirtualTime, random: &CounterRandom) -> u64 {
        let number = self.captured;
        self.captured += 1;
        let key = self.spec.key_interval > 0 && number.is_multiple_of(u64::from(self.spec.key_interval));
        self.take_up(now);
        let mean = self.rate.as_bps() as f64 / 8.0 / self.spec.frame_rate;
        let frames = f64::from(self.spec.transient_frames);
        if (self.first_frame || key) && self.spec.transient_frames > 1 {
            self.transient = 0;
            self.begin_transient(mean, frames);
        }
        self.first_frame = false;
        let warmth = if self.spec.warm_up > TimeDelta::ZERO {
            self.warmth(now)
        } else {
            1.0
        };
        let mut size = if self.transient > 0 {
            self.transient -= 1;
            let size = self.transient_size;
            if self.transient + 1 == self.spec.transient_frames {
                self.transient_size = (mean * frames - size) / (frames - 1.0);
            }
            size
        } else if let Some(ladder) = &self.ladder {
            // It has its own noise. No packet is smaller than its headers.
            return (warmth * ladder.size(number, self.rate)).max(60.0) as u64;
        } else {
            mean
        };
        size *= warmth;
        let noise = if self.spec.size_scale > 0.0 {
            let draw = random.laplace(self.number, Purpose::FrameSize, number, 0);
            (1.0 + self.spec.size_scale * draw).clamp(0.2, 3.0)
        } else {
            1.0
        };
        (size * noise).max(60.0) as u64
    }

    /// How much of what it is asked for the rate control makes by now.
    fn warmth(&mut self, now: VirtualTime) -> f64 {
        let since = *self.warm_since.get_or_insert(now);
        let passed = (now.ns() - since.ns()) as f64 / ns(self.spec.warm_up) as f64;
        COLD + (1.0 - COLD) * passed.min(1.0)
    }

    fn take_up(&mut self, now: VirtualTime) {
        let waits = self
            .taken_up
            .is_some_and(|last| now.ns() - last.ns() < ns(self.spec.lag));
        if self.rate == self.target || waits {
            return;
        }
        let change = (self.target.as_bps() - self.rate.as_bps()).abs() as f64;
        let large = change > TRANSIENT_CHANGE * self.rate.as_bps() as f64;
        self.rate = self.target;
        self.taken_up = Some(now);
        if large && self.transient == 0 && self.spec.transient_frames > 1 {
            let mean = self.rate.as_bps() as f64 / 8.0 / self.spec.frame_rate;
            self.begin_transient(mean, f64::from(self.spec.transient_frames));
        }
    }

    fn begin_transient(&mut self, mean: f64, frames: f64) {
        self.transient = self.spec.transient_frames;
        self.transient_size = (self.spec.transient_size.as_bytes() as f64).min(FIRST_SHARE * frames * mean);
    }

    pub(crate) fn rate(&self) -> DataRate {
        self.rate
    }

    pub(crate) fn packet(&self) -> u64 {
        self.spec.packet.as_bytes() as u64
    }
}
