//! How a target rate is shared by the streams that go to one participant: pure, so that the same targets give the same shares.
//!
//! 1. Streams are let in one after the other, audio first, then by priority, while there is what each needs at least. The first that finds too
//!    little pauses, and all behind it: so nothing starts because there is less, and nothing stops because there is more.
//! 2. Of the first 100 kbit/s audio takes what it can use before anything else is let in.
//! 3. What is left then goes to all that run by their priorities, to none more than it can use.
//!
//! Who pauses for lack of rate comes back only after a fifth more than it needs has been there for a second, so that a target that swings about
//! the bound does not switch it on and off. A target of zero (the network is down) is no lack of rate: afterwards all goes on at once.
//!
//! Each connection has one, which shares what its congestion controller allows. Today one stream goes to each participant, the mix that it hears,
//! so that is one share.
//!
//! ```
//! use jackfield_core::time::Timestamp;
//! use jackfield_core::units::DataRate;
//! use jackfield_graph::network::allocation::{Allocator, StreamKind, StreamNeeds};
//!
//! let voice = StreamNeeds {
//!     id: 1,
//!     kind: StreamKind::Audio,
//!     minimum: DataRate::kbps(16),
//!     maximum: DataRate::kbps(64),
//!     priority: 1,
//!     enforced: true,
//! };
//! let (minimum, maximum) = (DataRate::kbps(50), DataRate::kbps(2_000));
//! let camera = StreamNeeds { id: 2, kind: StreamKind::Other, minimum, maximum, enforced: false, ..voice };
//! let mut allocator = Allocator::new();
//! allocator.set_streams(&[camera, voice]);
//!
//! let rates = |allocator: &mut Allocator, kbps| -> Vec<(u32, DataRate)> {
//!     let shares = allocator.allocate(Timestamp::ZERO, DataRate::kbps(kbps));
//!     shares.map(|share| (share.id, share.rate)).collect()
//! };
//! assert_eq!(rates(&mut allocator, 1_064), [(1, DataRate::kbps(64)), (2, DataRate::kbps(1_000))]);
//! assert_eq!(rates(&mut allocator, 90), [(1, DataRate::kbps(64)), (2, DataRate::ZERO)], "the voice keeps what it had");
//! ```

use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, TimeDelta};

/// Of so much audio takes what it can use before anything else is let in.
const AUDIO_FIRST: DataRate = DataRate::kbps(100);
/// A stream that paused comes back when its minimum times this, in percent, is there …
const COMEBACK_PERCENT: i64 = 120;
/// … for so long.
const COMEBACK_AFTER: TimeDelta = TimeDelta::seconds(1);

/// What a stream needs and can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamNeeds {
    /// Its number, of the caller's choice.
    pub id: u32,
    /// What it carries.
    pub kind: StreamKind,
    /// With less it pauses.
    pub minimum: DataRate,
    /// More it cannot use. Less than `minimum` counts as that.
    pub maximum: DataRate,
    /// Who is let in first, and the weight by which what is left is shared. Zero counts as one.
    pub priority: u32,
    /// It never pauses: it has its minimum also if the target is less, unless that is zero.
    pub enforced: bool,
}

/// What a stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamKind {
    /// Voice and other sound: it comes first.
    Audio,
    /// All else.
    Other,
}

/// What a stream is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The stream.
    pub id: u32,
    /// Zero while it pauses.
    pub rate: DataRate,
}

/// Shares a target among streams.
#[derive(Clone, Debug, Default)]
pub struct Allocator {
    /// In the order in which they are let in.
    streams: Vec<Stream>,
}

#[derive(Clone, Debug)]
struct Stream {
    needs: StreamNeeds,
    rate: DataRate,
    paused: bool,
    /// While it pauses: since when there has been enough to come back.
    enough_since: Option<Timestamp>,
}

impl Allocator {
    /// One without streams.
    pub const fn new() -> Self {
        Self { streams: Vec::new() }
    }

    /// These are the streams from now on. Who was there before goes on as it was, running or paused; a new one need not wait. Of two with the
    /// same number the later is left out. Allocates.
    pub fn set_streams(&mut self, needs: &[StreamNeeds]) {
        let before = std::mem::take(&mut self.streams);
        for needs in needs {
            if self.streams.iter().any(|stream| stream.needs.id == needs.id) {
                continue;
            }
            let known = before.iter().find(|stream| stream.needs.id == needs.id);
            let mut stream = known.cloned().unwrap_or(Stream {
                needs: *needs,
                rate: DataRate::ZERO,
                paused: false,
                enough_since: None,
            });
            stream.needs = StreamNeeds {
                minimum: needs.minimum.max(DataRate::ZERO),
                maximum: needs.maximum.max(needs.minimum).max(DataRate::ZERO),
                priority: needs.priority.max(1),
                ..*needs
            };
            self.streams.push(stream);
        }
        self.streams.sort_by_key(|stream| {
            let needs = &stream.needs;
            (needs.kind, !needs.enforced, std::cmp::Reverse(needs.priority))
        });
    }

