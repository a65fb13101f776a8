//! Tests that ask only for order and sign: a cross-check of the bootstrap that outliers cannot bend.

use libm::sqrt;

use super::distribution::{fair_coin_cdf, normal_cdf};
use super::{StatisticsError, check};

/// Which departure from zero is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Either.
    Both,
    /// Differences above zero.
    Greater,
    /// Differences below zero.
    Less,
}

/// What becomes of differences of exactly zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zeros {
    /// They are left out (Wilcoxon's own way).
    Drop,
    /// They take part in the ranking, then their ranks are left out (Pratt, 1959).
    Pratt,
}

/// How a p-value is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Exact for up to 50 differences, else the normal approximation.
    Automatic,
    /// From the distribution of the rank sum over all choices of signs, ties and all.
    Exact,
    /// From the normal approximation, corrected for ties, without a correction for continuity.
    Normal,
}

/// A statistic and the chance of one as far out if there were no difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankTest {
    /// Wilcoxon: the sum of the ranks of the positive differences. Sign test: how many are positive.
    pub statistic: f64,
    /// The chance.
    pub p_value: f64,
    /// How many differences took part.
    pub n: usize,
}

const EXACT_UP_TO: usize = 50;

/// Wilcoxon's signed-rank test that the differences are symmetric about zero ("Individual comparisons by ranking methods", 1945). Equal
/// absolute values share their mean rank. If every difference is zero its p-value is 1.
pub fn wilcoxon(
    differences: &[f64],
    side: Side,
    zeros: Zeros,
    method: Method,
) -> Result<RankTest, StatisticsError> {
    check(differences, 1)?;
    let ranking = Ranking::of(differences, zeros);
    let n = ranking.doubled.len();
    let positive: u64 = ranking
        .doubled
        .iter()
        .filter(|(_, above)| *above)
        .map(|(rank, _)| rank)
        .sum();
    let exact = match method {
        Method::Exact => true,
        Method::Normal => false,
        Method::Automatic => n <= EXACT_UP_TO,
    };
    let p_value = if n == 0 {
        1.0
    } else if exact {
        ranking.exact_p(positive, side)
    } else {
        ranking.normal_p(positive, side)
    };
    Ok(RankTest {
        statistic: positive as f64 / 2.0,
        p_value,
        n,
    })
}

/// The sign test that the median difference is zero; zeros are left out. Exact.
pub fn sign_test(differences: &[f64], side: Side) -> Result<RankTest, StatisticsError> {
    check(differences, 1)?;
    let positive = differences.iter().filter(|value| **value > 0.0).count() as u64;
    let negative = differences.iter().filter(|value| **value < 0.0).count() as u64;
    let n = positive + negative;
    let at_least = |k: u64| if k == 0 { 1.0 } else { fair_coin_cdf(n - k, n) };
    let p_value = match side {
        Side::Greater => at_least(positive),
        Side::Less => at_least(negative),
        Side::Both => (2.0 * at_least(positive.max(negative))).min(1.0),
    };
    Ok(RankTest {
        statistic: positive as f64,
        p_value,
        n: n as usize,
    })
}

/// Twice the mean ranks, which makes them whole numbers, and whether their difference is positive.
struct Ranking {
    doubled: Vec<(u64, bool)>,
    /// How many values there are with zeros, and how many zeros took part in the ranking.
    ranked: f64,
    zeros: f64,
    /// Sum over groups of equals of t³ − t.
    ties: f64,
}

impl Ranking {
    fn of(differences: &[f64], zeros: Zeros) -> Self {
        let mut values: Vec<f64> = differences
            .iter()
            .copied()
            .filter(|value| *value != 0.0 || zeros == Zeros::Pratt)
            .collect();
        values.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut ranking = Self {
            doubled: Vec::with_capacity(values.len()),
            ranked: values.len() as f64,
            zeros: values.iter().filter(|value| **value == 0.0).count() as f64,
            ties: 0.0,
        };
        let mut first = 0;
        while first < values.len() {
            let size = values[first..]
                .iter()
                .take_while(|value| value.abs() == values[first].abs())
                .count();
            if values[first] != 0.0 {
                let doubled = (2 * first + size + 1) as u64;
                let group = &values[first..first + size];
                ranking
                    .doubled
                    .extend(group.iter().map(|value| (doubled, *value > 0.0)));
                let t = size as f64;
                ranking.ties += t * t * t - t;
            }
            first += size;
        }
        ranking
    }

    /// From the number of choices of signs that give each rank sum.
    fn exact_p(&self, positive: u64, side: Side) -> f64 {
        let total: u64 = self.doubled.iter().map(|(rank, _)| rank).sum();
        let mut chance = vec![0.0; total as usize + 1];
        chance[0] = 1.0;
        let mut reached = 0;
        for (rank, _) in &self.doubled {
            let rank = *rank as usize;
            for sum in (0..=reached).rev() {
                let half = chance[sum] * 0.5;
                chance[sum] = half;
                chance[sum + rank] += half;
            }
            reached += rank;
        }
        let at_least: f64 = chance[positive as usize..].iter().sum();
        let at_most: f64 = chance[..=positive as usize].iter().sum();
        match side {
            Side::Greater => at_least.min(1.0),
            Side::Less => at_most.min(1.0),
            Side::Both => (2.0 * at_least.min(at_most)).min(1.0),
        }
    }

    fn normal_p(&self, positive: u64, side: Side) -> f64 {
        let sums = |n: f64| (n * (n + 1.0) / 4.0, n * (n + 1.0) * (2.0 * n + 1.0));
        let (all, all_squares) = sums(self.ranked);
        let (zeros, zero_squares) = sums(self.zeros);
        let deviation = sqrt((all_squares - zero_squares - self.ties / 2.0) / 24.0);
        let z = (positive as f64 / 2.0 - (all - zeros)) / deviation;
        match side {
            Side::Greater => normal_cdf(-z),
            Side::Less => normal_cdf(z),
            Side::Both => (2.0 * normal_cdf(-z.abs())).min(1.0),
        }
    }
}
