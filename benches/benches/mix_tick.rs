//! E10.8: what a tick costs with three speakers among 10, 50 and 200 participants, without processing.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use jackfield_benches::Hall;
use jackfield_benches::plugins::{Codec, active_speaker, speech};

fn room(people: usize) -> Hall {
    let mut hall = Hall::new(people, active_speaker(people));
    let voices = ["reader-1", "reader-2", "cards"].map(|name| Hall::packets(Codec::Opus, &speech(name, 10)));
    for packets in voices {
        hall.join(Some(packets), Vec::new());
    }
    for _ in 3..people {
        hall.join(None, Vec::new());
        hall.step();
    }
    for _ in 0..200 {
        hall.step();
    }
    hall
}

fn ticks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick/3-speakers");
    for people in [10, 50, 200] {
        let mut hall = room(people);
        group.bench_function(BenchmarkId::from_parameter(people), |b| {
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
    group.finish();
}

criterion_group!(benches, ticks);
criterion_main!(benches);
