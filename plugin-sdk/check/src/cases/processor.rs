//! What the cases of audio processors have in common.

use jackfield_core::environment::Environment;
use jackfield_sdk::prelude::*;
use jackfield_testkit::Subject;
use jackfield_testkit::audio_processor::speech;

use crate::child::Bench;
use crate::subject;

/// An audio processor on the bench.
pub(crate) struct Processor<'a> {
    pub(crate) bench: &'a Bench,
    pub(crate) subject: std::rc::Rc<Subject<dyn AudioProcessor>>,
}

impl<'a> Processor<'a> {
    pub(crate) fn on(bench: &'a Bench) -> Self {
        Self {
            bench,
            subject: subject::processor(bench.image, bench.module),
        }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.bench.request.seed
    }

    /// A new instance, ready for `format`.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn activated(&self, format: &AudioFormat) -> Box<dyn AudioProcessor> {
        activated(self.bench, self.seed(), format)
    }

    /// A second or so of a voice near and another one far, in blocks.
    pub(crate) fn voices(&self, format: &AudioFormat, blocks: usize) -> (Vec<f32>, Vec<f32>) {
        let seed = self.seed() % 1_000;
        (speech(seed + 1, format, blocks), speech(seed + 2, format, blocks))
    }
}

/// A new instance, ready for `format`.
///
/// # Panics
/// If there is none.
pub(crate) fn activated(bench: &Bench, seed: u64, format: &AudioFormat) -> Box<dyn AudioProcessor> {
    let made = bench
        .image
        .create::<dyn AudioProcessor>(&bench.module.id, &Environment::seeded(seed));
    let mut processor = made.unwrap_or_else(|error| panic!("{error}"));
    processor
        .activate(format)
        .unwrap_or_else(|fault| panic!("{format} is offered and refused: {fault}"));
    Box::new(processor)
}

/// One tick: the far end is shown, the near end processed.
///
/// # Errors
/// With the first fault.
pub(crate) fn tick(
    processor: &mut dyn AudioProcessor,
    block: usize,
    near: &mut [f32],
    far: &[f32],
) -> Result<(), Fault> {
    let now = Timestamp::from_ms(block as i64 * 10);
    processor.render(now, far)?;
    processor.process(now, near, &CaptureInfo::UNKNOWN, &mut {
        ProcessorReport::UNKNOWN
    })
}

/// All blocks of a signal, one after the other, in place.
///
/// # Panics
/// With the first fault.
pub(crate) fn run(processor: &mut dyn AudioProcessor, format: &AudioFormat, near: &mut [f32], far: &[f32]) {
    let length = format.block_len();
    for (block, (near, far)) in near
        .chunks_exact_mut(length)
        .zip(far.chunks_exact(length))
        .enumerate()
    {
        tick(processor, block, near, far)
            .unwrap_or_else(|fault| panic!("block {block} in {format}: {fault}"));
    }
}
