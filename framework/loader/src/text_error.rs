//! What is wrong with a file that somebody has written, such as a manifest or an experiment, shown at its place.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// A text was refused: a manifest, an experiment. `Display` is one line with file and line number; as a [`Diagnostic`] it shows the place.
#[derive(Clone)]
pub struct TextError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    code: &'static str,
    message: String,
    help: Option<String>,
    source: NamedSource<String>,
    place: Option<Place>,
}

#[derive(Clone)]
struct Place {
    span: Range<usize>,
    line: usize,
    label: String,
}

impl TextError {
    /// `message` about what stands at `span` of `text`; `label` is written under it. `code` says what kind of text it is:
    /// `jackfield::manifest`.
    pub fn at(
        code: &'static str,
        file: &Path,
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        let start = span.start.min(text.len());
        let line = 1 + text.as_bytes()[..start]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        Self(Box::new(Inner {
            code,
            message: message.into(),
            help: None,
            source: NamedSource::new(file.display().to_string(), text.to_owned()).with_language("TOML"),
            place: Some(Place {
                span: start..span.end.clamp(start, text.len()),
                line,
                label: label.into(),
            }),
        }))
    }

    /// `message` about a file as a whole.
    pub fn of(code: &'static str, file: &Path, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            help: None,
            source: NamedSource::new(file.display().to_string(), String::new()),
            place: None,
        }))
    }

    /// The same error, with what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The line, from 1.
    pub fn line(&self) -> Option<usize> {
        self.0.place.as_ref().map(|place| place.line)
    }

    /// The bytes of the text that it is about.
    pub fn span(&self) -> Option<Range<usize>> {
        self.0.place.as_ref().map(|place| place.span.clone())
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.source.name())?;
        if let Some(line) = self.line() {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.0.message)?;
        // Where only one line is shown, the label must say what would have been right.
        let label = self.0.place.as_ref().map(|place| place.label.as_str());
        let expected = label.filter(|label| label.starts_with("expected"));
        if let Some(advice) = self.0.help.as_deref().or(expected) {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for TextError {}

/// Without `help`: what to do stands in the text itself, where whoever shows one line needs it, and would stand there twice.
impl Diagnostic for TextError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.0.code))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.0.place.as_ref().map(|_| &self.0.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.0.place.as_ref()?;
        let label = LabeledSpan::new_with_span(Some(place.label.clone()), place.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}
