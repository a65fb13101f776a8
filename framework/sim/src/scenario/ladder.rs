//! The traces that a video stream takes the sizes of its frames from.

use std::sync::Arc;

use super::flows::VideoSpec;
use super::raw::RawStream;
use super::traces::Traces;
use super::units::Rate;
use super::{ScenarioError, check};
use crate::trace::{FrameLadder, LadderError};

/// So many frames are skipped when a trace begins anew (RFC 8593 section 5.2).
const SKIPPED: u32 = 20;

/// The ladder of a stream; nothing if it is to have none. Its keys are taken.
pub(super) fn ladder(
    key: &str,
    raw: &mut RawStream,
    traces: &mut Traces<'_>,
) -> Result<Option<Arc<FrameLadder>>, ScenarioError> {
    let traced = raw.kind == "video" && matches!(raw.model.as_deref(), Some("trace" | "hybrid"));
    let (rungs, skip) = (raw.ladder.take(), raw.skip_frames.take());
    if !traced {
        let given = if rungs.is_some() { "ladder" } else { "skip_frames" };
        if rungs.is_none() && skip.is_none() {
            return Ok(None);
        }
        return check::err(
            format!("{key}.{given}"),
            "nothing is read from traces here",
            "leave it out, or let `kind` be \"video\" and `model` \"trace\" or \"hybrid\"",
        );
    }
    let key = format!("{key}.ladder");
    let rungs = rungs.unwrap_or_default();
    let mut read = Vec::with_capacity(rungs.len());
    for (number, rung) in rungs.iter().enumerate() {
        let Rate(rate) = rung.rate;
        let trace = traces.frames(&format!("{key}[{number}].trace"), &rung.trace)?;
        read.push((rate, trace.clone()));
    }
    let frame_rate = raw.frame_rate.unwrap_or(VideoSpec::TRACED.frame_rate);
    let made = FrameLadder::new(&read, skip.unwrap_or(SKIPPED), frame_rate);
    made.map(|ladder| Some(Arc::new(ladder)))
        .or_else(|error| match error {
            LadderError::NotRising(rung) => check::err(
                format!("{key}[{rung}].rate"),
                format!(
                    "{:?} is not above the rate of the rung before, or above 0",
                    read[rung].0
                ),
                "list the rungs from the lowest rate to the highest",
            ),
            LadderError::TooShort(rung) => check::err(
                format!("{key}[{rung}].trace"),
                format!(
                    "the trace `{}` has {} frames, and so many or more are skipped when it begins anew",
                    rungs[rung].trace,
                    read[rung].1.frames()
                ),
                "name a longer one, or make `skip_frames` smaller",
            ),
            LadderError::FrameRate => check::err(
                key.replace(".ladder", ".frame_rate"),
                format!("{frame_rate} frames per second are no video"),
                "choose between 1 and 1000",
            ),
            LadderError::Empty => check::err(
                &key,
                "there are no traces to take the sizes of frames from",
                "write [{ rate = \"200 kbit/s\", trace = \"PATH\" }, …]",
            ),
        })
}
