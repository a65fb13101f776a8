//! Writes the report of an experiment that never ran to the standard output, to look at its page:
//! `cargo run -p jackfield-lab --example synthetic_report > report.html`; with `markdown` or `json` behind `--`, in that form.

use jackfield_lab::metrics::Registry;
use jackfield_lab::report::{Report, Values};

mod synthetic;

fn main() {
    let experiment = synthetic::experiment(30);
    let values = Values::of_rows(&synthetic::rows(&experiment, 0.0));
    let registry = Registry::network();
    let report = Report::new(&experiment, &values, &registry).with_series(synthetic::series());
    let text = match std::env::args().nth(1).as_deref() {
        Some("markdown") => report.markdown(),
        Some("json") => report.json(),
        _ => report.html(),
    };
    println!("{text}");
}
