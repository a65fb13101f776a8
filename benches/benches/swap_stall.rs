//! What a swap does to the audio tick: the stall that swaps report, and whole ticks with and without a swap, over thousands of swaps.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]

use std::time::Instant;

use jackfield_benches::percentiles::line;
use jackfield_benches::plugins::{Codec, active_speaker, jitter, processor, speech, sum};
use jackfield_benches::{Hall, RealStopwatch};
use jackfield_core::mixer::Mixer;
use jackfield_graph::command::{Command, Outcome, SwapJitter, SwapProcessor};
use jackfield_graph::processor::PreparedProcessor;
use jackfield_graph::swap::SwapOutcome;
use jackfield_processing_gain::Gain;
use jackfield_processing_ns_rnnoise::Rnnoise;
use jackfield_processing_null::Null;

/// How many swaps of a kind are made; few if the bench is only tried out.
fn swaps() -> usize {
    if std::env::args().any(|arg| arg == "--test") {
        10
    } else {
        1_500
    }
}

struct Measured {
    stalls: Vec<f64>,
    ordinary: Vec<f64>,
    during: Vec<f64>,
    rolled_back: usize,
}

/// Swaps `what` so often that the next begins when the one before has ended.
fn measure(mut what: impl FnMut(&mut Hall, usize)) -> Measured {
    let mut hall = Hall::new(8, sum(8));
    hall.watch = Box::new(RealStopwatch::default());
    for name in ["reader-1", "reader-2"] {
        let chain = vec![processor::<Null>()];
        hall.join(Some(Hall::packets(Codec::Opus, &speech(name, 10))), chain);
    }
    hall.join(None, Vec::new());
    let mut measured = Measured {
        stalls: Vec::new(),
        ordinary: Vec::new(),
        during: Vec::new(),
        rolled_back: 0,
    };
    let timed = |hall: &mut Hall, into: &mut Vec<f64>| {
        hall.prepare();
        let start = Instant::now();
        hall.tick();
        into.push(start.elapsed().as_secs_f64() * 1e6);
        hall.finish()
    };
    for _ in 0..500 {
        let mut unused = Vec::new();
        timed(&mut hall, &mut unused);
    }
    for n in 0..swaps() {
        for _ in 0..4 {
            timed(&mut hall, &mut measured.ordinary);
        }
        what(&mut hall, n);
        let mut ended = false;
        for _ in 0..120 {
            for outcome in timed(&mut hall, &mut measured.during) {
                let measure = match outcome {
                    Outcome::ProcessorSwapped { measure, .. } | Outcome::JitterSwapped { measure, .. } => {
                        measure
                    }
                    Outcome::MixerSwapped(swapped) => swapped.measure,
                    _ => continue,
                };
                measured.stalls.push(measure.stall_us);
                measured.rolled_back += usize::from(measure.outcome != SwapOutcome::Committed);
                ended = true;
            }
            if ended {
                break;
            }
        }
        assert!(ended, "swap {n} never ended");
    }
    measured
}

fn report(kind: &str, measured: &Measured) {
    println!("swap-stall/{kind}");
    println!("  stall by the swap itself   {}", line(&measured.stalls, "us"));
    println!("  tick while none is made    {}", line(&measured.ordinary, "us"));
    println!("  tick while one is made     {}", line(&measured.during, "us"));
    println!("  rolled back                {}", measured.rolled_back);
}

fn main() {
    let swap_in = |newcomer: fn() -> Box<PreparedProcessor>| {
        move |hall: &mut Hall, n: usize| {
            hall.order(Command::SwapProcessor(SwapProcessor {
                swap: n as u64,
                participant: 1,
                socket: 0,
                newcomer: newcomer(),
                hold: false,
            }));
        }
    };
    report("processor-gain", &measure(swap_in(processor::<Gain>)));
    report("processor-rnnoise", &measure(swap_in(processor::<Rnnoise>)));
    report(
        "mixer",
        &measure(|hall, n| {
            let newcomer: Box<dyn Mixer> = if n % 2 == 0 { active_speaker(8) } else { sum(8) };
            hall.order(Command::SwapMixer {
                swap: n as u64,
                newcomer,
                hold: false,
            });
        }),
    );
    report(
        "jitter",
        &measure(|hall, n| {
            hall.order(Command::SwapJitter(SwapJitter {
                swap: n as u64,
                participant: 1,
                newcomer: jitter(),
                hold: false,
            }));
        }),
    );
}
