//! A call over real sockets, in real time, with a plugin in processes of its own: they are killed and stopped while somebody speaks, and who
//! listens hears next to nothing of it.
//!
//! What is spoken is a steady tone, so that whatever is missing is silence. Where the machine kept the speaker from speaking in time, what was heard tells
//! nothing about plugins, and the call is made again.

#![allow(
    clippy::disallowed_methods,
    reason = "calls in real time read the machine's clock"
)]

use std::time::{Duration, Instant};

use jackfield_loader::{Isolation, Loader, ProcessState, ProcessStatus};
use jackfield_runtime::{Engine, EngineOptions, Room};
use jackfield_transport_loopback::Loopback;
use serde_json::json;
use tempfile::TempDir;

use crate::caller::{Caller, Ear, TONE_DBOV, manifest, settled, tone, transport};
use crate::support::{files_and_linked, signal, try_signal};

/// Far longer than a start takes.
const LONG: Duration = Duration::from_secs(20);
const PACKET: Duration = Duration::from_millis(20);
/// So late a packet may be sent that the jitter buffer bears it.
const IN_TIME: Duration = Duration::from_millis(60);
/// So often a call is made again.
const CALLS: u32 = 10;
/// A block below this holds no tone.
const HOLE_DBOV: f32 = -40.0;

/// A room in which Ann speaks and Bob listens.
struct Call {
    engine: Engine,
    room: Room,
    loader: Loader,
    /// Kept: a plugin is read when an instance is made.
    _folder: TempDir,
    /// The plugin under test.
    plugin: &'static str,
    ann: Caller,
    bob: Caller,
    tone: Vec<Vec<u8>>,
    said: u32,
    /// How late the latest packet since Bob was asked last was sent.
    late: Duration,
    begin: Instant,
    ear: Ear,
}

impl Call {
    /// A call with `plugin` in `socket`, in processes of its own; every other plugin is linked in.
    async fn with(socket: &str, plugin: &'static str) -> Self {
        Self::with_fallback(socket, plugin, None).await
    }

    /// The same, with a fallback in the socket.
    async fn with_fallback(socket: &str, plugin: &'static str, fallback: Option<&str>) -> Self {
        let (loader, folder) = files_and_linked();
        let mut manifest = manifest(
            "profile = \"conference\"\n\
             [sockets.transport]\nuse = \"jackfield.transport.loopback\"\n\
             [sockets.jitter]\nuse = \"jackfield.jitter.fixed\"\nparams = { target_ms = 120 }\n\
             [sockets.echo]\nuse = \"jackfield.processing.null\"\n\
             [sockets.noise]\nuse = \"jackfield.processing.null\"\n\
             [sockets.mixer]\nuse = \"jackfield.mixer.sum\"\n",
        );
        let place = manifest.sockets.iter_mut().find(|place| place.name == socket);
        let place = place.expect("a socket of a conference");
        place.candidates = vec![plugin.to_owned()];
        place.fallback = fallback.map(str::to_owned);
        place.isolation = Isolation::Process;
        let engine = Engine::start(EngineOptions::new(manifest, loader.clone())).expect("the engine starts");
        let room = engine.open_room("room").expect("the plugins are there");
        let mut ann = Caller::join(&room, "Ann", transport::<Loopback>(1)).await;
        let mut bob = Caller::join(&room, "Bob", transport::<Loopback>(2)).await;
        ann.connect();
        bob.connect();
        let mut call = Self {
            engine,
            room,
            loader,
            _folder: folder,
            plugin,
            ann,
            bob,
            tone: tone(),
            said: 0,
            late: Duration::ZERO,
            begin: Instant::now(),
            ear: Ear::new(),
        };
        call.speak(Duration::from_secs(1));
        call.levels();
        call.late = Duration::ZERO;
        call
    }

    /// Ann goes on speaking, for so long.
    fn speak(&mut self, time: Duration) {
        let end = self.begin.elapsed() + time;
        while self.begin.elapsed() < end {
            if let Some(late) = self.begin.elapsed().checked_sub(PACKET * self.said) {
                self.late = self.late.max(late);
                let payload = self.tone[self.said as usize % self.tone.len()].clone();
                self.ann.say(&payload);
                self.said += 1;
            }
            self.ann.step();
            self.bob.step();
        }
    }

    /// The levels of the blocks of 10 ms that came to Bob since he was asked last; what never came is silence. Nothing if Ann could not speak in time.
    fn heard(&mut self) -> Option<Vec<f32>> {
        let levels = self.levels();
        (std::mem::take(&mut self.late) < IN_TIME).then_some(levels)
    }

    fn levels(&mut self) -> Vec<f32> {
        self.ear.levels(&self.bob)
    }

