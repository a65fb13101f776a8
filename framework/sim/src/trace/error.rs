//! What may be wrong with a trace.

use std::fmt;

/// Why a text is no trace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceError {
    /// A line holds something else.
    Line {
        /// Counted from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// What does, cut after 40 characters.
        found: String,
    },
    /// A place in JSON or TOML holds something else.
    Place {
        /// As `uplink.trace_pattern[3].duration`.
        place: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// It is neither JSON nor TOML.
    Syntax {
        /// Counted from 1.
        line: usize,
        /// What the reader of JSON or TOML says.
        says: String,
    },
    /// It has no step.
    Empty,
    /// It has more than [`MOST_STEPS`](super::MOST_STEPS).
    TooLong,
}

impl TraceError {
    pub(super) fn line(index: usize, expected: &'static str, found: &str) -> Self {
        Self::Line {
            line: index + 1,
            expected,
            found: found.chars().take(40).collect(),
        }
    }

    pub(super) fn place(place: &str, expected: &'static str) -> Self {
        Self::Place {
            place: if place.is_empty() {
                "the top".to_owned()
            } else {
                place.to_owned()
            },
            expected,
        }
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line {
                line,
                expected,
                found,
            } => write!(f, "line {line}: expected {expected}, found {found:?}"),
            Self::Place { place, expected } => write!(f, "{place}: expected {expected}"),
            Self::Syntax { line, says } => write!(f, "line {line}: {says}"),
            Self::Empty => write!(
                f,
                "the trace is empty: give it at least one line or step that lasts some time"
            ),
            Self::TooLong => write!(
                f,
                "the trace has more than {} steps: cut it, or let it repeat by itself (`count` 0)",
                super::MOST_STEPS
            ),
        }
    }
}

impl std::error::Error for TraceError {}
