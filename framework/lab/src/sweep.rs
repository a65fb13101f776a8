//! Sweeps: an experiment from its plan to its dataset, in this process, in a folder in which it can be taken up again.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use jackfield_loader::TextError;

use crate::canonical;
use crate::cell::{CellError, aside, part_path, replace};
use crate::executor::{Execution, Progress, Tally};
use crate::experiment::{Experiment, Stopping};
use crate::merge::{EXPERIMENT_FILE, MergeError, Merged, PLAN_FILE, merge};
use crate::plan::{CellSpec, Plan};
use crate::plugins::Bench;
use crate::rows::RowsError;

/// A sweep did not come to its end. What is done is kept: the same call goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The experiment cannot be planned.
    #[error(transparent)]
    Experiment(#[from] TextError),
    /// A cell could leave no rows.
    #[error(transparent)]
    Cell(#[from] CellError),
    /// The parts cannot be merged.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// A file of the sweep cannot be written.
    #[error(transparent)]
    Rows(#[from] RowsError),
}

/// What a sweep came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// What was run.
    pub tally: Tally,
    /// The dataset; none if it was stopped from outside.
    pub merged: Option<Merged>,
    /// After how many seeds it knew; nothing if it ran all of them.
    pub decided_after: Option<usize>,
}

/// How to sweep.
pub struct Sweep<'a> {
    /// Where everything goes; made if it is not there.
    pub folder: &'a Path,
    /// How many cells run at a time.
    pub jobs: usize,
    /// Once this is true no cell is begun any more.
    pub stop: &'a AtomicBool,
    /// Who is told.
    pub progress: &'a dyn Progress,
}

impl Plan {
    /// Writes the experiment and the first `seeds` seeds of its plan into `folder`, where [`merge`] finds them.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn lay_out(&self, experiment: &Experiment, seeds: usize, folder: &Path) -> Result<(), RowsError> {
        fs::create_dir_all(folder).map_err(|error| RowsError::write(folder, error))?;
        replace(
            &folder.join(EXPERIMENT_FILE),
            canonical::text(&experiment.to_json()).as_bytes(),
        )?;
        let path = folder.join(PLAN_FILE);
        let aside = aside(&path);
        let written = File::create(&aside).and_then(|file| {
            let mut file = BufWriter::new(file);
            for cell in self.first_seeds(seeds) {
                writeln!(file, "{}", cell.to_line())?;
            }
            file.flush()?;
            fs::rename(&aside, &path)
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&aside);
            RowsError::write(&path, error)
        })
    }

    fn first_seeds(&self, seeds: usize) -> impl Iterator<Item = CellSpec> + Send + '_ {
        let count = self.len().min(seeds.saturating_mul(self.cells_per_seed()));
        (0..count).filter_map(|index| self.cell(index))
    }
}

impl Bench {
    /// Runs what lacks of an experiment and merges what there is. `decided` looks at the dataset after every so many seeds, if the experiment
    /// wants that, and says whether it suffices: [`decision::suffices`](crate::decision::suffices) does.
    ///
    /// # Errors
    /// If a cell can leave no rows, or something cannot be read or written.
    pub fn sweep(
        &self,
        experiment: &Experiment,
        sweep: &Sweep<'_>,
        decided: &dyn Fn(&Path) -> Result<bool, RowsError>,
    ) -> Result<Swept, SweepError> {
        let plan = self.plan(experiment)?;
        let all = experiment.seeds.len();
        let mut swept = Swept {
            tally: Tally::default(),
            merged: None,
            decided_after: None,
        };
        let looks = match experiment.stopping {
            Stopping::Sequential { every, .. } => (1..=all.div_ceil(every))
                .map(|look| (look * every).min(all))
                .collect(),
            Stopping::Fixed => vec![all],
        };
        for seeds in looks {
            plan.lay_out(experiment, seeds, sweep.folder)?;
            let tally = self.run_cells(plan.first_seeds(seeds), &sweep.execution())?;
            // Each look counts from the first seed, so that what the looks before it ran was skipped here.
            swept.tally = Tally {
                run: swept.tally.run + tally.run,
                skipped: tally.skipped - swept.tally.run.min(tally.skipped),
                ..tally
            };
            if tally.stopped {
                swept.merged = None;
                return Ok(swept);
            }
            let Some(merged) = self.merge_and_mend(&plan, seeds, sweep)? else {
                swept.tally.stopped = true;
                swept.merged = None;
                return Ok(swept);
            };
            let suffices = seeds < all && decided(&merged.path)?;
            swept.merged = Some(merged);
            if suffices {
                swept.decided_after = Some(seeds);
                break;
            }
        }
        Ok(swept)
    }

    /// Merges; if parts are damaged, runs their cells again and merges once more. Nothing if that was interrupted.
    fn merge_and_mend(
        &self,
        plan: &Plan,
        seeds: usize,
        sweep: &Sweep<'_>,
    ) -> Result<Option<Merged>, SweepError> {
        let parts = match merge(sweep.folder) {
            Err(MergeError::Damaged { parts }) => parts,
            result => return Ok(Some(result?)),
        };
        for (id, _) in &parts {
            let path = part_path(sweep.folder, *id);
            fs::remove_file(&path).map_err(|error| RowsError::write(&path, error))?;
        }
        let silent = Execution {
            progress: &(),
            ..sweep.execution()
        };
        let mended = self.run_cells(plan.first_seeds(seeds), &silent)?;
        if mended.stopped {
            return Ok(None);
        }
        Ok(Some(merge(sweep.folder)?))
    }
}

impl<'a> Sweep<'a> {
    fn execution(&self) -> Execution<'a> {
        Execution {
            folder: self.folder,
            jobs: self.jobs,
            stop: self.stop,
            progress: self.progress,
        }
    }
}
