//! For people at a terminal.

use std::fmt::{self, Display, Formatter};

use super::{CaseOutcome, Finding, ModuleReport, Report, Seen};

/// The widest line.
const WIDTH: usize = 110;
/// So many ways in which a rule is broken are told.
const MOST_SEEN: usize = 4;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for finding in &self.refused {
            writeln!(f, "{}: it cannot be a plugin of this host", self.file)?;
            finding.write(f)?;
        }
        for module in &self.modules {
            module.write(f, self.level)?;
        }
        Ok(())
    }
}

impl ModuleReport {
    fn write(&self, f: &mut Formatter<'_>, asked: u8) -> fmt::Result {
        writeln!(f, "{} {}, {}", self.id, self.version, self.area)?;
        for level in 1..=asked {
            let of = |outcome| {
                self.cases
                    .iter()
                    .filter(|case| case.level == level && case.outcome == outcome)
                    .count()
            };
            let (passed, failed, not_run) = (
                of(CaseOutcome::Passed),
                of(CaseOutcome::Failed),
                of(CaseOutcome::NotRun),
            );
            let mut rest = String::new();
            if failed > 0 {
                rest += &format!(", {failed} failed");
            }
            if not_run > 0 {
                rest += &format!(", {not_run} not run");
            }
            writeln!(f, "  level {level}: {passed} cases passed{rest}")?;
        }
        for case in &self.cases {
            for (name, value, unit) in &case.figures {
                writeln!(f, "  {name}: {value:.1} {unit}")?;
            }
        }
        for finding in &self.findings {
            finding.write(f)?;
        }
        if self.passes == asked {
            writeln!(f, "  passes level {asked}")
        } else if self.passes == 0 {
            writeln!(f, "  does not pass level 1")
        } else {
            writeln!(f, "  passes level {} of {asked}", self.passes)
        }
    }
}

impl Finding {
    fn write(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        writeln!(f, "  {} (level {})", self.rule.id, self.rule.level)?;
        wrapped(f, "rule:  ", self.rule.title)?;
        for seen in self.seen.iter().take(MOST_SEEN) {
            seen.write(f)?;
        }
        if let Some(more) = self.seen.len().checked_sub(MOST_SEEN).filter(|more| *more > 0) {
            writeln!(f, "    and in {more} more ways or places; --json tells all")?;
        }
        wrapped(f, "why:   ", self.rule.why)?;
        wrapped(f, "do:    ", self.rule.advice)?;
        writeln!(f, "    page:  {}", self.page)?;
        writeln!(f)
    }
}

impl Seen {
    fn write(&self, f: &mut Formatter<'_>) -> fmt::Result {
        wrapped(f, "seen:  ", &self.what)?;
        for (n, place) in self.stack.iter().enumerate() {
            writeln!(f, "    {}{place}", if n == 0 { "from:  " } else { "       " })?;
        }
        if !self.cases.is_empty() {
            let (first, more) = (self.cases.iter().take(4), self.cases.len().saturating_sub(4));
            let mut cases = first.cloned().collect::<Vec<_>>().join(", ");
            if more > 0 {
                cases += &format!(" and {more} more");
            }
            wrapped(f, "case:  ", &cases)?;
        }
        Ok(())
    }
}

fn wrapped(f: &mut Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    write!(f, "    {label}")?;
    let mut column = 4 + label.len();
    for (n, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if n > 0 && column + 1 + length > WIDTH {
            write!(f, "\n    {:1$}", "", label.len())?;
            column = 4 + label.len();
        } else if n > 0 {
            f.write_str(" ")?;
            column += 1;
        }
        f.write_str(word)?;
        column += length;
    }
    writeln!(f)
}
