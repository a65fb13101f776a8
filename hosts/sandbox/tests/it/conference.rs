//! A whole conference in virtual time with processors in processes of their own: it sounds as with processors in the host's, and a processor whose
//! process ends is gone around until it is back.

use std::sync::{Arc, Mutex};

use jackfield_core::Fault;
use jackfield_core::audio::{AudioFormat, level_dbov};
use jackfield_core::audio_processor::AudioProcessorProxy;
use jackfield_core::audio_sink::{AudioSink, SinkState};
use jackfield_core::audio_source::{AudioSource, SourceState};
use jackfield_core::mixer::{Mixer, MixerConfig};
use jackfield_core::module::{Latency, Module, ResetReason};
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_graph::Conference;
use jackfield_graph::command::{Command, Outcome, SetParameter, Socket, SwapProcessor};
use jackfield_graph::conference::{ConferenceConfig, ControlPorts};
use jackfield_graph::processor::{PreparedProcessor, ProcessorSlot};
use jackfield_graph::stats::StripStats;
use jackfield_graph::stopwatch::NoStopwatch;
use jackfield_graph::strip::{Input, Output, Strip};
use jackfield_graph::swap::{SwapOutcome, steepest};
use jackfield_loader::{Isolation, ProcessState};

use crate::support::{Bench, FACTOR, GAIN, MISBEHAVES, PATIENT, SIN, signal};

const ROOM: AudioFormat = AudioFormat::MONO_48K;

/// A voice: a tone whose loudness goes up and down twice a second.
struct Voice {
    hz: f32,
    at: u64,
}

/// What a participant hears.
#[derive(Clone, Default)]
struct Ears(Arc<Mutex<Vec<f32>>>);

macro_rules! plain_module {
    ($($name:ty),*) => {$(
        impl Module for $name {
            fn set_parameter(&mut self, _: u32, _: f64) -> Result<(), Fault> {
                Err(Fault::invalid("there is none"))
            }
            fn parameter(&mut self, _: u32) -> Result<f64, Fault> {
                Err(Fault::invalid("there is none"))
            }
            fn latency(&mut self) -> Result<Latency, Fault> {
                Ok(Latency::NONE)
            }
            fn stats(&mut self, _: &mut [f64]) -> Result<u32, Fault> {
                Ok(0)
            }
            fn reset(&mut self, _: ResetReason) -> Result<(), Fault> {
                Ok(())
            }
        }
    )*};
}
plain_module!(Voice, Ears);

impl AudioSource for Voice {
    fn open(&mut self, _: &str, _: &AudioFormat) -> Result<(), Fault> {
        Ok(())
    }

    fn read(&mut self, _: Timestamp, block: &mut [f32]) -> Result<SourceState, Fault> {
        for sample in block {
            let t = self.at as f32 / 48_000.0;
            let loudness = 0.25 + 0.1 * (t * 2.0 * std::f32::consts::TAU).sin();
            *sample = (t * self.hz * std::f32::consts::TAU).sin() * loudness;
            self.at += 1;
        }
        Ok(SourceState::default())
    }
}

impl AudioSink for Ears {
    fn open(&mut self, _: &str, _: &AudioFormat) -> Result<(), Fault> {
        Ok(())
    }

    fn write(&mut self, _: Timestamp, block: &[f32]) -> Result<SinkState, Fault> {
        self.0.lock().unwrap().extend_from_slice(block);
        Ok(SinkState::default())
    }

