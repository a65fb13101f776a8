//! What comes out is what was recorded, whatever it was encoded as; what cannot be played is told.

use jackfield_capture_media_file::MediaFileSource;
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::{lag, level_db, rms, tone};

use crate::files::{encoded, fresh, original, write_wav};

fn open(location: &str, format: &AudioFormat) -> Result<MediaFileSource, Fault> {
    let mut source = MediaFileSource::create(&Environment::seeded(1))?;
    source.parameters().looped = false;
    source.open(location, format)?;
    Ok(source)
}

fn read_all(source: &mut MediaFileSource, format: &AudioFormat) -> Vec<f32> {
    let mut output = Vec::new();
    let mut block = vec![0.0; format.block_len()];
    loop {
        let state = source.read(Timestamp::ZERO, &mut block).unwrap();
        output.extend_from_slice(&block);
        if state.ended != 0 {
            return output;
        }
    }
}

#[test]
fn every_common_codec_is_played() {
    let original = original();
    for (extension, arguments, likeness) in [
        ("flac", &["-c:a", "flac"][..], 0.999_9),
        ("webm", &["-c:a", "libopus", "-b:a", "96k"], 0.95),
        ("ogg", &["-c:a", "libvorbis", "-q:a", "6"], 0.95),
        ("m4a", &["-c:a", "aac", "-b:a", "128k"], 0.95),
        ("mp3", &["-c:a", "libmp3lame", "-b:a", "128k"], 0.95),
        ("wav", &["-c:a", "pcm_mulaw", "-ar", "8000"], 0.8),
    ] {
        let path = encoded(extension, arguments);
        let output = read_all(
            &mut open(&path, &AudioFormat::MONO_48K).unwrap(),
            &AudioFormat::MONO_48K,
        );
        let found = lag(&original, &output, 3_000);
        assert!(found.likeness > likeness, "{path} ({arguments:?}): {found:?}");
        let seconds = output.len() as f32 / 48_000.0;
        assert!((1.95..2.2).contains(&seconds), "{path}: {seconds} s");
    }
}

#[test]
fn the_sound_of_a_video_is_played() {
    let path = encoded(
        "mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=64x64:rate=5",
            "-shortest",
            "-c:v",
            "ffv1",
            "-c:a",
            "flac",
        ],
    );
    let output = read_all(
        &mut open(&path, &AudioFormat::MONO_48K).unwrap(),
        &AudioFormat::MONO_48K,
    );
    assert!(lag(&original(), &output, 1_000).likeness > 0.99);
}

#[test]
fn e7_4_a_tone_keeps_pitch_and_level_at_every_rate() {
    for from in [8_000, 22_050, 44_100, 48_000, 96_000] {
        let path = fresh("wav");
        write_wav(&path, from, 1, &tone(1_000.0, from, from as usize, 0.5));
        for to in [8_000, 16_000, 44_100, 48_000] {
            let format = AudioFormat::new(SampleRate::hz(to), 1);
            let output = read_all(&mut open(path.to_str().unwrap(), &format).unwrap(), &format);
            let middle = to as usize / 4..to as usize * 3 / 4;
            let expected = tone(1_000.0, to, to as usize, 0.5);
            let level = level_db(&output[middle.clone()]) - level_db(&expected[middle.clone()]);
            assert!(level.abs() < 0.1, "{from} to {to}: {level} dB");
            let found = lag(&expected[middle.clone()], &output[middle], to as usize / 1_000);
            assert!(found.likeness > 0.999, "{from} to {to}: {found:?}");
        }
    }
}

#[test]
fn e7_7_stereo_is_mixed_down_or_kept_apart() {
    let left = tone(500.0, 48_000, 48_000, 0.4);
    let interleaved: Vec<f32> = left.iter().flat_map(|sample| [*sample, 0.0]).collect();
    let path = fresh("wav");
    write_wav(&path, 48_000, 2, &interleaved);
    let path = path.to_str().unwrap();
    let mono = read_all(
        &mut open(path, &AudioFormat::MONO_48K).unwrap(),
        &AudioFormat::MONO_48K,
    );
    assert!((rms(&mono[..48_000]) - rms(&left) / 2.0).abs() < 1e-3);
    let stereo = AudioFormat::new(SampleRate::HZ_48000, 2);
    let mut source = open(path, &stereo).unwrap();
    let mut block = [1.0; 960];
    source.read(Timestamp::ZERO, &mut block).unwrap();
    assert!(rms(&block[..480]) > 0.2 && block[480..].iter().all(|sample| sample.abs() < 1e-4));
}

#[test]
fn what_is_no_media_is_a_clear_fault() {
    let text = fresh("webm");
    std::fs::write(&text, "this is a letter and no sound").unwrap();
    let cut = encoded("webm", &["-c:a", "libopus"]);
    std::fs::write(&cut, &std::fs::read(&cut).unwrap()[..100]).unwrap();
    let silent = encoded(
        "mp4",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=64x64:rate=5:duration=1",
            "-map",
            "1:v",
            "-c:v",
            "mpeg4",
        ],
    );
    for (path, word) in [
        (text.to_str().unwrap(), "FFmpeg"),
        (&cut, "webm"),
        (&silent, "no sound"),
        ("/nowhere/at.all", "no file"),
        ("http://127.0.0.1:1/a.mp3", "network"),
    ] {
        let fault = open(path, &AudioFormat::MONO_48K).err().unwrap();
        assert!(fault.text().contains(word), "{fault}");
    }
}
