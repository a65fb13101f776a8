//! What a call across the boundary costs: the same processors called directly, through a trait object, through the C table of a plugin that
//! is linked, and through that of a plugin file.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jackfield_benches::files;
use jackfield_benches::plugins::{ROOM, made, speech};
use jackfield_core::audio_processor::{AudioProcessor, AudioProcessorProxy, CaptureInfo, ProcessorReport};
use jackfield_core::module::Plugin;
use jackfield_core::time::Timestamp;
use jackfield_loader::Isolation;
use jackfield_processing_gain::Gain;
use jackfield_processing_null::Null;

fn call<P: AudioProcessor + ?Sized>(processor: &mut P, block: &mut [f32]) {
    let mut report = ProcessorReport::UNKNOWN;
    let done = processor.process(
        Timestamp::ZERO,
        black_box(block),
        &CaptureInfo::UNKNOWN,
        &mut report,
    );
    assert!(black_box(done).is_ok());
}

fn ways<T: Plugin + AudioProcessor>(criterion: &mut Criterion, name: &str, file: &str) {
    let mut group = criterion.benchmark_group(name);
    let speech = speech("reader-1", 1);
    let mut block = speech[24_000..24_480].to_vec();

    let mut direct = made::<T>();
    direct.activate(&ROOM).expect("it takes 48 kHz mono");
    group.bench_function("static", |b| b.iter(|| call(&mut direct, &mut block)));

    let mut object: Box<dyn AudioProcessor> = Box::new(made::<T>());
    object.activate(&ROOM).expect("it takes 48 kHz mono");
    group.bench_function("dyn", |b| b.iter(|| call(&mut *object, &mut block)));

    let mut linked = AudioProcessorProxy::local(made::<T>());
    linked.activate(&ROOM).expect("it takes 48 kHz mono");
    group.bench_function("table-linked", |b| b.iter(|| call(&mut linked, &mut block)));

    let mut loaded = files::processor(&files::loader(file), T::DESCRIPTOR.id, Isolation::InProcess);
    loaded.activate(&ROOM).expect("it takes 48 kHz mono");
    group.bench_function("table-file", |b| b.iter(|| call(&mut loaded, &mut block)));
    group.finish();
}

fn boundary(criterion: &mut Criterion) {
    ways::<Null>(criterion, "boundary/empty", "libjackfield_processing_null.so");
    ways::<Gain>(criterion, "boundary/gain-480", "libjackfield_processing_gain.so");
}

criterion_group!(benches, boundary);
criterion_main!(benches);
