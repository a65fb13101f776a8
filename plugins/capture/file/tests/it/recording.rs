//! What was written is in the file, to the last sample, and what could not be written is told.

use jackfield_capture_file::{FileSink, FileSource};
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::voice;

use crate::files::{fresh, fresh_path};

fn sink(sample_format: u32) -> FileSink {
    let mut sink = FileSink::create(&Environment::seeded(1)).unwrap();
    sink.parameters().sample_format = sample_format;
    sink
}

#[test]
fn e7_6_what_was_recorded_is_played_bit_for_bit() {
    let format = AudioFormat::new(SampleRate::HZ_16000, 2);
    let location = fresh_path();
    let signal = voice(1, 16_000, format.block_len() * 50);
    let mut sink = sink(2);
    sink.open(&location, &format).unwrap();
    for block in signal.chunks_exact(format.block_len()) {
        assert_eq!(sink.write(Timestamp::ZERO, block).unwrap().dropped, 0);
    }
    sink.close().unwrap();
    let mut source = FileSource::create(&Environment::seeded(1)).unwrap();
    source.open(&location, &format).unwrap();
    for block in signal.chunks_exact(format.block_len()) {
        let mut played = vec![0.0; format.block_len()];
        source.read(Timestamp::ZERO, &mut played).unwrap();
        assert_eq!(played, block);
    }
}

#[test]
fn sixteen_and_twenty_four_bits_are_rounded_and_cut_at_full_scale() {
    for (choice, bits) in [(0, 16), (1, 24)] {
        let location = fresh_path();
        let mut sink = sink(choice);
        sink.open(&location, &AudioFormat::MONO_48K).unwrap();
        let mut block = [0.25; 480];
        block[..5].copy_from_slice(&[2.0, -2.0, f32::NAN, f32::INFINITY, -1.0]);
        sink.write(Timestamp::ZERO, &block).unwrap();
        sink.close().unwrap();
        let mut reader = hound::WavReader::open(&location).unwrap();
        assert_eq!(reader.spec().bits_per_sample, bits);
        let samples: Vec<i32> = reader.samples().map(Result::unwrap).collect();
        let full = 1_i32 << (bits - 1);
        assert_eq!(samples[..6], [full - 1, -full, 0, full - 1, -full, full / 4]);
        assert_eq!(samples.len(), 480);
    }
}

#[test]
fn the_header_is_right_although_the_sink_is_only_dropped() {
    let location = fresh_path();
    let mut sink = sink(0);
    sink.open(&location, &AudioFormat::MONO_48K).unwrap();
    for _ in 0..10 {
        sink.write(Timestamp::ZERO, &[0.1; 480]).unwrap();
    }
    drop(sink);
    assert_eq!(hound::WavReader::open(&location).unwrap().duration(), 4_800);
}

#[test]
fn e7_1_a_ring_that_runs_over_drops_whole_blocks_and_says_so() {
    // A minute of 8 channels at once into a ring of one second: the writer cannot keep up, and the caller is not held up.
    let format = AudioFormat::new(SampleRate::HZ_48000, 8);
    let location = fresh_path();
    let mut sink = sink(2);
    sink.parameters().buffer = 1;
    sink.open(&location, &format).unwrap();
    let block = vec![0.1; format.block_len()];
    let mut dropped = 0;
    for _ in 0..6_000 {
        dropped += u64::from(sink.write(Timestamp::ZERO, &block).unwrap().dropped);
    }
    sink.close().unwrap();
    let written = u64::from(hound::WavReader::open(&location).unwrap().duration());
    assert_eq!(written + dropped, 6_000 * 480);
    let mut values = [0.0; 3];
    sink.statistics(&mut values);
    assert_eq!(values[1] as u64, dropped);
}

#[test]
fn a_place_where_nothing_can_be_written_is_a_clear_fault() {
    let directory = fresh();
    std::fs::create_dir(&directory).unwrap();
    let fault = sink(0)
        .open(directory.to_str().unwrap(), &AudioFormat::MONO_48K)
        .unwrap_err();
    assert!(fault.text().contains("cannot create"), "{fault}");
}
