//! The report as a page, as Markdown and as JSON.

#![allow(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of a type with a lifetime is not general enough"
)]

use jackfield_lab::metrics::Registry;
use jackfield_lab::report::{Report, Values};

use crate::synthetic;

const SECTIONS: [&str; 10] = [
    "verdict",
    "overview",
    "pareto",
    "differences",
    "matrix",
    "means",
    "time",
    "all",
    "replay",
    "methods",
];

fn with_report<T>(seeds: u64, look: impl FnOnce(&Report<'_>) -> T) -> T {
    let experiment = synthetic::experiment(seeds);
    let values = Values::of_rows(&synthetic::rows(&experiment, 0.0));
    let registry = Registry::network();
    look(&Report::new(&experiment, &values, &registry).with_series(synthetic::series()))
}

#[test]
fn e26_7_the_page_has_every_section_and_needs_nothing_else() {
    let page = with_report(8, |report| report.html());
    for section in SECTIONS {
        assert_eq!(
            page.matches(&format!("<section id=\"{section}\">")).count(),
            1,
            "{section}"
        );
        assert!(
            page.contains(&format!("href=\"#{section}\"")),
            "{section} is linked"
        );
    }
    for outside in [
        "http:", "https:", "//cdn", "src=", "@import", "url(", "<link", "<iframe",
    ] {
        assert!(!page.contains(outside), "{outside} would need something else");
    }
    for needed in [
        "@media print",
        "prefers-color-scheme: dark",
        "<svg",
        "jackfield ab replay ",
        "lang=\"en\"",
    ] {
        assert!(page.contains(needed), "{needed}");
    }
    assert_well_formed(&page);
}

#[test]
fn e26_7_the_charts_show_every_arm_and_scenario() {
    let page = with_report(8, |report| report.html());
    for scenario in synthetic::SCENARIOS {
        // In each of the forests of three arms with five planned metrics.
        assert!(
            page.matches(&format!(">{scenario}</text>")).count() >= 15,
            "{scenario}"
        );
    }
    let pareto = page
        .split("<section id=\"pareto\">")
        .nth(1)
        .and_then(|rest| rest.split("</section>").next());
    let pareto = pareto.expect("the plot");
    for arm in ["gcc", "scream", "nada", "oracle"] {
        assert!(pareto.contains(&format!(">{arm}</text>")), "{arm}");
    }
    assert!(
        !pareto.contains("A/A"),
        "the repeated baseline would hide the baseline"
    );
    let time = page
        .split("<section id=\"time\">")
        .nth(1)
        .and_then(|rest| rest.split("</section>").next());
    assert_eq!(time.expect("the plots").matches("<figure").count(), 2);
    for broken in ["NaN", "inf", "\"-0.0"] {
        assert!(!pareto.contains(broken), "{broken}");
    }
}

#[test]
fn equal_rows_give_equal_bytes_in_whatever_order_they_come() {
    let experiment = synthetic::experiment(5);
    let rows = synthetic::rows(&experiment, 0.0);
    let registry = Registry::network();
    let page = |rows: &[jackfield_lab::rows::Row]| {
        Report::new(&experiment, &Values::of_rows(rows), &registry).html()
    };
    let turned: Vec<_> = rows.iter().rev().cloned().collect();
    assert!(page(&rows) == page(&turned));
}

#[test]
fn a_hostile_name_stays_a_name() {
    let nasty = "</script><script>alert(1)</script>|\"'&<b>`x`\n# y";
    let mut experiment = synthetic::experiment(4);
    let mut rows = synthetic::rows(&experiment, 0.0);
    experiment.name = nasty.to_owned();
    experiment.question = nasty.to_owned();
    experiment.arms[1].name = nasty.to_owned();
    for row in &mut rows {
        if &*row.arm == "scream" {
            row.arm = nasty.into();
        }
        if &*row.scenario == synthetic::SCENARIOS[2] {
            row.scenario = nasty.into();
        }
        if !row.failure.is_empty() {
            row.failure = nasty.into();
        }
        row.revision = nasty.into();
        row.cell = nasty.into();
    }
    let values = Values::of_rows(&rows);
    let registry = Registry::network();
    let report = Report::new(&experiment, &values, &registry);
    let page = report.html();
    assert_eq!(page.matches("<script>").count(), 1, "our own only");
    assert!(!page.contains("alert(1)</script>") && !page.contains("<b>`x`"));
    assert_well_formed(&page);
    let markdown = report.markdown();
    assert!(
        !markdown.contains("<script>") && !markdown.contains("\n# y"),
        "{}",
        &markdown[..200]
    );
    let tables: Vec<&str> = markdown
        .lines()
        .filter(|line| line.starts_with("| Utilisation"))
        .collect();
    assert!(!tables.is_empty());
}

#[test]
fn the_json_holds_the_verdicts_the_effects_and_every_cell() {
    let json: serde_json::Value =
        serde_json::from_str(&with_report(6, |report| report.json())).expect("JSON");
    assert_eq!(json["schema"], 1);
    assert_eq!(json["baseline"], "gcc");
    assert_eq!(json["cells"].as_array().map(Vec::len), Some(12 * 5 * 6));
    assert_eq!(json["verdicts"][0]["finding"], "better");
    assert_eq!(json["comparisons"][0]["effects"][0]["metric"], "utilisation");
    assert!(json["comparisons"][0]["effects"][0]["overall"]["lower"].is_f64());
    assert_eq!(json["gate"]["passes"], false, "nada is worse");
    assert_eq!(json["wins"][0]["counts"][1][0], serde_json::json!([12, 0, 0]));
}

#[test]
fn what_every_arm_came_to_is_told_by_scenario() {
    let experiment = synthetic::experiment(6);
    let values = Values::of_rows(&synthetic::rows(&experiment, 0.0));
    let registry = Registry::network();
    let report = Report::new(&experiment, &values, &registry);
    let planned = experiment.primary.len() + experiment.guardrails.len();
    assert_eq!(report.means().len(), planned);
    let table = &report.means()[0];
    assert_eq!(table.arms, ["gcc", "scream", "nada", "oracle"]);
    assert_eq!(table.rows.len(), synthetic::SCENARIOS.len());
    for (scenario, means) in &table.rows {
        for (arm, mean) in table.arms.iter().zip(means) {
            let own = values.by_seed(&table.metric, scenario, arm);
            assert_eq!(own.len(), 6);
            let expected = own.values().sum::<f64>() / 6.0;
            assert!(
                (mean.expect("has cells") - expected).abs() < 1e-12,
                "{scenario}, {arm}"
            );
        }
    }
    let markdown = report.markdown();
    assert!(markdown.contains("## Utilisation (%) by scenario"), "{markdown}");
    let rows = markdown
        .lines()
        .filter(|line| line.starts_with(&format!("| {} |", synthetic::SCENARIOS[0])));
    assert!(rows.count() >= planned);
}

#[test]
fn the_markdown_has_the_verdict_first_and_tables_with_as_many_columns_as_their_heads() {
    let markdown = with_report(6, |report| report.markdown());
    assert!(markdown.find("## Verdict") < markdown.find("## scream against gcc"));
    let mut columns = None;
    for line in markdown.lines() {
        if line.starts_with('|') {
            let n = line.replace("\\|", "").matches('|').count();
            assert_eq!(*columns.get_or_insert(n), n, "{line}");
        } else {
            columns = None;
        }
    }
}

#[test]
fn the_cells_worth_a_look_are_of_different_scenarios() {
    let cells = with_report(10, |report| report.telling_cells(3));
    assert_eq!(cells.len(), 3);
    let scenarios: std::collections::BTreeSet<_> = cells.iter().map(|(scenario, _)| scenario).collect();
    assert_eq!(scenarios.len(), 3);
    assert!(cells.iter().all(|(_, seed)| (1..=10).contains(seed)));
}

/// Every element that opens closes in its order, attributes are whole, and ids are used once.
fn assert_well_formed(page: &str) {
    const EMPTY: [&str; 4] = ["meta", "input", "br", "!doctype"];
    let mut open: Vec<String> = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    let mut rest = page;
    while let Some(begin) = rest.find('<') {
        rest = &rest[begin + 1..];
        if open.last().is_some_and(|tag| tag == "style" || tag == "script") && !rest.starts_with('/') {
            continue;
        }
        let end = rest.find('>').expect("a tag that ends");
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(|c| !c.is_whitespace() && *c != '/')
            .collect();
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of <{tag}>");
        if let Some(id) = tag.split(" id=").nth(1) {
            let id = id
                .trim_start_matches('"')
                .split(['"', ' '])
                .next()
                .unwrap_or_default();
            assert!(ids.insert(id.to_owned()), "id {id} twice");
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "closed by </{name}>");
        } else if !tag.ends_with('/') && !EMPTY.contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}
