//! Recorded speech, and what is measured of what was heard.

use std::path::Path;

use jackfield_capture_file::FileSource;
use jackfield_core::audio::level_dbov;
use jackfield_core::audio_source::{AudioSource, AudioSourceProxy};
use jackfield_core::time::Timestamp;
use jackfield_graph::media::PacketBuffer;
use jackfield_testkit::signal;

use super::plugins::{Codec, ROOM, made};

/// The first seconds of a recording, 48 kHz mono, looped if it is shorter.
pub(crate) fn speech(name: &str, seconds: usize) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../hosts/call-host/speech/{name}.wav"));
    let mut source = AudioSourceProxy::local(made::<FileSource>());
    source.open(path.to_str().unwrap(), &ROOM).unwrap();
    let mut pcm = vec![0.0; seconds * 48_000];
    for block in pcm.chunks_exact_mut(480) {
        source.read(Timestamp::ZERO, block).unwrap();
    }
    pcm
}

pub(crate) fn ann(seconds: usize) -> Vec<f32> {
    speech("reader-1", seconds)
}

pub(crate) fn bob(seconds: usize) -> Vec<f32> {
    speech("cards", seconds)
}

pub(crate) fn cat(seconds: usize) -> Vec<f32> {
    speech("reader-2", seconds)
}

/// What a perfect room makes of voices for who hears them all: each has passed Opus on its way in, and their sum on its way out. Opus
/// alone changes the waveform of speech: of what was said a correlation of 0.97 is left after the first time, and 0.90 after the second.
pub(crate) fn perfect(voices: &[&[f32]]) -> Vec<f32> {
    let mut sum = vec![0.0; voices[0].len()];
    for voice in voices {
        for (sum, sample) in sum.iter_mut().zip(coded(voice)) {
            *sum += sample;
        }
    }
    coded(&sum)
}

/// A signal after Opus.
fn coded(pcm: &[f32]) -> Vec<f32> {
    let (mut encoder, mut decoder) = (Codec::Opus.encoder(20), Codec::Opus.decoder());
    let mut coded = Vec::with_capacity(pcm.len());
    for block in pcm.as_chunks::<480>().0 {
        let mut payload = PacketBuffer::new();
        if encoder.encode(block, &mut payload).unwrap().ticks > 0 {
            let mut packet = [0.0; 5_760];
            let decoded = decoder.decoder.decode(payload.bytes(), &mut packet).unwrap();
            coded.extend_from_slice(&packet[..decoded.samples as usize]);
        }
    }
    coded
}

/// How well each half second of `said` that is not silent is found again in `heard`, at whatever delay up to 0.5 s: the correlation between
/// 300 Hz and 2 kHz or so. Below that a speech encoder's high-pass turns phases (that of Opus by more than 50 degrees at the pitch of a
/// voice), which nobody hears.
pub(crate) fn likeness(said: &[f32], heard: &[f32]) -> Vec<f32> {
    const THIN: usize = 12;
    const WINDOW: usize = 24_000;
    const DELAY: usize = 24_000;
    let (said, heard) = (band(said, THIN), band(heard, THIN));
    let mut found = Vec::new();
    for (n, window) in said.chunks_exact(WINDOW).enumerate() {
        let from = n * WINDOW;
        if level_dbov(window) < -40.0 || from + WINDOW + DELAY > heard.len() {
            continue;
        }
        let heard = &heard[from..from + WINDOW + DELAY];
        let thin = |pcm: &[f32]| pcm.iter().step_by(THIN).copied().collect::<Vec<f32>>();
        let coarse = best_lag(&thin(window), &thin(heard), DELAY / THIN).samples * THIN;
        let around = coarse.saturating_sub(4 * THIN);
        let end = (around + WINDOW + 8 * THIN).min(heard.len());
        found.push(best_lag(window, &heard[around..end], 8 * THIN).likeness);
    }
    found
}

/// The lag up to `most` at which all of `window` is most like a part of `late`.
fn best_lag(window: &[f32], late: &[f32], most: usize) -> signal::Lag {
    let mut padded = window.to_vec();
    padded.resize(window.len() + most, 0.0);
    signal::lag(&padded, late, most.min(late.len() - window.len()))
}

/// The median and the worst of [`likeness`].
pub(crate) fn found_again(said: &[f32], heard: &[f32]) -> (f32, f32) {
    let mut found = likeness(said, heard);
    assert!(found.len() >= 3, "too little was said to judge: {found:?}");
    found.sort_by(f32::total_cmp);
    (found[found.len() / 2], found[0])
}

/// The signal without what is slower than 300 Hz and what is faster than means of `thin` samples show.
fn band(pcm: &[f32], thin: usize) -> Vec<f32> {
    const SLOW: usize = 160;
    let (fast, slow) = (means(pcm, thin), means(pcm, SLOW));
    let offset = (SLOW - thin) / 2;
    slow.iter()
        .zip(&fast[offset..])
        .map(|(slow, fast)| fast - slow)
        .collect()
}

/// The mean of every `over` neighbouring samples.
fn means(pcm: &[f32], over: usize) -> Vec<f32> {
    pcm.windows(over)
        .map(|w| w.iter().sum::<f32>() / over as f32)
        .collect()
}

/// The largest step between neighbouring samples.
pub(crate) fn steepest(pcm: &[f32]) -> f32 {
    signal::largest_step(pcm)
}

/// The longest run of samples that are (nearly) zero while `said` is not silent around it, in samples.
pub(crate) fn longest_gap(heard: &[f32]) -> usize {
    let (mut longest, mut run) = (0, 0);
    for sample in heard {
        run = if sample.abs() < 1e-7 { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
