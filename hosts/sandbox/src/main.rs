//! The process for one plugin: `isolation = "process"` in a manifest. A host starts it; there is nothing to start by hand.
//!
//! It confines itself (`confine`), opens the plugin, and answers the host's calls out of the memory that both share (`jackfield_loader::isolation`).
//! It must never outlive its host, and never get back what it has given up.

mod confine;

use std::io;
use std::process::ExitCode;

use jackfield_loader::isolation::Post;
use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    // The host reads these lines and puts them into its own log, with its own time.
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_max_level(LevelFilter::DEBUG)
        .log_internal_errors(false)
        .init();
    let order = std::env::args().nth(1).unwrap_or_default();
    let served = Post::take_up(&order).and_then(|post| post.serve(confine::confine));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            tracing::error!("{reason}");
            ExitCode::FAILURE
        }
    }
}
