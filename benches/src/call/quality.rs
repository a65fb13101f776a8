//! How good a call was, by what the listener's end has counted and by what came out of its loudspeaker.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::audio::level_dbov;
use jackfield_graph::network::NetworkStats;
use jackfield_graph::stats::StripStats;
use jackfield_lab::metrics::mos;
use jackfield_testkit::signal;

use crate::plugins::speech;

/// How well somebody heard the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The share of packets that did not come.
    pub lost: f64,
    /// The share of what was played that was made up.
    pub concealed: f64,
    /// From mouth to ear: the median over half seconds of speech.
    pub delay_ms: f64,
    /// How alike said and heard are once the delay is taken off, 0 to 1: the median over the same half seconds.
    pub likeness: f64,
    /// Half seconds of speech that were found again, and how many there were.
    pub found: (usize, usize),
    /// The mean opinion score by the E-model (ITU-T G.107), with concealment for loss.
    pub mos: f64,
}

/// Half a second, at 48 kHz.
const WINDOW: usize = 24_000;
/// The longest delay that is looked for.
const DELAY: usize = 24_000;
/// Every so manieth sample is looked at, after a mean over as many: 4 kHz keep what tells one word from another.
const THIN: usize = 12;
/// A window is found again if it is at least this much like something that was heard.
const ALIKE: f32 = 0.7;

impl Quality {
    pub(super) fn of(voice: &str, heard: &[f32], network: &NetworkStats, strip: &StripStats) -> Self {
        let said = thin(&speech(voice, heard.len() / 48_000));
        let heard = thin(heard);
        let (window, delay) = (WINDOW / THIN, DELAY / THIN);
        let mut found = Vec::new();
        let mut spoken = 0;
        for (place, part) in said.chunks_exact(window).enumerate() {
            let from = place * window;
            if level_dbov(part) < -40.0 || from + window + delay > heard.len() {
                continue;
            }
            spoken += 1;
            // `lag` compares all but the last `delay` samples of the first.
            let mut padded = part.to_vec();
            padded.resize(window + delay, 0.0);
            let lag = signal::lag(&padded, &heard[from..from + window + delay], delay);
            if lag.likeness >= ALIKE {
                found.push(lag);
            }
        }
        let delay_ms = median(found.iter().map(|lag| (lag.samples * THIN) as f64 / 48.0));
        let share = |part: u64, rest: u64| part as f64 / (part + rest).max(1) as f64;
        let (received, lost) = (
            network.packets_received.load(Relaxed),
            network.packets_lost.load(Relaxed),
        );
        let (made_up, played) = (
            strip.concealed_samples.load(Relaxed),
            strip.total_samples.load(Relaxed),
        );
        let concealed = made_up as f64 / played.max(1) as f64;
        Self {
            lost: share(lost as u64, received),
            concealed,
            delay_ms,
            likeness: median(found.iter().map(|lag| f64::from(lag.likeness))),
            found: (found.len(), spoken),
            mos: mos::from_rating(mos::rating(delay_ms, concealed)),
        }
    }
}

/// Means over neighbouring samples.
fn thin(pcm: &[f32]) -> Vec<f32> {
    pcm.chunks_exact(THIN)
        .map(|chunk| chunk.iter().sum::<f32>() / THIN as f32)
        .collect()
}

/// Nothing at all is worse than any delay.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::INFINITY)
}
