//! Values that hang together: seeds of one trace, traces of one scenario. Resampling level by level (scenario → trace → seed) keeps the
//! interval honest about how few scenarios there are, however many seeds each was run with (Davison and Hinkley, "Bootstrap methods and their
//! application", 1997, section 3.8; Saravanan, Berman and Sober, "Application of the hierarchical bootstrap to multi-level data in
//! neuroscience", 2020).

use super::bootstrap::Resampling;
use super::random::Draws;
use super::summary::{mean, quantile_of_sorted};
use super::{Interval, StatisticsError, check};

/// Differences by scenario and trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hierarchy {
    scenarios: Vec<Vec<Vec<f64>>>,
}

impl Hierarchy {
    /// Of scenarios, each of which holds traces, each of which holds the differences of its seeds. What is empty is left out.
    pub fn new(scenarios: Vec<Vec<Vec<f64>>>) -> Self {
        let scenarios = scenarios
            .into_iter()
            .map(|traces| {
                traces
                    .into_iter()
                    .filter(|seeds| !seeds.is_empty())
                    .collect::<Vec<_>>()
            })
            .filter(|traces| !traces.is_empty())
            .collect();
        Self { scenarios }
    }

    /// Of scenarios with one trace each.
    pub fn of_scenarios(scenarios: Vec<Vec<f64>>) -> Self {
        Self::new(scenarios.into_iter().map(|seeds| vec![seeds]).collect())
    }

    /// How many scenarios there are.
    pub fn scenarios(&self) -> usize {
        self.scenarios.len()
    }

    /// The mean over scenarios of the mean over traces of the mean over seeds: each scenario weighs the same.
    pub fn mean(&self) -> f64 {
        let of_scenarios: Vec<f64> = self
            .scenarios
            .iter()
            .map(|traces| mean(&traces.iter().map(|seeds| mean(seeds)).collect::<Vec<_>>()))
            .collect();
        mean(&of_scenarios)
    }

    /// The interval of [`Self::mean`] by resampling scenarios, within them traces, within them seeds, with replacement; its ends are
    /// percentiles. A level with one member only has nothing to say about how much it varies: with a single scenario the interval speaks of
    /// that scenario alone. Fails for fewer than two values altogether.
    pub fn interval(&self, resampling: &Resampling) -> Result<Interval, StatisticsError> {
        let mut replicates = self.replicates(resampling)?;
        replicates.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - resampling.confidence) / 2.0;
        Ok(Interval {
            estimate: self.mean(),
            lower: quantile_of_sorted(&replicates, tail),
            upper: quantile_of_sorted(&replicates, 1.0 - tail),
            confidence: resampling.confidence,
        })
    }

    /// How likely a mean so far from zero is if the truth were zero, on either side: twice the share of replicates on the far side of zero,
    /// ties by half, and never below 2 / (replicates + 1), since no number of replicates can show less. It agrees with [`Self::interval`]:
    /// below 5 % where the 95 % interval leaves out zero. Fails as that does.
    pub fn p_value(&self, resampling: &Resampling) -> Result<f64, StatisticsError> {
        let replicates = self.replicates(resampling)?;
        let below = replicates.iter().filter(|value| **value < 0.0).count() as f64;
        let above = replicates.iter().filter(|value| **value > 0.0).count() as f64;
        let n = replicates.len() as f64;
        let ties = n - below - above;
        Ok((2.0 * (below.min(above) + 0.5 * ties + 1.0) / (n + 1.0)).min(1.0))
    }

    fn replicates(&self, resampling: &Resampling) -> Result<Vec<f64>, StatisticsError> {
        resampling.check()?;
        let all: Vec<f64> = self.scenarios.iter().flatten().flatten().copied().collect();
        check(&all, 2)?;
        let draws = Draws::new(resampling.seed);
        Ok((0..u64::from(resampling.replicates))
            .map(|number| self.replicate(&draws.replicate(number)))
            .collect())
    }

    fn replicate(&self, draws: &Draws) -> f64 {
        let mut position = 0;
        let mut draw = |n: usize| {
            position += 1;
            draws.index(position, n)
        };
        let mut over_scenarios = 0.0;
        for _ in 0..self.scenarios.len() {
            let traces = &self.scenarios[draw(self.scenarios.len())];
            let mut over_traces = 0.0;
            for _ in 0..traces.len() {
                let seeds = &traces[draw(traces.len())];
                let sum: f64 = (0..seeds.len()).map(|_| seeds[draw(seeds.len())]).sum();
                over_traces += sum / seeds.len() as f64;
            }
            over_scenarios += over_traces / traces.len() as f64;
        }
        over_scenarios / self.scenarios.len() as f64
    }
}
