//! E10.8: what a tick costs with three speakers among 10, 50 and 200 participants, and with 1 to 16 who are all heard among 50, without
//! processing. Whoever is heard costs a decoder, and an encoder for the mix without their own voice: the second series lies on a line over
//! their number.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use jackfield_benches::Hall;
use jackfield_benches::plugins::{Codec, active_speaker, speech, sum};
use jackfield_core::mixer::Mixer;

fn room(people: usize, speakers: usize, mixer: Box<dyn Mixer>) -> Hall {
    let mut hall = Hall::new(people, mixer);
    let voices = ["reader-1", "reader-2", "cards"].map(|name| Hall::packets(Codec::Opus, &speech(name, 10)));
    for packets in voices.iter().cycle().take(speakers) {
        hall.join(Some(Arc::clone(packets)), Vec::new());
    }
    for _ in speakers..people {
        hall.join(None, Vec::new());
        hall.step();
    }
    for _ in 0..200 {
        hall.step();
    }
    hall
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, parameter: usize, mut hall: Hall) {
    group.bench_function(BenchmarkId::from_parameter(parameter), |b| {
        b.iter_custom(|iterations| {
            let mut total = Duration::ZERO;
            for _ in 0..iterations {
                hall.prepare();
                let start = Instant::now();
                hall.tick();
                total += start.elapsed();
                drop(hall.finish());
            }
            total
        });
    });
    println!(
        "  (heard, encoders) in the last tick: {:?}",
        hall.heard_and_encoders()
    );
}

fn ticks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick/3-speakers");
    for people in [10, 50, 200] {
        measure(&mut group, people, room(people, 3, active_speaker(people)));
    }
    group.finish();
    let mut group = criterion.benchmark_group("tick/speakers-among-50");
    for speakers in [1, 2, 3, 5, 8, 16] {
        measure(&mut group, speakers, room(50, speakers, sum(50)));
    }
    group.finish();
}

criterion_group!(benches, ticks);
criterion_main!(benches);
