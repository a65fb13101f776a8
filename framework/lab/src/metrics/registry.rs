//! Metrics by name: what each measures, in which unit, which way is better, and what a cell gets that failed. Open: an area adds its own.

use std::collections::BTreeMap;
use std::fmt;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// More of it.
    Higher,
    /// Less of it.
    Lower,
    /// It describes and does not judge.
    Neither,
}

impl Better {
    /// Whether a difference of `difference` (candidate minus baseline) is for the better; nothing if the metric does not judge, or if there is
    /// no difference.
    pub fn judges(self, difference: f64) -> Option<bool> {
        if difference == 0.0 || difference.is_nan() {
            return None;
        }
        match self {
            Self::Higher => Some(difference > 0.0),
            Self::Lower => Some(difference < 0.0),
            Self::Neither => None,
        }
    }
}

/// The unit of a metric's values. Reports choose their digits and words by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// A part of a whole, 0 to 1 (a little more where a flow may take more than its share); people read it in percent.
    Share,
    /// A number on a scale of its own: Jain's index, MOS.
    Index,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Thousands of bits per second.
    KilobitsPerSecond,
    /// Squared megabits per second, of mean squared errors.
    SquaredMegabits,
    /// Times per minute.
    PerMinute,
    /// Packets.
    Packets,
    /// Bytes.
    Bytes,
    /// Decibels.
    Decibels,
}

impl Unit {
    /// As it stands in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Index => "index",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::KilobitsPerSecond => "kbit/s",
            Self::SquaredMegabits => "(Mbit/s)^2",
            Self::PerMinute => "1/min",
            Self::Packets => "packets",
            Self::Bytes => "B",
            Self::Decibels => "dB",
        }
    }
}

/// A metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name in rows and experiments: lower-case words joined by underscores.
    pub name: &'static str,
    /// What reports call it.
    pub label: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// What a cell gets that failed: finite, and at least as bad as anything that a run can give in practice.
    pub worst: f64,
    /// What it measures, in a sentence or two, with its source.
    pub description: &'static str,
    /// How a report says that there is more of it, and less, with `{}` for the amount; both empty for the plain words.
    pub wording: [&'static str; 2],
}

/// A name that is taken already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTaken {
    /// The name.
    pub name: &'static str,
}

impl fmt::Display for NameTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "there is a metric `{}` already: give yours a name with its area in front, such as `audio_{}`",
            self.name, self.name
        )
    }
}

impl std::error::Error for NameTaken {}

/// Metrics by name.
///
/// ```
/// use jackfield_lab::metrics::{Better, Metric, Registry, Unit};
///
/// let mut registry = Registry::network();
/// registry.add(Metric {
///     name: "echo_return_loss",
///     label: "Echo return loss",
///     unit: Unit::Decibels,
///     better: Better::Higher,
///     worst: 0.0,
///     description: "By how much the echo is quieter than the far end, in the loudest second.",
///     wording: ["", ""],
/// })?;
/// assert_eq!(registry.find("echo_return_loss").map(|metric| metric.unit), Some(Unit::Decibels));
/// # Ok::<(), jackfield_lab::metrics::NameTaken>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registry {
    metrics: BTreeMap<&'static str, Metric>,
}

impl Registry {
    /// Of no metrics.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of those of media over a network: [`LightMetrics`](super::LightMetrics) gives them.
    pub fn network() -> Self {
        Self {
            metrics: super::catalogue::NETWORK
                .iter()
                .map(|metric| (metric.name, metric.clone()))
                .collect(),
        }
    }

    /// Adds one.
    pub fn add(&mut self, metric: Metric) -> Result<(), NameTaken> {
        if self.metrics.contains_key(metric.name) {
            return Err(NameTaken { name: metric.name });
        }
        self.metrics.insert(metric.name, metric);
        Ok(())
    }

    /// The one of this name.
    pub fn find(&self, name: &str) -> Option<&Metric> {
        self.metrics.get(name)
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Metric> {
        self.metrics.values()
    }
}
