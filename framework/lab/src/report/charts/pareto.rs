//! What is gained against what it costs: utilisation against delay, an arm a point.

use super::svg::{Anchor, Drawing, Scale, shortened};
use crate::metrics::{Better, Metric};
use crate::report::number::Format;
use crate::statistics::summary::quantile;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 470.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 930.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 404.0;

/// An arm: its place over all scenarios, and in each.
pub(in crate::report) struct Point {
    pub(in crate::report) arm: String,
    pub(in crate::report) index: usize,
    /// Along x and y.
    pub(in crate::report) at: (f64, f64),
    /// The scenario, its x and y.
    pub(in crate::report) scenarios: Vec<(String, f64, f64)>,
}

/// `x` is the metric that should be low, `y` the one that should be high.
pub(in crate::report) fn pareto(points: &[Point], x: &Metric, y: &Metric) -> String {
    let (of_x, of_y) = (Format::of(x), Format::of(y));
    let (low_x, high_x) = extent(points, |at| at.0);
    let (low_y, high_y) = extent(points, |at| at.1);
    let scale_x = Scale::round(
        low_x.min(high_x * 0.9) * of_x.scale,
        high_x * of_x.scale,
        (LEFT, RIGHT),
    );
    let scale_y = Scale::round(low_y * of_y.scale, high_y * of_y.scale, (BOTTOM, TOP));
    let at = |(a, b): (f64, f64)| (scale_x.at(a * of_x.scale), scale_y.at(b * of_y.scale));
    let mut drawing = Drawing::new(
        WIDTH,
        HEIGHT,
        &format!("{} against {}, one point for each arm", y.label, x.label),
    );
    for (value, text) in scale_x.ticks(8.0) {
        let place = scale_x.at(value);
        drawing.line((place, TOP), (place, BOTTOM), "grid");
        drawing.text((place, BOTTOM + 18.0), Anchor::Middle, "tick", &text);
    }
    for (value, text) in scale_y.ticks(6.0) {
        let place = scale_y.at(value);
        drawing.line((LEFT, place), (RIGHT, place), "grid");
        drawing.text((LEFT - 8.0, place + 4.0), Anchor::End, "tick", &text);
    }
    drawing.text(
        ((LEFT + RIGHT) / 2.0, BOTTOM + 42.0),
        Anchor::Middle,
        "axis",
        &format!("{} ({}), mean over scenarios", x.label, of_x.unit.trim()),
    );
    drawing.turned_text(
        (18.0, (TOP + BOTTOM) / 2.0),
        "axis",
        &format!("{} ({})", y.label, of_y.unit.trim()),
    );
    drawing.text(
        (LEFT + 10.0, TOP + 16.0),
        Anchor::Start,
        "corner",
        "◤ better: more for less",
    );
    for point in points {
        for (scenario, a, b) in &point.scenarios {
            let place = at((*a, *b));
            drawing.open(
                &format!("arm a{} faint", point.index % 8),
                &format!(
                    "{}, {scenario}: {} at {}",
                    point.arm,
                    of_y.value(*b),
                    of_x.value(*a)
                ),
            );
            drawing.marker(point.index, place, 3.2, "dot");
            drawing.close();
        }
    }
    front(&mut drawing, points, at);
    let mut labels: Vec<(f64, f64)> = Vec::new();
    let mut by_height: Vec<&Point> = points.iter().collect();
    by_height.sort_by(|a, b| b.at.1.total_cmp(&a.at.1));
    for point in by_height {
        let place = at(point.at);
        drawing.open(
            &format!("arm a{}", point.index % 8),
            &format!(
                "{}: {} at {}",
                point.arm,
                of_y.value(point.at.1),
                of_x.value(point.at.0)
            ),
        );
        drawing.marker(point.index, place, 8.0, "dot big");
        // Names step down until they do not cover each other, and stand to the left near the right edge.
        let mut y = place.1 + 5.0;
        while labels
            .iter()
            .any(|(x, own)| (own - y).abs() < 16.0 && (x - place.0).abs() < 170.0)
        {
            y += 16.0;
        }
        labels.push((place.0, y));
        if place.0 > RIGHT - 150.0 {
            drawing.text(
                (place.0 - 14.0, y),
                Anchor::End,
                "name",
                &shortened(&point.arm, 28),
            );
        } else {
            drawing.text(
                (place.0 + 14.0, y),
                Anchor::Start,
                "name",
                &shortened(&point.arm, 28),
            );
        }
        drawing.close();
    }
    drawing.finish()
}

/// From the least to the greatest, without the few scenarios that lie far out: those stand at the edge.
fn extent(points: &[Point], along: impl Fn((f64, f64)) -> f64) -> (f64, f64) {
    let of_scenarios: Vec<f64> = points
        .iter()
        .flat_map(|point| point.scenarios.iter().map(|own| along((own.1, own.2))))
        .collect();
    let ends = (quantile(&of_scenarios, 0.02), quantile(&of_scenarios, 0.95));
    points
        .iter()
        .map(|point| along(point.at))
        .fold(ends, |(low, high), value| (low.min(value), high.max(value)))
}

/// The arms that no other is better than in both ways, joined by a staircase.
fn front(drawing: &mut Drawing, points: &[Point], at: impl Fn((f64, f64)) -> (f64, f64)) {
    let mut best: Vec<(f64, f64)> = points
        .iter()
        .map(|point| point.at)
        .filter(|(x, y)| {
            !points
                .iter()
                .any(|other| other.at.0 <= *x && other.at.1 >= *y && other.at != (*x, *y))
        })
        .collect();
    best.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut data = String::new();
    for (index, point) in best.into_iter().enumerate() {
        let (x, y) = at(point);
        data.push_str(&if index == 0 {
            format!("M{x:.1} {BOTTOM:.1}V{y:.1}")
        } else {
            format!("H{x:.1}V{y:.1}")
        });
    }
    if !data.is_empty() {
        data.push_str(&format!("H{RIGHT:.1}"));
    }
    drawing.path(&data, "front");
}

/// Which two metrics to draw: utilisation and delay if they are there, else a primary one that should be high and a planned one that should be
/// low.
pub(in crate::report) fn axes<'a>(
    planned: &[&'a Metric],
    find: impl Fn(&str) -> Option<&'a Metric>,
) -> Option<(&'a Metric, &'a Metric)> {
    let first = |better: Better| planned.iter().copied().find(|metric| metric.better == better);
    let x = find("delay_p95").or_else(|| first(Better::Lower))?;
    let y = find("utilisation").or_else(|| first(Better::Higher))?;
    Some((x, y))
}
