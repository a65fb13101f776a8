//! What a plugin in a process of its own costs: the round trip of a 10 ms block, how long a start and a restart take, and memory.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use jackfield_benches::files::{loader, processor};
use jackfield_benches::percentiles::line;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_processor::{AudioProcessor, AudioProcessorProxy, CaptureInfo, ProcessorReport};
use jackfield_core::time::Timestamp;
use jackfield_loader::{Isolation, Loader, ProcessState};

const GAIN: &str = "jackfield.processing.gain";
const BLOCK: Duration = Duration::from_millis(10);

/// Few rounds if the bench is only tried out.
fn rounds(whole: usize) -> usize {
    if std::env::args().any(|arg| arg == "--test") {
        whole / 50
    } else {
        whole
    }
}

fn main() {
    let loader = loader("libjackfield_processing_gain.so");
    for (isolation, name) in [
        (Isolation::InProcess, "in-process"),
        (Isolation::Process, "process"),
    ] {
        let mut gain = activated(&loader, isolation);
        let paced = round_trips(&mut gain, rounds(1_000), true);
        println!(
            "sandbox/round-trip {name}, a block every 10 ms: {}",
            line(&paced, "us")
        );
        let at_once = round_trips(&mut gain, rounds(20_000), false);
        println!(
            "sandbox/round-trip {name}, one after the other: {}",
            line(&at_once, "us")
        );
    }
    if let Some(status) = loader.processes().first() {
        println!(
            "sandbox: {} of {} calls missed their deadline",
            status.missed, status.calls
        );
    }
    starts(&loader);
    restarts(&loader);
    memory(&loader);
}

fn activated(loader: &Loader, isolation: Isolation) -> AudioProcessorProxy {
    let mut gain = processor(loader, GAIN, isolation);
    gain.activate(&AudioFormat::MONO_48K)
        .expect("it takes 48 kHz mono");
    gain
}

fn block(gain: &mut AudioProcessorProxy, samples: &mut [f32]) -> bool {
    let mut report = ProcessorReport::UNKNOWN;
    gain.process(
        Timestamp::ZERO,
        black_box(samples),
        &CaptureInfo::UNKNOWN,
        &mut report,
    )
    .is_ok()
}

fn round_trips(gain: &mut AudioProcessorProxy, count: usize, paced: bool) -> Vec<f64> {
    let mut samples = vec![0.1; 480];
    let mut taken = Vec::with_capacity(count);
    for _ in 0..count {
        if paced {
            std::thread::sleep(BLOCK);
        }
        let start = Instant::now();
        black_box(block(gain, &mut samples));
        taken.push(start.elapsed().as_secs_f64() * 1e6);
    }
    taken
}

fn starts(loader: &Loader) {
    let taken: Vec<f64> = (0..rounds(100).max(1))
        .map(|_| {
            let start = Instant::now();
            let gain = activated(loader, Isolation::Process);
            let taken = start.elapsed();
            drop(gain);
            taken.as_secs_f64() * 1e3
        })
        .collect();
    println!(
        "sandbox/start, from the manifest to activated: {}",
        line(&taken, "ms")
    );
}

/// From the death of a process to the first block that its successor processes, with a host that looks every millisecond.
fn restarts(loader: &Loader) {
    let mut now = Timestamp::ZERO;
    let mut samples = vec![0.1; 480];
    let taken: Vec<f64> = (0..rounds(100).max(1))
        .map(|_| {
            let mut gain = activated(loader, Isolation::Process);
            let id = loader.processes().last().and_then(|status| status.process);
            let id = id.expect("it has a process").to_string();
            let killed = std::process::Command::new("kill").args(["-9", &id]).status();
            assert!(killed.is_ok_and(|status| status.success()));
            while block(&mut gain, &mut samples) {}
            let start = Instant::now();
            while !block(&mut gain, &mut samples) {
                now = Timestamp::from_us(now.us() + 1_000);
                loader.tend(now);
                std::thread::sleep(Duration::from_millis(1));
            }
            let state = loader.processes().last().map(|status| status.state);
            assert_eq!(state, Some(ProcessState::Up));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    println!("sandbox/restart, from dead to processing: {}", line(&taken, "ms"));
}

fn memory(loader: &Loader) {
    let gains: Vec<_> = (0..10).map(|_| activated(loader, Isolation::Process)).collect();
    let (mut resident, mut own) = (0, 0);
    for status in loader.processes() {
        let Some(id) = status.process else { continue };
        let Ok(text) = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")) else {
            continue;
        };
        let kib = |name: &str| {
            text.lines()
                .find_map(|line| {
                    line.strip_prefix(name)?
                        .trim()
                        .strip_suffix(" kB")?
                        .trim()
                        .parse::<u64>()
                        .ok()
                })
                .unwrap_or_default()
        };
        resident += kib("Rss:");
        own += kib("Pss:");
    }
    let count = gains.len() as u64;
    println!(
        "sandbox/memory: {} KiB resident per process, {} KiB if what they share is divided among them",
        resident / count,
        own / count
    );
}
