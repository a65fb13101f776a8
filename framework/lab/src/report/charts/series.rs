//! Cells over time: rate against what the links bear, delay, loss. Arms of one scenario and seed share a time axis.

use super::svg::{Anchor, Drawing, Scale, polyline, shortened, staircase};
use crate::report::CellSeries;
use crate::series::{FlowSeries, Series};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 948.0;

/// One of several drawings above each other that share their time axis.
pub(in crate::report) struct Panel<'a> {
    pub(in crate::report) label: &'a str,
    pub(in crate::report) height: f64,
    pub(in crate::report) lines: Vec<Line<'a>>,
    /// Drawn as a filled staircase behind the lines.
    pub(in crate::report) ceiling: Option<(&'a [f64], f64)>,
    pub(in crate::report) least: f64,
}

/// A value over time, in steps of so many seconds.
pub(in crate::report) struct Line<'a> {
    pub(in crate::report) class: String,
    pub(in crate::report) step: f64,
    pub(in crate::report) values: Vec<f64>,
    pub(in crate::report) title: &'a str,
}

/// A moment that is marked in all panels.
pub(in crate::report) struct Mark<'a> {
    pub(in crate::report) at: f64,
    pub(in crate::report) title: &'a str,
}

/// `cells` are of one scenario and seed, with the index of their arm.
pub(in crate::report) fn over_time(cells: &[(usize, &CellSeries)]) -> String {
    let seconds = cells
        .iter()
        .map(|(_, cell)| length(&cell.series))
        .fold(0.0, f64::max);
    let several = cells.iter().any(|(_, cell)| cell.series.flows.len() > 1);
    let mut panels = Vec::new();
    if several {
        // With several flows each arm has a panel of its own, in which the flows are told apart by shade.
        for (arm, cell) in cells {
            panels.push(Panel {
                label: &cell.arm,
                height: 150.0,
                lines: cell
                    .series
                    .flows
                    .iter()
                    .enumerate()
                    .map(|(index, flow)| {
                        line(
                            *arm,
                            &format!("f{}", index % 6),
                            &cell.series,
                            &flow.name,
                            smoothed(&flow.received, cell.series.step),
                        )
                    })
                    .collect(),
                ceiling: ceiling(&cell.series),
                least: 100.0,
            });
        }
    } else {
        let mut lines = Vec::new();
        for (arm, cell) in cells {
            for flow in &cell.series.flows {
                lines.push(line(*arm, "thin", &cell.series, "target", flow.target.clone()));
                lines.push(line(
                    *arm,
                    "",
                    &cell.series,
                    &cell.arm,
                    smoothed(&flow.received, cell.series.step),
                ));
            }
        }
        panels.push(Panel {
            label: "kbit/s",
            height: 210.0,
            lines,
            ceiling: cells.first().and_then(|(_, cell)| ceiling(&cell.series)),
            least: 100.0,
        });
    }
    for (label, least, values) in [
        ("delay, ms", 20.0, delay as fn(&Series) -> Vec<f64>),
        ("loss, %", 1.0, loss as fn(&Series) -> Vec<f64>),
    ] {
        panels.push(Panel {
            label,
            height: 96.0,
            lines: cells
                .iter()
                .map(|(arm, cell)| line(*arm, "", &cell.series, &cell.arm, values(&cell.series)))
                .collect(),
            ceiling: None,
            least,
        });
    }
    draw("rate, delay and loss over time", &panels, &[], seconds)
}

