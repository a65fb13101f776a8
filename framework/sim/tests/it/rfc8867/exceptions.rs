//! What controllers are known not to do of what RFC 8867 expects, and why. The tests fail when one of these holds by now.

use super::expect::Kind;

/// A sentence that does not hold for a controller in at least one of the weathers.
pub(crate) struct Exception {
    pub(crate) kind: Kind,
    pub(crate) sentence: &'static str,
    pub(crate) because: &'static str,
    /// Without the name of the suite.
    pub(crate) scenarios: &'static [&'static str],
}

impl Exception {
    pub(crate) fn is(&self, kind: Kind, scenario: &str, sentence: &str) -> bool {
        self.kind == kind && self.sentence == sentence && self.scenarios.contains(&scenario)
    }
}

pub(crate) const EXCEPTIONS: &[Exception] = &[];
