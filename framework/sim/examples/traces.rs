//! Prints one of the traces that stand in `benches/ab/traces`: `cargo run -p jackfield-sim --example traces -- FILE > benches/ab/traces/FILE`.

use std::process::ExitCode;

use jackfield_core::units::TimeDelta;
use jackfield_sim::trace::model;

fn main() -> ExitCode {
    let minutes = |minutes: i64| TimeDelta::seconds(60 * minutes);
    let name = std::env::args().nth(1).unwrap_or_default();
    let text = match name.as_str() {
        "lte-driving-1.txt" => model::lte_driving(1, minutes(2), 1.0).to_columns(),
        "lte-driving-up-1.mahimahi" => model::lte_driving(2, minutes(1), 0.25).to_mahimahi(),
        "wifi-1.txt" => model::wifi(1, minutes(2)).to_columns(),
        "starlink-1.json" => model::starlink(1, minutes(2)).to_netem(),
        _ => {
            eprintln!(
                "name one of lte-driving-1.txt, lte-driving-up-1.mahimahi, wifi-1.txt and starlink-1.json"
            );
            return ExitCode::FAILURE;
        }
    };
    print!("{text}");
    ExitCode::SUCCESS
}
