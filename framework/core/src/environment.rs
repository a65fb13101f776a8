//! What a host hands to every instance when it makes it: its seed and its experiments. There are no globals to reach for.

use jackfield_macros::ffi;

use crate::Fault;

/// The surroundings of one instance.
///
/// It holds neither a clock nor an executor: time is an argument of every method that needs it, and a plugin does its work when it is called.
/// What it logs and counts leaves through the log of its image and through its statistics. Why: docs/adr/0008.
#[ffi(grows)]
pub struct Environment {
    /// The size of this struct in bytes, as its maker knows it.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// The seed for all randomness that the instance uses. Equal seed and equal input give equal output.
    pub seed: u64,
    /// What is tried out with this instance: lines of UTF-8 `key=value`, each with a line feed at its end, then zeros. A key that a plugin
    /// does not know means nothing to it.
    pub experiments: [u8; Environment::EXPERIMENT_BYTES],
}

impl Environment {
    /// Room for all experiments together.
    pub const EXPERIMENT_BYTES: usize = 480;

    /// An environment with this seed.
    pub const fn seeded(seed: u64) -> Self {
        Self {
            size: size_of::<Self>() as u32,
            reserved: 0,
            seed,
            experiments: [0; Self::EXPERIMENT_BYTES],
        }
    }

    /// The same with one experiment more.
    ///
    /// # Errors
    /// `Invalid` if the key is empty, if key or value hold what separates them, or if there is no room left.
    pub fn with_experiment(mut self, key: &str, value: &str) -> Result<Self, Fault> {
        let separates = |c: char| c == '\n' || c == '\0';
        if key.is_empty() || key.contains('=') || key.contains(separates) || value.contains(separates) {
            return Err(Fault::invalid(
                "an experiment has a key without `=`, and neither key nor value has a line end",
            ));
        }
        let line = format!("{key}={value}\n");
        let taken = self.experiments().map_or(0, str::len);
        let room = self
            .experiments
            .get_mut(taken..taken + line.len())
            .ok_or_else(|| {
                Fault::invalid(
                    "the experiments of one instance take 480 bytes at most: shorten keys and values",
                )
            })?;
        room.copy_from_slice(line.as_bytes());
        Ok(self)
    }

    /// What is tried under `key`, if anything is.
    pub fn experiment(&self, key: &str) -> Option<&str> {
        self.experiments()?
            .lines()
            .filter_map(|line| line.split_once('='))
            .find_map(|(known, value)| (known == key).then_some(value))
    }

    fn experiments(&self) -> Option<&str> {
        let end = self
            .experiments
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(self.experiments.len());
        std::str::from_utf8(&self.experiments[..end]).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_2_an_instance_is_told_what_is_tried_out_with_it() {
        let environment = Environment::seeded(7)
            .with_experiment("target-quantile", "0.97")
            .unwrap()
            .with_experiment("empty", "")
            .unwrap();
        assert_eq!(environment.experiment("target-quantile"), Some("0.97"));
        assert_eq!(environment.experiment("empty"), Some(""));
        assert_eq!(environment.experiment("target"), None);
        assert_eq!(Environment::seeded(7).experiment("target-quantile"), None);
    }

    #[test]
    fn e1_2_what_does_not_fit_is_refused_and_harms_nothing() {
        let environment = Environment::seeded(1).with_experiment("a", "b").unwrap();
        for (key, value) in [("", "x"), ("a=b", "x"), ("a\n", "x"), ("a", "x\ny"), ("a", "\0")] {
            assert!(
                environment.with_experiment(key, value).is_err(),
                "{key:?} {value:?}"
            );
        }
        let long = "x".repeat(Environment::EXPERIMENT_BYTES - 4 - 3);
        let full = environment.with_experiment("c", &long).unwrap();
        assert_eq!(full.experiment("c"), Some(long.as_str()), "to the last byte");
        assert!(full.with_experiment("d", "").is_err());
        let spoilt = Environment {
            experiments: [0xFF; Environment::EXPERIMENT_BYTES],
            ..environment
        };
        assert_eq!(spoilt.experiment("a"), None);
    }
}
