//! What a minute of a whole call costs in virtual time: two ends with offer and answer, ICE, DTLS, SRTP, pacer, congestion control, Opus and jitter
//! buffer, over a link that jitters and loses 2 %. The figure to keep is 2 s of one core.

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use jackfield_benches::Call;
use jackfield_benches::plugins::Codec;
use jackfield_core::units::TimeDelta;
use jackfield_sim::LinkConfig;

fn call_minute(criterion: &mut Criterion) {
    let link = LinkConfig {
        delay: TimeDelta::ms(30),
        jitter: TimeDelta::ms(10),
        loss: 0.02,
        ..LinkConfig::PERFECT
    };
    let mut group = criterion.benchmark_group("call");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.bench_function("a minute in virtual time", |bencher| {
        bencher.iter(|| {
            let mut call = Call::new(Codec::Opus, link, 7);
            call.run_for(TimeDelta::seconds(60));
            call
        });
    });
    group.finish();
}

criterion_group!(benches, call_minute);
criterion_main!(benches);
