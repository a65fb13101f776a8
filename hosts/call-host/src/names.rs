//! How rooms and people may be called.

/// The most characters in the name of a room or of a participant.
pub const LONGEST_NAME: usize = 64;

/// Why a name cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// There is none.
    #[error("the name is empty: give one of up to 64 characters")]
    Empty,
    /// It is too long.
    #[error("the name is too long: give one of up to 64 characters")]
    TooLong,
    /// It holds characters that cannot be shown, or that turn text around.
    #[error("the name holds control characters: give one of letters, digits and ordinary signs")]
    Invisible,
    /// It is no name of a room.
    #[error(
        "the room's name holds other characters than letters, digits, `-`, `_` and `.`, or begins with `.`: choose another"
    )]
    NotARoom,
}

/// The name of a participant, without the white space around it.
///
/// # Errors
/// If it is empty, too long, or holds what cannot be shown.
pub fn participant(name: &str) -> Result<&str, NameError> {
    let name = of_good_length(name)?;
    if name.chars().any(is_invisible) {
        return Err(NameError::Invisible);
    }
    Ok(name)
}

/// The name of a room, without the white space around it.
///
/// # Errors
/// If it is empty, too long, or holds other characters than letters, digits, `-`, `_` and `.`.
pub fn room(name: &str) -> Result<&str, NameError> {
    let name = of_good_length(name)?;
    let fits = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
    if name.starts_with('.') || !name.chars().all(fits) {
        return Err(NameError::NotARoom);
    }
    Ok(name)
}

fn of_good_length(name: &str) -> Result<&str, NameError> {
    let name = name.trim();
    match name.chars().take(LONGEST_NAME + 1).count() {
        0 => Err(NameError::Empty),
        length if length > LONGEST_NAME => Err(NameError::TooLong),
        _ => Ok(name),
    }
}

/// Control characters, line and paragraph separators, characters of no width, and those that turn the direction of text; but not the
/// two joiners that some scripts need.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{00ad}' | '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}