/// `label` is what a screen reader says of it.
pub(in crate::report) fn draw(label: &str, panels: &[Panel<'_>], marks: &[Mark<'_>], seconds: f64) -> String {
    let height: f64 = panels.iter().map(|panel| panel.height + 22.0).sum::<f64>() + 44.0;
    let mut drawing = Drawing::new(WIDTH, height, label);
    let time = Scale {
        values: (0.0, seconds.max(1e-3)),
        places: (LEFT, RIGHT),
    };
    let mut top = 20.0;
    for panel in panels {
        let bottom = top + panel.height;
        let most = panel
            .lines
            .iter()
            .flat_map(|line| &line.values)
            .chain(panel.ceiling.iter().flat_map(|(values, _)| values.iter()))
            .copied()
            .filter(|value| value.is_finite())
            .fold(panel.least, f64::max);
        let scale = Scale::round(0.0, most, (bottom, top));
        for (value, text) in scale.ticks((panel.height / 42.0).max(2.0)) {
            let y = scale.at(value);
            drawing.line((LEFT, y), (RIGHT, y), "grid");
            drawing.text((LEFT - 8.0, y + 4.0), Anchor::End, "tick", &text);
        }
        drawing.turned_text(
            (16.0, (top + bottom) / 2.0),
            "axis",
            &shortened(panel.label, (panel.height / 7.0) as usize),
        );
        if let Some((values, step)) = panel.ceiling {
            let points = values
                .iter()
                .enumerate()
                .map(|(index, value)| (time.at(index as f64 * step), scale.at(*value)));
            let edge = staircase(points, time.at(values.len() as f64 * step));
            if let Some(rest) = edge.strip_prefix('M') {
                drawing.path(&format!("M{LEFT:.1} {bottom:.1}L{rest}V{bottom:.1}Z"), "ceiling");
                drawing.path(&edge, "ceiling-edge");
            }
        }
        for line in &panel.lines {
            let points = line.values.iter().enumerate().map(|(index, value)| {
                let y = if value.is_finite() {
                    scale.at(*value)
                } else {
                    f64::NAN
                };
                (time.at((index as f64 + 0.5) * line.step), y)
            });
            drawing.open(&line.class, line.title);
            drawing.path(&polyline(points), "curve");
            drawing.close();
        }
        for mark in marks {
            let x = time.at(mark.at);
            drawing.open("mark", mark.title);
            drawing.line((x, top), (x, bottom), "zero");
            drawing.close();
        }
        drawing.line((LEFT, bottom), (RIGHT, bottom), "base");
        top = bottom + 22.0;
    }
    for (value, text) in time.ticks(10.0) {
        let x = time.at(value);
        drawing.line((x, top - 22.0), (x, top - 17.0), "base");
        drawing.text((x, top - 3.0), Anchor::Middle, "tick", &text);
    }
    drawing.text(
        ((LEFT + RIGHT) / 2.0, top + 17.0),
        Anchor::Middle,
        "axis",
        "time (s)",
    );
    drawing.finish()
}

fn line<'a>(arm: usize, more: &str, series: &Series, title: &'a str, values: Vec<f64>) -> Line<'a> {
    Line {
        class: class(arm, more),
        step: series.step,
        values,
        title,
    }
}

/// The colour and dash of an arm.
pub(in crate::report) fn class(arm: usize, more: &str) -> String {
    format!("arm a{} d{} {more}", arm % 8, arm % 4)
}

/// What the tightest link bears.
fn ceiling(series: &Series) -> Option<(&[f64], f64)> {
    let total = |values: &[f64]| values.iter().filter(|value| value.is_finite()).sum::<f64>();
    series
        .links
        .iter()
        .filter(|link| link.capacity.iter().any(|value| value.is_finite()))
        .min_by(|a, b| total(&a.capacity).total_cmp(&total(&b.capacity)))
        .map(|link| (link.capacity.as_slice(), series.step))
}

/// The mean of the values within half a second to either side.
fn smoothed(values: &[f64], step: f64) -> Vec<f64> {
    let reach = (0.5 / step.max(1e-3)) as usize;
    (0..values.len())
        .map(|index| {
            let window = &values[index.saturating_sub(reach)..(index + reach + 1).min(values.len())];
            mean_of(window.iter().copied())
        })
        .collect()
}

fn delay(series: &Series) -> Vec<f64> {
    across(series, |flow, index| {
        flow.delay.get(index).copied().unwrap_or(f64::NAN)
    })
}

fn loss(series: &Series) -> Vec<f64> {
    across(series, |flow, index| {
        100.0 * flow.loss.get(index).copied().unwrap_or(f64::NAN)
    })
}

/// The mean over flows at every step.
fn across(series: &Series, value: impl Fn(&FlowSeries, usize) -> f64) -> Vec<f64> {
    let steps = series
        .flows
        .iter()
        .map(|flow| flow.received.len())
        .max()
        .unwrap_or(0);
    (0..steps)
        .map(|index| mean_of(series.flows.iter().map(|flow| value(flow, index))))
        .collect()
}

fn mean_of(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values
        .filter(|value| value.is_finite())
        .fold((0.0, 0_u32), |(sum, n), value| (sum + value, n + 1));
    if n == 0 { f64::NAN } else { sum / f64::from(n) }
}

fn length(series: &Series) -> f64 {
    let steps = series
        .flows
        .iter()
        .map(|flow| flow.received.len())
        .max()
        .unwrap_or(0);
    steps as f64 * series.step
}
