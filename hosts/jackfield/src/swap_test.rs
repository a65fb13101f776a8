//! `jackfield swap-test A B`: two plugins swapped for each other thousands of times, and the worst that came of it.

use std::path::PathBuf;

use clap::Args;
use jackfield_call_host::recorded_speech;
use jackfield_runtime::{SwapTestOptions, SwapTestReport, swap_test};
use miette::{IntoDiagnostic, Result, miette};

use crate::folders::Folders;

/// Swap two plugins of an area for each other thousands of times, in virtual time on recorded speech, and print the worst of each figure.
#[derive(Debug, Args)]
pub(crate) struct SwapTestCommand {
    /// The plugin that is there first.
    a: String,
    /// The plugin that it is swapped for, and back.
    b: String,
    /// How many swaps.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    swaps: u32,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// The manifest that says what else stands in the room; without one the built-in default.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
}

impl SwapTestCommand {
    /// Swaps, and prints. A swap that lost something or was rolled back is an error.
    pub(crate) fn run(self) -> Result<()> {
        let (manifest, loader) = self.folders.load(self.manifest.as_deref())?;
        let options = SwapTestOptions {
            swaps: self.swaps,
            speech: recorded_speech().into_diagnostic()?,
        };
        let report = swap_test(&loader, &manifest, (&self.a, &self.b), &options).into_diagnostic()?;
        if self.json {
            let json = serde_json::to_string_pretty(&report).into_diagnostic()?;
            println!("{json}");
        } else {
            print(&report);
        }
        if report.is_clean() {
            return Ok(());
        }
        Err(miette!(
            "{} of {} swaps were rolled back, and {} samples were lost: the figures above say why",
            report.swaps - report.committed,
            report.swaps,
            report.samples_lost
        ))
    }
}

fn print(report: &SwapTestReport) {
    let SwapTestReport { a, b, area, .. } = report;
    println!("{a} <-> {b} ({area})");
    println!(
        "  swaps              {} in {:.0} s of speech, {} committed",
        report.swaps, report.seconds, report.committed
    );
    for (reason, times) in &report.rolled_back {
        println!("  rolled back        {times}: {reason}");
    }
    println!("  samples lost       {}", report.samples_lost);
    println!("  largest step       {}", step(report.discontinuity_db));
    println!("  tick held up       {:.1} us at most", report.stall_us);
    let [most, least] = report.added_latency_ms;
    println!("  added latency      {most:+.2} ms at most, {least:+.2} ms at least");
    println!(
        "  shadow, probation  {:.0} ms, {:.0} ms at most",
        report.shadow_ms, report.probation_ms
    );
}

/// -120 dB is where the scale ends.
fn step(db: f64) -> String {
    if db <= -120.0 {
        "none".to_owned()
    } else {
        format!("{db:.1} dB below full scale")
    }
}
