//! The source.

use jackfield_sdk::dsp::clip::Clip;
use jackfield_sdk::dsp::{check_block, check_format};
use jackfield_sdk::prelude::*;

use crate::decode;

/// What can be set.
#[derive(Params)]
pub struct MediaFileSourceParameters {
    /// Whether the sound begins anew when it has ended.
    #[param(title = "Loop", default = true)]
    pub looped: bool,
}

/// Plays the best audio stream of a media file.
pub struct MediaFileSource {
    parameters: MediaFileSourceParameters,
    clip: Option<Clip>,
    /// Samples per channel given since `open`.
    position: u64,
}

impl Plugin for MediaFileSource {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.capture.media-file",
        "Media file",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("Plays the sound of any file that FFmpeg decodes. Location: the path.");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("length", "s", "How long the sound lasts."),
        Statistic::counter("position", "s", "How much has been given since it was opened."),
    ];
    type Parameters = MediaFileSourceParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: MediaFileSourceParameters::defaults(),
            clip: None,
            position: 0,
        })
    }

    fn parameters(&mut self) -> &mut MediaFileSourceParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let rate = self
            .clip
            .as_ref()
            .map_or(1.0, |clip| f64::from(clip.format().sample_rate.as_hz()));
        values[0] = self.clip.as_ref().map_or(0.0, |clip| clip.len() as f64) / rate;
        values[1] = self.position as f64 / rate;
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.position = 0;
    }
}

impl AudioSource for MediaFileSource {
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        if location.is_empty() {
            return Err(Fault::invalid(
                "no file given: set the location to the path of a media file",
            ));
        }
        self.clip = Some(decode::load(location, format)?);
        self.position = 0;
        Ok(())
    }

    fn read(&mut self, _now: Timestamp, block: &mut [f32]) -> Result<SourceState, Fault> {
        let format = check_block(self.clip.as_ref().map(Clip::format), block.len())?;
        let goes_on = self
            .clip
            .as_ref()
            .is_some_and(|clip| clip.play(self.position, self.parameters.looped, block));
        self.position += format.block_samples() as u64;
        Ok(SourceState {
            ended: u32::from(!goes_on),
            missing: 0,
        })
    }

    fn hand_over(&mut self) -> Result<SourceHandover, Fault> {
        Ok(SourceHandover {
            position: self.position,
        })
    }

    fn take_over(&mut self, state: &SourceHandover) -> Result<(), Fault> {
        self.position = state.position;
        Ok(())
    }
}
