//! The page: rates, loss and round-trip time over time.

use jackfield_event_log::timeline::{Decisions, Grid, PathTimeline};
use jackfield_event_log::{EventLog, Swapped};
use jackfield_lab::report::{OverTime, OverTimeLine, OverTimePanel};

use super::ended;

/// More probes than this would hide what they are marked in.
const MARKED_PROBES: usize = 60;

/// What is drawn.
pub(super) struct Drawn<'a> {
    pub(super) kicker: &'a str,
    pub(super) title: String,
    pub(super) scope: String,
    /// Who decided what; the first one was recorded.
    pub(super) decisions: &'a [(String, Decisions)],
    pub(super) path: &'a PathTimeline,
    pub(super) facts: Vec<(String, String)>,
}

pub(super) fn page(log: &EventLog, flow: u32, grid: &Grid, drawn: Drawn<'_>) -> String {
    let line = |name: usize, thin: bool, title: &str, values: &[f64]| OverTimeLine {
        name,
        thin,
        title: title.to_owned(),
        values: values.to_vec(),
    };
    // What was acknowledged has a colour of its own, behind those who decided.
    let of_path = drawn.decisions.len();
    let mut rates = vec![line(of_path, false, "acknowledged", &drawn.path.acknowledged)];
    let mut pacing = Vec::new();
    for (index, (name, decisions)) in drawn.decisions.iter().enumerate() {
        rates.push(line(index, false, &format!("{name}: target"), &decisions.target));
        rates.push(line(
            index,
            true,
            &format!("{name}: estimate"),
            &decisions.estimate,
        ));
        pacing.push(line(index, false, &format!("{name}: pacing"), &decisions.pacing));
    }
    let percent: Vec<f64> = drawn.path.loss.iter().map(|share| share * 100.0).collect();
    let panel = |label: &str, least: f64, lines: Vec<OverTimeLine>| OverTimePanel {
        label: label.to_owned(),
        least,
        lines,
    };
    let mut names: Vec<String> = drawn.decisions.iter().map(|(name, _)| name.clone()).collect();
    names.push("acknowledged, and the path".to_owned());
    OverTime {
        kicker: drawn.kicker.to_owned(),
        title: drawn.title,
        scope: drawn.scope,
        names,
        step: grid.step_seconds(),
        panels: vec![
            panel("target, kbit/s", 100.0, rates),
            panel("pacing, kbit/s", 100.0, pacing),
            panel(
                "round trip, ms",
                20.0,
                vec![line(of_path, false, "round trip", &drawn.path.round_trip)],
            ),
            panel("loss, %", 1.0, vec![line(of_path, false, "loss", &percent)]),
        ],
        marks: marks(log, flow, grid, drawn.path),
        facts: drawn.facts,
    }
    .html()
}

/// Swaps that ended, and probes if there are not too many.
fn marks(log: &EventLog, flow: u32, grid: &Grid, path: &PathTimeline) -> Vec<(f64, String)> {
    let mut marks = swap_marks(&log.swaps, flow, grid);
    if path.probes.len() <= MARKED_PROBES {
        let probes = path.probes.iter();
        marks.extend(probes.map(|(at, rate)| (*at, format!("probe at {rate:.0} kbit/s"))));
    }
    marks
}

/// The swaps of a flow that ended.
pub(super) fn swap_marks(swaps: &[Swapped], flow: u32, grid: &Grid) -> Vec<(f64, String)> {
    let swaps = swaps.iter().filter(|swap| swap.flow == flow);
    swaps
        .map(|swap| {
            (
                grid.seconds(swap.at),
                format!("swap {} {}", swap.swap, ended(swap)),
            )
        })
        .collect()
}
