//! The watchdog of a swap: a newcomer is compared with its predecessor on the same input. It need not crash to be sent away.

use jackfield_core::audio::level_dbov;

/// A predecessor this loud gives speech.
const SPEECH_DBOV: f32 = -45.0;
/// A newcomer this quiet gives nothing at all.
const NOTHING_DBOV: f32 = -100.0;
/// A far end this loud may be all that there is to hear, and an echo canceller right to take it away.
const FAR_SILENCE_DBOV: f32 = -60.0;
/// By so much no honest processor raises a voice.
const EXPLOSION_DB: f32 = 40.0;
/// A newcomer this loud, by so much louder than its predecessor and so little like it, gives something else.
const LOUD_DBOV: f32 = -15.0;
const LOUDER_DB: f32 = 6.0;
const UNLIKE: f32 = 0.3;
/// A mean that no microphone has.
const DC: f32 = 0.05;
/// So many blocks running are needed for each verdict.
const SILENT_BLOCKS: u32 = 10;
const LOUD_BLOCKS: u32 = 3;
const DC_BLOCKS: u32 = 5;
const UNLIKE_BLOCKS: u32 = 5;

/// What has been noticed so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Judge {
    silent: u32,
    loud: u32,
    dc: u32,
    condemned: Option<&'static str>,
    unlike: u32,
}

impl Judge {
    /// The verdict is in, whatever is heard.
    pub(crate) fn condemn(&mut self, reason: &'static str) {
        self.condemned = Some(reason);
    }

    /// The verdict, if it is in.
    pub(crate) fn condemned(&self) -> Option<&'static str> {
        self.condemned
    }

    /// Looks at one block of each; says what is wrong with the newcomer once that is certain.
    pub(crate) fn see(&mut self, far: &[f32], predecessor: &[f32], newcomer: &[f32]) -> Option<&'static str> {
        let old = level_dbov(predecessor);
        let dc = mean(newcomer).abs() > DC && mean(predecessor).abs() < DC / 5.0;
        self.dc = if dc { self.dc + 1 } else { 0 };
        let new = level_dbov(newcomer);
        let unlike = new > LOUD_DBOV && new > old + LOUDER_DB && likeness(predecessor, newcomer) < UNLIKE;
        self.unlike = if unlike { self.unlike + 1 } else { 0 };
        self.weigh(level_dbov(far), (old, old), new)
    }

    /// Looks at one block of a signal that went through a codec, of which nobody knows by how much it is late: `original` are the levels of
    /// the quietest and the loudest block that it may be.
    pub(crate) fn see_coded(&mut self, original: (f32, f32), decoded: &[f32]) -> Option<&'static str> {
        let dc = mean(decoded).abs() > DC;
        self.dc = if dc { self.dc + 1 } else { 0 };
        self.weigh(f32::NEG_INFINITY, original, level_dbov(decoded))
    }

    fn weigh(&mut self, far: f32, (quietest, loudest): (f32, f32), new: f32) -> Option<&'static str> {
        if quietest > SPEECH_DBOV && far < FAR_SILENCE_DBOV {
            self.silent = if new < NOTHING_DBOV { self.silent + 1 } else { 0 };
        }
        let loud = new > -10.0 && new > loudest + EXPLOSION_DB;
        self.loud = if loud { self.loud + 1 } else { 0 };
        if self.condemned.is_some() {
            self.condemned
        } else if self.silent >= SILENT_BLOCKS {
            Some("it was silent where its predecessor gave speech")
        } else if self.loud >= LOUD_BLOCKS {
            Some("it was far louder than its predecessor")
        } else if self.unlike >= UNLIKE_BLOCKS {
            Some("it was loud and nothing like its predecessor")
        } else if self.dc >= DC_BLOCKS {
            Some("its output had a constant offset")
        } else {
            None
        }
    }
}

/// The correlation of two blocks, 0 to 1; both come from the same input, and the swap has aligned them.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(a, b).abs() / (product(a, a) * product(b, b)).sqrt().max(f32::MIN_POSITIVE)
}

fn mean(samples: &[f32]) -> f32 {
    samples.iter().sum::<f32>() / samples.len().max(1) as f32
}
