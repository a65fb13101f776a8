//! What the validator found out, as text, JSON or HTML.

mod html;
mod text;

use serde::{Serialize, Serializer};

use crate::place::Place;
use crate::rule::Rule;

/// Everything about one plugin file.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The file's name.
    pub file: String,
    /// Up to which level it was asked.
    pub level: u8,
    /// Whether the long cases were cut short.
    pub quick: bool,
    /// The seed; the same seed makes the same cases.
    pub seed: u64,
    /// What is wrong with the file itself; then there are no modules.
    pub refused: Vec<Finding>,
    /// Its modules.
    pub modules: Vec<ModuleReport>,
}

/// One module of the file.
#[derive(Clone, Debug, Serialize)]
pub struct ModuleReport {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its area.
    pub area: String,
    /// The level up to which it keeps every rule, 0 to 5.
    pub passes: u8,
    /// The rules that it breaks, lowest level first.
    pub findings: Vec<Finding>,
    /// What was tried.
    pub cases: Vec<CaseReport>,
}

/// A rule that is broken.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The rule.
    #[serde(serialize_with = "id")]
    pub rule: &'static Rule,
    /// Its section in the page of rules.
    pub page: String,
    /// Each way in which it was seen broken.
    pub seen: Vec<Seen>,
}

/// One way in which a rule is broken.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// What was seen.
    pub what: String,
    /// From where, innermost first.
    pub stack: Vec<Place>,
    /// In which cases.
    pub cases: Vec<String>,
}

/// One case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: u8,
    /// How it ended.
    pub outcome: CaseOutcome,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What it measured: name, value, unit.
    pub figures: Vec<(String, f64, String)>,
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseOutcome {
    /// No rule was broken.
    Passed,
    /// A rule was broken.
    Failed,
    /// It was not run, because the plugin does not live long enough for it.
    NotRun,
}

impl Report {
    /// Whether every rule up to the level that was asked is kept.
    pub fn passed(&self) -> bool {
        self.refused.is_empty()
            && !self.modules.is_empty()
            && self.modules.iter().all(|module| module.passes >= self.level)
    }

    /// All that was found.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.refused
            .iter()
            .chain(self.modules.iter().flat_map(|module| &module.findings))
    }

    /// The names of the rules that are broken, lowest level first, each once.
    pub fn broken(&self) -> Vec<&'static str> {
        let mut rules: Vec<&Rule> = self.findings().map(|finding| finding.rule).collect();
        rules.sort_by_key(|rule| rule.level);
        let mut names: Vec<&'static str> = rules.into_iter().map(|rule| rule.id).collect();
        names.dedup();
        names
    }

    /// As JSON, for programs.
    ///
    /// # Panics
    /// Never: it holds nothing that JSON cannot.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data")
    }
}

fn id<S: Serializer>(rule: &&'static Rule, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(rule.id)
}
