//! Experiments as people write them, and what they are told when they err.

use jackfield_lab::experiment::Stopping;

use crate::toy::{Desk, text};

#[test]
fn an_experiment_is_read() {
    let desk = Desk::new();
    let experiment = desk
        .read(&format!(
            "{}\n[[guardrails]]\nmetric = \"delay_p95\"\nmargin = 10\n\n[stopping]\nrule = \"sequential\"\n",
            text("seeds = { first = 7, count = 3 }\nbaseline = \"quick\"")
        ))
        .unwrap();
    assert_eq!(experiment.seeds, [7, 8, 9]);
    assert_eq!(experiment.baseline, "quick");
    assert_eq!(experiment.repeat(), "quick (A/A)");
    assert_eq!(experiment.guardrails[0].margin, 10.0);
    assert_eq!(
        experiment.stopping,
        Stopping::Sequential {
            alpha: 0.05,
            every: 5
        }
    );
    assert_eq!(experiment.scenarios.len(), 2);
    assert_eq!(
        experiment.arms[0].sockets["congestion"].id,
        "jackfield.congestion.fixed"
    );
}

#[test]
fn variants_change_what_they_name_and_stand_in_the_scenarios_name() {
    let desk = Desk::new();
    let varied = text("seeds = 1").replace(
        "files = \"one.toml\"",
        "files = [\"o*.toml\"]\nvariants = [{ name = \"as-is\" }, { name = \"alone\", set = { flows = 1 } }]",
    );
    let experiment = desk.read(&varied).unwrap();
    let names: Vec<_> = experiment
        .scenarios
        .iter()
        .map(|case| case.name.as_str())
        .collect();
    assert_eq!(names, ["calm+as-is", "rough+as-is", "calm+alone", "rough+alone"]);
    assert_eq!(experiment.scenarios[0].content["flows"], 2);
    assert_eq!(experiment.scenarios[2].content["flows"], 1);
}

#[test]
fn only_some_of_the_scenarios_of_a_file_can_be_taken() {
    let desk = Desk::new();
    let names = |only: &str| -> Result<Vec<String>, String> {
        let some = text("seeds = 1").replace(
            "files = \"one.toml\"",
            &format!("files = \"one.toml\"\nonly = {only}"),
        );
        let experiment = desk.read(&some).map_err(|error| error.to_string())?;
        Ok(experiment.scenarios.into_iter().map(|case| case.name).collect())
    };
    assert_eq!(names("\"*o*\"").unwrap(), ["rough"]);
    assert_eq!(names("[\"calm\", \"r*\"]").unwrap(), ["calm", "rough"]);
    assert!(
        names("\"storm\"")
            .unwrap_err()
            .contains("no scenario of these files is called so")
    );
    assert!(names("\"[\"").unwrap_err().contains("this is no pattern"));
}

#[test]
fn the_digest_is_of_what_is_meant_and_of_the_scenarios_content() {
    let desk = Desk::new();
    let digest = |text: &str| desk.read(text).unwrap().digest();
    let plain = text("seeds = 2");
    let before = digest(&plain);
    assert_eq!(before, digest(&format!("# a remark\n{plain}")));
    assert_ne!(before, digest(&text("seeds = 3")));
    desk.put("one.toml", "names = [\"calm\", \"rough\"]\nflows = 3\n");
    assert_ne!(before, digest(&plain));
}

/// Each mistake, and what must stand in the answer.
#[test]
fn mistakes_are_answered_with_place_and_advice() {
    let desk = Desk::new();
    desk.put("two.toml", "name = 1\n");
    let plain = text("seeds = 2");
    let mistakes: &[(&str, &str, &str, usize)] = &[
        ("seeds = 2", "seds = 2", "the key `seeds` is missing", 1),
        ("seeds = 2", "seeds = 2\nsteps = 3", "there is no key `steps`", 5),
        ("seeds = 2", "seeds = 0", "expected a count", 4),
        ("seeds = 2", "seeds = -1", "expected a whole number", 4),
        ("seeds = 2", "seeds = [1, 1]", "twice", 4),
        ("seeds = 2", "seeds = []", "expected at least one", 4),
        (
            "seeds = 2",
            "seeds = 2\nbaseline = \"slo\"",
            "did you mean `slow`",
            5,
        ),
        ("seeds = 2", "seeds = 2\nseeds = 3", "duplicate key", 5),
        ("kind = \"toy\"", "kind = \"tot\"", "did you mean `toy`", 3),
        (
            "\"utilisation\"",
            "\"utilization\"",
            "did you mean `utilisation`",
            5,
        ),
        (
            "name = \"quick\"",
            "name = \"slow\"",
            "there are two arms `slow`",
            12,
        ),
        (
            "name = \"quick\"",
            "name = \"slow (A/A)\"",
            "repeats its baseline",
            12,
        ),
        ("name = \"quick\"", "name = \"\"", "a short text", 12),
        (
            "congestion = \"",
            "congestoin = \"",
            "did you mean `congestion`",
            13,
        ),
        (
            "congestion = \"jackfield.congestion.fixed\"",
            "congestion = 3",
            "`congestion` is an integer",
            13,
        ),
        ("params =", "parms =", "did you mean `params`", 9),
        (
            "rate = 100.0",
            "rate = [1]",
            "expected true, false, a number or a text",
            9,
        ),
        ("\"one.toml\"", "\"three.toml\"", "there is no file", 16),
        ("\"one.toml\"", "\"th*.toml\"", "no scenario matches", 16),
        (
            "\"one.toml\"",
            "[\"one.toml\", \"o*.toml\"]",
            "is there twice",
            16,
        ),
        ("\"one.toml\"", "\"two.toml\"", "the key `names` is missing", 16),
        (
            "files = \"one.toml\"",
            "files = \"one.toml\"\nvariants = [{ name = \"a\", set = { \"x.y\" = 1 } }]",
            "leads to nothing",
            16,
        ),
        (
            "[[scenarios]]",
            "[stopping]\nrule = \"never\"\n[[scenarios]]",
            "there is no rule `never`",
            16,
        ),
        (
            "[[scenarios]]",
            "[[guardrails]]\nmetric = \"delay_p95\"\nmargin = -1\n[[scenarios]]",
            "expected 0 or more",
            17,
        ),
    ];
    for (right, wrong, expected, line) in mistakes {
        let text = plain.replacen(right, wrong, 1);
        assert_ne!(text, plain, "{right}");
        let error = desk.read(&text).unwrap_err();
        assert!(error.to_string().contains(expected), "{wrong}: {error}");
        assert_eq!(error.line(), Some(*line), "{wrong}: {error}");
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error_that_names_it() {
    let error = jackfield_lab::experiment::Experiment::read(std::path::Path::new("/nowhere/x.toml"), &[])
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/nowhere/x.toml: cannot read the experiment"),
        "{error}"
    );
}
