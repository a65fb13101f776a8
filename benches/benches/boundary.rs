//! What a call across the boundary costs: the same processors called directly (where the compiler may put the callee into the caller, and where it
//! may not), through a trait object, through the C table of a plugin that is linked, and through that of a plugin file.
//!
//! Where the machine is too noisy for nanoseconds, instructions can be counted: `boundary --calls WAY N` makes N calls of the empty processor
//! and nothing else, with WAY one of `static`, `static-call`, `dyn`, `table-linked`, `table-file`. What `valgrind --tool=callgrind` counts for 200,000 calls
//! less what it counts for 100,000 is that of 100,000 calls.

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use jackfield_benches::files;
use jackfield_benches::plugins::{ROOM, made, speech};
use jackfield_core::Fault;
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

/// As [`call`], but the processor is called and not put in the caller's place.
fn call_apart<P: AudioProcessor>(processor: &mut P, block: &mut [f32]) {
    let mut apart = Apart(processor);
    let mut report = ProcessorReport::UNKNOWN;
    let done = apart.process(
        Timestamp::ZERO,
        black_box(block),
        &CaptureInfo::UNKNOWN,
        &mut report,
    );
    assert!(black_box(done).is_ok());
}

/// Keeps the compiler from looking into a processor.
struct Apart<'a, P>(&'a mut P);

impl<P: AudioProcessor> Apart<'_, P> {
    #[inline(never)]
    fn process(
        &mut self,
        now: Timestamp,
        block: &mut [f32],
        info: &CaptureInfo,
        report: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        self.0.process(now, block, info, report)
    }
}

fn ways<T: Plugin + AudioProcessor>(criterion: &mut Criterion, name: &str, file: &str) {
    let mut group = criterion.benchmark_group(name);
    let speech = speech("reader-1", 1);
    let mut block = speech[24_000..24_480].to_vec();

    let mut direct = made::<T>();
    direct.activate(&ROOM).expect("it takes 48 kHz mono");
    group.bench_function("static", |b| b.iter(|| call(&mut direct, &mut block)));

    group.bench_function("static-call", |b| b.iter(|| call_apart(&mut direct, &mut block)));

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

/// Makes `count` calls of the empty processor.
fn calls(way: &str, count: u64) {
    let mut block = [0.0_f32; 480];
    let mut repeat = |processor: &mut dyn FnMut(&mut [f32])| {
        for _ in 0..count {
            processor(&mut block);
        }
    };
    match way {
        "static" => {
            let mut direct = made::<Null>();
            direct.activate(&ROOM).expect("it takes 48 kHz mono");
            repeat(&mut |block| call(&mut direct, block));
        }
        "static-call" => {
            let mut direct = made::<Null>();
            direct.activate(&ROOM).expect("it takes 48 kHz mono");
            repeat(&mut |block| call_apart(&mut direct, block));
        }
        "dyn" => {
            let mut object: Box<dyn AudioProcessor> = Box::new(made::<Null>());
            object.activate(&ROOM).expect("it takes 48 kHz mono");
            repeat(&mut |block| call(&mut *object, block));
        }
        "table-linked" | "table-file" => {
            let mut proxy = if way == "table-linked" {
                AudioProcessorProxy::local(made::<Null>())
            } else {
                files::processor(
                    &files::loader("libjackfield_processing_null.so"),
                    Null::DESCRIPTOR.id,
                    Isolation::InProcess,
                )
            };
            proxy.activate(&ROOM).expect("it takes 48 kHz mono");
            repeat(&mut |block| call(&mut proxy, block));
        }
        other => panic!("`{other}` is none of static, static-call, dyn, table-linked, table-file"),
    }
}

criterion_group!(benches, boundary);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[..] {
        [_, flag, way, count] if flag == "--calls" => calls(way, count.parse().expect("a number of calls")),
        _ => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
