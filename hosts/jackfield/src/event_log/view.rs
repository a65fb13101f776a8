//! `jackfield event-log`: what a log tells, in words and as a timeline.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jackfield_core::units::TimeDelta;
use jackfield_event_log::replay::Course;
use jackfield_event_log::timeline::{Decisions, Grid, PathTimeline};
use jackfield_event_log::{ControllerLog, EventLog, What};
use miette::{Result, miette};
use serde_json::json;

use super::page::{Drawn, page};
use super::table::{Table, write};
use super::{buffers, ended, identity_facts, name, numbered, origin, plugin, plugin_of, read};

/// Say what an event log tells: the controllers, what they were told, the rates, losses and round-trip times, probes and swaps; the jitter buffers,
/// and what was heard.
#[derive(Debug, Args)]
pub(crate) struct EventLogCommand {
    /// The log.
    log: PathBuf,
    /// Whose timeline, in a log of several flows.
    #[arg(long, value_name = "N", default_value_t = 0)]
    flow: u32,
    /// One value for so many milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    step: u32,
    /// Write the timeline into this file: .csv, .html (a plot) or .json. May be given several times.
    #[arg(long, value_name = "FILE")]
    out: Vec<PathBuf>,
}

impl EventLogCommand {
    /// Writes what was asked for, and prints: whoever reads may stop before the end.
    pub(crate) fn run(self) -> Result<()> {
        let log = read(&self.log)?;
        if !self.out.is_empty() {
            self.write(&log)?;
        }
        println!("{}", origin(&log));
        for controller in &log.controllers {
            println!();
            println!("controller {}: {}", name(controller), plugin(controller));
            for (key, value) in facts(controller) {
                println!("  {key:<16} {value}");
            }
        }
        for (number, buffer) in log.jitter_buffers.iter().enumerate() {
            let name = numbered(buffer.stream, buffer.instance);
            println!("\njitter buffer {name}: {}", plugin_of(buffer.identity.as_ref()));
            let first = log.jitter_buffers[..number]
                .iter()
                .all(|one| one.stream != buffer.stream);
            for (key, value) in buffers::facts(&log, buffer, first) {
                println!("  {key:<16} {value}");
            }
        }
        for (swaps, of) in [(&log.swaps, "flow"), (&log.jitter_swaps, "stream")] {
            for swap in swaps {
                println!(
                    "\nswap {} of {of} {} at {:.3} s: {}",
                    swap.swap,
                    swap.flow,
                    seconds(swap.at),
                    ended(swap)
                );
            }
        }
        if log.others > 0 {
            println!("\n{} lines tell of something else.", log.others);
        }
        Ok(())
    }

    fn write(&self, log: &EventLog) -> Result<()> {
        let course =
            Course::of_flow(log, self.flow).map_err(|error| miette!("{}: {error}", self.log.display()))?;
        let grid = Grid::over(&course, TimeDelta::ms(i64::from(self.step)));
        let path = PathTimeline::over(&grid, &course);
        let of_flow = log.controllers.iter().filter(|one| one.flow == self.flow);
        let decisions: Vec<(String, Decisions)> = of_flow
            .map(|one| {
                let answers = one.told().filter_map(|(at, told)| Some((at, told.answer.ok()?)));
                (
                    format!("{} ({})", name(one), plugin(one)),
                    Decisions::over(&grid, answers),
                )
            })
            .collect();
        let mut table = Table::new(&grid);
        for (name, decided) in &decisions {
            table.decisions(name, decided);
        }
        table.path(&path);
        for out in &self.out {
            write(
                out,
                &table,
                &json!({ "origin": log.origin, "flow": self.flow }),
                || {
                    let controllers = log.controllers.iter().filter(|one| one.flow == self.flow);
                    let facts = controllers.flat_map(|one| {
                        let of =
                            move |(key, value): (String, String)| (format!("{}: {key}", name(one)), value);
                        facts(one).into_iter().map(of)
                    });
                    let drawn = Drawn {
                        kicker: "event log",
                        title: self.log.display().to_string(),
                        scope: origin(log),
                        decisions: &decisions,
                        path: &path,
                        facts: facts.collect(),
                    };
                    page(log, self.flow, &grid, drawn)
                },
            )?;
        }
        Ok(())
    }
}

/// What is worth knowing of a controller, by name.
fn facts(controller: &ControllerLog) -> Vec<(String, String)> {
    let mut facts = identity_facts(controller.identity.as_ref());
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    let at = |step: Option<&jackfield_event_log::Step>| step.map_or(0.0, |step| seconds(step.at));
    let (first, last) = (at(controller.steps.first()), at(controller.steps.last()));
    fact("time", format!("{first:.3} to {last:.3} s"));
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let (mut targets, mut trips, mut probes) = (Vec::new(), Vec::new(), 0);
    let (mut lost, mut packets) = (0_usize, 0_usize);
    for (_, told) in controller.told() {
        *kinds.entry(format!("{:?}", told.event.kind)).or_default() += 1;
        if let Ok(update) = told.answer
            && update.target.as_bps() > 0
        {
            targets.push(update.target.as_kbps_f64());
        }
        if told.event.kind == jackfield_core::congestion_controller::CongestionEventKind::RoundTripTime {
            trips.push(told.event.time.as_ms_f64());
        }
        packets += told.packets.len();
        lost += told
            .packets
            .iter()
            .filter(|packet| packet.received.is_never())
            .count();
        probes += told.probes.len();
    }
    let decided = controller
        .steps
        .iter()
        .filter(|step| matches!(step.what, What::Decided(_)));
    let decided = decided.count();
    let kinds: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    fact("told", kinds.join(", "));
    if decided > 0 {
        fact(
            "decided",
            format!("{decided} times, and what it was told was not noted"),
        );
    }
    fact("target", spread(&targets, "kbit/s"));
    fact("round trip", spread(&trips, "ms"));
    if packets > 0 {
        let share = 100.0 * lost as f64 / packets as f64;
        fact("loss", format!("{lost} of {packets} packets ({share:.2} %)"));
    }
    fact("probes", probes.to_string());
    if controller.missing > 0 {
        fact("missing", format!("{} events", controller.missing));
    }
    facts
}

/// Least, mean, most and last.
fn spread(values: &[f64], unit: &str) -> String {
    let Some(last) = values.last() else {
        return "not known".to_owned();
    };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    format!("{least:.1} to {most:.1} {unit}, mean {mean:.1}, last {last:.1}")
}

fn seconds(at: jackfield_core::time::Timestamp) -> f64 {
    at.us() as f64 / 1e6
}
