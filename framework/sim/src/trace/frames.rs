//! Sizes of the frames of a video that was really encoded, as the synthetic codecs of Cisco's ns3-rmcat read them, and ladders of such traces: the
//! trace-driven source of RFC 8593 section 5.2.

use std::fmt;

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use super::{MOST_STEPS, TraceError};

/// No frame is smaller than this, or larger.
const CLIP: (f64, f64) = (10.0, 1_000_000.0);
/// A trace whose frame rate is this near to that of the stream is taken as it is: times are written with few digits.
const SAME_RATE: f64 = 0.01;

/// How big each frame is of one video, encoded at one rate.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameTrace {
    sizes: Vec<u32>,
    frame_rate: f64,
}

impl FrameTrace {
    /// Reads five columns with blanks or tabs between them: number of the frame, its type, a column that nobody uses, its time in seconds, its size
    /// in bytes. Lines that begin with `%` are comments.
    ///
    /// # Errors
    /// If a line holds something else, numbers do not rise or times go back; if there are not two frames at different times.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let mut sizes = Vec::new();
        let (mut number, mut began, mut ended, mut last) = (None, 0.0, 0.0, 0);
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('%') {
                continue;
            }
            let error = |expected| TraceError::line(index, expected, line);
            let mut words = line.split_ascii_whitespace();
            let five = [(); 5].map(|()| words.next());
            let ([Some(own), Some(_), Some(_), Some(time), Some(size)], None) = (five, words.next()) else {
                return Err(error("five columns: number, type, an unused one, seconds, bytes"));
            };
            let own: u64 = own
                .parse()
                .map_err(|_| error("the whole number of a frame in the first column"))?;
            if number.replace(own).is_some_and(|before| own <= before) {
                return Err(error("a higher number of a frame than on the line before"));
            }
            let time: f64 = time
                .parse()
                .ok()
                .filter(|time| (0.0..1e9).contains(time))
                .ok_or_else(|| error("a number of seconds in the fourth column"))?;
            if sizes.is_empty() {
                began = time;
            } else if time < ended {
                return Err(error("no earlier a time than on the line before"));
            }
            ended = time;
            sizes.push(
                size.parse()
                    .map_err(|_| error("a whole number of bytes in the fifth column"))?,
            );
            last = index;
            if sizes.len() > MOST_STEPS {
                return Err(TraceError::TooLong);
            }
        }
        if sizes.is_empty() {
            return Err(TraceError::Empty);
        }
        let frame_rate = (sizes.len() - 1) as f64 / (ended - began);
        if !(0.001..=100_000.0).contains(&frame_rate) {
            return Err(TraceError::line(
                last,
                "a frame that comes later than the first",
                "the end",
            ));
        }
        Ok(Self { sizes, frame_rate })
    }

    /// How many frames there are; at least two.
    pub fn frames(&self) -> usize {
        self.sizes.len()
    }

    /// How many frames come in a second.
    pub fn frame_rate(&self) -> f64 {
        self.frame_rate
    }

    /// What all frames come to over the time that they take.
    pub fn average(&self) -> DataRate {
        let bytes: u64 = self.sizes.iter().map(|size| u64::from(*size)).sum();
        let span = self.sizes.len() as f64 / self.frame_rate;
        DataSize::bytes(bytes as i64) / TimeDelta::us(((span * 1e6) as i64).max(1))
    }
}

/// Traces of one video at rising rates. Between two of them sizes are interpolated, beyond the ends those of the end are scaled.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameLadder {
    /// The rate of each, and the sizes of its frames.
    rungs: Vec<(f64, Vec<f64>)>,
    skip: usize,
    frames: usize,
}

/// Why traces are no ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LadderError {
    /// There is none.
    Empty,
    /// The rate of this rung, from 0, is not above that of the one before, or above 0.
    NotRising(usize),
    /// The trace of this rung has no more frames than are skipped.
    TooShort(usize),
    /// The stream has no frames.
    FrameRate,
}

impl FrameLadder {
    /// Of `rungs`, each with the rate that it was encoded for. When the shortest trace is over it begins anew, without its first `skip` frames: they
    /// hold the large one that an encoder begins with. A trace of another frame rate than that of the stream is scaled to the same bit rate.
    ///
    /// # Errors
    /// If they are no ladder.
    pub fn new(rungs: &[(DataRate, FrameTrace)], skip: u32, frame_rate: f64) -> Result<Self, LadderError> {
        let frames = rungs
            .iter()
            .map(|(_, trace)| trace.frames())
            .min()
            .ok_or(LadderError::Empty)?;
        if !(frame_rate > 0.0 && frame_rate.is_finite()) {
            return Err(LadderError::FrameRate);
        }
        let mut made: Vec<(f64, Vec<f64>)> = Vec::with_capacity(rungs.len());
        for (number, (rate, trace)) in rungs.iter().enumerate() {
            let rate = rate.as_bps() as f64;
            if rate <= made.last().map_or(0.0, |(before, _)| *before) {
                return Err(LadderError::NotRising(number));
            }
            if trace.frames() <= skip as usize {
                return Err(LadderError::TooShort(number));
            }
            let scale = trace.frame_rate() / frame_rate;
            let scale = if (scale - 1.0).abs() < SAME_RATE {
                1.0
            } else {
                scale
            };
            let sizes = &trace.sizes[..frames];
            made.push((rate, sizes.iter().map(|size| f64::from(*size) * scale).collect()));
        }
        Ok(Self {
            rungs: made,
            skip: skip as usize,
            frames,
        })
    }

    /// The size in bytes of the frame of this number, from 0, at this rate: by these alone, so that whoever encodes the same video has the same frames.
    pub fn size(&self, number: u64, rate: DataRate) -> f64 {
        let frame = match number.checked_sub(self.frames as u64) {
            None => number as usize,
            Some(past) => self.skip + (past % (self.frames - self.skip) as u64) as usize,
        };
        let rate = (rate.as_bps() as f64).max(0.0);
        let above = self.rungs.partition_point(|(own, _)| *own < rate);
        let at = |rung: usize| (self.rungs[rung].0, self.rungs[rung].1[frame]);
        let size = if above == 0 || above == self.rungs.len() {
            let (own, size) = at(above.saturating_sub(1));
            size * rate / own
        } else {
            let ((low, small), (high, large)) = (at(above - 1), at(above));
            small + (large - small) * (rate - low) / (high - low)
        };
        size.clamp(CLIP.0, CLIP.1)
    }
}

impl fmt::Display for LadderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there are no rungs"),
            Self::NotRising(rung) => write!(
                f,
                "the rate of rung {rung} is not above that of the one before, or above 0"
            ),
            Self::TooShort(rung) => write!(
                f,
                "the trace of rung {rung} has no more frames than are skipped when it begins anew"
            ),
            Self::FrameRate => f.write_str("the stream has no frame rate"),
        }
    }
}

impl std::error::Error for LadderError {}
