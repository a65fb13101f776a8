//! All that do wrong in one plugin file.

use jackfield_bad::*;
use jackfield_sdk::prelude::*;

jackfield_sdk::export! {
    AudioProcessor => Bad<PanicsInProcess>,
    AudioProcessor => Bad<PanicsInDrop>,
    AudioProcessor => Bad<Aborts>,
    AudioProcessor => Bad<Segfaults>,
    AudioProcessor => Bad<LoopsEndlessly>,
    AudioProcessor => Bad<IsSlow>,
    AudioProcessor => Bad<Sleeps>,
    AudioProcessor => Bad<Allocates>,
    AudioProcessor => Bad<Locks>,
    AudioProcessor => Bad<GivesNan>,
    AudioProcessor => Bad<GivesSilence>,
    AudioProcessor => Bad<GivesNoise>,
    AudioProcessor => Bad<LiesAboutLatency>,
    AudioProcessor => Bad<LiesAboutDeterminism>,
    AudioProcessor => Bad<ReadsAClock>,
    AudioProcessor => Bad<LooksAtAddresses>,
    AudioProcessor => Bad<WritesPastItsBuffer>,
    AudioProcessor => Bad<KeepsPointers>,
    AudioProcessor => Bad<Exits>,
    AudioProcessor => Bad<Leaks>,
    AudioProcessor => Bad<Grows>,
    AudioProcessor => Bad<SpawnsThreads>,
    AudioProcessor => Bad<LeavesFilesOpen>,
    AudioProcessor => Bad<LogsInProcess>,
    AudioProcessor => Bad<GivesDenormals>,
    AudioProcessor => Bad<ForgetsItsState>,
    AudioProcessor => Bad<Fails>,
    AudioProcessor => Bad<Explodes>
}
