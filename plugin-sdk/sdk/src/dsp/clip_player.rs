//! What every source of recordings does once it has one in memory.

use jackfield_core::Fault;
use jackfield_core::audio_source::{SourceHandover, SourceState};
use jackfield_core::stats::Statistic;

use super::check_block;
use super::clip::Clip;

/// Plays a recording block by block, and can hand over where it stands.
///
/// ```
/// use jackfield_sdk::dsp::ClipPlayer;
/// use jackfield_sdk::dsp::clip::Clip;
/// use jackfield_sdk::prelude::*;
///
/// let mut player = ClipPlayer::default();
/// player.insert(Clip::new(AudioFormat::MONO_48K, vec![0.5; 960]));
/// let mut block = [0.0; 480];
/// assert_eq!(player.read(false, &mut block)?.ended, 0);
/// assert_eq!((player.read(false, &mut block)?.ended, block), (1, [0.5; 480]));
/// # Ok::<(), Fault>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClipPlayer {
    clip: Option<Clip>,
    /// Samples per channel given since the recording was put in.
    position: u64,
}

impl ClipPlayer {
    /// What it reports, in the order of [`ClipPlayer::statistics`].
    pub const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("length", "s", "How long the recording lasts."),
        Statistic::counter("position", "s", "How much has been given since it was opened."),
    ];

    /// Puts a recording in, to be played from its beginning.
    pub fn insert(&mut self, clip: Clip) {
        self.clip = Some(clip);
        self.position = 0;
    }

    /// Begins anew.
    pub fn rewind(&mut self) {
        self.position = 0;
    }

    /// Fills a block with what comes next. Allocates nothing.
    ///
    /// # Errors
    /// If there is no recording, or the block is not 10 ms of its format.
    pub fn read(&mut self, looped: bool, block: &mut [f32]) -> Result<SourceState, Fault> {
        let format = check_block(self.clip.as_ref().map(Clip::format), block.len())?;
        let goes_on = self
            .clip
            .as_ref()
            .is_some_and(|clip| clip.play(self.position, looped, block));
        self.position += format.block_samples() as u64;
        Ok(SourceState {
            ended: u32::from(!goes_on),
            missing: 0,
        })
    }

    /// Writes the numbers of [`ClipPlayer::STATISTICS`].
    pub fn statistics(&self, values: &mut [f64]) {
        let rate = self
            .clip
            .as_ref()
            .map_or(1.0, |clip| f64::from(clip.format().sample_rate.as_hz()));
        values[0] = self.clip.as_ref().map_or(0.0, |clip| clip.len() as f64) / rate;
        values[1] = self.position as f64 / rate;
    }

    /// Where it stands, for a successor.
    pub fn hand_over(&self) -> SourceHandover {
        SourceHandover {
            position: self.position,
        }
    }

    /// Goes on where a predecessor stood.
    pub fn take_over(&mut self, state: &SourceHandover) {
        self.position = state.position;
    }
}
