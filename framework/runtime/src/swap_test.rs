//! Two plugins of an area swapped for each other thousands of times, in virtual time on real speech, to see the worst that a swap does: what
//! `jackfield swap-test` runs. Only how long the tick is held up is measured on the machine, by the time that the thread runs: what else the
//! machine does meanwhile is no fault of the plugins.

#![allow(
    clippy::result_large_err,
    reason = "an error ends the command; its size is nothing beside a call"
)]

mod network;
mod room;

use std::collections::BTreeMap;

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_graph::description::Kind;
use jackfield_graph::stopwatch::Stopwatch;
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_loader::{Loader, Manifest, SocketManifest};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use self::network::{Path, Plugs};
use self::room::Bench;
use crate::error::{EngineError, SocketError};
use crate::fitting::{self, Fitting, Socket};

/// A swap that has not ended after so long never will: far longer than shadow and probation of any area.
const ENDS_WITHIN: TimeDelta = TimeDelta::seconds(20);
const PAYLOAD_TYPE: u8 = 96;

/// How much is tested, and on what.
#[derive(Clone, Debug)]
pub struct SwapTestOptions {
    /// How many swaps; every other one goes back.
    pub swaps: u32,
    /// Speech, 48 kHz mono; it is repeated as often as needed.
    pub speech: Vec<f32>,
}

/// The worst of each figure of the swap report, over all swaps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SwapTestReport {
    /// The plugin that was there first.
    pub a: String,
    /// The one that it was swapped for, and back.
    pub b: String,
    /// Their area, such as `jackfield.mixer/1`.
    pub area: String,
    /// How many swaps were made.
    pub swaps: u32,
    /// How many of them ended with the newcomer in.
    pub committed: u32,
    /// The others, by the reason for which they were rolled back.
    pub rolled_back: BTreeMap<String, u32>,
    /// Samples that listeners did not get, over all swaps.
    pub samples_lost: u64,
    /// The largest step at a seam, in dB relative to full scale; -120 if there was none.
    pub discontinuity_db: f64,
    /// How long the audio tick was held up at most, on this machine.
    pub stall_us: f64,
    /// The most latency that a swap added, and the most that one took away (negative).
    pub added_latency_ms: [f64; 2],
    /// The longest time in the shadow, and on probation.
    pub shadow_ms: f64,
    /// See `shadow_ms`.
    pub probation_ms: f64,
    /// How much virtual time passed.
    pub seconds: f64,
}

/// Why swaps cannot be tested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SwapTestError {
    /// No such plugin.
    #[error("no plugin has the id `{0}`; `jackfield plugin list` names those that there are")]
    NoSuchPlugin(String),
    /// They do not fit the same socket.
    #[error(
        "`{a}` and `{b}` have no area in common that can be swapped here: {areas}; name two plugins of one of them"
    )]
    NothingInCommon {
        /// One.
        a: String,
        /// The other.
        b: String,
        /// What can be swapped.
        areas: &'static str,
    },
    /// There is nothing to say.
    #[error("there is no speech to test with: give at least a second of it")]
    NoSpeech,
    /// The rest of the room cannot be made.
    #[error(transparent)]
    Room(#[from] EngineError),
    /// One of both cannot be used.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// A swap never ended.
    #[error("swap {0} never ended: that is a fault of Jackfield's, please report it with both plugins")]
    Endless(u64),
}

/// The kinds that can be tested, with what their sockets are called here.
const KINDS: [(Kind, &str); 6] = [
    (Kind::Processor, "processor"),
    (Kind::Mixer, "mixer"),
    (Kind::Jitter, "jitter"),
    (Kind::Encoder, "codec"),
    (Kind::Congestion, "congestion"),
    (Kind::Pacer, "pacer"),
];

/// Swaps `a` for `b` and back. `manifest` says what else stands in the room: the mixer, the jitter buffer, the codec. \[control, takes long\]
///
/// # Errors
/// If there is nothing to swap, or the room cannot be made. What the plugins do wrong is in the report.
pub fn swap_test(
    loader: &Loader,
    manifest: &Manifest,
    (a, b): (&str, &str),
    options: &SwapTestOptions,
) -> Result<SwapTestReport, SwapTestError> {
    if options.speech.len() < 48_000 {
        return Err(SwapTestError::NoSpeech);
    }
    let (kind, pair) = sockets(loader, a, b)?;
    let mut ground = Ground::new(loader, manifest, kind, &pair, &options.speech)?;
    let mut report = SwapTestReport {
        a: a.to_owned(),
        b: b.to_owned(),
        area: pair[0].area().to_owned(),
        swaps: 0,
        committed: 0,
        rolled_back: BTreeMap::new(),
        samples_lost: 0,
        discontinuity_db: f64::from(jackfield_graph::swap::NO_DISCONTINUITY_DB),
        stall_us: 0.0,
        added_latency_ms: [0.0; 2],
        shadow_ms: 0.0,
        probation_ms: 0.0,
        seconds: 0.0,
    };
    // The room comes to life first.
    ground.run(100);
    for n in 0..options.swaps {
        // Which one is in is known: a newcomer that was rolled back is tried again.
        let measure = ground.swap(u64::from(n) + 1)?;
        report.count(&measure);
        // The phase of packets, words and swaps drifts by this.
        ground.run(1 + n as usize % 7);
    }
    report.samples_lost += ground.lost();
    report.seconds = ground.now().us() as f64 / 1e6;
    Ok(report)
}

