//! Values with their units as texts: `50 ms`, `1.5 Mbit/s`, `37500 B`, `300 ms` of queue, `1 %`.

use std::fmt;

use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::links::QueueLimit;

/// A number and the unit behind it.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '+' || c == '_'))
        .unwrap_or(text.len());
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    number.is_finite().then(|| (number, text[end..].trim()))
}

/// The greatest value of any unit that is taken: far beyond what a scenario needs, far below what overflows.
const GREATEST: f64 = 1e15;

fn scaled(number: f64, factor: f64) -> Option<i64> {
    let value = number * factor;
    (value.abs() <= GREATEST).then(|| value.round() as i64)
}

pub(super) fn time(text: &str) -> Option<TimeDelta> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "us" | "µs" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "min" => 60e6,
        _ => return None,
    };
    scaled(number, factor).map(TimeDelta::us)
}

pub(super) fn rate(text: &str) -> Option<DataRate> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "bit/s" | "bps" => 1.0,
        "kbit/s" | "kbps" => 1e3,
        "Mbit/s" | "Mbps" => 1e6,
        "Gbit/s" | "Gbps" => 1e9,
        _ => return None,
    };
    scaled(number, factor).map(DataRate::bps)
}

pub(super) fn size(text: &str) -> Option<DataSize> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "B" => 1.0,
        "kB" => 1e3,
        "MB" => 1e6,
        _ => return None,
    };
    scaled(number, factor).map(DataSize::bytes)
}

pub(super) fn share(text: &str) -> Option<f64> {
    match split(text)? {
        (number, "%") => Some(number / 100.0),
        (number, "") => Some(number),
        _ => None,
    }
}

pub(super) fn limit(text: &str) -> Option<QueueLimit> {
    if text.trim() == "unlimited" {
        return Some(QueueLimit::Unlimited);
    }
    if let Some(time) = time(text) {
        return Some(QueueLimit::Time(time));
    }
    if let Some(size) = size(text) {
        return Some(QueueLimit::Size(size));
    }
    match split(text)? {
        (number, "packets" | "packet") if number.fract() == 0.0 && number.abs() < 1e9 => {
            Some(QueueLimit::Packets(number.max(0.0) as u32))
        }
        _ => None,
    }
}

macro_rules! texts {
    ($($name:ident($value:ty) = $parse:ident, $expecting:literal;)*) => {$(
        /// Read from a text with its unit.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub(super) struct $name(pub(super) $value);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Read;
                impl Visitor<'_> for Read {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $parse(text).map($name).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                }
                deserializer.deserialize_any(Read)
            }
        }
    )*};
}

texts! {
    Time(TimeDelta) = time, "a time with its unit, such as \"50 ms\", \"1.5 s\", \"200 us\" or \"2 min\"";
    Rate(DataRate) = rate, "a rate with its unit, such as \"300 kbit/s\" or \"1.5 Mbit/s\"";
    Size(DataSize) = size, "a size with its unit, such as \"1500 B\" or \"13.5 kB\"";
    Limit(QueueLimit) = limit, "how much may wait, such as \"300 ms\", \"37500 B\", \"100 packets\" or \"unlimited\"";
}

/// A share: a number from 0 to 1 or a text in per cent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share(pub(super) f64);

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Share;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share, such as \"1 %\" or 0.01")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Share, E> {
                share(text)
                    .map(Share)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Share, E> {
                Ok(Share(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Share, E> {
                Ok(Share(value as f64))
            }
        }
        deserializer.deserialize_any(Read)
    }
}
