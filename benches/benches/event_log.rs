//! What an event log costs: on the network thread, for each event that a congestion controller is told, on the audio thread, for each packet that a
//! jitter buffer is told of and each question, and on the thread that writes.
//!
//! A voice call tells about 60 events a second: 50 packets that leave and 10 feedbacks on 5 packets each. One per cent of a core is 10 ms in each
//! second, so the bound is 160 µs an event for both threads together; a video call of 1 Mbit/s tells about 150. The jitter buffer of a voice is told of 50
//! packets a second and asked about as often, so its bound is 100 µs for each.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jackfield_benches::plugins::made;
use jackfield_congestion_fixed::Fixed;
use jackfield_core::Fault;
use jackfield_core::congestion_controller::{
    CongestionController, CongestionEvent, CongestionEventKind, PacketFeedback, ProbeCluster, ProbeSink,
    RateConstraints,
};
use jackfield_core::jitter_buffer::{JitterBuffer, JitterConfig, PacketArrival};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, SampleRate, TimeDelta};
use jackfield_event_log::ring::ring;
use jackfield_event_log::{EventLog, EventSink, Happening, Lines, Recorded, jitter};
use jackfield_jitter_adaptive::AdaptiveDelay;
use jackfield_testkit::jitter_buffer::{Listener, Stream, network};

const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(16),
    maximum: DataRate::kbps(640),
    start: DataRate::kbps(64),
};
/// Entries of the ring, as a call has them.
const ENTRIES: usize = 4_096;

struct NoProbes;

impl ProbeSink for NoProbes {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        Ok(())
    }
}

fn sent(number: i64) -> CongestionEvent {
    CongestionEvent {
        size: DataSize::bytes(160),
        in_flight: DataSize::bytes(1_600),
        sequence_number: number,
        flag: 1,
        ssrc: 0x1234_5678,
        ..CongestionEvent::new(CongestionEventKind::SentPacket, Timestamp::from_ms(number))
    }
}

fn packets(count: i64) -> Vec<PacketFeedback> {
    (0..count)
        .map(|number| PacketFeedback {
            sequence_number: number,
            sent: Timestamp::from_ms(number * 20),
            received: Timestamp::from_ms(number * 20 + 50),
            arrival_offset: TimeDelta::us(-1),
            size: DataSize::bytes(160),
            ecn: 0,
            cluster: 0,
            audio: 1,
            recovered: 0,
        })
        .collect()
}

fn activated(mut controller: Box<dyn CongestionController>) -> Box<dyn CongestionController> {
    controller
        .activate(Timestamp::ZERO, &BOUNDS)
        .expect("its bounds are right");
    controller
}

