//! A drawing, scales and their ticks.

use std::fmt::Write as _;

use crate::report::number::{power_of_ten, written};

/// Text as it may stand in HTML and SVG, attributes included.
pub(in crate::report) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' => safe.push(' '),
            // Control characters may not stand in a document at all.
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Text cut to `most` characters, with an ellipsis where something is gone.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Text cut in its middle: names that differ, differ at an end.
pub(super) fn cut(text: &str, most: usize) -> String {
    let n = text.chars().count();
    if n <= most {
        return text.to_owned();
    }
    let (front, back) = (most / 2, most - most / 2 - 1);
    let start: String = text.chars().take(front).collect();
    let end: String = text.chars().skip(n - back).collect();
    format!("{start}…{end}")
}

/// A drawing that grows.
pub(super) struct Drawing {
    body: String,
    width: f64,
    height: f64,
    label: String,
}

/// Which point of a text stands at its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    /// `label` is what a screen reader says of it.
    pub(super) fn new(width: f64, height: f64, label: &str) -> Self {
        Self {
            body: String::new(),
            width,
            height,
            label: escape(label),
        }
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        self.put(format_args!(
            r#"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" class="{class}"/>"#,
            from.0, from.1, to.0, to.1
        ));
    }

    pub(super) fn rectangle(&mut self, at: (f64, f64), size: (f64, f64), class: &str) {
        self.put(format_args!(
            r#"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" class="{class}"/>"#,
            at.0,
            at.1,
            size.0.max(0.0),
            size.1.max(0.0)
        ));
    }

    pub(super) fn path(&mut self, data: &str, class: &str) {
        if !data.is_empty() {
            self.put(format_args!(r#"<path d="{data}" class="{class}"/>"#));
        }
    }

    pub(super) fn text(&mut self, at: (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.put(format_args!(
            r#"<text x="{:.1}" y="{:.1}" text-anchor="{anchor}" class="{class}">{}</text>"#,
            at.0,
            at.1,
            escape(text)
        ));
    }

    pub(super) fn turned_text(&mut self, at: (f64, f64), class: &str, text: &str) {
        self.put(format_args!(
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle" transform="rotate(-90 {:.1} {:.1})" class="{class}">{}</text>"#,
            at.0,
            at.1,
            at.0,
            at.1,
            escape(text)
        ));
    }

    /// What follows until [`Self::close`] belongs together; `title` shows when it is pointed at.
    pub(super) fn open(&mut self, class: &str, title: &str) {
        self.put(format_args!(r#"<g class="{class}">"#));
        if !title.is_empty() {
            self.put(format_args!("<title>{}</title>", escape(title)));
        }
    }

    pub(super) fn close(&mut self) {
        self.body.push_str("</g>");
    }

    /// The shape of an arm.
    pub(super) fn marker(&mut self, arm: usize, at: (f64, f64), radius: f64, class: &str) {
        let shape = marker(arm, at, radius, class);
        self.body.push_str(&shape);
    }

    pub(super) fn finish(self) -> String {
        format!(
            r#"<svg viewBox="0 0 {:.0} {:.0}" width="{:.0}" role="img" aria-label="{}">{}</svg>"#,
            self.width, self.height, self.width, self.label, self.body
        )
    }

    fn put(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(arguments);
    }
}

/// One shape for each arm: circle, square, diamond, triangles, then the same again.
pub(in crate::report) fn marker(arm: usize, (x, y): (f64, f64), r: f64, class: &str) -> String {
    let points = |points: &[(f64, f64)]| {
        let list: Vec<String> = points
            .iter()
            .map(|(dx, dy)| format!("{:.1},{:.1}", x + dx * r, y + dy * r))
            .collect();
        format!(r#"<polygon points="{}" class="{class}"/>"#, list.join(" "))
    };
    match arm % 6 {
        0 => format!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="{r:.1}" class="{class}"/>"#),
        1 => points(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        2 => points(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]),
        3 => points(&[(0.0, -1.2), (1.15, 0.85), (-1.15, 0.85)]),
        4 => points(&[(0.0, 1.2), (1.15, -0.85), (-1.15, -0.85)]),
        _ => points(&[
            (-0.4, -1.15),
            (0.4, -1.15),
            (0.4, -0.4),
            (1.15, -0.4),
            (1.15, 0.4),
            (0.4, 0.4),
            (0.4, 1.15),
            (-0.4, 1.15),
            (-0.4, 0.4),
            (-1.15, 0.4),
            (-1.15, -0.4),
            (-0.4, -0.4),
        ]),
    }
}

/// Maps values to places.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) values: (f64, f64),
    pub(super) places: (f64, f64),
}

impl Scale {
    /// Over `values`, widened so that both ends are round and nothing sits on the very edge.
    pub(super) fn round(low: f64, high: f64, places: (f64, f64)) -> Self {
        let (low, high) = if low.is_finite() && high.is_finite() {
            (low, high)
        } else {
            (0.0, 1.0)
        };
        let room = (high - low).max(high.abs().max(low.abs()) * 1e-6).max(1e-9);
        let step = step(room, 5.0);
        Self {
            values: (libm::floor(low / step) * step, libm::ceil(high / step) * step),
            places,
        }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        let part = ((value - low) / (high - low)).clamp(0.0, 1.0);
        self.places.0 + part * (self.places.1 - self.places.0)
    }

    /// About `count` round values within, and how each is written.
    pub(super) fn ticks(&self, count: f64) -> Vec<(f64, String)> {
        let (low, high) = self.values;
        let step = step(high - low, count);
        let digits = (-libm::floor(libm::log10(step) + 1e-9)).clamp(0.0, 6.0) as usize;
        let first = libm::ceil(low / step - 1e-9);
        let last = libm::floor(high / step + 1e-9);
        (0..=(last - first).clamp(0.0, 40.0) as i64)
            .map(|index| (first + index as f64) * step)
            .map(|value| (value, written(value, digits)))
            .collect()
    }
}

/// 1, 2 or 5 times a power of ten, so that about `count` of them fit.
fn step(room: f64, count: f64) -> f64 {
    let raw = (room / count).max(1e-12);
    let power = power_of_ten(libm::floor(libm::log10(raw)) as i32);
    let lead = raw / power;
    let lead = if lead <= 1.0 {
        1.0
    } else if lead <= 2.0 {
        2.0
    } else if lead <= 5.0 {
        5.0
    } else {
        10.0
    };
    lead * power
}

/// A line through what is a number; a gap where it is none.
pub(super) fn polyline(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut data = String::new();
    let mut drawing = false;
    for (x, y) in points {
        if y.is_finite() && x.is_finite() {
            let _ = write!(data, "{}{x:.1} {y:.1}", if drawing { 'L' } else { 'M' });
            drawing = true;
        } else {
            drawing = false;
        }
    }
    data
}

/// The same as a staircase.
pub(super) fn staircase(points: impl Iterator<Item = (f64, f64)>, end: f64) -> String {
    let mut data = String::new();
    let mut before = f64::NAN;
    for (x, y) in points {
        if !y.is_finite() {
            if before.is_finite() {
                let _ = write!(data, "H{x:.1}");
            }
        } else if before.is_finite() {
            if (y - before).abs() > 0.04 {
                let _ = write!(data, "H{x:.1}V{y:.1}");
            }
        } else {
            let _ = write!(data, "M{x:.1} {y:.1}");
        }
        before = y;
    }
    if before.is_finite() {
        let _ = write!(data, "H{end:.1}");
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let scale = Scale::round(0.03, 0.974, (0.0, 100.0));
        assert_eq!(scale.values, (0.0, 1.0));
        let ticks: Vec<String> = scale.ticks(5.0).into_iter().map(|(_, text)| text).collect();
        assert_eq!(ticks, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert!((scale.at(0.5) - 50.0).abs() < 1e-9);
        let wide = Scale::round(-3_210.0, 14_000.0, (0.0, 1.0));
        assert!(wide.ticks(5.0).len() <= 7);
        assert!(!Scale::round(f64::NAN, 1.0, (0.0, 1.0)).ticks(4.0).is_empty());
    }

    #[test]
    fn nothing_of_a_name_gets_into_the_markup() {
        assert_eq!(escape("<b>&\"'\u{7}"), "&lt;b&gt;&amp;&quot;&#39;\u{fffd}");
        assert_eq!(shortened("Zürichsee", 6), "Züric…");
        assert_eq!(cut("rfc8867/queue=codel", 9), "rfc8…odel");
    }

    #[test]
    fn a_line_has_a_gap_where_there_is_no_number() {
        let points = [(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0), (3.0, 4.0)];
        assert_eq!(polyline(points.into_iter()), "M0.0 1.0M2.0 3.0L3.0 4.0");
    }
}
