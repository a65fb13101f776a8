//! Whether a processor is what it says it is.

use jackfield_sdk::prelude::*;

use super::processor::{Processor, run, tick};
use crate::child::Bench;
use crate::protocol::Message;
use crate::rule;
use crate::shim::calls::shift_clocks;
use crate::shim::sights::Frames;

/// Gives the digest of what comes out; two processes must agree on it.
pub(super) fn repeatable(bench: &Bench) {
    if !bench.module.deterministic {
        return;
    }
    let digest = output(bench, 60)
        .iter()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, sample| {
            (hash ^ u64::from(sample.to_bits())).wrapping_mul(0x0000_0100_0000_01B3)
        });
    bench.teller.send(&Message::Digest(format!("{digest:016x}")));
}

/// On another day and at another hour, the same input gives the same output.
pub(super) fn clocks(bench: &Bench) {
    if !bench.module.deterministic {
        return;
    }
    let now = output(bench, 60);
    for seconds in [86_400_i64 * 365, -3_600] {
        shift_clocks(seconds * 1_000_000_000);
        let then = output(bench, 60);
        shift_clocks(0);
        let differs = now
            .iter()
            .zip(&then)
            .position(|(now, then)| now.to_bits() != then.to_bits());
        if let Some(at) = differs {
            bench.teller.broken(
                &rule::DEPENDS_ON_THE_CLOCK,
                &format!(
                    "with all clocks {seconds} s later, sample {at} is {} instead of {}",
                    then[at], now[at]
                ),
                &Frames::NONE,
            );
            return;
        }
    }
}

/// What a new instance makes of two voices.
fn output(bench: &Bench, blocks: usize) -> Vec<f32> {
    let processor = Processor::on(bench);
    let format = processor.subject.format();
    let (mut near, far) = processor.voices(&format, blocks);
    run(&mut *processor.activated(&format), &format, &mut near, &far);
    near
}

/// What one instance hands over, another has after it took it over and heard a block.
pub(super) fn handover(bench: &Bench) {
    let processor = Processor::on(bench);
    let format = processor.subject.format();
    let (mut near, far) = processor.voices(&format, 300);
    let last = near.len() - format.block_len();
    let mut old = processor.activated(&format);
    run(&mut *old, &format, &mut near[..last], &far[..last]);
    let mut given = ProcessorHandover::UNKNOWN;
    old.hand_over(&mut given)
        .unwrap_or_else(|fault| panic!("hand_over: {fault}"));
    let mut young = processor.activated(&format);
    young
        .take_over(&given)
        .unwrap_or_else(|fault| panic!("take_over: {fault}"));
    tick(&mut *young, 0, &mut near[last..], &far[last..])
        .unwrap_or_else(|fault| panic!("the first block: {fault}"));
    let mut kept = ProcessorHandover::UNKNOWN;
    young
        .hand_over(&mut kept)
        .unwrap_or_else(|fault| panic!("hand_over of the successor: {fault}"));
    for (what, unit, given, kept, tolerance) in [
        ("gain", "dB", given.gain_db, kept.gain_db, 3.0),
        (
            "noise floor",
            "dBov",
            given.noise_floor_dbov,
            kept.noise_floor_dbov,
            12.0,
        ),
        ("echo delay", "ms", given.echo_delay_ms, kept.echo_delay_ms, 20.0),
    ] {
        if given.is_nan() {
            continue;
        }
        if !given.is_finite() || (given - kept).is_nan() || (given - kept).abs() > tolerance {
            bench.teller.broken(
                &rule::HANDOVER,
                &format!("the {what} handed over is {given} {unit}, and a block later the successor hands over {kept} {unit}"),
                &Frames::NONE,
            );
        }
    }
}