    /// Turns the gain down by 9 dB while Ann speaks; the level that Bob hears then.
    async fn quieter(&mut self) -> Option<f32> {
        let quiet = json!({ "gain": -9.0 });
        let set = self.room.set_socket("gain", None, quiet.as_object()?).await;
        set.expect("it is set");
        self.speak(Duration::from_millis(600));
        let level = settled(&self.heard()?);
        assert!(
            (level - (TONE_DBOV - 9.0)).abs() < 1.0,
            "{level} dBov is 9 dB below the tone"
        );
        Some(level)
    }

    fn processes(&self) -> Vec<ProcessStatus> {
        let mut processes = self.loader.processes();
        processes.retain(|process| process.plugin == self.plugin);
        processes
    }

    /// Whether a process of the plugin was late though nobody had done anything to it: then the machine is too busy to tell anything by.
    fn is_disturbed(&self, but: &[u32]) -> bool {
        let untouched = |process: &ProcessStatus| process.process.is_none_or(|id| !but.contains(&id));
        self.processes()
            .iter()
            .any(|process| process.missed > 0 && process.ends == 0 && untouched(process))
    }

    /// Sends every process of the plugin a signal.
    fn signal(&self, name: &str) {
        let processes = self.processes();
        assert!(!processes.is_empty());
        for process in processes {
            signal(process.process.expect("it is up"), name);
        }
    }

    /// Ann speaks until every process has been started again at least `times` times; how long that took.
    fn speak_until_back(&mut self, times: u64) -> Duration {
        let begin = Instant::now();
        let is_back =
            |process: &ProcessStatus| process.state == ProcessState::Up && process.restarts >= times;
        while !self.processes().iter().all(is_back) {
            assert!(begin.elapsed() < LONG, "{:?}", self.processes());
            self.speak(PACKET);
        }
        begin.elapsed()
    }
}

fn holes(levels: &[f32]) -> usize {
    levels.iter().filter(|level| **level < HOLE_DBOV).count()
}

