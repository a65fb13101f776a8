//! Any bytes as a WAV file: nothing panics, and what is understood has samples, all of them finite.
#![no_main]

use jackfield_capture_file::{MAX_SAMPLES, decode};
use jackfield_sdk::prelude::AudioFormat;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match decode(bytes, &AudioFormat::MONO_48K) {
        Ok(clip) => {
            assert!((1..=MAX_SAMPLES).contains(&clip.len()));
            let mut block = [0.0; 480];
            clip.play(0, true, &mut block);
            assert!(block.iter().all(|sample| sample.is_finite()));
        }
        Err(fault) => assert!(!fault.text().is_empty()),
    }
});
