//! What is wrong with a scenario.

use std::fmt;

/// A scenario was refused. `Display` is one line: the key, what is wrong with it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    key: String,
    message: String,
    advice: String,
    line: Option<usize>,
}

impl ScenarioError {
    pub(crate) fn new(key: impl Into<String>, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
            advice: advice.into(),
            line: None,
        }
    }

    /// What the TOML reader found.
    pub(crate) fn syntax(text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map(|span| {
            let start = span.start.min(text.len());
            text.as_bytes()[..start]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1
        });
        Self {
            key: String::new(),
            message: error.message().trim_end().replace('\n', "; "),
            advice: "docs/reference/scenarios.md lists all keys and how values are written".to_owned(),
            line,
        }
    }

    /// The same, about one variant of a sweep.
    pub(crate) fn in_variant(mut self, name: &str) -> Self {
        self.message = format!("{} (in the variant `{name}`)", self.message);
        self
    }

    /// The key that it is about, as a path from the top of the file, such as `links.uplink.queue`; empty if the text cannot be read at all.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn advice(&self) -> &str {
        &self.advice
    }

    /// The line of the text, from 1, if it is known.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "`{}`: ", self.key)?;
        }
        write!(f, "{}; {}", self.message, self.advice)
    }
}

impl std::error::Error for ScenarioError {}
