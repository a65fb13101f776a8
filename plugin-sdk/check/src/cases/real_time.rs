//! What happens on the audio thread that must not happen there.

use std::sync::Barrier;

use jackfield_core::module::ResetReason;
use jackfield_sdk::prelude::*;
use jackfield_testkit::module::range;
use jackfield_testkit::real_time::section;

use super::processor::{Processor, activated, tick};
use crate::child::Bench;
use crate::shim::machine::wall_us;

/// So long instances run beside each other at most.
const BESIDE_US: f64 = 4e6;

/// Every `[audio]` and `[any]` method, watched: what is seen is told by the observer.
pub(super) fn real_time(bench: &Bench) {
    let processor = Processor::on(bench);
    let subject = &processor.subject;
    for format in subject.formats().iter().take(6) {
        let mut instance = processor.activated(format);
        let (mut near, far) = processor.voices(format, 40);
        let length = format.block_len();
        let mut values = vec![0.0; subject.statistics.len()];
        let mut state = ProcessorHandover::UNKNOWN;
        for (block, (near, far)) in near
            .chunks_exact_mut(length)
            .zip(far.chunks_exact(length))
            .enumerate()
        {
            let (result, _) = section(|| tick(&mut *instance, block, near, far));
            result.unwrap_or_else(|fault| panic!("block {block} in {format}: {fault}"));
            if block % 10 == 5 {
                for (index, parameter) in subject.parameters.iter().enumerate() {
                    let (min, max) = range(parameter);
                    let value = [min, max, parameter.default][block / 10 % 3];
                    let _ = section(|| instance.set_parameter(index as u32, value));
                    let _ = section(|| instance.set_parameter(index as u32, parameter.default));
                }
                let _ = section(|| instance.stats(&mut values));
                let _ = section(|| instance.latency());
                let _ = section(|| instance.hand_over(&mut state));
                let _ = section(|| instance.take_over(&state));
            }
        }
        let _ = section(|| tick(&mut *instance, 0, &mut [], &[]));
        let _ = section(|| instance.reset(ResetReason::Stream));
    }
}

/// Several instances at once, on other threads than the one that made them, as a host runs them. What a library makes once for each thread is
/// made in the first block, and a lock that they share has to wait now and then, which is a system call.
pub(super) fn other_threads(bench: &Bench) {
    const THREADS: u64 = 4;
    let processor = Processor::on(bench);
    let format = processor.subject.format();
    let (near, far) = processor.voices(&format, 20);
    let length = format.block_len();
    let rounds = if bench.request.quick { 10 } else { 60 };
    let begin = Barrier::new(THREADS as usize);
    let instances: Vec<_> = (0..THREADS)
        .map(|n| activated(bench, processor.seed() + n, &format))
        .collect();
    std::thread::scope(|scope| {
        for mut instance in instances {
            let (mut near, far, begin) = (near.clone(), &far, &begin);
            scope.spawn(move || {
                begin.wait();
                let start = wall_us();
                for _ in 0..rounds {
                    for (block, (near, far)) in near
                        .chunks_exact_mut(length)
                        .zip(far.chunks_exact(length))
                        .enumerate()
                    {
                        let _ = section(|| tick(&mut *instance, block, near, far));
                    }
                    if wall_us() - start > BESIDE_US {
                        break;
                    }
                }
            });
        }
    });
}
