//! Files for the tests: each test has its own, below one directory that is made anew.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use jackfield_testkit::signal::voice;

/// A path of this test alone, where nothing is yet.
pub(crate) fn fresh() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let directory =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("capture-file-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    directory.join(format!("{}.wav", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// The same as text.
pub(crate) fn fresh_path() -> String {
    fresh().to_str().unwrap().to_owned()
}

/// A recording of a voice: 1.3 s, 16 kHz, mono, 16 bits.
pub(crate) fn recording() -> String {
    let path = fresh();
    let samples: Vec<f32> = voice(1, 16_000, 20_800);
    write(&path, 16_000, 1, &samples);
    path.to_str().unwrap().to_owned()
}

/// Writes interleaved samples as 16 bits.
pub(crate) fn write(path: &std::path::Path, sample_rate: u32, channels: u16, samples: &[f32]) {
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
