//! Where a processor reads and writes, and whether it matters to it.

use jackfield_sdk::prelude::*;

use super::processor::{Processor, run, tick};
use crate::child::Bench;
use crate::rule;
use crate::shim::calls::fill_memory;
use crate::shim::fence::{Close, Fence};
use crate::shim::sights::Frames;

/// Blocks between pages that nobody may touch: a touch outside ends the process and says where it came from.
pub(super) fn fenced(bench: &Bench) {
    let processor = Processor::on(bench);
    for format in processor.subject.formats().iter().take(8) {
        for close in [Close::Before, Close::Behind] {
            let length = format.block_len();
            let (mut near, mut far) = (Fence::new(length, close), Fence::new(length, close));
            let mut instance = processor.activated(format);
            let (said, played) = processor.voices(format, 12);
            for (block, (said, played)) in said
                .chunks_exact(length)
                .zip(played.chunks_exact(length))
                .enumerate()
            {
                near.samples().copy_from_slice(said);
                far.open();
                far.samples().copy_from_slice(played);
                far.make_read_only();
                tick(&mut *instance, block, near.samples(), far.samples())
                    .unwrap_or_else(|fault| panic!("block {block} in {format}: {fault}"));
            }
        }
    }
}

/// After each call the buffers that it was passed are closed.
pub(super) fn kept_pointers(bench: &Bench) {
    let processor = Processor::on(bench);
    let format = processor.subject.format();
    let length = format.block_len();
    let mut pairs: Vec<_> = (0..3)
        .map(|_| {
            (
                Fence::new(length, Close::Behind),
                Fence::new(length, Close::Behind),
            )
        })
        .collect();
    let mut instance = processor.activated(&format);
    let (said, played) = processor.voices(&format, 60);
    for (block, (said, played)) in said
        .chunks_exact(length)
        .zip(played.chunks_exact(length))
        .enumerate()
    {
        let (near, far) = &mut pairs[block % 3];
        near.open();
        far.open();
        near.samples().copy_from_slice(said);
        far.samples().copy_from_slice(played);
        tick(&mut *instance, block, near.samples(), far.samples())
            .unwrap_or_else(|fault| panic!("block {block}: {fault}"));
        near.close();
        far.close();
        let mut values = vec![0.0; processor.subject.statistics.len()];
        let _ = instance.stats(&mut values);
        let _ = instance.hand_over(&mut { ProcessorHandover::UNKNOWN });
    }
}

/// The same input at other addresses, with other rubbish in new memory, gives the same output.
pub(super) fn addresses(bench: &Bench) {
    if !bench.module.deterministic {
        return;
    }
    let processor = Processor::on(bench);
    for format in processor.subject.formats().iter().take(4) {
        let (said, played) = processor.voices(format, 40);
        let mut outputs = Vec::new();
        for (offset, byte) in [(0, 0x00), (1, 0xA5), (3, 0x7F)] {
            fill_memory(byte);
            let mut instance = processor.activated(format);
            // Moved by samples, so aligned for a sample and for nothing else.
            let shift = |signal: &[f32]| {
                let mut moved = vec![0.0; offset];
                moved.extend_from_slice(signal);
                moved
            };
            let (mut near, far) = (shift(&said), shift(&played));
            run(&mut *instance, format, &mut near[offset..], &far[offset..]);
            near.drain(..offset);
            outputs.push(near);
        }
        fill_memory(0);
        for output in &outputs[1..] {
            let differs = output
                .iter()
                .zip(&outputs[0])
                .position(|(a, b)| a.to_bits() != b.to_bits());
            if let Some(at) = differs {
                bench.teller.broken(
                    &rule::DEPENDS_ON_ADDRESSES,
                    &format!(
                        "{format}: sample {at} is {} with buffers elsewhere and {} before",
                        output[at], outputs[0][at]
                    ),
                    &Frames::NONE,
                );
                return;
            }
        }
    }
}
