//! Our statistics and those of scipy and statsmodels on the same numbers. `benches/ab/validate_statistics.py` wrote their answers.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jackfield_lab::statistics::bootstrap::{Resampling, bca};
use jackfield_lab::statistics::distribution::{
    fair_coin_cdf, normal_cdf, normal_quantile, student_cdf, student_quantile,
};
use jackfield_lab::statistics::equivalence::{non_inferiority, tost};
use jackfield_lab::statistics::multiple::{benjamini_hochberg, holm};
use jackfield_lab::statistics::paired::student_interval;
use jackfield_lab::statistics::rank::{Method, Side, Zeros, sign_test, wilcoxon};
use jackfield_lab::statistics::sequential::{SequentialMean, SequentialSign};
use jackfield_lab::statistics::summary::{mean, median, quantile};
use serde_json::Value;

#[test]
fn distributions_agree() {
    let answers = &answers()["distributions"];
    for row in rows(&answers["normal_cdf"]) {
        close(normal_cdf(row[0]), row[1], 1e-13, "normal below", &row);
    }
    for row in rows(&answers["normal_quantile"]) {
        close(normal_quantile(row[0]), row[1], 1e-13, "normal quantile", &row);
    }
    for row in rows(&answers["student_cdf"]) {
        close(student_cdf(row[0], row[1]), row[2], 1e-11, "Student below", &row);
    }
    for row in rows(&answers["student_quantile"]) {
        close(
            student_quantile(row[0], row[1]),
            row[2],
            1e-10,
            "Student quantile",
            &row,
        );
    }
    for row in rows(&answers["fair_coin_cdf"]) {
        close(
            fair_coin_cdf(row[0] as u64, row[1] as u64),
            row[2],
            1e-11,
            "fair coin",
            &row,
        );
    }
    assert!(normal_quantile(1.5).is_nan() && student_quantile(0.5, -1.0).is_nan());
    assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
}

#[test]
fn quantiles_agree() {
    for (name, values) in samples() {
        for row in rows(&answers()["quantiles"][&name]) {
            close(quantile(&values, row[0]), row[1], 1e-14, &name, &row);
        }
    }
}

#[test]
fn students_interval_agrees() {
    for (name, values) in samples() {
        let ends = row(&answers()["student_interval"][&name]);
        let interval = student_interval(&values, 0.95).expect("enough values");
        close(interval.lower, ends[0], 1e-10, &name, &ends);
        close(interval.upper, ends[1], 1e-10, &name, &ends);
    }
}

#[test]
fn e17_7_wilcoxon_and_the_sign_test_agree() {
    let sides = [
        ("two-sided", Side::Both),
        ("greater", Side::Greater),
        ("less", Side::Less),
    ];
    let mut exact = 0;
    for (name, values) in samples() {
        let answer = &answers()["ranks"][&name];
        for (word, side) in sides {
            for (zeros, handling) in [("wilcox", Zeros::Drop), ("pratt", Zeros::Pratt)] {
                let theirs = number(&answer["normal"][format!("{zeros} {word}")]);
                let ours = wilcoxon(&values, side, handling, Method::Normal).expect("enough values");
                close(ours.p_value, theirs, 1e-11, &name, &word);
            }
            if let Some(theirs) = answer["exact"][format!("wilcox {word}")].as_f64() {
                let ours = wilcoxon(&values, side, Zeros::Drop, Method::Automatic).expect("enough values");
                close(ours.p_value, theirs, 1e-12, &name, &word);
                exact += 1;
            }
            let theirs = number(&answer["sign"][word]);
            close(
                sign_test(&values, side).expect("enough values").p_value,
                theirs,
                1e-11,
                &name,
                &word,
            );
        }
        let ours = wilcoxon(&values, Side::Both, Zeros::Drop, Method::Normal).expect("enough values");
        close(
            ours.statistic,
            number(&answer["statistic"]),
            0.0,
            &name,
            &"rank sum",
        );
    }
    assert!(exact >= 15, "{exact} exact ones compared");
}

