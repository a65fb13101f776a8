//! A forest plot: the difference in every scenario with its interval, and over all of them.

use super::svg::{Anchor, Drawing, Scale, cut, shortened};
use crate::metrics::{Better, Metric};
use crate::report::analysis::{Effect, MetricRole, Outcome};
use crate::report::number::{Format, signed};
use crate::statistics::Interval;
use crate::statistics::summary::{median, quantile};

const WIDTH: f64 = 960.0;
const RIGHT: f64 = 716.0;
const ROW: f64 = 24.0;
/// Names longer than this are cut.
const LONGEST: usize = 54;

pub(in crate::report) fn forest(
    effect: &Effect,
    metric: &Metric,
    arm: (usize, &str),
    baseline: &str,
) -> String {
    let format = Format::of(metric);
    let rows: Vec<(&str, Interval, Outcome, usize)> = effect
        .scenarios
        .iter()
        .filter_map(|own| Some((own.scenario.as_str(), own.interval?, own.outcome, own.pairs)))
        .collect();
    let margin = match effect.role {
        MetricRole::Guardrail { margin } => Some(if effect.better == Better::Higher {
            -margin
        } else {
            margin
        }),
        _ => None,
    };
    let (low, high) = extent(&rows, margin, effect.overall.as_ref());
    let widths: Vec<f64> = rows
        .iter()
        .map(|row| row.1.upper - row.1.lower)
        .filter(|width| *width > 0.0)
        .collect();
    let spread = if widths.is_empty() { 0.0 } else { median(&widths) };
    // Names get the room that they need.
    let longest = rows
        .iter()
        .map(|row| row.0.chars().count())
        .max()
        .unwrap_or(0)
        .clamp(14, LONGEST);
    let left = 26.0 + 7.0 * longest as f64;
    let scale = Scale::round(low * format.scale, high * format.scale, (left, RIGHT));
    let at = |value: f64| scale.at(value * format.scale);
    let top = 46.0;
    let bottom = top + ROW * (rows.len() as f64 + 1.6);
    let mut drawing = Drawing::new(
        WIDTH,
        bottom + 44.0,
        &format!("{}: {} minus {} in every scenario", metric.label, arm.1, baseline),
    );

    for (value, text) in scale.ticks(6.0) {
        let x = scale.at(value);
        drawing.line((x, top - 8.0), (x, bottom), "grid");
        drawing.text((x, bottom + 16.0), Anchor::Middle, "tick", &signed(&text));
    }
    drawing.text(
        ((left + RIGHT) / 2.0, bottom + 34.0),
        Anchor::Middle,
        "axis",
        &format!(
            "{}: {} minus {}, in{}",
            metric.label,
            shortened(arm.1, 24),
            shortened(baseline, 24),
            unit(&format)
        ),
    );
    let zero = at(0.0);
    drawing.line((zero, top - 8.0), (zero, bottom), "zero");
    sides(
        &mut drawing,
        effect.better,
        (zero - left, zero),
        (arm.1, baseline),
    );
    if let Some(margin) = margin {
        let x = at(margin);
        drawing.line((x, top - 8.0), (x, bottom), "margin");
        drawing.text((x, top - 13.0), Anchor::Middle, "margin-label", "margin");
    }
    drawing.text(
        (WIDTH - 4.0, top - 16.0),
        Anchor::End,
        "head",
        "difference, 95 % interval",
    );
    for (index, (name, interval, outcome, pairs)) in rows.iter().enumerate() {
        let y = top + ROW * (index as f64 + 0.5);
        let texts = numbers(&format, interval, spread);
        drawing.open(
            &format!("row {}", class(*outcome)),
            &format!("{name}: {texts}, {pairs} pairs"),
        );
        drawing.rectangle((0.0, y - ROW / 2.0), (WIDTH, ROW), "band");
        drawing.text((4.0, y + 4.0), Anchor::Start, "label", &cut(name, LONGEST));
        drawing.line((at(interval.lower), y), (at(interval.upper), y), "whisker");
        for (end, outwards) in [(interval.lower, -1.0), (interval.upper, 1.0)] {
            let (x, scaled) = (at(end), end * format.scale);
            if scale.values.0 <= scaled && scaled <= scale.values.1 {
                drawing.line((x, y - 4.0), (x, y + 4.0), "whisker");
            } else {
                let back = x - 5.0 * outwards;
                drawing.path(
                    &format!("M{back:.1} {:.1}L{x:.1} {y:.1}L{back:.1} {:.1}", y - 5.0, y + 5.0),
                    "beyond",
                );
            }
        }
        let centre = interval.estimate * format.scale;
        if scale.values.0 <= centre && centre <= scale.values.1 {
            drawing.marker(arm.0, (at(interval.estimate), y), 4.2, "dot");
        }
        drawing.text((WIDTH - 4.0, y + 4.0), Anchor::End, "figure", &texts);
        drawing.close();
    }
    if let Some(overall) = effect.overall {
        let y = top + ROW * (rows.len() as f64 + 0.9);
        drawing.line((0.0, y - ROW * 0.7), (WIDTH, y - ROW * 0.7), "rule");
        drawing.open(
            &format!("row overall {}", class(effect.outcome)),
            "over all scenarios",
        );
        drawing.text((4.0, y + 4.0), Anchor::Start, "label strong", "all scenarios");
        let (left, centre, right) = (at(overall.lower), at(overall.estimate), at(overall.upper));
        let (left, right) = (left.min(centre - 3.0), right.max(centre + 3.0));
        drawing.path(
            &format!(
                "M{left:.1} {y:.1}L{centre:.1} {:.1}L{right:.1} {y:.1}L{centre:.1} {:.1}Z",
                y - 7.0,
                y + 7.0
            ),
            "diamond",
        );
        drawing.text(
            (WIDTH - 4.0, y + 4.0),
            Anchor::End,
            "figure strong",
            &numbers(&format, &overall, spread),
        );
        drawing.close();
    }
    drawing.finish()
}

