//! E7.5: the voice detector on recorded speech, clean and in noise, and on noise alone.

use jackfield_sdk::core::audio::level_dbov;
use jackfield_sdk::dsp::VoiceActivity;

const CLIPS: [&str; 4] = ["cards", "reader-1", "reader-2", "reader-3"];

/// A recording, and the length of 10 ms of it.
fn clip(name: &str) -> (Vec<f32>, usize) {
    let path = format!(
        "{}/../../hosts/call-host/speech/{name}.wav",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut file = hound::WavReader::open(path).unwrap();
    let block = file.spec().sample_rate as usize / 100;
    let samples = file
        .samples::<i16>()
        .map(|sample| f32::from(sample.unwrap()) / 32_768.0);
    (samples.collect(), block)
}

/// White noise of this level, in dBov; the same in every run.
fn noise(level_dbov: f32, samples: usize) -> Vec<f32> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    // Uniform between -1 and 1 has a root mean square of 1 / sqrt 3, and full scale is that of a square wave.
    let gain = 10_f32.powf(level_dbov / 20.0) * 3_f32.sqrt();
    (0..samples)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            gain * ((state >> 40) as f32 / (1 << 23) as f32 - 1.0)
        })
        .collect()
}

/// The share of blocks taken for speech among those that `which` chooses.
fn share(sound: &[f32], block: usize, mut which: impl FnMut(usize) -> bool) -> f32 {
    let mut activity = VoiceActivity::new();
    // Whoever joins has been quiet for a moment, in the same room.
    let (mut asked, mut voiced) = (0, 0);
    for (n, block) in sound.chunks_exact(block).enumerate() {
        let voice = activity.update(block);
        if which(n) {
            asked += 1;
            voiced += u32::from(voice);
        }
    }
    assert!(asked > 50, "there is something to judge");
    voiced as f32 / asked as f32
}

/// Blocks that are speech without doubt: no more than 20 dB below the loudest of the recording.
fn certain(clip: &[f32], block: usize) -> Vec<bool> {
    let levels: Vec<f32> = clip.chunks_exact(block).map(level_dbov).collect();
    let loudest = levels.iter().copied().fold(-127.0, f32::max);
    levels.iter().map(|level| *level > loudest - 20.0).collect()
}

#[test]
fn e7_5_speech_is_found_clean_and_in_noise() {
    for name in CLIPS {
        let (speech, block) = clip(name);
        let certain = certain(&speech, block);
        let lead = 50;
        for (snr, least) in [(60.0, 0.97), (30.0, 0.95), (20.0, 0.85)] {
            let level = level_dbov(&speech) - snr;
            let mut sound = noise(level, speech.len() + lead * block);
            for (sample, voice) in sound[lead * block..].iter_mut().zip(&speech) {
                *sample += voice;
            }
            let found = share(&sound, block, |n| {
                n >= lead && certain.get(n - lead) == Some(&true)
            });
            println!("{name} {snr} dB above the noise: {:.1} % found", found * 100.0);
            assert!(found > least, "{name} at {snr} dB: {found}");
        }
    }
}

#[test]
fn e7_5_noise_alone_is_no_speech_once_it_is_known() {
    for level in [-70.0, -50.0, -40.0, -30.0] {
        let sound = noise(level, 60 * 48_000);
        let taken = share(&sound, 480, |n| n > 3_000);
        println!(
            "noise at {level} dBov: {:.2} % taken for speech after half a minute",
            taken * 100.0
        );
        assert!(taken < 0.02, "{level} dBov: {taken}");
    }
}

#[test]
fn e7_5_the_pauses_between_sentences_are_not_speech() {
    let (speech, block) = clip("reader-1");
    let pause = vec![0.0; 200 * block];
    let sound: Vec<f32> = [&speech[..], &pause, &speech, &pause].concat();
    let (length, hangover) = (speech.len() / block, 25);
    let taken = share(&sound, block, |n| {
        let n = n % (length + 200);
        n >= length + hangover
    });
    assert!(taken < 0.01, "{taken}");
}
