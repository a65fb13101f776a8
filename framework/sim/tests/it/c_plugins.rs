//! T.7: plugins in C and C++, built by their own Makefile and loaded from their files, are swapped against plugins in Rust while somebody speaks.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_processor::{AudioProcessor, AudioProcessorProxy};
use jackfield_core::audio_source::AudioSource;
use jackfield_core::environment::Environment;
use jackfield_core::mixer::{Mixer, MixerConfig, MixerProxy};
use jackfield_core::module::Plugin;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_graph::Conference;
use jackfield_graph::command::{Command as Order, Outcome, SwapProcessor};
use jackfield_graph::conference::{ConferenceConfig, ControlPorts};
use jackfield_graph::processor::{PreparedProcessor, ProcessorSlot};
use jackfield_graph::stats::StripStats;
use jackfield_graph::stopwatch::NoStopwatch;
use jackfield_graph::strip::{Input, Output, Strip};
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_loader::{Isolation, Loader, LoaderOptions, SocketManifest};
use jackfield_sim::VirtualClock;

const ROOM: AudioFormat = AudioFormat::MONO_48K;
/// A swap may add no step louder than this to a voice.
const BOUND_DB: f32 = -40.0;

const GAIN: &str = "example.processing.c-gain";
const NLMS: &str = "example.processing.c-nlms";
const GATE: &str = "example.processing.cpp-gate";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// The plugins of plugin-sdk/c, as `make` builds them.
fn plugins_in_c() -> Loader {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let place = BUILT.get_or_init(|| {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("c-{}", std::process::id()));
        let run = Command::new("make")
            .current_dir(root().join("plugin-sdk/c"))
            .arg(format!("BUILD={}", place.display()))
            .output()
            .expect("make is part of the setup");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        place
    });
    Loader::new(LoaderOptions {
        folders: vec![place.clone()],
        ..LoaderOptions::default()
    })
    .unwrap()
}

fn in_c(loader: &Loader, id: &str) -> Box<PreparedProcessor> {
    let socket = SocketManifest {
        name: "echo".to_owned(),
        candidates: vec![id.to_owned()],
        parameters: Default::default(),
        fallback: None,
        isolation: Isolation::InProcess,
        allow: Vec::new(),
        pin: None,
    };
    let resolved = loader.resolve(&socket, "jackfield.audio-processor/1").unwrap();
    let renders = resolved.module().audio.render;
    let processor = loader.create::<dyn AudioProcessor>(&resolved, 1).unwrap();
    prepared(Box::new(processor), renders)
}

fn in_rust<T: Plugin + AudioProcessor>() -> Box<PreparedProcessor> {
    let plugin = T::create(&Environment::seeded(1)).unwrap();
    prepared(
        Box::new(AudioProcessorProxy::local(plugin)),
        T::DESCRIPTOR.audio.render,
    )
}

fn prepared(processor: Box<dyn AudioProcessor>, renders: bool) -> Box<PreparedProcessor> {
    Box::new(PreparedProcessor::new(processor, ROOM, ROOM, renders).unwrap())
}

/// A room in which a recorded voice speaks through one processor and somebody listens.
struct Room {
    clock: VirtualClock,
    conference: Conference,
    control: ControlPorts,
    swaps: u64,
}

impl Room {
    fn new(first: Box<PreparedProcessor>) -> Self {
        let mut mixer = MixerProxy::local(jackfield_mixer_sum::Sum::create(&Environment::seeded(1)).unwrap());
        mixer.activate(&MixerConfig::new(ROOM, 2, 3)).unwrap();
        let config = ConferenceConfig {
            max_participants: 2,
            ..ConferenceConfig::default()
        };
        let (conference, control, _) = Conference::new(config, Box::new(mixer));
        let mut voice = jackfield_capture_file::FileSource::create(&Environment::seeded(1)).unwrap();
        let recording = root().join("hosts/call-host/speech/reader-1.wav");
        voice.open(recording.to_str().unwrap(), &ROOM).unwrap();
        let mut room = Self {
            clock: VirtualClock::default(),
            conference,
            control,
            swaps: 0,
        };
        let slot = ProcessorSlot::new(ROOM, first);
        room.add(1, Input::Source(Box::new(voice)), vec![slot]);
        room.add(2, Input::None, Vec::new());
        room
    }

    fn add(&mut self, id: u32, input: Input, slots: Vec<ProcessorSlot>) {
        let stats = Arc::new(StripStats::new(slots.len()));
        let strip = Strip::new(id, ROOM, input, slots, Output::None, stats);
        self.order(Order::AddStrip(Box::new(strip)));
    }

