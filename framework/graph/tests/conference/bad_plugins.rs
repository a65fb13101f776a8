//! Plugins that do wrong are put into a call, each of those that the audio thread itself survives.

use jackfield_bad::*;

use super::plugins::{made, prepare};
use super::trial::{Trial, assert_in_the_table};

fn row<S: Sin>() -> String {
    let trial = Trial::of(prepare(made::<Bad<S>>()));
    let id = S::DESCRIPTOR.id;
    assert!(
        trial.concealed <= 1,
        "{id}: {} blocks, {}",
        trial.concealed,
        trial.ending()
    );
    trial.row(id, "in-process")
}

#[test]
fn t_6_the_others_hear_no_more_than_a_block_of_a_bad_plugin() {
    assert_in_the_table(&[
        row::<PanicsInProcess>(),
        row::<PanicsInDrop>(),
        row::<Fails>(),
        row::<GivesNan>(),
        row::<GivesSilence>(),
        row::<GivesNoise>(),
        row::<GivesDenormals>(),
        row::<Explodes>(),
        row::<Allocates>(),
        row::<Locks>(),
        row::<LogsInProcess>(),
        row::<ReadsAClock>(),
        row::<LooksAtAddresses>(),
        row::<LiesAboutLatency>(),
        row::<LiesAboutDeterminism>(),
        row::<ForgetsItsState>(),
        row::<Leaks>(),
        row::<Grows>(),
        row::<SpawnsThreads>(),
        row::<LeavesFilesOpen>(),
    ]);
}