    fn close(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Two who speak, each through a chain of its own, and one who listens.
struct Room {
    conference: Conference,
    control: ControlPorts,
    outcomes: Vec<Outcome>,
    ears: Vec<Ears>,
    stats: Vec<Arc<StripStats>>,
    tick: i64,
}

impl Room {
    fn new(mixer: Box<dyn Mixer>, chains: [Vec<AudioProcessorProxy>; 2]) -> Self {
        let (conference, control, _) = Conference::new(ConferenceConfig::default(), mixer);
        let mut room = Self {
            conference,
            control,
            outcomes: Vec::new(),
            ears: Vec::new(),
            stats: Vec::new(),
            tick: 0,
        };
        let [first, second] = chains;
        for (id, (hz, chain)) in (1..).zip([(210.0, first), (370.0, second), (0.0, Vec::new())]) {
            let input = if hz > 0.0 {
                Input::Source(Box::new(Voice { hz, at: 0 }))
            } else {
                Input::None
            };
            let ears = Ears::default();
            let stats = Arc::new(StripStats::new(chain.len()));
            let slots = chain
                .into_iter()
                .map(|processor| ProcessorSlot::new(ROOM, prepared(processor)))
                .collect();
            let output = Output::Sink(Box::new(ears.clone()));
            let strip = Strip::new(id, ROOM, input, slots, output, Arc::clone(&stats));
            room.order(Command::AddStrip(Box::new(strip)));
            room.ears.push(ears);
            room.stats.push(stats);
        }
        room
    }

    fn order(&mut self, command: Command) {
        assert!(self.control.commands.push(command).is_ok());
    }

    fn set(&mut self, index: u32, value: f64) {
        self.order(Command::SetParameter(SetParameter {
            ticket: 1,
            socket: Socket::Processor(0),
            participant: Some(1),
            index,
            value,
        }));
    }

    fn run(&mut self, ticks: usize) {
        for _ in 0..ticks {
            self.conference
                .tick(Timestamp::from_ms(self.tick * 10), &mut NoStopwatch);
            self.tick += 1;
            while let Ok(outcome) = self.control.outcomes.pop() {
                self.outcomes.push(outcome);
            }
        }
    }

    /// Ticks, and time for the loader, until the process is up; how many ticks that took.
    fn run_until_up(&mut self, bench: &mut Bench) -> usize {
        for ticks in 1..100_000 {
            self.run(1);
            bench.pass(TimeDelta::ms(10));
            if bench.status().state == ProcessState::Up {
                return ticks;
            }
            std::thread::yield_now();
        }
        panic!("the process does not come back: {:?}", bench.status());
    }

    /// What a participant heard in the last `ticks` ticks.
    fn heard(&self, participant: usize, ticks: usize) -> Vec<f32> {
        let heard = self.ears[participant - 1].0.lock().unwrap();
        heard[heard.len() - ticks * 480..].to_vec()
    }
}

fn prepared(processor: AudioProcessorProxy) -> Box<PreparedProcessor> {
    Box::new(PreparedProcessor::new(Box::new(processor), ROOM, ROOM, true).unwrap())
}

fn mixer(bench: &Bench, isolation: Isolation) -> Box<dyn Mixer> {
    let mut mixer = bench
        .instance::<dyn Mixer>("jackfield.mixer.sum", isolation)
        .unwrap();
    mixer.activate(&MixerConfig::new(ROOM, 64, 65)).unwrap();
    Box::new(mixer)
}

fn gain(bench: &Bench, isolation: Isolation, db: f64) -> AudioProcessorProxy {
    let mut gain = bench.create(GAIN, isolation, &[]).unwrap();
    gain.set_parameter(0, db).unwrap();
    gain
}

#[test]
fn t_5_a_conference_sounds_the_same_bit_for_bit_with_its_plugins_in_processes_of_their_own() {
    let heard = [Isolation::InProcess, Isolation::Process].map(|isolation| {
        let bench = Bench::new(PATIENT);
        let chains = [-6.0, 3.0].map(|db| vec![gain(&bench, isolation, db)]);
        let mut room = Room::new(mixer(&bench, isolation), chains);
        room.run(100);
        room.set(0, -12.0);
        room.run(200);
        (1..=3).map(|who| room.heard(who, 300)).collect::<Vec<_>>()
    });
    assert!(level_dbov(&heard[0][2]) > -30.0, "somebody is heard");
    assert_eq!(heard[0], heard[1]);
}

/// One speaker through the plugin that misbehaves, at half its loudness.
fn room(bench: &Bench) -> Room {
    let mut processor = bench.create(MISBEHAVES, Isolation::Process, &[]).unwrap();
    processor.set_parameter(FACTOR, 0.5).unwrap();
    let chains = [vec![processor], Vec::new()];
    Room::new(mixer(bench, Isolation::InProcess), chains)
}

#[test]
fn t_6_a_process_that_ends_is_gone_around_without_a_click_and_is_back_with_its_parameters() {
    let mut bench = Bench::new(PATIENT);
    let mut room = room(&bench);
    room.run(100);
    let quiet = level_dbov(&room.heard(2, 50));
    room.set(SIN, 2.0);
    room.run(5);
    room.set(SIN, 0.0);
    let away = room.run_until_up(&mut bench);
    room.run(100);
    // Gone around means twice as loud, by 6 dB; afterwards it is as it was.
    let back = level_dbov(&room.heard(2, 50));
    assert!((back - quiet).abs() < 0.1, "{quiet} dBov before, {back} after");
    assert_eq!(bench.status().restarts, 1);
    let stats = &room.stats[0].sockets[0];
    assert!(
        (5..=away as u64 + 6).contains(&stats.concealed_blocks()),
        "{}",
        stats.concealed_blocks()
    );
    assert!(!stats.is_bypassed());
    assert_eq!(
        stats.values()[1],
        40.0,
        "the newcomer was told the echo delay that its predecessor had reported"
    );
    assert_eq!(
        stats.values()[3],
        21.0,
        "before its first block it was shown the last 200 ms that were played, and the block that is due"
    );
    assert!(
        !room
            .outcomes
            .iter()
            .any(|outcome| matches!(outcome, Outcome::Bypassed { .. })),
        "it was not given up"
    );
    // The steepest step of the voice by itself, at full loudness, and not more.
    let whole = room.heard(2, room.tick as usize);
    let own = 210.0 * std::f32::consts::TAU / 48_000.0 * 0.36;
    assert!(steepest(None, &whole, whole.len()) < own * 1.5, "a click");
}

#[test]
fn t_6_a_processor_that_is_given_up_is_bypassed_for_good_and_that_is_told() {
    let mut bench = Bench::new(PATIENT);
    let mut room = room(&bench);
    room.run(10);
    room.set(SIN, 2.0);
    for _ in 0..100_000 {
        room.run(1);
        bench.pass(TimeDelta::ms(100));
        if bench.status().state == ProcessState::GivenUp {
            break;
        }
        std::thread::yield_now();
    }
    room.run(2);
    let told = room
        .outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Bypassed { .. }));
    assert_eq!(told.count(), 1);
    assert!(
        level_dbov(&room.heard(2, 1)) > -20.0,
        "its speaker is heard all the same"
    );
}