/// Makes a call again until the machine has let it be what it should be.
macro_rules! undisturbed {
    ($call:expr) => {
        for calls in 1.. {
            if $call.await.is_some() {
                break;
            }
            assert!(calls < CALLS, "the machine is too busy for a call in real time");
        }
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn t_6_a_processor_that_is_killed_is_gone_around_and_comes_back_as_it_was_set_later_each_time() {
    undisturbed!(kill_a_processor());
}

async fn kill_a_processor() -> Option<()> {
    let mut call = Call::with("gain", "jackfield.processing.gain").await;
    let before = call.quieter().await?;

    call.signal("KILL");
    call.speak(PACKET * 2);
    call.speak_until_back(1);
    call.speak(Duration::from_millis(600));
    let levels = call.heard()?;
    assert!(holes(&levels) <= 1, "{levels:?}");
    let loudest = levels.iter().copied().fold(-127.0, f32::max);
    assert!(loudest > before + 6.0, "the block went around it: {levels:?}");
    let after = settled(&levels);
    assert!(
        (after - before).abs() < 0.5,
        "{before} dBov before, {after} after: what was set while it ran is set again"
    );

    call.signal("KILL");
    call.speak(PACKET * 2);
    let rest = call.speak_until_back(2);
    assert!(
        rest >= Duration::from_millis(60),
        "the second time in a row it rests: {rest:?}"
    );
    call.speak(Duration::from_millis(200));
    assert!(holes(&call.heard()?) <= 1);
    call.engine.close().await;
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn t_6_a_processor_that_is_stopped_is_gone_around_at_once_and_started_again() {
    undisturbed!(stop_a_processor());
}

async fn stop_a_processor() -> Option<()> {
    let mut call = Call::with("gain", "jackfield.processing.gain").await;
    let before = call.quieter().await?;

    call.signal("STOP");
    call.speak(PACKET * 2);
    call.speak_until_back(1);
    call.speak(Duration::from_millis(600));
    let levels = call.heard()?;
    assert!(holes(&levels) <= 1, "{levels:?}");
    let at = levels.iter().position(|level| *level > before + 6.0);
    assert!(
        at.is_some_and(|at| at <= 10),
        "at block {at:?} it is gone around: {levels:?}"
    );
    assert!((settled(&levels) - before).abs() < 0.5, "{levels:?}");
    for process in call.processes() {
        assert_eq!(
            (process.ends, process.restarts),
            (1, 1),
            "it was taken for hanging"
        );
    }
    call.engine.close().await;
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn t_6_a_jitter_buffer_that_is_killed_costs_a_block_at_most() {
    undisturbed!(kill_what_has_a_stand_in("jitter", "jackfield.jitter.fixed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn t_6_a_mixer_that_is_killed_costs_a_block_at_most() {
    undisturbed!(kill_what_has_a_stand_in("mixer", "jackfield.mixer.sum"));
}

async fn kill_what_has_a_stand_in(socket: &str, plugin: &'static str) -> Option<()> {
    let mut call = Call::with(socket, plugin).await;
    call.speak(Duration::from_millis(500));
    let before = settled(&call.heard()?);
    for times in 1..=2 {
        call.signal("KILL");
        call.speak(PACKET * 2);
        call.speak_until_back(times);
        call.speak(Duration::from_millis(600));
        let levels = call.heard()?;
        assert!(holes(&levels) <= 1, "{levels:?}");
        assert!((settled(&levels) - before).abs() < 0.5, "{levels:?}");
    }
    call.engine.close().await;
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn t_6_a_congestion_controller_that_is_killed_costs_nothing() {
    undisturbed!(kill_what_has_a_stand_in(
        "congestion",
        "jackfield.congestion.fixed"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn t_6_a_pacer_that_is_killed_costs_nothing() {
    undisturbed!(kill_what_has_a_stand_in("pacer", "jackfield.pacing.null"));
}

#[tokio::test(flavor = "multi_thread")]
async fn t_6_a_codec_that_is_killed_or_stopped_costs_a_block_at_most_if_something_stands_in() {
    for signal in ["KILL", "STOP"] {
        undisturbed!(interrupt_a_codec(signal));
    }
}

/// The codec is its own fallback: other processes of it stand by. Those at work are interrupted, decoders and encoders, all at once.
async fn interrupt_a_codec(name: &str) -> Option<()> {
    const OPUS: &str = "jackfield.codec.opus";
    let mut call = Call::with_fallback("codec", OPUS, Some(OPUS)).await;
    call.speak(Duration::from_millis(500));
    let before = settled(&call.heard()?);
    let mut at_work = Vec::new();
    for area in ["jackfield.audio-encoder/1", "jackfield.audio-decoder/1"] {
        let of_area = call
            .processes()
            .into_iter()
            .filter(|process| process.area == area);
        // Whoever stands in is made after the one for whom it does.
        at_work.extend(of_area.step_by(2).filter_map(|process| process.process));
    }
    assert!(
        at_work.len() >= 4,
        "two callers, each with an encoder and a decoder"
    );
    if !at_work.iter().all(|process| try_signal(*process, name)) {
        return None;
    }
    let is_back = |process: &ProcessStatus| {
        process.state == ProcessState::Up && process.process.is_some_and(|id| !at_work.contains(&id))
    };
    let begin = Instant::now();
    // Besides the codec itself and whoever stands by, at least Ann's decoder and Bob's encoder are back: one that is stopped and not used is not found out.
    let back = at_work.len() + 3;
    while call.processes().iter().filter(|process| is_back(process)).count() < back {
        assert!(begin.elapsed() < LONG, "{:?}", call.processes());
        call.speak(PACKET);
    }
    call.speak(Duration::from_millis(600));
    let levels = call.heard()?;
    let holes = holes(&levels);
    let (change, disturbed) = ((settled(&levels) - before).abs(), call.is_disturbed(&at_work));
    if disturbed && (holes > 1 || change >= 1.0) {
        return None;
    }
    assert!(holes <= 1, "{name}: {levels:?}");
    assert!(change < 1.0, "{name}: {levels:?}");
    call.engine.close().await;
    Some(())
}

/// With nothing in the manifest that stands in for a codec, an encoder is silent until its process is back, and the call goes on.
#[tokio::test(flavor = "multi_thread")]
async fn t_6_a_codec_that_is_killed_with_nothing_to_stand_in_is_silent_until_it_is_back() {
    undisturbed!(kill_a_codec());
}

async fn kill_a_codec() -> Option<()> {
    let mut call = Call::with("codec", "jackfield.codec.opus").await;
    call.speak(Duration::from_millis(500));
    let before = settled(&call.heard()?);
    if call.processes().iter().any(|process| process.process.is_none()) {
        return None;
    }
    call.signal("KILL");
    call.speak(PACKET * 2);
    let away = call.speak_until_back(1);
    call.speak(Duration::from_millis(800));
    let levels = call.heard()?;
    let most = away.as_millis() as usize / 10 + 20;
    let change = (settled(&levels) - before).abs();
    if change >= 1.0 && call.processes().iter().any(|process| process.missed > 0) {
        return None;
    }
    assert!(holes(&levels) <= most, "{away:?}: {levels:?}");
    assert!(change < 1.0, "{levels:?}");
    call.engine.close().await;
    Some(())
}
