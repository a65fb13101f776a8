//! The validator as a program of its own, for those who build plugins without the rest: `check FILE [ID] [--quick] [--only TEXT]`.

use std::process::ExitCode;

use jackfield_check::{Options, Validator, run_case};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(first) = arguments.next() else {
        eprintln!("name a plugin file");
        return ExitCode::from(2);
    };
    if first == "--case" {
        return run_case(&arguments.next().unwrap_or_default());
    }
    let mut options = Options::default();
    let mut id = None;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--only" => options.only = arguments.next(),
            _ => id = Some(argument),
        }
    }
    let report = std::env::current_exe()
        .map_err(|error| error.to_string())
        .and_then(|program| {
            Validator::new(program, &["--case"], options)
                .check(first.as_ref(), id.as_deref())
                .map_err(|error| error.to_string())
        });
    match report {
        Ok(report) => {
            print!("{report}");
            ExitCode::from(u8::from(!report.passed()))
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