#[test]
fn t_6_a_newcomer_whose_process_ends_is_rolled_back() {
    let bench = Bench::new(PATIENT);
    let mut room = Room::new(
        mixer(&bench, Isolation::InProcess),
        [vec![gain(&bench, Isolation::InProcess, 0.0)], Vec::new()],
    );
    room.run(10);
    // In the shadow, and in its probation.
    for (swap, wait) in [(1, 10), (2, 50)] {
        let newcomer = prepared(bench.create(MISBEHAVES, Isolation::Process, &[]).unwrap());
        let id = bench.loader.processes().last().unwrap().process.unwrap();
        room.order(Command::SwapProcessor(SwapProcessor {
            swap,
            participant: 1,
            socket: 0,
            newcomer,
            hold: false,
        }));
        room.run(wait);
        end(id);
        room.run(3);
        let ended = room.outcomes.drain(..).find_map(|outcome| match outcome {
            Outcome::ProcessorSwapped {
                swap: ended, measure, ..
            } if ended == swap => Some(measure),
            _ => None,
        });
        let measure = ended.expect("the swap has ended");
        assert_eq!(
            (measure.outcome, measure.reason),
            (SwapOutcome::RolledBack, "its process ended"),
            "swap {swap}"
        );
    }
    assert!(level_dbov(&room.heard(2, 1)) > -20.0);
}

fn end(process: u32) {
    signal(process, "KILL");
    // The signal is on its way; the process is gone when only its name is left.
    let stat = format!("/proc/{process}/stat");
    assert!((0..1_000_000).any(|_| {
        std::thread::yield_now();
        std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "))
    }));
}
