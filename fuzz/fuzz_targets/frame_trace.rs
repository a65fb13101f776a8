//! Any text as a trace of frame sizes: nothing panics, and what is understood has frames of a size that can be at every rate.
#![no_main]

use jackfield_core::units::DataRate;
use jackfield_sim::trace::{FrameLadder, FrameTrace};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let trace = match FrameTrace::parse(text) {
        Ok(trace) => trace,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(trace.frames() > 1 && trace.average().as_bps() >= 0);
    let rungs = [(DataRate::kbps(200), trace.clone()), (DataRate::kbps(400), trace.clone())];
    let skip = trace.frames() as u32 - 1;
    if let Ok(ladder) = FrameLadder::new(&rungs, skip, 30.0) {
        for number in [0, 1, u64::from(skip), u64::from(skip) + 1, u64::MAX] {
            for kbps in [0, 1, 200, 300, 400, 100_000_000] {
                assert!((10.0..=1e6).contains(&ladder.size(number, DataRate::kbps(kbps))));
            }
        }
    }
});