    /// Shares `target`; the shares come in the order in which streams are let in. Their sum exceeds the target only by minimums that are
    /// enforced. Allocation-free.
    pub fn allocate(&mut self, now: Timestamp, target: DataRate) -> impl Iterator<Item = Share> + '_ {
        let target = target.as_bps().max(0);
        if target == 0 {
            self.streams
                .iter_mut()
                .for_each(|stream| stream.rate = DataRate::ZERO);
            return self.shares();
        }
        let audio = |stream: &Stream| stream.needs.kind == StreamKind::Audio;
        let first = self.streams.iter().filter(|stream| audio(stream)).count();
        let (voices, others) = self.streams.split_at_mut(first);

        // What others cannot do without is not there for voices that can.
        let enforced = others.iter().filter(|stream| stream.needs.enforced);
        let reserved: i64 = enforced.map(|stream| stream.needs.minimum.as_bps()).sum();
        let (needed, blocked) = admit(voices, now, target - reserved, false);
        let usable: i64 = running(voices).map(|stream| stream.needs.maximum.as_bps()).sum();
        let guarded = usable.min(AUDIO_FIRST.as_bps().max(needed));
        share_out(voices, guarded.min(target - reserved) - needed);
        // What audio is sure of is not there for others, also where the target does not reach so far.
        admit(others, now, target - guarded, blocked);

        let given: i64 = self.streams.iter().map(|stream| stream.rate.as_bps()).sum();
        share_out(&mut self.streams, target - given);
        self.shares()
    }

    /// The shares as they were given last.
    pub fn shares(&self) -> impl Iterator<Item = Share> + '_ {
        self.streams.iter().map(|stream| Share {
            id: stream.needs.id,
            rate: stream.rate,
        })
    }
}

impl Stream {
    /// Whether it runs when there is `left` for it and for those behind it.
    fn admit(&mut self, now: Timestamp, left: i64, blocked: bool) -> bool {
        let minimum = self.needs.minimum.as_bps();
        let enough = if self.paused {
            let comeback = i128::from(minimum) * i128::from(COMEBACK_PERCENT) / 100;
            if blocked || i128::from(left) < comeback {
                self.enough_since = None;
                false
            } else {
                now.since(*self.enough_since.get_or_insert(now)) >= COMEBACK_AFTER
            }
        } else {
            !blocked && left >= minimum
        };
        let runs = enough || self.needs.enforced;
        if runs || !self.paused {
            self.enough_since = None;
        }
        self.paused = !runs;
        self.rate = if runs { self.needs.minimum } else { DataRate::ZERO };
        runs
    }
}

/// Lets streams in while there is enough and nobody before them is blocked, and gives those their minimums. Tells the sum, and whether somebody
/// is blocked now.
fn admit(streams: &mut [Stream], now: Timestamp, target: i64, mut blocked: bool) -> (i64, bool) {
    let mut sum = 0;
    for stream in streams {
        let runs = stream.admit(now, target - sum, blocked);
        blocked |= !runs;
        sum += stream.rate.as_bps();
    }
    (sum, blocked)
}

fn running(streams: &[Stream]) -> impl Iterator<Item = &Stream> {
    streams.iter().filter(|stream| !stream.paused)
}

/// Gives `rest` to those that run by their priorities, to none more than it can use.
fn share_out(streams: &mut [Stream], rest: i64) {
    let mut rest = i128::from(rest.max(0));
    // All rise together until one is full; each round fills one at least or is the last.
    loop {
        let room = |stream: &Stream| i128::from(stream.needs.maximum.as_bps() - stream.rate.as_bps());
        let rising = |stream: &Stream| !stream.paused && room(stream) > 0;
        let weight = |stream: &Stream| i128::from(stream.needs.priority);
        let weights: i128 = streams.iter().filter(|stream| rising(stream)).map(weight).sum();
        let full = streams
            .iter_mut()
            .find(|stream| rising(stream) && room(stream) * weights <= weight(stream) * rest);
        if let Some(stream) = full {
            rest -= room(stream);
            stream.rate = stream.needs.maximum;
            continue;
        }
        for stream in streams.iter_mut().filter(|stream| rising(stream)) {
            // Less than its room, which is a rate.
            let more = weight(stream) * rest / weights.max(1);
            stream.rate += DataRate::bps(more as i64);
        }
        return;
    }
}
