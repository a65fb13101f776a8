//! E7.6: whatever a file holds, opening it gives a sound or a fault, never a panic and never more memory than is announced.

use jackfield_capture_file::FileSource;
use jackfield_sdk::prelude::*;
use proptest::prelude::*;

use crate::files::{fresh, recording};

fn open(bytes: &[u8]) -> Result<(), Fault> {
    let path = fresh();
    std::fs::write(&path, bytes).unwrap();
    let mut source = FileSource::create(&Environment::seeded(1)).unwrap();
    let result = source.open(path.to_str().unwrap(), &AudioFormat::MONO_48K);
    if result.is_ok() {
        let mut block = [0.0; 480];
        source.read(Timestamp::ZERO, &mut block).unwrap();
        assert!(block.iter().all(|sample| sample.is_finite()));
    }
    std::fs::remove_file(path).unwrap();
    result
}

#[test]
fn a_file_that_was_cut_off_says_so() {
    let whole = std::fs::read(recording()).unwrap();
    for length in [0, 3, 11, 12, 20, 43, 44, 1_001, whole.len() - 1] {
        let fault = open(&whole[..length]).unwrap_err();
        assert!(!fault.text().is_empty(), "{length} bytes: {fault}");
    }
    let fault = open(&whole[..1_001]).unwrap_err();
    assert!(fault.text().contains("cut off"), "{fault}");
}

#[test]
fn what_is_no_wav_file_says_what_to_do() {
    let fault = open(b"OggS but certainly no RIFF file at all, longer than any header").unwrap_err();
    assert!(fault.text().contains("convert it to WAV"), "{fault}");
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    let whole = std::fs::read(recording()).unwrap();
    // Channels, rate, bits: each made impossible in turn.
    for (at, bytes) in [
        (22, &[0, 0][..]),
        (24, &[0; 4]),
        (24, &[255; 4]),
        (24, &[1, 0, 0, 0]),
        (34, &[0, 0]),
        (34, &[255, 255]),
    ] {
        let mut broken = whole.clone();
        broken[at..at + bytes.len()].copy_from_slice(bytes);
        assert!(open(&broken).is_err(), "byte {at} = {bytes:?}");
    }
    let mut endless = whole;
    endless[40..44].copy_from_slice(&[0xF0, 0xFF, 0xFF, 0xFF]);
    assert!(open(&endless).is_err(), "4 GB are announced and not there");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn e7_6_damaged_files_never_panic(
        damage in prop::collection::vec((0_usize..80, any::<u8>()), 1..8),
        length in 0_usize..3_000,
    ) {
        let mut bytes = std::fs::read(recording_once()).unwrap();
        bytes.truncate(length.max(1));
        for (at, value) in damage {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        let _ = open(&bytes);
    }

    #[test]
    fn e7_6_floats_of_any_size_become_sound(
        floats in prop::collection::vec(any::<u32>(), 1..200),
        rate in prop::sample::select(vec![8_000_u32, 44_100, 48_000]),
    ) {
        let data: Vec<u8> = floats.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0\x01\0".to_vec();
        bytes.extend(rate.to_le_bytes());
        bytes.extend((rate * 4).to_le_bytes());
        bytes.extend([4, 0, 32, 0]);
        bytes.extend(b"data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        let riff = (bytes.len() - 8) as u32;
        bytes[4..8].copy_from_slice(&riff.to_le_bytes());
        prop_assert!(open(&bytes).is_ok());
    }

    #[test]
    fn e7_6_any_bytes_behind_a_riff_header_never_panic(tail in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut bytes = b"RIFF\x00\x10\x00\x00WAVEfmt ".to_vec();
        bytes.extend(tail);
        let _ = open(&bytes);
    }
}

fn recording_once() -> &'static str {
    static PATH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    PATH.get_or_init(recording)
}
