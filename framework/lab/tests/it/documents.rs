//! The page about metrics names every metric as the registry describes it.

use jackfield_lab::metrics::{Better, Registry};

const PAGE: &str = include_str!("../../../../docs/reference/metrics.md");
const BEGIN: &str = "| metric | unit | better | worst | what it measures |\n|---|---|---|--:|---|\n";

#[test]
fn the_page_about_metrics_has_those_of_the_registry() {
    let table: String = Registry::network()
        .iter()
        .map(|metric| {
            let better = match metric.better {
                Better::Higher => "higher",
                Better::Lower => "lower",
                Better::Neither => "–",
            };
            format!(
                "| `{}` | {} | {better} | {} | {} |\n",
                metric.name,
                metric.unit.name(),
                metric.worst,
                metric.description.replace('|', "\\|")
            )
        })
        .collect();
    let (front, rest) = PAGE.split_once(BEGIN).expect("the page has the table");
    let end = rest.find("\n\n").map_or(rest.len(), |end| end + 1);
    if std::env::var_os("JACKFIELD_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/metrics.md");
        std::fs::write(path, format!("{front}{BEGIN}{table}{}", &rest[end..]))
            .expect("the page can be written");
        return;
    }
    assert!(
        rest[..end] == table,
        "docs/reference/metrics.md is not what the registry says: run this test with JACKFIELD_BLESS=1 and look at the difference"
    );
}
