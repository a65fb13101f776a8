//! Stopping early keeps its promise: among many experiments without a difference, each looked at after every seed and stopped at the first
//! alarm, no more than a share alpha ever raises one.

use jackfield_lab::statistics::distribution::normal_quantile;
use jackfield_lab::statistics::random::Draws;
use jackfield_lab::statistics::rank::{Method, Side, Zeros, wilcoxon};
use jackfield_lab::statistics::sequential::{SequentialMean, SequentialSign};

const EXPERIMENTS: u64 = 3_000;
const SEEDS: u64 = 300;

/// Draws a difference from a number between 0 and 1.
type Shape = fn(f64) -> f64;

fn normal(share: f64) -> f64 {
    normal_quantile(share.clamp(1e-12, 1.0 - 1e-12))
}

/// Symmetric, with heavy tails.
fn laplace(share: f64) -> f64 {
    let side = if share < 0.5 { -1.0 } else { 1.0 };
    -side * libm::log((1.0 - 2.0 * (share - 0.5).abs()).max(1e-12))
}

/// Its median is zero, its mean is far from it.
fn lopsided(share: f64) -> f64 {
    if share < 0.5 {
        -0.01 - share
    } else {
        50.0 * (share - 0.5)
    }
}

fn alarms(shape: Shape, alarm: impl Fn(&[f64]) -> bool) -> f64 {
    let draws = Draws::new(17);
    let raised = (0..EXPERIMENTS)
        .filter(|experiment| {
            let world = draws.replicate(*experiment);
            let differences: Vec<f64> = (0..SEEDS).map(|seed| shape(world.unit(seed))).collect();
            alarm(&differences)
        })
        .count();
    raised as f64 / EXPERIMENTS as f64
}

fn mean_alarm(differences: &[f64]) -> bool {
    let mut test = SequentialMean::new(0.05);
    differences.iter().any(|&difference| {
        test.push(difference);
        test.rejects()
    })
}

fn sign_alarm(differences: &[f64]) -> bool {
    let mut test = SequentialSign::new(0.05);
    differences.iter().any(|&difference| {
        test.push(difference);
        test.rejects()
    })
}

#[test]
fn e17_7_looking_after_every_seed_raises_no_more_false_alarms_than_promised() {
    // Three standard errors of the share itself above 5 %.
    let limit = 0.05 + 3.0 * (0.05_f64 * 0.95 / EXPERIMENTS as f64).sqrt();
    let found = [
        ("mean, normal", alarms(normal, mean_alarm)),
        ("mean, heavy tails", alarms(laplace, mean_alarm)),
        ("signs, normal", alarms(normal, sign_alarm)),
        ("signs, lopsided", alarms(lopsided, sign_alarm)),
    ];
    for (which, share) in found {
        assert!(
            share <= limit,
            "{which}: {share} of experiments without a difference raise an alarm"
        );
    }
}

/// Why it takes such a test: an ordinary one that is asked again and again cries out often.
#[test]
fn e17_7_an_ordinary_test_asked_after_every_tenth_seed_cries_out_far_too_often() {
    let share = alarms(normal, |differences| {
        let mut so_far = Vec::new();
        differences.iter().any(|&difference| {
            so_far.push(difference);
            so_far.len() % 10 == 0
                && wilcoxon(&so_far, Side::Both, Zeros::Drop, Method::Normal)
                    .is_ok_and(|test| test.p_value <= 0.05)
        })
    });
    assert!(share > 0.2, "{share}");
}

#[test]
fn e17_7_the_interval_holds_the_truth_at_all_times_together() {
    let ever_missed = alarms(normal, |differences| {
        let mut test = SequentialMean::new(0.05);
        differences.iter().any(|&difference| {
            test.push(difference + 3.0);
            !test.interval().holds(3.0)
        })
    });
    assert!(ever_missed <= 0.062, "{ever_missed}");
}

#[test]
fn a_difference_is_found_soon_and_stays_found() {
    let world = Draws::new(4);
    let mut test = SequentialMean::new(0.05);
    let mut signs = SequentialSign::new(0.05);
    let (mut found, mut found_by_signs) = (None, None);
    for seed in 0..100 {
        let difference = 1.5 + normal(world.unit(seed));
        test.push(difference);
        signs.push(difference);
        found = found.or(test.rejects().then_some(seed));
        found_by_signs = found_by_signs.or(signs.rejects().then_some(seed));
        assert_eq!(found.is_some(), test.rejects());
        // The interval leaves out zero exactly when the evidence at that moment suffices.
        assert_eq!(!test.interval().holds(0.0), test.e_value() > 20.0, "after {seed}");
    }
    assert!(found.expect("found") < 15, "{found:?}");
    assert!(found_by_signs.expect("found") < 30, "{found_by_signs:?}");
    assert!(test.p_value() < 1e-6 && signs.p_value() < 1e-6);
}

#[test]
fn differences_that_do_not_vary_are_no_trouble() {
    let mut test = SequentialMean::new(0.05);
    test.push(0.0);
    assert!(test.interval().lower.is_infinite());
    for _ in 0..20 {
        test.push(0.0);
    }
    assert_eq!(test.e_value(), 1.0);
    let mut constant = SequentialMean::new(0.05);
    for _ in 0..20 {
        constant.push(0.5);
        constant.push(f64::NAN);
    }
    assert!(constant.rejects() && constant.e_value().is_finite() && constant.n() == 20);
}