/// Which side of zero is whose.
fn sides(drawing: &mut Drawing, better: Better, (room, zero): (f64, f64), (arm, baseline): (&str, &str)) {
    let (left, right) = match better {
        Better::Higher => (baseline, arm),
        Better::Lower => (arm, baseline),
        Better::Neither => return,
    };
    if room > 60.0 {
        drawing.text(
            (zero - 10.0, 18.0),
            Anchor::End,
            "side",
            &format!("◂ {} is better", shortened(left, 22)),
        );
    }
    if RIGHT - zero > 60.0 {
        drawing.text(
            (zero + 10.0, 18.0),
            Anchor::Start,
            "side",
            &format!("{} is better ▸", shortened(right, 22)),
        );
    }
}

/// What the axis shows: the margin, and every interval unless one of them would make the others too small to see.
fn extent(
    rows: &[(&str, Interval, Outcome, usize)],
    margin: Option<f64>,
    overall: Option<&Interval>,
) -> (f64, f64) {
    let ends: Vec<f64> = rows.iter().flat_map(|row| [row.1.lower, row.1.upper]).collect();
    let sizes: Vec<f64> = ends.iter().map(|end| end.abs()).collect();
    let usual = if sizes.is_empty() {
        0.0
    } else {
        3.0 * quantile(&sizes, 0.75)
    };
    let shown = overall
        .map_or(0.0, |own| own.lower.abs().max(own.upper.abs()))
        .max(usual);
    let mut low: f64 = margin.unwrap_or(0.0).min(0.0);
    let mut high: f64 = margin.unwrap_or(0.0).max(0.0);
    for end in ends
        .into_iter()
        .chain(overall.into_iter().flat_map(|own| [own.lower, own.upper]))
    {
        low = low.min(end.max(-shown));
        high = high.max(end.min(shown));
    }
    (low, high)
}

fn numbers(format: &Format, interval: &Interval, spread: f64) -> String {
    let texts = format.differences(&[interval.estimate, interval.lower, interval.upper], spread);
    format!(
        "{}  [{}, {}]",
        signed(&texts[0]),
        signed(&texts[1]),
        signed(&texts[2])
    )
}

fn unit(format: &Format) -> &'static str {
    if format.difference.is_empty() {
        " points of the index"
    } else {
        format.difference
    }
}

pub(in crate::report) fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Better | Outcome::Holds => "good",
        Outcome::Worse | Outcome::Broken => "bad",
        Outcome::Open => "open",
        Outcome::Different | Outcome::Alike | Outcome::Missing => "even",
    }
}
