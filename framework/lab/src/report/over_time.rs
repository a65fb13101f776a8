//! Lines over time on a page of their own, drawn as reports draw the cells of an experiment.

use std::fmt::Write as _;

use super::charts::escape;
use super::charts::series::{Line, Mark, Panel, class, draw};
use super::page::{STYLE, swatch};

/// A page with lines over time: one HTML file that needs nothing else. Pure: the same values give the same bytes.
///
/// ```
/// use jackfield_lab::report::{OverTime, OverTimeLine, OverTimePanel};
///
/// let page = OverTime {
///     kicker: "replay".to_owned(),
///     title: "a call".to_owned(),
///     scope: "One call of two seconds.".to_owned(),
///     names: vec!["recorded".to_owned()],
///     step: 0.5,
///     panels: vec![OverTimePanel {
///         label: "kbit/s".to_owned(),
///         least: 100.0,
///         lines: vec![OverTimeLine { name: 0, thin: false, title: "target".to_owned(), values: vec![64.0, 80.0, f64::NAN, 90.0] }],
///     }],
///     marks: vec![(1.0, "a swap".to_owned())],
///     facts: vec![("seed".to_owned(), "1".to_owned())],
/// };
/// assert!(page.html().contains("<svg"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OverTime {
    /// What kind of page it is, in a word.
    pub kicker: String,
    /// Its title.
    pub title: String,
    /// What it shows, in a sentence.
    pub scope: String,
    /// Whose the lines are; each has a colour.
    pub names: Vec<String>,
    /// The length of a step in seconds.
    pub step: f64,
    /// The drawings, from the top.
    pub panels: Vec<OverTimePanel>,
    /// Moments in seconds, and what happened then.
    pub marks: Vec<(f64, String)>,
    /// What stands in the table below.
    pub facts: Vec<(String, String)>,
}

/// One drawing of several that share their time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct OverTimePanel {
    /// What is drawn, with its unit.
    pub label: String,
    /// The axis goes at least up to this.
    pub least: f64,
    /// The lines.
    pub lines: Vec<OverTimeLine>,
}

/// A value over time.
#[derive(Clone, Debug, PartialEq)]
pub struct OverTimeLine {
    /// Whose it is: the place in [`OverTime::names`].
    pub name: usize,
    /// Whether it is drawn thin, beside a thick one.
    pub thin: bool,
    /// What it is, shown when it is pointed at.
    pub title: String,
    /// A value for each step; what is not a number is a gap.
    pub values: Vec<f64>,
}

impl OverTime {
    /// The page.
    pub fn html(&self) -> String {
        let title = escape(&self.title);
        let mut key = String::new();
        for (index, name) in self.names.iter().enumerate() {
            let _ = write!(
                key,
                r#"<li><span class="arm-label">{}{}</span></li>"#,
                swatch(index),
                escape(name)
            );
        }
        let mut facts = String::new();
        for (name, value) in &self.facts {
            let _ = write!(
                facts,
                "<tr><th scope=row>{}</th><td>{}</td></tr>",
                escape(name),
                escape(value)
            );
        }
        format!(
            r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title><style>{STYLE}</style></head>
<body><header><p class="kicker">Jackfield · {}</p><h1>{title}</h1><p class="scope">{}</p><ul class="key" aria-label="Lines">{key}</ul></header>
<main><section id="time"><h2>Over time</h2><figure class="chart time">{}</figure></section>
<section id="facts"><h2>In numbers</h2><table><tbody>{facts}</tbody></table></section></main></body></html>
"#,
            escape(&self.kicker),
            escape(&self.scope),
            self.drawing()
        )
    }

    fn drawing(&self) -> String {
        let steps = self.panels.iter().flat_map(|panel| &panel.lines);
        let steps = steps.map(|line| line.values.len()).max().unwrap_or(0);
        let panels: Vec<Panel<'_>> = self
            .panels
            .iter()
            .enumerate()
            .map(|(index, panel)| Panel {
                label: &panel.label,
                height: if index == 0 { 210.0 } else { 96.0 },
                lines: panel.lines.iter().map(|line| self.line(line)).collect(),
                ceiling: None,
                least: panel.least,
            })
            .collect();
        let marks = self.marks.iter().map(|(at, title)| Mark { at: *at, title });
        draw(
            "values over time",
            &panels,
            &marks.collect::<Vec<_>>(),
            steps as f64 * self.step,
        )
    }

    fn line<'a>(&self, line: &'a OverTimeLine) -> Line<'a> {
        Line {
            class: class(line.name, if line.thin { "thin" } else { "" }),
            step: self.step,
            values: line.values.clone(),
            title: &line.title,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e26_3_a_page_over_time_needs_nothing_else_and_escapes_what_it_is_given() {
        let page = OverTime {
            title: "<script>".to_owned(),
            names: vec!["a & b".to_owned(), "c".to_owned()],
            step: 1.0,
            panels: vec![OverTimePanel {
                label: "\"kbit/s\"".to_owned(),
                least: 1.0,
                lines: vec![
                    OverTimeLine {
                        name: 0,
                        thin: false,
                        title: "<b>".to_owned(),
                        values: vec![1.0, f64::NAN, f64::INFINITY, 3.0],
                    },
                    OverTimeLine {
                        name: 1,
                        thin: true,
                        title: String::new(),
                        values: Vec::new(),
                    },
                ],
            }],
            marks: vec![(2.0, "<i>".to_owned())],
            facts: vec![("x".to_owned(), "<u>".to_owned())],
            ..OverTime::default()
        };
        let html = page.html();
        assert!(html.contains("a &amp; b") && html.contains("&lt;script&gt;"));
        for raw in ["<script>", "<b>", "<i>", "<u>", "NaN", "inf"] {
            assert!(!html.contains(raw), "{raw}");
        }
        for outside in ["http://", "https://", "src=", "url("] {
            assert!(!html.contains(outside), "{outside}");
        }
        assert_eq!(html, page.html());
    }
}
