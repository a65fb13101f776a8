//! Media files for the tests, made by the `ffmpeg` command (`scripts/setup.sh test` installs it) out of a WAV file of a known tone and voice.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use jackfield_testkit::signal::voice;

/// A path of this test alone.
pub(crate) fn fresh(extension: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let directory =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("media-file-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    directory.join(format!("{}.{extension}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// The original: two seconds of voice, 48 kHz, mono.
pub(crate) fn original() -> Vec<f32> {
    voice(1, 48_000, 96_000)
}

/// Writes interleaved samples as 16 bits.
pub(crate) fn write_wav(path: &Path, sample_rate: u32, channels: u16, samples: &[f32]) {
    let spec = hound::WavSpec {
        channels,
        sample_rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for sample in samples {
        writer.write_sample((sample * 32_767.0).round() as i16).unwrap();
    }
    writer.finalize().unwrap();
}

/// The original, encoded by `arguments` into a file with this extension.
pub(crate) fn encoded(extension: &str, arguments: &[&str]) -> String {
    let wav = fresh("wav");
    write_wav(&wav, 48_000, 1, &original());
    let path = fresh(extension);
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-i"])
        .arg(&wav)
        .args(arguments)
        .arg(&path)
        .output()
        .expect("the command `ffmpeg`: scripts/setup.sh test installs it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    path.to_str().unwrap().to_owned()
}

/// The original as Opus in WebM, made once for each run.
pub(crate) fn opus_in_webm() -> String {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| encoded("webm", &["-c:a", "libopus", "-b:a", "64k"]))
        .clone()
}