/// One run of 10,000 replicates strays from the mean of many by Monte Carlo error: six of scipy's own standard deviations.
#[test]
fn e17_7_bca_intervals_agree_within_monte_carlo_error() {
    let statistics: [(&str, fn(&[f64]) -> f64); 2] = [("bca_mean", mean), ("bca_median", median)];
    for (kind, statistic) in statistics {
        for (name, theirs) in answers()[kind].as_object().expect("a table") {
            let values = &samples()[name];
            let ours = bca(values, statistic, &Resampling::seeded(11)).expect("enough values");
            for (end, ours) in [("lower", ours.lower), ("upper", ours.upper)] {
                let error = 6.0 * number(&theirs[format!("{end}_deviation")]) + 1e-3;
                let theirs = number(&theirs[end]);
                assert!(
                    (ours - theirs).abs() < error,
                    "{kind} {name} {end}: {ours}, scipy {theirs} ± {error}"
                );
            }
        }
    }
}

#[test]
fn e17_7_tost_agrees_and_non_inferiority_is_its_half() {
    for (name, values) in samples() {
        for theirs in answers()["tost"][&name].as_array().expect("a list") {
            let (lower, upper) = (number(&theirs["lower"]), number(&theirs["upper"]));
            let ours = tost(&values, lower, upper).expect("bounds in order");
            close(ours.p_value(), number(&theirs["p"]), 1e-10, &name, &"p");
            close(
                ours.above_lower,
                number(&theirs["above_lower"]),
                1e-10,
                &name,
                &"lower",
            );
            close(
                ours.below_upper,
                number(&theirs["below_upper"]),
                1e-10,
                &name,
                &"upper",
            );
            assert_eq!(non_inferiority(&values, upper, true), Ok(ours.below_upper));
            assert_eq!(non_inferiority(&values, -lower, false), Ok(ours.above_lower));
        }
    }
}

#[test]
fn corrections_for_many_tests_agree() {
    for theirs in answers()["adjusted"].as_array().expect("a list") {
        let p = row(&theirs["p"]);
        for (ours, name) in [(holm(&p), "holm"), (benjamini_hochberg(&p), "benjamini_hochberg")] {
            for (ours, theirs) in ours.iter().zip(row(&theirs[name])) {
                close(*ours, theirs, 1e-14, name, &p);
            }
        }
    }
}

/// Theirs is a numerical integral over the prior of the effect; ours is in closed form.
#[test]
fn e17_7_the_evidence_of_the_sequential_tests_agrees() {
    for (name, values) in samples() {
        for row in rows(&answers()["mean_e_value"][&name]) {
            let mut test = SequentialMean::with_prior(0.05, row[0]);
            values.iter().for_each(|value| test.push(*value));
            close(test.e_value(), row[1], 1e-6, &name, &row);
        }
    }
    for row in rows(&answers()["sign_e_value"]) {
        let mut test = SequentialSign::new(0.05);
        (0..row[0] as u32).for_each(|_| test.push(1.0));
        (0..row[1] as u32).for_each(|_| test.push(-1.0));
        close(test.e_value(), row[2], 1e-10, "sign", &row);
    }
}

fn answers() -> &'static Value {
    static ANSWERS: OnceLock<Value> = OnceLock::new();
    ANSWERS.get_or_init(|| serde_json::from_str(include_str!("../data/statistics.json")).expect("JSON"))
}

fn samples() -> BTreeMap<String, Vec<f64>> {
    let samples = answers()["samples"].as_object().expect("a table");
    samples
        .iter()
        .map(|(name, values)| (name.clone(), row(values)))
        .collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    let rows: Vec<_> = value.as_array().expect("a list").iter().map(row).collect();
    assert!(!rows.is_empty());
    rows
}

fn row(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("not a number: {value}"))
}

fn close(ours: f64, theirs: f64, relative: f64, what: &str, of: &dyn std::fmt::Debug) {
    let error = (ours - theirs).abs();
    assert!(
        error <= relative * theirs.abs().max(1e-300) || error == 0.0,
        "{what} {of:?}: ours {ours:e}, theirs {theirs:e}, off by {:e}",
        error / theirs.abs()
    );
}
