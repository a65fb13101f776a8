//! Plans are lists of cells that name themselves.

use jackfield_lab::plan::{CellSpec, SpecError};

use crate::toy::{Desk, bench, text};

#[test]
fn e26_7_a_plan_has_every_arm_on_every_scenario_with_every_seed_and_the_baseline_twice() {
    let desk = Desk::new();
    let plan = bench().plan(&desk.experiment(3)).unwrap();
    let cells: Vec<CellSpec> = plan.cells().collect();
    assert_eq!(cells.len(), 3 * 2 * 3);
    assert_eq!(plan.len(), cells.len());
    let first: Vec<_> = cells[..6]
        .iter()
        .map(|cell| (cell.seed, cell.scenario.as_str(), cell.arm.as_str()))
        .collect();
    assert_eq!(
        first,
        [
            (1, "calm", "slow"),
            (1, "calm", "quick"),
            (1, "calm", "slow (A/A)"),
            (1, "rough", "slow"),
            (1, "rough", "quick"),
            (1, "rough", "slow (A/A)"),
        ]
    );
    let mut ids: Vec<_> = cells.iter().map(CellSpec::id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), cells.len(), "no two cells have one name");
}

#[test]
fn a_plan_is_the_same_however_the_file_is_laid_out() {
    let desk = Desk::new();
    let bench = bench();
    let lines = |text: &str| -> Vec<String> {
        let experiment = desk.read(text).unwrap();
        bench
            .plan(&experiment)
            .unwrap()
            .cells()
            .map(|cell| cell.to_line())
            .collect()
    };
    let plain = text("seeds = 2");
    let other = plain
        .replace("kind = \"toy\"", "  # what it is\nkind   = 'toy'")
        .replace("seeds = 2", "seeds = [1, 2]")
        .replace(
            "congestion = \"jackfield.congestion.fixed\"",
            "[arms.congestion]\nuse = \"jackfield.congestion.fixed\"",
        );
    assert_eq!(lines(&plain), lines(&other));
}

#[test]
fn a_line_is_canonical_and_read_back_as_it_was() {
    let desk = Desk::new();
    let cell = bench().plan(&desk.experiment(1)).unwrap().cell(0).unwrap();
    let line = cell.to_line();
    assert!(
        !line.contains('\n') && line.starts_with(r#"{"arm":"slow","content":{"flows":2,"#),
        "{line}"
    );
    assert!(line.contains(r#""congestion":{"digest":"linked:"#), "{line}");
    assert_eq!(CellSpec::from_line(&line).unwrap(), cell);
    assert_eq!(CellSpec::from_line(&line).unwrap().to_line(), line);
}

#[test]
fn what_is_no_cell_is_refused_with_a_reason() {
    let desk = Desk::new();
    let line = bench()
        .plan(&desk.experiment(1))
        .unwrap()
        .cell(0)
        .unwrap()
        .to_line();
    let changed = line.replace("\"seed\":1", "\"seed\":2");
    assert!(matches!(
        CellSpec::from_line(&changed),
        Err(SpecError::Changed { .. })
    ));
    let newer = line.replace("\"schema\":1", "\"schema\":9");
    assert_eq!(CellSpec::from_line(&newer), Err(SpecError::Newer(9)));
    let unknown = line.replace("\"truth\":", "\"thruth\":");
    assert!(
        CellSpec::from_line(&unknown)
            .unwrap_err()
            .to_string()
            .contains("thruth")
    );
    assert!(CellSpec::from_line("").is_err());
    assert!(CellSpec::from_line("[1, 2]").is_err());
}

#[test]
fn a_cell_that_another_experiment_has_too_keeps_its_name() {
    let desk = Desk::new();
    let bench = bench();
    let id = |seeds: &str| {
        bench
            .plan(&desk.read(&text(seeds)).unwrap())
            .unwrap()
            .cell(0)
            .unwrap()
            .id()
    };
    assert_eq!(id("seeds = 1"), id("seeds = 5"));
    assert_ne!(id("seeds = [1]"), id("seeds = [2]"));
}

#[test]
fn a_plugin_that_is_not_there_is_told_with_its_place_the_nearest_and_the_search() {
    let desk = Desk::new();
    let wrong = text("seeds = 1").replace(
        "congestion = \"jackfield.congestion.fixed\"",
        "congestion = \"jackfield.congestion.fixd\"",
    );
    let error = bench().plan(&desk.read(&wrong).unwrap()).map(|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("arm `quick`") && text.contains("did you mean `jackfield.congestion.fixed`"),
        "{text}"
    );
    assert_eq!(&wrong[error.span().unwrap()], "\"jackfield.congestion.fixd\"");
    assert_eq!(error.line(), Some(13));
}

#[test]
fn parameters_are_checked_when_it_is_planned() {
    let desk = Desk::new();
    for (given, expected) in [
        ("rate = 0.0", "from 1 to 1000000"),
        ("rat = 1.0", "did you mean `rate`"),
        ("rate = \"x\"", "expected a number"),
    ] {
        let wrong = text("seeds = 1").replace("rate = 100.0", given);
        let error = bench().plan(&desk.read(&wrong).unwrap()).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.line(), Some(9), "{error}");
    }
}