/// One event told to a controller that does next to nothing: alone, and recorded into a ring that somebody empties.
fn network_thread(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event-log/network-thread");
    let feedback = packets(5);
    for (name, with_packets) in [("sent", false), ("feedback-of-5", true)] {
        let event = if with_packets {
            CongestionEvent::new(CongestionEventKind::PacketFeedback, Timestamp::ZERO)
        } else {
            sent(1)
        };
        let told = if with_packets { &feedback[..] } else { &[] };
        let mut alone = activated(Box::new(made::<Fixed>()));
        group.bench_function(format!("{name}/alone"), |bencher| {
            bencher
                .iter(|| black_box(alone.on_event(Timestamp::ZERO, black_box(&event), told, &mut NoProbes)));
        });
        group.bench_function(format!("{name}/500-recorded"), |bencher| {
            // A batch fits into the ring, so that every event of it is noted.
            bencher.iter_batched_ref(
                || {
                    let (sink, source) = ring(ENTRIES);
                    let recorded = Recorded::new(Box::new(made::<Fixed>()), Box::new(sink));
                    (activated(Box::new(recorded)), source)
                },
                |(recorded, _source)| {
                    for _ in 0..500 {
                        let _ = black_box(recorded.on_event(
                            Timestamp::ZERO,
                            black_box(&event),
                            told,
                            &mut NoProbes,
                        ));
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// A second of a voice call out of the ring and into lines.
fn writer(criterion: &mut Criterion) {
    let feedback = packets(5);
    criterion.bench_function("event-log/writer/a-second-of-voice", |bencher| {
        bencher.iter_batched(
            || {
                let (mut sink, source) = ring(ENTRIES);
                for number in 0..60 {
                    let event = if number % 6 == 5 {
                        CongestionEvent::new(CongestionEventKind::PacketFeedback, Timestamp::from_ms(number))
                    } else {
                        sent(number)
                    };
                    let packets = if number % 6 == 5 { &feedback[..] } else { &[] };
                    let noted = sink.note(
                        Timestamp::from_ms(number),
                        &Happening::Told {
                            event: &event,
                            packets,
                            probes: &[],
                            answer: None,
                        },
                    );
                    assert!(noted, "the ring has room for a second");
                }
                (source, Lines::new().begin_log())
            },
            |(mut source, mut lines)| {
                while source.write_next((0, 0), &mut lines).is_some() {}
                lines
            },
            BatchSize::SmallInput,
        );
    });
}

/// Ten seconds of a voice on a network with jitter.
fn voice() -> Vec<PacketArrival> {
    let mut stream = Stream::new();
    stream.speak(
        TimeDelta::seconds(10),
        network(1, TimeDelta::ms(20), TimeDelta::ms(40), 0.01),
    )
}

fn activated_jitter(mut buffer: Box<dyn JitterBuffer>) -> Box<dyn JitterBuffer> {
    buffer
        .activate(&JitterConfig::new(SampleRate::HZ_48000, 128))
        .expect("a usual setup");
    buffer
}

/// Ten seconds of a voice played by the default jitter buffer: alone, and recorded into a ring with room for all of it.
fn audio_thread(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event-log/audio-thread");
    let arrivals = voice();
    let alone = || activated_jitter(Box::new(made::<AdaptiveDelay>()));
    let recorded = || {
        let (sink, source) = jitter::ring::ring(ENTRIES);
        let recorded = jitter::Recorded::new(Box::new(made::<AdaptiveDelay>()), Box::new(sink));
        (activated_jitter(Box::new(recorded)), source)
    };
    let play = |buffer: &mut dyn JitterBuffer| {
        let mut listener = Listener::new(SampleRate::HZ_48000);
        listener.run(buffer, &arrivals, Timestamp::from_ms(10_000));
        listener.played.len()
    };
    group.bench_function("10-s-of-voice/alone", |bencher| {
        bencher.iter_batched_ref(alone, |buffer| play(&mut **buffer), BatchSize::LargeInput);
    });
    group.bench_function("10-s-of-voice/recorded", |bencher| {
        bencher.iter_batched_ref(recorded, |(buffer, _)| play(&mut **buffer), BatchSize::LargeInput);
    });
    group.bench_function("10-s-of-voice/written", |bencher| {
        bencher.iter_batched(
            || {
                let (mut buffer, source) = recorded();
                play(&mut *buffer);
                (source, Lines::new().begin_log())
            },
            |(mut source, mut lines)| {
                while source.write_next((0, 0), &mut lines).is_some() {}
                lines
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// A minute of a voice call read again.
fn reader(criterion: &mut Criterion) {
    let mut lines = Lines::new().begin_log();
    for number in 0..3_600 {
        let event = sent(number);
        let told = Happening::Told {
            event: &event,
            packets: &[],
            probes: &[],
            answer: None,
        };
        lines.happening(Timestamp::from_ms(number), (0, 0), &told);
    }
    let text = lines.into_text();
    criterion.bench_function("event-log/reader/a-minute-of-voice", |bencher| {
        bencher.iter(|| EventLog::parse(black_box(text.as_bytes())));
    });
}

criterion_group!(benches, network_thread, audio_thread, writer, reader);
criterion_main!(benches);
