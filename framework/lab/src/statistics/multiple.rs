//! Many tests at once. The functions give adjusted p-values in the order of the p-values given: reject what is at most the level.

/// Holm's: the chance of one false claim or more stays below the level, whatever the tests have to do with each other (Holm, "A simple
/// sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979). For the primary metrics.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len();
    let mut adjusted = vec![0.0; n];
    let mut greatest: f64 = 0.0;
    for (rank, index) in ascending(p_values).into_iter().enumerate() {
        greatest = greatest.max(p_values[index] * (n - rank) as f64);
        adjusted[index] = greatest.min(1.0);
    }
    adjusted
}

/// Benjamini's and Hochberg's: of what is claimed, the expected share of false claims stays below the level, for tests that are independent or
/// positively dependent ("Controlling the false discovery rate", Journal of the Royal Statistical Society B 57, 1995). For what is looked at
/// without a plan, and labelled so.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len();
    let mut adjusted = vec![0.0; n];
    let mut least: f64 = 1.0;
    for (rank, index) in ascending(p_values).into_iter().enumerate().rev() {
        least = least.min(p_values[index] * n as f64 / (rank + 1) as f64);
        adjusted[index] = least;
    }
    adjusted
}

fn ascending(p_values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    order
}
