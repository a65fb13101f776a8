//! A voice and the pictures of the same participant in step: how far apart they come, and which of them must be held back by how much.
//!
//! Streams with one canonical name (RFC 3550 section 6.5.1) have one wall clock, and their sender reports tell how each media clock lies to it. So two
//! packets can be compared by when they were captured and when they came ([`relative_delay`]). Once in [`INTERVAL`] a [`Synchronizer`] reckons, from
//! that and from how long each is held back already, the least delay that each must have; only one of them is delayed beyond what it needs. After
//! libwebrtc, `video/stream_synchronization.cc` and `video/rtp_streams_synchronizer2.cc`, whose constants these are. Other than there a single report
//! is enough, because the rate of the media clock is known from SDP and what it drifts between two reports is far below [`LEAST_DIFFERENCE`].
//!
//! ```
//! use jackfield_core::units::TimeDelta;
//! use jackfield_rtp::synchronization::Synchronizer;
//!
//! // The pictures come 200 ms later than the voice, and nothing is held back: the voice must wait, a little longer each second.
//! let mut synchronizer = Synchronizer::new();
//! let delays = synchronizer.reckon(TimeDelta::ms(200), TimeDelta::ZERO, TimeDelta::ZERO).expect("far out of step");
//! assert_eq!((delays.voice, delays.pictures), (TimeDelta::ms(25), TimeDelta::ZERO));
//! ```

use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::units::TimeDelta;

/// How often delays are reckoned.
pub const INTERVAL: TimeDelta = TimeDelta::ms(1_000);
/// The most that a delay changes in one step.
pub const MOST_CHANGE: TimeDelta = TimeDelta::ms(80);
/// A difference below this is not heard or seen, and nothing is done about it.
pub const LEAST_DIFFERENCE: TimeDelta = TimeDelta::ms(30);
/// Streams that are further apart are not brought together, and no delay becomes longer.
pub const MOST_DELAY: TimeDelta = TimeDelta::ms(10_000);
/// Of how many steps the difference is averaged.
const FILTER_LENGTH: i64 = 4;
/// What is kept of an extra delay that its stream could not have.
const REDUCED: f64 = 0.9;

/// A received stream that can be brought in step with another one (libwebrtc `call/syncable.h`).
pub trait Syncable {
    /// Where it stands; none before a packet and a sender report have come.
    fn standing(&self) -> Option<Standing>;

    /// From now on it is held back at least so long from its arrival to its playing, and longer if it needs to be. False if it cannot be.
    fn set_minimum_delay(&mut self, delay: TimeDelta) -> bool;
}

/// Where a received stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When its newest packet was captured, by the sender's wall clock.
    pub captured: NtpTime,
    /// When that packet came.
    pub arrived: Timestamp,
    /// How long it is held back, from its arrival to its playing.
    pub delay: TimeDelta,
}

/// The least delays that two streams are to have, from arrival to playing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delays {
    /// That of the voice.
    pub voice: TimeDelta,
    /// That of the pictures.
    pub pictures: TimeDelta,
}

/// How much later than the voice the pictures of the same instant come; negative if they come earlier. None if they are too far apart to belong
/// together.
pub fn relative_delay(voice: &Standing, pictures: &Standing) -> Option<TimeDelta> {
    let arrived = pictures.arrived - voice.arrived;
    let captured = between(voice.captured, pictures.captured);
    Some(arrived - captured).filter(|delay| delay.abs() <= MOST_DELAY)
}

/// From one wall-clock time to another within 68 years of it, across the end of an era too.
fn between(from: NtpTime, to: NtpTime) -> TimeDelta {
    let fixed = to.bits().wrapping_sub(from.bits()) as i64;
    TimeDelta::us(((i128::from(fixed) * 1_000_000) >> 32) as i64)
}

/// Brings a voice and its pictures in step.
#[derive(Clone, Debug, Default)]
pub struct Synchronizer {
    average: TimeDelta,
    base: TimeDelta,
    voice: Extra,
    pictures: Extra,
    /// When the newest packets of the step before came.
    seen: [Option<Timestamp>; 2],
}

/// What a stream is held back beyond what it needs.
#[derive(Clone, Copy, Debug, Default)]
struct Extra {
    extra: TimeDelta,
    /// What it was told last.
    told: TimeDelta,
}

impl Synchronizer {
    /// Nothing is held back yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a step, to be taken once in [`INTERVAL`]: reckons the delays and tells both streams. Gives how much later the pictures come
    /// ([`relative_delay`]); none, and nothing is done, if one of the streams has nothing new or they are too far apart.
    pub fn step(&mut self, voice: &mut dyn Syncable, pictures: &mut dyn Syncable) -> Option<TimeDelta> {
        let (of_voice, of_pictures) = (voice.standing()?, pictures.standing()?);
        let now = [Some(of_voice.arrived), Some(of_pictures.arrived)];
        let before = std::mem::replace(&mut self.seen, now);
        if now[0] == before[0] || now[1] == before[1] {
            return None;
        }
        let relative = relative_delay(&of_voice, &of_pictures)?;
        if let Some(delays) = self.reckon(relative, of_voice.delay, of_pictures.delay) {
            if !voice.set_minimum_delay(delays.voice) {
                self.voice.extra = self.voice.extra * REDUCED;
            }
            if !pictures.set_minimum_delay(delays.pictures) {
                self.pictures.extra = self.pictures.extra * REDUCED;
            }
        }
        Some(relative)
    }

    /// The least delays from now on, where the pictures come `relative` later than the voice and both are held back as is told; none if they can stay
    /// as they are. The average of the difference goes half the way at once, then begins anew.
    pub fn reckon(&mut self, relative: TimeDelta, voice: TimeDelta, pictures: TimeDelta) -> Option<Delays> {
        let difference = pictures - voice + relative;
        self.average = (self.average * (FILTER_LENGTH - 1) + difference) / FILTER_LENGTH;
        if self.average.abs() < LEAST_DIFFERENCE {
            return None;
        }
        let change = (self.average / 2).max(-MOST_CHANGE).min(MOST_CHANGE);
        self.average = TimeDelta::ZERO;
        let base = self.base;
        let (behind, ahead) = if change > TimeDelta::ZERO {
            (&mut self.pictures, &mut self.voice)
        } else {
            (&mut self.voice, &mut self.pictures)
        };
        // Whoever is behind and is held back is let go first; only then the other one is held back.
        if behind.extra > base {
            behind.extra -= change.abs();
            ahead.extra = base;
        } else {
            ahead.extra += change.abs();
            behind.extra = base;
        }
        self.pictures.extra = self.pictures.extra.max(base);
        Some(Delays {
            pictures: self.pictures.tell(base),
            voice: self.voice.tell(base),
        })
    }

    /// Both are to be held back at least so long, whether that brings them in step or not.
    pub fn set_base(&mut self, base: TimeDelta) {
        let longer = base - self.base;
        for stream in [&mut self.voice, &mut self.pictures] {
            stream.extra += longer;
            stream.told += longer;
        }
        self.base = base;
    }
}

impl Extra {
    /// What the stream is told now. One that has nothing extra stays as it was told: one is changed at a time.
    fn tell(&mut self, base: TimeDelta) -> TimeDelta {
        let wanted = if self.extra > base { self.extra } else { self.told };
        self.told = wanted.max(self.extra).min(base + MOST_DELAY);
        self.told
    }
}
