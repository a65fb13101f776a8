//! Instances come and go.

use std::fs;
use std::time::Duration;

use jackfield_core::module::ResetReason;
use jackfield_testkit::signal::voice;

use super::PROCESSORS;
use super::processor::{Processor, run, tick};
use crate::child::Bench;
use crate::rule;
use crate::shim::machine::wall_us;
use crate::shim::sights::Frames;
use crate::subject;

/// A block lasts so long.
const BLOCK_US: f64 = 10_000.0;
/// Blocks that took so long together say enough.
const ENOUGH_US: f64 = 500_000.0;

/// Instances are made, asked, reset and destroyed.
pub(super) fn makes_an_instance(bench: &Bench) {
    let mut instances = Vec::new();
    for seed in 0..3 {
        match subject::module(bench.image, bench.module, bench.request.seed + seed) {
            Ok(instance) => instances.push(instance),
            Err(error) => return bench.teller.refused(&error),
        }
    }
    for instance in &mut instances {
        let mut values = vec![0.0; bench.module.statistics.len() + 8];
        let _ = instance.stats(&mut values);
        let _ = instance.latency();
        let _ = instance.reset(ResetReason::Stream);
    }
}

/// Half a second of a voice, in time.
pub(super) fn first_half_second(bench: &Bench) {
    let processor = Processor::on(bench);
    let format = processor.subject.format();
    let mut instance = processor.activated(&format);
    let (mut near, far) = processor.voices(&format, 50);
    let length = format.block_len();
    let mut times = Vec::new();
    for (block, (near, far)) in near
        .chunks_exact_mut(length)
        .zip(far.chunks_exact(length))
        .enumerate()
    {
        let start = wall_us();
        tick(&mut *instance, block, near, far).unwrap_or_else(|fault| panic!("block {block}: {fault}"));
        times.push(wall_us() - start);
        // Enough to tell, and the time of the case is not for one that needs all of it.
        if times.len() >= 8 && times.iter().sum::<f64>() > ENOUGH_US {
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    if median > BLOCK_US {
        bench.teller.broken(
            &rule::MISSES_DEADLINES,
            &format!(
                "half of its blocks of 10 ms take longer than {:.1} ms",
                median / 1e3
            ),
            &Frames::NONE,
        );
    }
}

/// After everything that the area's suite does with an instance on the audio thread, neither threads nor descriptors are left.
pub(super) fn threads_and_descriptors(bench: &Bench) {
    let location = location(bench);
    // Once for what is made once in a process: a library's tables, a cache.
    use_it(bench, &location);
    let (threads, descriptors) = (tasks(), open_files());
    for _ in 0..3 {
        use_it(bench, &location);
    }
    let mut left = Vec::new();
    // A thread that was told to end needs a moment.
    for _ in 0..50 {
        left = tasks();
        if left.len() <= threads.len() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    if left.len() > threads.len() || threads.len() > 1 {
        let names: Vec<_> = left.iter().skip(1).map(String::as_str).collect();
        bench.teller.broken(
            &rule::LEAVES_THREADS,
            &format!("{} threads are left: {}", names.len(), names.join(", ")),
            &Frames::NONE,
        );
    }
    let now = open_files();
    if now.len() > descriptors.len() {
        let new: Vec<_> = now
            .into_iter()
            .filter(|file| !descriptors.contains(file))
            .collect();
        bench.teller.broken(
            &rule::LEAVES_DESCRIPTORS,
            &format!("{} descriptors are left: {}", new.len(), new.join(", ")),
            &Frames::NONE,
        );
    }
}

/// Lets an instance do what its area does.
fn use_it(bench: &Bench, location: &str) {
    if bench.module.area == PROCESSORS {
        let processor = Processor::on(bench);
        let format = processor.subject.format();
        let (mut near, far) = processor.voices(&format, 10);
        return run(&mut *processor.activated(&format), &format, &mut near, &far);
    }
    let names = subject::suite(&bench.module.area);
    let wanted = [
        "t_3_",
        "media_goes_both_ways",
        "calls_before_activation",
        "its_own_offer",
    ];
    let case = wanted
        .iter()
        .find_map(|start| names.iter().find(|name| name.starts_with(start)));
    if let Some(case) = case {
        subject::run_suite(bench.image, bench.module, location, case);
    }
}

/// The names of this process's threads, the main one first.
fn tasks() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks
        .map(|task| fs::read_to_string(task.path().join("comm")).unwrap_or_default())
        .map(|name| name.trim().to_owned())
        .collect()
}

/// What this process has open, by number and name.
fn open_files() -> Vec<String> {
    let files = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    files
        .filter_map(|file| {
            let target = fs::read_link(file.path()).ok()?;
            Some(format!("{} ({})", file.file_name().display(), target.display()))
        })
        // The one that lists them.
        .filter(|file| !file.contains("/proc/"))
        .collect()
}

/// What a plugin that opens something is given to open: what was asked for, else nothing if it does with that, else a recording of a voice.
pub(super) fn location(bench: &Bench) -> String {
    if let Some(location) = &bench.request.location {
        return location.clone();
    }
    if !subject::opens_something(bench.image, bench.module) {
        return String::new();
    }
    let folder = std::env::temp_dir().join(format!("jackfield-check-{}", std::process::id()));
    let file = folder.join("voice.wav");
    let _ = fs::create_dir_all(&folder);
    let _ = fs::write(&file, wav(&voice(7, 48_000, 2 * 48_000)));
    file.to_string_lossy().into_owned()
}

/// A 48 kHz mono recording as a file of 16-bit PCM (Multimedia Programming Interface and Data Specifications 1.0, 1991).
fn wav(samples: &[f32]) -> Vec<u8> {
    let data = samples.len() as u32 * 2;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    for number in [1_u16, 1] {
        file.extend(number.to_le_bytes());
    }
    for number in [48_000_u32, 96_000] {
        file.extend(number.to_le_bytes());
    }
    for number in [2_u16, 16] {
        file.extend(number.to_le_bytes());
    }
    file.extend(b"data");
    file.extend(data.to_le_bytes());
    for sample in samples {
        file.extend(((sample * 32_767.0) as i16).to_le_bytes());
    }
    file
}
