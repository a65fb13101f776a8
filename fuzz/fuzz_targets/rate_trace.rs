//! Any text as a trace of rates: nothing panics, and what is understood lasts some time and can be written as every format.
#![no_main]

use jackfield_sim::trace::RateTrace;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match RateTrace::parse(text) {
        Ok(trace) => {
            assert!(trace.duration().as_us() > 0);
            // A trace of a year at full rate would have more slots than fit into memory.
            let bits = i128::from(trace.average().as_bps()) * i128::from(trace.duration().as_us()) / 1_000_000;
            if bits < 1_000_000_000 {
                let _ = trace.to_mahimahi();
            }
            assert!(RateTrace::from_netem(&trace.to_netem()).is_ok());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
