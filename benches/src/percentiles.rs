//! Percentiles of what was measured.

/// The value below which `share` (0 to 1) of `sorted` lies.
///
/// # Panics
/// If there is none.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// Median, 99th percentile and maximum on one line.
pub fn line(values: &[f64], unit: &str) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() {
        return "nothing measured".to_owned();
    }
    format!(
        "{:6} values: p50 {:9.2} {unit}, p99 {:9.2} {unit}, max {:9.2} {unit}",
        sorted.len(),
        percentile(&sorted, 0.5),
        percentile(&sorted, 0.99),
        percentile(&sorted, 1.0)
    )
}