    fn order(&mut self, order: Order) {
        assert!(self.control.commands.push(order).is_ok(), "the ring is full");
    }

    /// Puts `newcomer` in and lets a second go by. Every other outcome than the end of that swap is a fault.
    fn swap(&mut self, newcomer: Box<PreparedProcessor>) -> SwapMeasure {
        self.swaps += 1;
        let swap = self.swaps;
        self.order(Order::SwapProcessor(SwapProcessor {
            swap,
            participant: 1,
            socket: 0,
            newcomer,
            hold: false,
        }));
        let mut ended = None;
        for _ in 0..150 {
            self.conference.tick(self.clock.now(), &mut NoStopwatch);
            self.clock.advance(TimeDelta::ms(10));
            while let Ok(outcome) = self.control.outcomes.pop() {
                match outcome {
                    Outcome::ProcessorSwapped {
                        swap: id, measure, ..
                    } if id == swap => ended = Some(measure),
                    Outcome::Bypassed { reason, .. } => panic!("swap {swap}: bypassed, {reason}"),
                    _ => {}
                }
            }
        }
        ended.unwrap_or_else(|| panic!("swap {swap} has not ended"))
    }
}

#[test]
fn e12_8_t_7_plugins_in_c_and_cpp_are_swapped_against_rust_without_a_lost_sample() {
    let loader = plugins_in_c();
    assert_eq!(loader.catalogue().problems(), []);
    let mut room = Room::new(in_rust::<jackfield_processing_null::Null>());
    room.conference.tick(Timestamp::ZERO, &mut NoStopwatch);
    for round in 0..3 {
        for id in [GAIN, GATE, NLMS] {
            for (what, newcomer) in [
                (id, in_c(&loader, id)),
                (
                    "jackfield.processing.null",
                    in_rust::<jackfield_processing_null::Null>(),
                ),
            ] {
                let measure = room.swap(newcomer);
                assert_eq!(
                    measure.outcome,
                    SwapOutcome::Committed,
                    "{round} {what}: {}",
                    measure.reason
                );
                assert_eq!(measure.samples_lost, 0, "{round} {what}");
                assert!(
                    measure.discontinuity_db <= BOUND_DB,
                    "{round} {what}: {} dB",
                    measure.discontinuity_db
                );
            }
        }
    }
}

/// What is played comes back 10 ms later, a third as loud, and nobody speaks: of that the canceller leaves little.
#[test]
fn the_canceller_in_c_takes_the_echo_of_a_voice_away() {
    use jackfield_core::audio::level_dbov;
    use jackfield_core::audio_processor::{CaptureInfo, ProcessorReport};
    let loader = plugins_in_c();
    let socket = SocketManifest {
        name: "echo".to_owned(),
        candidates: vec![NLMS.to_owned()],
        parameters: Default::default(),
        fallback: None,
        isolation: Isolation::InProcess,
        allow: Vec::new(),
        pin: None,
    };
    let resolved = loader.resolve(&socket, "jackfield.audio-processor/1").unwrap();
    let mut canceller = loader.create::<dyn AudioProcessor>(&resolved, 1).unwrap();
    canceller.activate(&ROOM).unwrap();
    let mut voice = jackfield_capture_file::FileSource::create(&Environment::seeded(1)).unwrap();
    let recording = root().join("hosts/call-host/speech/reader-2.wav");
    voice.open(recording.to_str().unwrap(), &ROOM).unwrap();
    let mut before = [0.0; 480];
    let (mut echo_level, mut left_level, mut blocks) = (0.0, 0.0, 0.0);
    let mut report = ProcessorReport::UNKNOWN;
    for tick in 0..1_000 {
        let now = Timestamp::from_ms(tick * 10);
        let mut far = [0.0; 480];
        voice.read(now, &mut far).unwrap();
        canceller.render(now, &far).unwrap();
        let mut near: Vec<f32> = before.iter().map(|sample| sample * 0.33).collect();
        let echo = level_dbov(&near);
        canceller
            .process(now, &mut near, &CaptureInfo::UNKNOWN, &mut report)
            .unwrap();
        before = far;
        // Five seconds to learn; pauses of the voice tell nothing.
        if tick >= 500 && echo > -45.0 {
            echo_level += echo;
            left_level += level_dbov(&near);
            blocks += 1.0;
        }
    }
    let enhancement = (echo_level - left_level) / blocks;
    assert!(
        blocks > 100.0 && enhancement > 15.0,
        "{enhancement} dB in {blocks} blocks"
    );
    assert!(report.echo_return_loss_enhancement > 10.0, "and it says so");
}
