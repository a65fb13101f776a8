//! What a plugin says when it cannot do what it was asked.

use std::borrow::Cow;
use std::fmt;

/// A failure that crosses the plugin boundary: a status code and a text for a human.
///
/// Making one from a `&'static str` allocates nothing and is allowed on the audio thread; a formatted text allocates and belongs to
/// the control thread. At the boundary the text is cut to [`Fault::TEXT_BYTES`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    code: FaultCode,
    text: Cow<'static, str>,
}

impl Fault {
    /// The longest text, in bytes, that survives the boundary.
    pub const TEXT_BYTES: usize = 240;

    /// A fault with `code` and a text that says what was wrong and what to do.
    pub fn new(code: FaultCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// An argument was out of range, of the wrong length or malformed.
    pub fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultCode::Invalid, text)
    }

    /// The format, option or operation is not one that this plugin offers.
    pub fn unsupported(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultCode::Unsupported, text)
    }

    /// The call came in a state in which it makes no sense, such as `process` before `activate`.
    pub fn state(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultCode::State, text)
    }

    /// Something that the plugin depends on failed: a file, a device, a library.
    pub fn failed(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultCode::Failed, text)
    }

    /// The kind of failure.
    pub fn code(&self) -> FaultCode {
        self.code
    }

    /// What was wrong, for a human.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.code)
    }
}

impl std::error::Error for Fault {}

/// The kind of a [`Fault`]; negative on the wire, so that zero stays "done".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultCode {
    /// An argument was out of range, of the wrong length or malformed.
    Invalid,
    /// Not offered by this plugin.
    Unsupported,
    /// The call does not fit the state of the instance.
    State,
    /// The output buffer that the caller passed is too small.
    BufferTooSmall,
    /// A file, device or library that the plugin needs failed.
    Failed,
    /// The plugin panicked in this call; the instance is poisoned from now on.
    Panicked,
    /// The plugin panicked in an earlier call; replace the instance.
    Poisoned,
    /// The plugin did not answer before its deadline.
    TimedOut,
    /// The plugin's process has ended. It is started again; until then there is no answer.
    Gone,
    /// A code that this build does not know.
    Other(i32),
}

impl FaultCode {
    /// The status that stands for this code in C.
    pub const fn status(self) -> i32 {
        match self {
            Self::Invalid => -1,
            Self::Unsupported => -2,
            Self::State => -3,
            Self::BufferTooSmall => -4,
            Self::Failed => -5,
            Self::Panicked => -100,
            Self::Poisoned => -101,
            Self::TimedOut => -102,
            Self::Gone => -103,
            Self::Other(status) => status,
        }
    }

    /// The code for a negative status.
    pub const fn from_status(status: i32) -> Self {
        match status {
            -1 => Self::Invalid,
            -2 => Self::Unsupported,
            -3 => Self::State,
            -4 => Self::BufferTooSmall,
            -5 => Self::Failed,
            -100 => Self::Panicked,
            -101 => Self::Poisoned,
            -102 => Self::TimedOut,
            -103 => Self::Gone,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => f.write_str("invalid argument"),
            Self::Unsupported => f.write_str("unsupported"),
            Self::State => f.write_str("wrong state"),
            Self::BufferTooSmall => f.write_str("buffer too small"),
            Self::Failed => f.write_str("failed"),
            Self::Panicked => f.write_str("the plugin panicked"),
            Self::Poisoned => f.write_str("the plugin panicked earlier and is out of use"),
            Self::TimedOut => f.write_str("the plugin missed its deadline"),
            Self::Gone => f.write_str("the plugin's process has ended"),
            Self::Other(status) => write!(f, "status {status}"),
        }
    }
}

/// A fault as it stands in memory that both sides know.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FaultRaw {
    /// Size of this struct in bytes, set by whoever provides it.
    pub size: u32,
    /// The status; 0 if there was no fault yet.
    pub status: i32,
    /// UTF-8, ends at the first zero.
    pub text: [u8; Fault::TEXT_BYTES],
}

impl FaultRaw {
    /// No fault.
    pub const NONE: Self = Self {
        size: size_of::<Self>() as u32,
        status: 0,
        text: [0; Fault::TEXT_BYTES],
    };

    /// Takes over `fault`, cutting its text at a character boundary. Allocates nothing.
    pub fn set(&mut self, status: i32, text: &str) {
        self.status = status;
        let mut end = text.len().min(self.text.len() - 1);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.text[..end].copy_from_slice(&text.as_bytes()[..end]);
        self.text[end..].fill(0);
    }

    /// As a [`Fault`]; `None` if there is none. Allocates.
    pub fn to_fault(&self) -> Option<Fault> {
        if self.status >= 0 {
            return None;
        }
        let end = self.text.iter().position(|b| *b == 0).unwrap_or(self.text.len());
        let text = String::from_utf8_lossy(&self.text[..end]).into_owned();
        Some(Fault::new(FaultCode::from_status(self.status), text))
    }
}

/// What a callback's status means to the plugin that called it.
///
/// # Errors
/// If the status is negative.
pub fn callback_result(status: i32) -> Result<(), Fault> {
    if status < 0 {
        Err(Fault::new(
            FaultCode::from_status(status),
            "the host refused what was passed to its callback",
        ))
    } else {
        Ok(())
    }
}