/// Where plugins are swapped.
enum Ground<'a> {
    Room(Box<Bench<'a>>),
    Path(Box<Path<'a>>),
}

impl<'a> Ground<'a> {
    fn new(
        loader: &'a Loader,
        manifest: &Manifest,
        kind: Kind,
        pair: &'a [Socket; 2],
        speech: &'a [f32],
    ) -> Result<Self, SwapTestError> {
        if !matches!(kind, Kind::Congestion | Kind::Pacer) {
            let bench = Bench::new(loader, manifest, kind, pair, speech)?;
            return Ok(Self::Room(Box::new(bench)));
        }
        let usual = Fitting::new(manifest, loader)?;
        let standing = |wanted| standing(&usual, manifest, pair, kind, wanted);
        let plugs = Plugs {
            transport: standing(Kind::Transport)?,
            pacer: standing(Kind::Pacer)?,
            congestion: standing(Kind::Congestion)?,
        };
        Ok(Self::Path(Box::new(Path::new(loader, kind, pair, &plugs)?)))
    }

    fn run(&mut self, ticks: usize) {
        match self {
            Self::Room(bench) => bench.run(ticks),
            Self::Path(path) => path.run(ticks),
        }
    }

    fn swap(&mut self, swap: u64) -> Result<SwapMeasure, SwapTestError> {
        match self {
            Self::Room(bench) => bench.swap(swap),
            Self::Path(path) => path.swap(swap),
        }
    }

    /// Samples that were lost beyond those that the measures tell.
    fn lost(&mut self) -> u64 {
        match self {
            Self::Room(_) => 0,
            Self::Path(path) => path.lost(),
        }
    }

    fn now(&self) -> Timestamp {
        match self {
            Self::Room(bench) => bench.now,
            Self::Path(path) => path.now,
        }
    }
}

impl SwapTestReport {
    fn count(&mut self, measure: &SwapMeasure) {
        self.swaps += 1;
        if measure.outcome == SwapOutcome::Committed {
            self.committed += 1;
        } else {
            *self.rolled_back.entry(measure.reason.to_owned()).or_default() += 1;
        }
        self.samples_lost += measure.samples_lost;
        self.discontinuity_db = self.discontinuity_db.max(f64::from(measure.discontinuity_db));
        self.stall_us = self.stall_us.max(measure.stall_us);
        let [most, least] = self.added_latency_ms;
        self.added_latency_ms = [
            most.max(measure.added_latency_ms),
            least.min(measure.added_latency_ms),
        ];
        self.shadow_ms = self.shadow_ms.max(measure.times.shadow.as_ms_f64());
        self.probation_ms = self.probation_ms.max(measure.times.probation.as_ms_f64());
    }

    /// Whether every swap ended with the newcomer in and nothing lost.
    pub fn is_clean(&self) -> bool {
        self.committed == self.swaps && self.samples_lost == 0
    }
}

/// What stands in the socket of kind `wanted`: the plugin that is swapped first, or what the manifest says.
fn standing<'a>(
    usual: &'a Fitting,
    manifest: &Manifest,
    pair: &'a [Socket; 2],
    swapped: Kind,
    wanted: Kind,
) -> Result<&'a Socket, EngineError> {
    if wanted == swapped {
        return Ok(&pair[0]);
    }
    socket_of(usual, manifest, wanted)
}

fn socket_of<'a>(usual: &'a Fitting, manifest: &Manifest, kind: Kind) -> Result<&'a Socket, EngineError> {
    usual.of_kind(kind).ok_or_else(|| EngineError::Profile {
        name: manifest.profile.name().to_owned(),
    })
}

/// Both plugins in a socket of the first kind that fits both.
fn sockets(loader: &Loader, a: &str, b: &str) -> Result<(Kind, [Socket; 2]), SwapTestError> {
    let catalogue = loader.catalogue();
    for id in [a, b] {
        if !catalogue.modules().any(|(_, module)| module.id == id) {
            return Err(SwapTestError::NoSuchPlugin(id.to_owned()));
        }
    }
    let offers = |id: &str, area: &str| catalogue.of_area(area).any(|(_, module)| module.id == id);
    let (kind, name) = KINDS
        .into_iter()
        .find(|(kind, _)| [a, b].iter().all(|id| offers(id, fitting::socket_area(*kind))))
        .ok_or_else(|| SwapTestError::NothingInCommon {
            a: a.to_owned(),
            b: b.to_owned(),
            areas: "audio processors, mixers, jitter buffers, audio codecs, congestion controllers and pacers (a transport keeps its path while it lasts, and sources and sinks stand in no room)",
        })?;
    let socket = |id: &str| -> Result<Socket, SwapTestError> {
        let area = fitting::socket_area(kind);
        let isolation = catalogue
            .of_area(area)
            .find(|(_, module)| module.id == id)
            .map_or(jackfield_loader::Isolation::InProcess, |(file, _)| file.isolation);
        let manifest = SocketManifest {
            name: name.to_owned(),
            candidates: vec![id.to_owned()],
            parameters: BTreeMap::new(),
            fallback: None,
            isolation,
            allow: Vec::new(),
            pin: None,
        };
        let resolved = loader.resolve(&manifest, area).map_err(SocketError::from)?;
        Ok(Socket::standing(manifest, kind, resolved)?)
    };
    Ok((kind, [socket(a)?, socket(b)?]))
}

/// How long this thread has run.
struct Ran;

impl Stopwatch for Ran {
    fn us(&mut self) -> f64 {
        let ran = clock_gettime(ClockId::ThreadCPUTime);
        ran.tv_sec as f64 * 1e6 + ran.tv_nsec as f64 / 1e3
    }
}
