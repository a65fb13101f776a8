//! Changing between ways of processing while sound flows.

/// How many blocks a way runs unheard before it is faded in: it learns, and its delay line fills.
const SHADOW_BLOCKS: u32 = 20;

/// Which of several ways is heard. A new one first runs in the shadow, then is faded in over one block.
pub(crate) struct Switch {
    current: usize,
    coming: Option<(usize, u32)>,
    shadow: Vec<f32>,
    samples: usize,
}

impl Switch {
    /// A switch that begins at `way`, for blocks of `length` samples with `samples` in each channel.
    pub(crate) fn new(way: usize, length: usize, samples: usize) -> Self {
        Self {
            current: way,
            coming: None,
            shadow: vec![0.0; length],
            samples,
        }
    }

    /// The way that is heard.
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// Runs the block through the way that is heard, and through the one that is wanted if that is another. `run(way, block)` processes in
    /// place.
    pub(crate) fn process(
        &mut self,
        wanted: usize,
        block: &mut [f32],
        mut run: impl FnMut(usize, &mut [f32]),
    ) {
        if wanted == self.current {
            self.coming = None;
            run(wanted, block);
            return;
        }
        let ran = match self.coming {
            Some((way, ran)) if way == wanted => ran + 1,
            _ => 0,
        };
        self.shadow.copy_from_slice(block);
        run(self.current, block);
        run(wanted, &mut self.shadow);
        if ran < SHADOW_BLOCKS {
            self.coming = Some((wanted, ran));
            return;
        }
        for (old, new) in block
            .chunks_exact_mut(self.samples)
            .zip(self.shadow.chunks_exact(self.samples))
        {
            for (i, (old, new)) in old.iter_mut().zip(new).enumerate() {
                *old += (new - *old) * (i + 1) as f32 / self.samples as f32;
            }
        }
        self.current = wanted;
        self.coming = None;
    }
}
