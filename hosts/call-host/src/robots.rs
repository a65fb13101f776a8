//! Robots: participants of the host's own that speak recorded sentences, so that there is someone to listen to.

use std::io;
use std::path::Path;

use jackfield_runtime::Engine;
use tempfile::TempDir;

/// The room in which the robots sit.
pub const LOBBY: &str = "lobby";
/// Between one robot's turn and the next one's.
const PAUSE_MS: usize = 600;

/// A robot's name and what it says.
struct Voice {
    name: &'static str,
    file: &'static str,
    clip: &'static [u8],
}

macro_rules! voice {
    ($name:literal, $file:literal) => {
        Voice {
            name: $name,
            file: $file,
            clip: include_bytes!(concat!("../speech/", $file)),
        }
    };
}

static VOICES: [Voice; 4] = [
    voice!("Reader", "reader-1.wav"),
    voice!("Dealer", "cards.wav"),
    voice!("Second reader", "reader-2.wav"),
    voice!("Third reader", "reader-3.wav"),
];

/// Why there are no robots.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RobotError {
    /// Their recordings could not be put where the engine can open them.
    #[error(
        "the robots' recordings could not be written: {0}. Make room in the folder for temporary files, or start without --robots"
    )]
    Recordings(#[from] io::Error),
    /// They could not enter the room.
    #[error("the robots could not enter the room: {0}")]
    Room(String),
}

/// The recordings of the robots that sit in the lobby; they are deleted when this is dropped.
#[derive(Debug)]
pub struct Robots {
    _recordings: TempDir,
}

impl Robots {
    /// Seats `count` robots in the lobby of `engine`. They take turns, so that one can be followed; more than four speak in chorus with
    /// the first. Call it before the host starts, which closes rooms that nobody is in.
    ///
    /// # Errors
    /// If their recordings cannot be written, or the room cannot be opened or entered.
    pub fn seat(engine: &Engine, count: usize) -> Result<Self, RobotError> {
        // Only this user may read the folder, and its name cannot be foreseen.
        let recordings = tempfile::Builder::new().prefix("jackfield-robots-").tempdir()?;
        let problem = |error: &dyn std::fmt::Display| RobotError::Room(error.to_string());
        let voices = &VOICES[..count.min(VOICES.len())];
        for (turn, voice) in voices.iter().enumerate() {
            write_turn(&recordings.path().join(voice.file), voices, turn)?;
        }
        let room = match engine.room(LOBBY) {
            Some(room) => room,
            None => engine.open_room(LOBBY).map_err(|error| problem(&error))?,
        };
        for (number, voice) in VOICES.iter().cycle().take(count).enumerate() {
            let name = match number / VOICES.len() {
                0 => voice.name.to_owned(),
                round => format!("{} {}", voice.name, round + 1),
            };
            room.add_robot(&name, &recordings.path().join(voice.file))
                .map_err(|error| problem(&error))?;
        }
        Ok(Self {
            _recordings: recordings,
        })
    }
}

/// The recordings of the robots one after the other, as samples of 48 kHz mono: speech to test with.
///
/// # Errors
/// If they cannot be read, which would be a fault of the build.
pub fn recorded_speech() -> Result<Vec<f32>, RobotError> {
    let mut speech = Vec::new();
    for voice in &VOICES {
        let reader = hound::WavReader::new(voice.clip).map_err(recording)?;
        for sample in reader.into_samples::<i16>() {
            speech.push(f32::from(sample.map_err(recording)?) / 32_768.0);
        }
    }
    Ok(speech)
}

/// Writes what one of `voices` says in a round in which each of them speaks once: it is silent while the others speak. All these
/// recordings are equally long, so that the robots stay in turn however often they begin anew.
fn write_turn(path: &Path, voices: &[Voice], turn: usize) -> Result<(), RobotError> {
    let readers = voices.iter().map(|voice| hound::WavReader::new(voice.clip));
    let readers = readers.collect::<Result<Vec<_>, _>>().map_err(recording)?;
    let spec = readers[turn].spec();
    let mut writer = hound::WavWriter::create(path, spec).map_err(recording)?;
    for (number, mut reader) in readers.into_iter().enumerate() {
        let samples: Vec<i16> = reader.samples().collect::<Result<_, _>>().map_err(recording)?;
        let pause = usize::from(spec.channels) * spec.sample_rate as usize * PAUSE_MS / 1_000;
        for sample in samples.into_iter().chain(std::iter::repeat_n(0, pause)) {
            let said = if number == turn { sample } else { 0 };
            writer.write_sample(said).map_err(recording)?;
        }
    }
    writer.finalize().map_err(recording)
}

fn recording(error: hound::Error) -> RobotError {
    RobotError::Recordings(match error {
        hound::Error::IoError(error) => error,
        other => io::Error::other(other),
    })
}

#[cfg(test)]
mod tests {
    use super::{PAUSE_MS, VOICES, write_turn};

    #[test]
    fn robots_speak_one_after_the_other_and_each_round_is_equally_long() {
        let folder = tempfile::tempdir().unwrap();
        let turns: Vec<Vec<i16>> = (0..VOICES.len())
            .map(|turn| {
                let path = folder.path().join(format!("{turn}.wav"));
                write_turn(&path, &VOICES, turn).unwrap();
                let mut reader = hound::WavReader::open(path).unwrap();
                reader.samples().map(Result::unwrap).collect()
            })
            .collect();
        assert!(turns.iter().all(|turn| turn.len() == turns[0].len()));
        let speaks = |turn: &Vec<i16>| {
            let loud = |sample: &i16| sample.unsigned_abs() > 300;
            (
                turn.iter().position(loud).unwrap(),
                turn.iter().rposition(loud).unwrap(),
            )
        };
        let times: Vec<_> = turns.iter().map(speaks).collect();
        for pair in times.windows(2) {
            assert!(
                pair[0].1 < pair[1].0,
                "one stops before the next begins: {times:?}"
            );
        }
        let rate = hound::WavReader::new(VOICES[0].clip).unwrap().spec().sample_rate as usize;
        let last = times.last().unwrap().1;
        assert!(
            turns[0].len() - last >= rate * PAUSE_MS / 1_000,
            "and the first waits too"
        );
    }
}
