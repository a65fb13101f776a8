//! Parameter values travel between JSON and the numbers of the plugin boundary, and nothing that does not fit gets through.

use jackfield_runtime::view::{ParameterKindView, ParameterValue, ParameterView};
use proptest::prelude::*;
use serde_json::json;

fn complexity() -> ParameterView {
    ParameterView::new("complexity", "Complexity", ParameterKindView::Int, 9.0).range(0.0, 10.0)
}

fn application() -> ParameterView {
    let names = ["voice".to_owned(), "music".to_owned()];
    ParameterView::new("application", "Application", ParameterKindView::Choice, 0.0).choices(&names, 1.0)
}

#[test]
fn values_are_read_in_the_type_that_the_parameter_has() {
    assert_eq!(complexity().to_number(&json!(5)), Ok(5.0));
    assert_eq!(complexity().to_number(&json!(5.0)), Ok(5.0));
    assert_eq!(application().to_number(&json!("voice")), Ok(0.0));
    assert_eq!(application().to_number(&json!(1)), Ok(1.0));
    assert_eq!(application().default, ParameterValue::Choice("music".to_owned()));
    let on = ParameterView::new("on", "On", ParameterKindView::Bool, 1.0);
    assert_eq!(on.to_number(&json!(false)), Ok(0.0));
    assert_eq!(on.default, ParameterValue::Bool(true));
}

#[test]
fn what_does_not_fit_is_refused_with_what_would() {
    for (parameter, value, says) in [
        (complexity(), json!(99), "0 to 10"),
        (complexity(), json!("high"), "a whole number"),
        (complexity(), json!(4.5), "a whole number"),
        (complexity(), json!(null), "a whole number"),
        (application(), json!("speech"), "\"voice\", \"music\""),
        (application(), json!(2), "\"voice\", \"music\""),
        (
            ParameterView::new("on", "On", ParameterKindView::Bool, 1.0),
            json!(2),
            "true or false",
        ),
    ] {
        let problem = parameter.to_number(&value).expect_err("refused").to_string();
        assert!(
            problem.contains(says) && problem.contains(&parameter.name),
            "{problem}"
        );
    }
}

#[test]
fn a_slider_moves_in_round_steps_of_about_a_hundredth() {
    for (min, max, step) in [
        (-60.0, 30.0, 0.5),
        (0.0, 1.0, 0.01),
        (10.0, 500.0, 2.0),
        (1.0, 1.0, 1.0),
    ] {
        let parameter = ParameterView::new("x", "X", ParameterKindView::Float, min).range(min, max);
        assert!(
            (parameter.step.expect("a step") - step).abs() < 1e-9,
            "{:?}",
            parameter.step
        );
    }
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back_as_the_same_number(number in 0_u8..=10) {
        let shown = serde_json::to_value(complexity().to_json(f64::from(number))).expect("JSON");
        prop_assert_eq!(complexity().to_number(&shown), Ok(f64::from(number)));
    }

    #[test]
    fn no_number_makes_it_panic_and_all_that_pass_are_in_range(number in any::<f64>()) {
        if let Ok(read) = complexity().to_number(&json!(number)) {
            prop_assert!((0.0..=10.0).contains(&read));
        }
    }
}
