//! Intervals keep their promise: drawn again and again from a known truth, they hold it as often as they say.

use jackfield_lab::statistics::StatisticsError;
use jackfield_lab::statistics::bootstrap::{Resampling, bca};
use jackfield_lab::statistics::distribution::normal_quantile;
use jackfield_lab::statistics::equivalence::non_inferiority;
use jackfield_lab::statistics::hierarchy::Hierarchy;
use jackfield_lab::statistics::paired::{Pairs, student_interval};
use jackfield_lab::statistics::random::Draws;
use jackfield_lab::statistics::rank::{Method, Side, Zeros, sign_test, wilcoxon};
use jackfield_lab::statistics::summary::{jain_index, mean};

const QUICK: Resampling = Resampling {
    replicates: 1_000,
    confidence: 0.95,
    seed: 5,
    widened: true,
};

/// Standard normal number `position` of a world.
fn normal(world: &Draws, position: u64) -> f64 {
    normal_quantile(world.unit(position).max(1e-12))
}

fn share(worlds: u64, holds: impl Fn(&Draws) -> bool) -> f64 {
    let draws = Draws::new(2_026);
    let held = (0..worlds)
        .filter(|world| holds(&draws.replicate(*world)))
        .count();
    held as f64 / worlds as f64
}

#[test]
fn e17_7_a_95_percent_interval_of_30_seeds_holds_the_truth_in_about_95_percent_of_worlds() {
    let covered = share(1_500, |world| {
        let values: Vec<f64> = (0..30).map(|i| 0.4 + normal(world, i)).collect();
        bca(&values, mean, &QUICK).expect("enough").holds(0.4)
    });
    assert!((0.935..0.965).contains(&covered), "normal differences: {covered}");
    let plain = share(1_500, |world| {
        let values: Vec<f64> = (0..30).map(|i| 0.4 + normal(world, i)).collect();
        let plain = Resampling {
            widened: false,
            ..QUICK
        };
        bca(&values, mean, &plain).expect("enough").holds(0.4)
    });
    assert!(
        (0.915..covered).contains(&plain),
        "as scipy has it, not widened: {plain}"
    );
    // Skew is what the correction is for; thirty exponential values still leave it short by a little.
    let covered = share(1_500, |world| {
        let values: Vec<f64> = (0..30).map(|i| -libm::log(1.0 - world.unit(i))).collect();
        bca(&values, mean, &QUICK).expect("enough").holds(1.0)
    });
    assert!(
        (0.90..0.97).contains(&covered),
        "exponential differences: {covered}"
    );
    let covered = share(4_000, |world| {
        let values: Vec<f64> = (0..12).map(|i| normal(world, i)).collect();
        student_interval(&values, 0.95).expect("enough").holds(0.0)
    });
    assert!((0.94..0.96).contains(&covered), "Student: {covered}");
}

/// Scenarios differ by more than seeds do. Pooling all seeds would pretend to know far more.
#[test]
fn e17_7_the_hierarchical_interval_knows_how_few_scenarios_there_are() {
    let draw = |world: &Draws| -> Vec<Vec<f64>> {
        (0..20_u64)
            .map(|scenario| {
                let centre = 1.0 + normal(world, 1_000 * scenario);
                (1..=10)
                    .map(|seed| centre + 0.5 * normal(world, 1_000 * scenario + seed))
                    .collect()
            })
            .collect()
    };
    let covered = share(800, |world| {
        Hierarchy::of_scenarios(draw(world))
            .interval(&QUICK)
            .expect("enough")
            .holds(1.0)
    });
    assert!((0.90..0.97).contains(&covered), "hierarchical: {covered}");
    let pooled = share(800, |world| {
        bca(&draw(world).concat(), mean, &QUICK)
            .expect("enough")
            .holds(1.0)
    });
    assert!(pooled < 0.65, "pooled: {pooled}");
}

#[test]
fn e17_7_tests_of_no_difference_cry_out_as_rarely_as_they_say() {
    let cries = |test: &dyn Fn(&[f64]) -> f64| {
        share(4_000, |world| {
            let values: Vec<f64> = (0..25).map(|i| normal(world, i)).collect();
            test(&values) <= 0.05
        })
    };
    let rank = cries(&|values| {
        wilcoxon(values, Side::Both, Zeros::Drop, Method::Automatic)
            .expect("enough")
            .p_value
    });
    assert!((0.035..0.06).contains(&rank), "Wilcoxon: {rank}");
    let sign = cries(&|values| sign_test(values, Side::Both).expect("enough").p_value);
    assert!(sign < 0.055, "signs: {sign}");
    // The truth lies on the margin: B is worse by exactly so much.
    let guardrail = cries(&|values| {
        let worse: Vec<f64> = values.iter().map(|value| value + 2.0).collect();
        non_inferiority(&worse, 2.0, true).expect("a margin")
    });
    assert!((0.04..0.06).contains(&guardrail), "non-inferiority: {guardrail}");
}

#[test]
fn equal_seeds_give_equal_intervals_and_other_seeds_others() {
    let values: Vec<f64> = (0..30).map(|i| normal(&Draws::new(1), i)).collect();
    let with = |seed| bca(&values, mean, &Resampling::seeded(seed)).expect("enough");
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
}

#[test]
fn values_that_do_not_vary_give_a_point_and_what_cannot_be_answered_is_an_error() {
    let flat = bca(&[0.1; 20], mean, &QUICK).expect("enough");
    assert!(
        (flat.lower - 0.1).abs() < 1e-12 && flat.lower == flat.upper,
        "{flat:?}"
    );
    let few = bca(&[1.0], mean, &QUICK).expect_err("one value");
    assert_eq!(few, StatisticsError::TooFew { given: 1, needed: 2 });
    assert!(few.to_string().contains("run at least 2 seeds"));
    assert_eq!(
        bca(&[1.0, f64::NAN], mean, &QUICK),
        Err(StatisticsError::NotFinite)
    );
    assert!(bca(&[1.0, 2.0], mean, &QUICK.at(1.0)).is_err());
    assert!(non_inferiority(&[1.0, 2.0], 0.0, true).is_err());
    assert!(Hierarchy::new(vec![vec![vec![]]]).interval(&QUICK).is_err());
    assert_eq!(non_inferiority(&[1.0, 1.0, 1.0], 2.0, true), Ok(0.0));
    assert_eq!(non_inferiority(&[3.0, 3.0, 3.0], 2.0, true), Ok(1.0));
}

#[test]
fn only_what_both_arms_have_is_paired() {
    let baseline = [(1, 1.0), (2, 2.0), (4, 4.0)].into();
    let candidate = [(1, 1.5), (4, 3.0), (5, 9.0)].into();
    let pairs = Pairs::matched(&baseline, &candidate);
    assert_eq!(pairs.differences(), [0.5, -1.0]);
    assert_eq!((pairs.len(), pairs.unmatched), (2, 2));
}

#[test]
fn jains_index_runs_from_one_over_n_to_one() {
    assert_eq!(jain_index(&[2.0, 2.0, 2.0]), 1.0);
    assert!((jain_index(&[9.0, 0.0, 0.0]) - 1.0 / 3.0).abs() < 1e-15);
    assert_eq!(jain_index(&[0.0, 0.0]), 1.0);
    assert!(jain_index(&[]).is_nan());
}
