//! For people in a browser: one file that needs no other.

use std::fmt::Write;

use super::{CaseOutcome, Finding, ModuleReport, Report};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
h1,h2{line-height:1.2}code{background:#eee;padding:0 .2rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .6rem;\
border-bottom:1px solid #ddd}section{border-left:.3rem solid #c33;padding:.1rem 1rem;margin:1rem 0}dt{font-weight:600}.passed{color:#161}\
.failed{color:#b11}.not-run{color:#777}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}code{background:#333}\
td,th{border-color:#444}.passed{color:#7d7}.failed{color:#f88}.not-run{color:#999}}";

impl Report {
    /// As one HTML page.
    pub fn html(&self) -> String {
        let mut page = String::new();
        let verdict = if self.passed() {
            format!("<p class=passed>Passes level {}.</p>", self.level)
        } else {
            format!("<p class=failed>Does not pass level {}.</p>", self.level)
        };
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
             <title>{0}</title><style>{STYLE}</style><h1>{0}</h1>{verdict}<p>Seed {1}{2}.</p>",
            escaped(&self.file),
            self.seed,
            if self.quick { ", long cases cut short" } else { "" },
        );
        for finding in &self.refused {
            finding.html(&mut page);
        }
        for module in &self.modules {
            module.html(&mut page);
        }
        page.push_str("</html>\n");
        page
    }
}

impl ModuleReport {
    fn html(&self, page: &mut String) {
        let _ = write!(
            page,
            "<h2>{} {}</h2><p>{}; keeps every rule up to level {}.</p>",
            escaped(&self.id),
            escaped(&self.version),
            escaped(&self.area),
            self.passes
        );
        for finding in &self.findings {
            finding.html(page);
        }
        page.push_str("<table><tr><th>level<th>case<th>outcome<th>figures</tr>");
        for case in &self.cases {
            let (class, word) = match case.outcome {
                CaseOutcome::Passed => ("passed", "passed"),
                CaseOutcome::Failed => ("failed", "failed"),
                CaseOutcome::NotRun => ("not-run", "not run"),
            };
            let figures: Vec<String> = case
                .figures
                .iter()
                .map(|(name, value, unit)| format!("{name} {value:.1} {unit}"))
                .collect();
            let _ = write!(
                page,
                "<tr><td>{}<td>{}<td class={class}>{word}<td>{}</tr>",
                case.level,
                escaped(&case.name),
                escaped(&figures.join(", "))
            );
        }
        page.push_str("</table>");
    }
}

impl Finding {
    fn html(&self, page: &mut String) {
        let _ = write!(
            page,
            "<section><h3 id='{0}'>{0} (level {1})</h3><p>{2}</p><dl>",
            self.rule.id,
            self.rule.level,
            escaped(self.rule.title),
        );
        for seen in &self.seen {
            let _ = write!(page, "<dt>Seen<dd>{}", escaped(&seen.what));
            for place in &seen.stack {
                let _ = write!(page, "<dd><code>{}</code>", escaped(&place.to_string()));
            }
            if !seen.cases.is_empty() {
                let _ = write!(page, "<dd>in {}", escaped(&seen.cases.join(", ")));
            }
        }
        let _ = write!(
            page,
            "<dt>Why<dd>{}<dt>What to do<dd>{}<dt>Page<dd>{}</dl></section>",
            escaped(self.rule.why),
            escaped(self.rule.advice),
            escaped(&self.page)
        );
    }
}

/// Text as it may stand in HTML: what a plugin says of itself comes from outside.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
