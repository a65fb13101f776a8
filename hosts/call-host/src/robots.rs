//! Robots: participants of the host's own that speak recorded sentences, so that there is someone to listen to.

use std::fs;
use std::io;

use jackfield_runtime::Engine;
use tempfile::TempDir;

/// The room in which the robots sit.
pub const LOBBY: &str = "lobby";

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
    /// Seats `count` robots in the lobby of `engine`. They take turns, so that one can be followed. Call it before the host starts,
    /// which closes rooms that nobody is in.
    ///
    /// # Errors
    /// If their recordings cannot be written, or the room cannot be opened or entered.
    pub fn seat(engine: &Engine, count: usize) -> Result<Self, RobotError> {
        // Only this user may read the folder, and its name cannot be foreseen.
        let recordings = tempfile::Builder::new().prefix("jackfield-robots-").tempdir()?;
        let problem = |error: &dyn std::fmt::Display| RobotError::Room(error.to_string());
        let room = match engine.room(LOBBY) {
            Some(room) => room,
            None => engine.open_room(LOBBY).map_err(|error| problem(&error))?,
        };
        for (number, voice) in VOICES.iter().cycle().take(count).enumerate() {
            let clip = recordings.path().join(voice.file);
            if !clip.exists() {
                fs::write(&clip, voice.clip)?;
            }
            let name = match number / VOICES.len() {
                0 => voice.name.to_owned(),
                round => format!("{} {}", voice.name, round + 1),
            };
            room.add_robot(&name, &clip).map_err(|error| problem(&error))?;
        }
        Ok(Self {
            _recordings: recordings,
        })
    }
}
