//! What only shows after a long time.

use super::PROCESSORS;
use super::processor::{Processor, run, tick};

use crate::child::Bench;
use crate::rule::{self, Rule};
use crate::shim::live::left_by;
use crate::shim::machine::{bytes_in_use, thread_us};
use crate::shim::sights::Frames;
use crate::subject;

/// A late block, in microseconds: half of what it lasts.
const DEADLINE_US: f64 = 5_000.0;
/// So many instances are followed allocation by allocation if there is a suspicion.
const FOLLOWED: usize = 20;
/// So many bytes of each instance are a leak even if nobody is found who allocated them.
const UNTRACED_BYTES: f64 = 256.0;
/// So much processor time each may take, in microseconds, before fewer rounds have to do.
const ENOUGH_US: f64 = 40e6;

/// Instances are made, used and destroyed, 10 000 times.
pub(super) fn leaks(bench: &Bench) {
    let processor = (bench.module.area == PROCESSORS).then(|| Processor::on(bench));
    let cycle = || {
        let Ok(mut instance) = subject::module(bench.image, bench.module, bench.request.seed) else {
            return;
        };
        let mut values = vec![0.0; bench.module.statistics.len()];
        let _ = instance.stats(&mut values);
        drop(instance);
        if let Some(processor) = &processor {
            let format = processor.subject.format();
            let mut block = vec![0.1; format.block_len()];
            let far = block.clone();
            let _ = tick(&mut *processor.activated(&format), 0, &mut block, &far);
        }
    };
    let cycles = if bench.request.quick { 300 } else { 10_000 };
    let per = grown(cycles, cycle);
    let left = if per >= 1.0 {
        left_by(|| (0..FOLLOWED).for_each(|_| cycle()))
    } else {
        Vec::new()
    };
    // The allocator's own books move a little. What is less than that counts if somebody is found who did it, each time.
    if per >= UNTRACED_BYTES || left.iter().any(|(_, times, _)| *times >= FOLLOWED) {
        tell(
            bench,
            &rule::LEAKS,
            &format!("{per:.0} bytes are left of each instance"),
            &left,
        );
    }
}

/// Block after block, and the memory in use stays what it was.
pub(super) fn growth(bench: &Bench) {
    let processor = Processor::on(bench);
    let format = processor.subject.format();
    let mut instance = processor.activated(&format);
    let (near, far) = processor.voices(&format, 100);
    let mut block = near.clone();
    let mut second = || {
        block.copy_from_slice(&near);
        run(&mut *instance, &format, &mut block, &far);
    };
    let per = grown(if bench.request.quick { 8 } else { 100 }, &mut second);
    // A hundred blocks each.
    if per >= 100.0 {
        let left = left_by(second);
        let what = format!("{:.0} bytes are left of each block", per / 100.0);
        tell(bench, &rule::GROWS, &what, &left);
    }
}

/// By how many bytes each of so many calls lets the memory in use grow, after as much time as it needs to settle. The smaller of two halves
/// counts: what leaks does so all the time, what is cached does not.
fn grown(times: usize, mut call: impl FnMut()) -> f64 {
    for _ in 0..times.div_ceil(10).min(50) {
        call();
    }
    let mut half = || {
        let (start, before) = (thread_us(), bytes_in_use());
        let mut done = 0_u32;
        while (done as usize) < times.div_ceil(2) && thread_us() - start < ENOUGH_US / 2.0 {
            call();
            done += 1;
        }
        (bytes_in_use() as f64 - before as f64) / f64::from(done.max(1))
    };
    half().min(half())
}

fn tell(bench: &Bench, rule: &Rule, what: &str, left: &[(usize, usize, Frames)]) {
    match left.first() {
        Some((bytes, times, frames)) => bench.teller.broken(
            rule,
            &format!("{what}; of {times} allocations with {bytes} bytes nothing was freed"),
            frames,
        ),
        None => bench.teller.broken(rule, what, &Frames::NONE),
    }
}

/// How long blocks take, in processor time: what else the machine does at the time does not count.
pub(super) fn deadlines(bench: &Bench) {
    let processor = Processor::on(bench);
    let format = processor.subject.format();
    let mut instance = processor.activated(&format);
    let (near, far) = processor.voices(&format, 200);
    let length = format.block_len();
    let blocks = if bench.request.quick { 2_000 } else { 30_000 };
    let mut times = Vec::with_capacity(blocks);
    let mut block = vec![0.0; length];
    for n in 0..blocks {
        let from = n % 200 * length;
        block.copy_from_slice(&near[from..from + length]);
        let start = thread_us();
        tick(&mut *instance, n, &mut block, &far[from..from + length])
            .unwrap_or_else(|fault| panic!("block {n}: {fault}"));
        times.push(thread_us() - start);
        if times.iter().rev().take(20).sum::<f64>() > 20.0 * 4.0 * DEADLINE_US {
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
    let (median, late) = (at(0.5), at(0.999));
    bench.teller.figure("block p50", median, "us");
    bench.teller.figure("block p99.9", late, "us");
    if late > DEADLINE_US {
        bench.teller.broken(
            &rule::MISSES_DEADLINES,
            &format!(
                "one block in a thousand takes {:.1} ms or more, half of them {:.2} ms",
                late / 1e3,
                median / 1e3
            ),
            &Frames::NONE,
        );
    }
}
