//! A TOML table that knows where everything stands, and what nobody has asked for.

use std::ops::Range;
use std::path::Path;

use jackfield_loader::{TextError, did_you_mean};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::CODE;

/// The text that is read, for errors.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
}

impl<'a> Source<'a> {
    pub(super) fn at(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> TextError {
        TextError::at(CODE, self.file, self.text, span, message, label)
    }

    /// The whole text as a table.
    pub(super) fn parse(self) -> Result<Table<'a>, TextError> {
        let parsed = DeTable::parse(self.text).map_err(|error| {
            self.at(
                error.span().unwrap_or(0..0),
                error.message().trim().replace('\n', ", "),
                "here",
            )
        })?;
        Ok(Table {
            source: self,
            span: 0..0,
            entries: parsed.into_inner().into_iter().collect(),
        })
    }
}

/// A table. What is read is taken out, so that what is left at the end was not expected.
pub(super) struct Table<'a> {
    source: Source<'a>,
    span: Range<usize>,
    entries: Vec<(Spanned<std::borrow::Cow<'a, str>>, Spanned<DeValue<'a>>)>,
}

/// A value and where it stands.
pub(super) struct Value<'a> {
    source: Source<'a>,
    pub(super) name: String,
    pub(super) span: Range<usize>,
    value: DeValue<'a>,
}

impl<'a> Table<'a> {
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.entries.iter().position(|(key, _)| key.get_ref() == name)?;
        let (_, value) = self.entries.remove(at);
        Some(Value {
            source: self.source,
            name: name.to_owned(),
            span: value.span(),
            value: value.into_inner(),
        })
    }

    pub(super) fn need(&mut self, name: &str, example: &str) -> Result<Value<'a>, TextError> {
        self.take(name).ok_or_else(|| {
            self.source
                .at(
                    self.span(),
                    format!("the key `{name}` is missing"),
                    "in this table",
                )
                .with_help(format!("add, for instance: {example}"))
        })
    }

    /// Everything that is left, with the places of the keys, in the order of the text.
    pub(super) fn rest(self) -> Vec<(Range<usize>, Value<'a>)> {
        let source = self.source;
        let mut rest: Vec<_> = self
            .entries
            .into_iter()
            .map(|(key, value)| {
                let place = key.span();
                let value = Value {
                    source,
                    name: key.into_inner().into_owned(),
                    span: value.span(),
                    value: value.into_inner(),
                };
                (place, value)
            })
            .collect();
        rest.sort_by_key(|(place, _)| place.start);
        rest
    }

    /// Refuses what is left.
    pub(super) fn end(self, known: &[&str]) -> Result<(), TextError> {
        let source = self.source;
        match self.rest().into_iter().next() {
            None => Ok(()),
            Some((place, value)) => Err(source
                .at(
                    place,
                    format!("there is no key `{}` here", value.name),
                    "unknown key",
                )
                .with_help(format!(
                    "{}expected one of: {}",
                    did_you_mean(&value.name, known.iter().copied()),
                    known.join(", ")
                ))),
        }
    }
}

impl<'a> Value<'a> {
    pub(super) fn fault(&self, message: impl Into<String>, label: impl Into<String>) -> TextError {
        self.source.at(self.span.clone(), message, label)
    }

    fn other(&self, expected: &str) -> TextError {
        self.fault(
            format!("`{}` is {}", self.name, with_article(self.value.type_str())),
            format!("expected {expected}"),
        )
    }

    pub(super) fn text(&self) -> Result<&str, TextError> {
        self.value.as_str().ok_or_else(|| self.other("a text in quotes"))
    }

    /// A text that is not empty and has nothing in it that would break a line.
    pub(super) fn word(&self) -> Result<String, TextError> {
        let text = self.text()?;
        if text.trim().is_empty() || text.len() > 200 || text.chars().any(char::is_control) {
            return Err(self.fault(
                format!("`{}` cannot be this", self.name),
                "expected a short text on one line",
            ));
        }
        Ok(text.to_owned())
    }

    pub(super) fn truth(&self) -> Result<bool, TextError> {
        self.value.as_bool().ok_or_else(|| self.other("true or false"))
    }

    pub(super) fn whole(&self) -> Result<u64, TextError> {
        let whole = self
            .value
            .as_integer()
            .and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        whole.ok_or_else(|| self.other("a whole number, 0 or more"))
    }

    pub(super) fn number(&self) -> Result<f64, TextError> {
        let text = match &self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => return Err(self.other("a number")),
        };
        text.parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .ok_or_else(|| self.other("a number"))
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    pub(super) fn table(self) -> Result<Table<'a>, TextError> {
        let error = self.other("a table");
        match self.value {
            DeValue::Table(table) => Ok(Table {
                source: self.source,
                span: self.span,
                entries: table.into_iter().collect(),
            }),
            _ => Err(error),
        }
    }

    pub(super) fn list(self) -> Result<Vec<Self>, TextError> {
        let error = self.other("a list");
        match self.value {
            DeValue::Array(items) => Ok(items
                .into_iter()
                .map(|item| Self {
                    source: self.source,
                    name: self.name.clone(),
                    span: item.span(),
                    value: item.into_inner(),
                })
                .collect()),
            _ => Err(error),
        }
    }

    /// A list, or a single value as a list of one.
    pub(super) fn one_or_more(self) -> Result<Vec<Self>, TextError> {
        let items = if self.is_list() {
            let empty = self.fault(format!("`{}` is empty", self.name), "expected at least one");
            let items = self.list()?;
            if items.is_empty() {
                return Err(empty);
            }
            items
        } else {
            vec![self]
        };
        Ok(items)
    }

    /// As plain data, without places.
    pub(super) fn plain(&self) -> Result<serde_json::Value, TextError> {
        plain(&self.value)
            .ok_or_else(|| self.fault("dates and times mean nothing here", "expected something else"))
    }
}

/// TOML as JSON; nothing if there is a date in it, or a number that is none.
fn plain(value: &DeValue<'_>) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match value {
        DeValue::String(text) => Json::String(text.clone().into_owned()),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            i64::from_str_radix(digits, number.radix()).ok().map(Json::from)?
        }
        DeValue::Float(number) => Json::Number(serde_json::Number::from_f64(number.as_str().parse().ok()?)?),
        DeValue::Boolean(truth) => Json::Bool(*truth),
        DeValue::Datetime(_) => return None,
        DeValue::Array(items) => Json::Array(
            items
                .iter()
                .map(|item| plain(item.get_ref()))
                .collect::<Option<_>>()?,
        ),
        DeValue::Table(table) => Json::Object(
            table
                .iter()
                .map(|(key, value)| Some((key.get_ref().clone().into_owned(), plain(value.get_ref())?)))
                .collect::<Option<_>>()?,
        ),
    })
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {kind}")
}
