//! Statistics: what a module reports of itself, named and with units, described without running it.

/// One number that a module reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistic {
    /// The name, `snake_case`; in metrics it becomes `jackfield_plugin_<name>`.
    pub name: &'static str,
    /// The unit, such as `dB`, `ms`, `packets`; empty for a bare count or ratio.
    pub unit: &'static str,
    /// Whether the number is a level or only ever grows.
    pub kind: StatisticKind,
    /// What it tells, in a sentence.
    pub help: &'static str,
}

/// How a statistic moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatisticKind {
    /// Up and down.
    Gauge,
    /// Only up.
    Counter,
}

impl Statistic {
    /// A level that goes up and down.
    pub const fn gauge(name: &'static str, unit: &'static str, help: &'static str) -> Self {
        Self {
            name,
            unit,
            kind: StatisticKind::Gauge,
            help,
        }
    }

    /// A count that only grows.
    pub const fn counter(name: &'static str, unit: &'static str, help: &'static str) -> Self {
        Self {
            name,
            unit,
            kind: StatisticKind::Counter,
            help,
        }
    }
}
