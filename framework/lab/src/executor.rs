//! The executor in this process: cells on all processors.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::cell::{CellError, Done};
use crate::plan::CellSpec;
use crate::plugins::Bench;

/// Is told how far the executor has come, from several threads.
pub trait Progress: Sync {
    /// A cell has its rows.
    fn done(&self, done: &Done);
}

/// Nobody wants to know.
impl Progress for () {
    fn done(&self, _: &Done) {}
}

/// How to run cells.
pub struct Execution<'a> {
    /// Where their rows go.
    pub folder: &'a Path,
    /// How many run at a time.
    pub jobs: usize,
    /// Once this is true no cell is begun any more; those that run come to their end.
    pub stop: &'a AtomicBool,
    /// Who is told.
    pub progress: &'a dyn Progress,
}

/// What an execution came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cells that were run.
    pub run: usize,
    /// Cells that had their rows before.
    pub skipped: usize,
    /// Cells that failed, among both.
    pub failed: usize,
    /// Whether it was stopped before the last cell was begun.
    pub stopped: bool,
}

impl Bench {
    /// Runs cells, as many at a time as the execution says. The order in which they come to their end is of no consequence.
    ///
    /// # Errors
    /// The first reason for which a cell could leave no rows; the cells that ran meanwhile have theirs.
    pub fn run_cells(
        &self,
        cells: impl Iterator<Item = CellSpec> + Send,
        execution: &Execution<'_>,
    ) -> Result<Tally, CellError> {
        let cells = Mutex::new(cells.fuse());
        let shared = Mutex::new((Tally::default(), None::<CellError>));
        let broken = AtomicBool::new(false);
        let work = || {
            loop {
                let stopped = execution.stop.load(Ordering::Relaxed);
                if stopped || broken.load(Ordering::Relaxed) {
                    lock(&shared).0.stopped = true;
                    return;
                }
                let Some(cell) = lock(&cells).next() else { return };
                let result = self.run_cell(&cell, execution.folder);
                if let Ok(done) = &result {
                    execution.progress.done(done);
                }
                let mut shared = lock(&shared);
                match result {
                    Ok(done) => {
                        let count = if done.skipped {
                            &mut shared.0.skipped
                        } else {
                            &mut shared.0.run
                        };
                        *count += 1;
                        shared.0.failed += usize::from(done.failure.is_some());
                    }
                    Err(error) => {
                        broken.store(true, Ordering::Relaxed);
                        shared.1.get_or_insert(error);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..execution.jobs {
                scope.spawn(work);
            }
            work();
        });
        let (tally, error) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        error.map_or(Ok(tally), Err)
    }
}

/// A panic while the lock was held leaves nothing half done: cells are taken and counted in one step.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
