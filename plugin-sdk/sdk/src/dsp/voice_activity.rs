//! Whether a signal stands out from its background.

use jackfield_core::audio::level_dbov;

/// Below this, in dBov, nothing is speech.
const QUIETEST_SPEECH: f32 = -55.0;
/// No room is quieter, in dBov; so digital silence does not make the first murmur after it last for a minute.
const QUIETEST_ROOM: f32 = -70.0;
/// How far speech stands above the background, in dB.
const DISTANCE: f32 = 9.0;
/// How fast the background is taken to rise, in dB per block (2 dB per second).
const RISE: f32 = 0.02;
/// Blocks that still count as speech after the level fell: 200 ms bridge the stops within a word.
const HANGOVER: u32 = 20;

/// Tells speech from its background by level alone: cheap, without delay, and no judge of what is loud. It is meant for flags such as the
/// V bit of the audio-level header extension (RFC 6464 section 3), not for gating sound.
#[derive(Clone, Debug)]
pub struct VoiceActivity {
    background: f32,
    hangover: u32,
}

impl Default for VoiceActivity {
    fn default() -> Self {
        Self::new()
    }
}

impl VoiceActivity {
    /// One that knows nothing of the background yet and takes it for a quiet room.
    pub const fn new() -> Self {
        Self {
            background: -70.0,
            hangover: 0,
        }
    }

    /// Takes in the next 10 ms, channels in any order, and says whether they belong to speech. What is not a finite number counts as loud.
    pub fn update(&mut self, block: &[f32]) -> bool {
        let level = level_dbov(block);
        if !level.is_finite() {
            return self.hangover > 0;
        }
        let background = if level < self.background {
            level
        } else {
            (self.background + RISE).min(level)
        };
        self.background = background.max(QUIETEST_ROOM);
        if level > (self.background + DISTANCE).max(QUIETEST_SPEECH) {
            self.hangover = HANGOVER;
            return true;
        }
        self.hangover = self.hangover.saturating_sub(1);
        self.hangover > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hum(level: f32) -> Vec<f32> {
        (0..480).map(|n| level * (n as f32 * 0.1).sin()).collect()
    }

    #[test]
    fn speech_stands_out_and_a_steady_hum_is_forgotten() {
        let mut activity = VoiceActivity::new();
        assert!(!activity.update(&[0.0; 480]));
        assert!(activity.update(&hum(0.3)));
        let still = (0..3_000).filter(|_| activity.update(&hum(0.3))).count();
        assert!(
            still < 2_900,
            "after half a minute the hum is the background, yet it counted {still} times"
        );
        assert!(!activity.update(&hum(0.3)));
    }

    #[test]
    fn a_pause_within_a_word_is_bridged() {
        let mut activity = VoiceActivity::new();
        activity.update(&[0.0; 480]);
        activity.update(&hum(0.3));
        assert!((0..10).all(|_| activity.update(&[0.0; 480])));
        assert!((0..20).any(|_| !activity.update(&[0.0; 480])));
    }

    #[test]
    fn what_is_no_number_does_no_lasting_harm() {
        let mut activity = VoiceActivity::new();
        activity.update(&[f32::NAN; 480]);
        activity.update(&[f32::INFINITY; 480]);
        for _ in 0..HANGOVER {
            activity.update(&[0.0; 480]);
        }
        assert!(!activity.update(&[0.0; 480]));
        assert!(activity.update(&hum(0.3)));
    }
}
