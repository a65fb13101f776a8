//! Ctrl-C: once to end with the cells that run, twice to end at once. Nothing is lost either way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::STOPPED;

/// Becomes true when somebody presses Ctrl-C.
pub(super) fn flag() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let shared = stop.clone();
    std::thread::spawn(move || {
        // Without a runtime there is nothing to listen with: Ctrl-C then ends the program at once, as the system does it.
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            shared.store(true, Ordering::Relaxed);
            eprintln!(
                "\nStopping: the cells that run come to their end. Press Ctrl-C again to stop at once."
            );
            if tokio::signal::ctrl_c().await.is_ok() {
                eprintln!("\nStopped. What is done is kept: the same command goes on from there.");
                std::process::exit(STOPPED.into());
            }
        });
    });
    stop
}
