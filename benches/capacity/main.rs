//! How many participants a conference holds on one core, over real UDP sockets, beside Janus's audiobridge on the same machine:
//! `cargo run --release -p jackfield-benches --bin conference-capacity -- --help`.
//!
//! Both servers get the same packets (plain RTP, Opus of recorded speech, encoded beforehand) from one load generator, in turn, as often as
//! asked. What counts is the processor time of the server's process per participant. A run in which a participant gets fewer than 49.5
//! packets a second, waits 100 ms for one, or hears nothing louder than -50 dBov, is no capacity.

#![allow(
    clippy::disallowed_methods,
    reason = "a load generator has sockets and a clock of its own"
)]

mod hall;
mod janus;
mod load;
mod process;
mod speech;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use jackfield_benches::percentiles::percentile;

use load::Load;
use process::Server;

/// Measures conference capacity beside Janus.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// Participants of the conference.
    #[arg(long, default_value_t = 100)]
    participants: usize,
    /// How many of them talk; the others send a frame of silence every 400 ms.
    #[arg(long, default_value_t = 3)]
    talkers: usize,
    /// How long a run is measured, in seconds.
    #[arg(long, default_value_t = 12)]
    seconds: u64,
    /// How often each server is measured.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// The complexity of the servers' Opus encoders.
    #[arg(long, default_value_t = 5)]
    complexity: u32,
    /// The mixer of Jackfield: `active-speaker` decodes the loudest, `sum` decodes and mixes all, as Janus does.
    #[arg(long, default_value = "active-speaker")]
    mixer: String,
    /// Leave Janus out.
    #[arg(long)]
    alone: bool,
    /// Be the conference of a run: offers come in on standard input, answers go out. For this program's own use.
    #[arg(long, hide = true)]
    serve: bool,
}

/// Why it cannot go on.
type Error = Box<dyn std::error::Error>;

/// A conference that the load generator can join.
trait Conference {
    /// The process that is measured.
    fn server(&self) -> &Server;
    /// A participant at `local` joins; gives where it has to send to.
    fn join(&mut self, local: SocketAddr) -> Result<SocketAddr, Error>;
}

/// What a run came to.
struct Outcome {
    /// Of one core, 1 being all of it.
    load: f64,
    heard: load::Heard,
    resident_mb: f64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = if options.serve {
        hall::serve(&options)
    } else {
        compare(&options)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conference-capacity: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(options: &Options) -> Result<(), Error> {
    println!(
        "{} participants, {} talk, {} s a run, Opus at 32 kbit/s with complexity {}, mixer {}",
        options.participants, options.talkers, options.seconds, options.complexity, options.mixer
    );
    let packets = speech::packets()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // In turn, so that both meet the same weather.
    for _ in 0..options.runs {
        let mut hall = hall::Hall::start(options)?;
        ours.extend(run("Jackfield", options, &mut hall, &packets)?);
        drop(hall);
        if !options.alone {
            let mut janus = janus::Janus::start(options)?;
            theirs.extend(run("Janus", options, &mut janus, &packets)?);
        }
    }
    let (ours, theirs) = (median(ours), median(theirs));
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        println!(
            "median participants per core: Jackfield {ours:.0}, Janus {theirs:.0}, ratio {:.2}",
            ours / theirs
        );
    } else {
        println!("no ratio: a server passed no run");
    }
    Ok(())
}

/// Participants per core, if the run was no overload.
fn run(
    name: &str,
    options: &Options,
    conference: &mut dyn Conference,
    packets: &speech::Packets,
) -> Result<Option<f64>, Error> {
    let mut load = Load::new(options.participants, options.talkers, packets)?;
    for participant in 0..options.participants {
        let remote = conference.join(load.address(participant)?)?;
        load.connect(participant, remote)?;
    }
    // The first seconds belong to nobody: jitter buffers and encoders settle.
    load.run(Duration::from_secs(4))?;
    load.begin();
    let before = conference.server().processor_seconds()?;
    load.run(Duration::from_secs(options.seconds))?;
    let after = conference.server().processor_seconds()?;
    let outcome = Outcome {
        load: (after - before) / options.seconds as f64,
        heard: load.heard(Duration::from_secs(options.seconds)),
        resident_mb: conference.server().resident_mb()?,
    };
    let capacity = options.participants as f64 / outcome.load;
    let passed = outcome.heard.fewest_per_second >= 49.5
        && outcome.heard.longest_gap_ms < 100.0
        && outcome.heard.quietest_dbov > -50.0;
    println!(
        "{name:9} {:6.1} % of a core  {capacity:6.0} participants/core  fewest {:.2} packets/s  longest gap {:.0} ms  \
         quietest hears {:.0} dBov  {:.0} MB  {}",
        outcome.load * 100.0,
        outcome.heard.fewest_per_second,
        outcome.heard.longest_gap_ms,
        outcome.heard.quietest_dbov,
        outcome.resident_mb,
        if passed { "passed" } else { "does not count" },
    );
    Ok(passed.then_some(capacity))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| percentile(&values, 0.5))
}
