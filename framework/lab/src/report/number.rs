//! Numbers as people read them: with their unit, and with no more digits than are known.

use crate::metrics::{Metric, Unit};

/// How the values of a metric are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Format {
    /// What a value is multiplied by first.
    pub scale: f64,
    /// What stands behind a value, with the space in front of it.
    pub unit: &'static str,
    /// What stands behind a difference.
    pub difference: &'static str,
    /// Digits behind the point where nothing else says how many.
    digits: usize,
}

impl Format {
    /// Of a metric.
    pub(super) fn of(metric: &Metric) -> Self {
        let (scale, unit, difference, digits) = match metric.unit {
            Unit::Share => (100.0, " %", " percentage points", 1),
            Unit::Index => (1.0, "", "", 3),
            Unit::Milliseconds => (1.0, " ms", " ms", 1),
            Unit::Seconds => (1.0, " s", " s", 2),
            Unit::KilobitsPerSecond => (1.0, " kbit/s", " kbit/s", 0),
            Unit::SquaredMegabits => (1.0, " (Mbit/s)²", " (Mbit/s)²", 3),
            Unit::PerMinute => (1.0, " per minute", " times per minute", 2),
            Unit::Packets => (1.0, " packets", " packets", 0),
            Unit::Bytes => (1.0, " B", " B", 0),
            Unit::Decibels => (1.0, " dB", " dB", 1),
        };
        Self {
            scale,
            unit,
            difference,
            digits,
        }
    }

    /// The short unit of a difference, for axes and tables.
    pub(super) fn short(&self) -> &'static str {
        match self.difference {
            " percentage points" => " pp",
            " times per minute" => " /min",
            other => other,
        }
    }

    /// The unit for a heading over values without one: ` (ms)`, or nothing.
    pub(super) fn in_brackets(&self) -> String {
        match self.unit.trim() {
            "" => String::new(),
            unit => format!(" ({})", unit.trim_matches(['(', ')'])),
        }
    }

    /// A value with its unit.
    pub(super) fn value(&self, value: f64) -> String {
        format!("{}{}", self.plain(value), self.unit)
    }

    /// A value without its unit.
    pub(super) fn plain(&self, value: f64) -> String {
        written(value * self.scale, self.digits_of(value))
    }

    /// More digits for what would be written as nothing, fewer for what is large.
    fn digits_of(&self, value: f64) -> usize {
        let size = (value * self.scale).abs();
        if size >= 1_000.0 {
            0
        } else if size > 0.0 && size < 0.5 * power_of_ten(-(self.digits as i32)) {
            self.digits + 2
        } else {
            self.digits
        }
    }

    /// Numbers of a difference that belong together (an estimate, the ends of its interval), all with the digits that the smallest of
    /// `spread` calls for: two that count. Without their unit.
    pub(super) fn differences(&self, numbers: &[f64], spread: f64) -> Vec<String> {
        let spread = (spread * self.scale).abs();
        let digits = if spread > 0.0 && spread.is_finite() {
            (1.0 - libm::floor(libm::log10(spread / 1.6))).clamp(0.0, 4.0) as usize
        } else {
            self.digits
        };
        numbers
            .iter()
            .map(|number| written(number * self.scale, digits))
            .collect()
    }
}

/// With a true minus, thin spaces between thousands, and no minus in front of nothing.
pub(super) fn written(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "∞".to_owned()
        } else {
            "−∞".to_owned()
        };
    }
    let text = format!("{:.*}", digits, value.abs());
    let (whole, part) = text
        .split_once('.')
        .map_or((text.as_str(), ""), |(whole, part)| (whole, part));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 && whole.len() > 4 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    if !part.is_empty() {
        grouped.push('.');
        grouped.push_str(part);
    }
    let nothing = text.bytes().all(|byte| byte == b'0' || byte == b'.');
    if value < 0.0 && !nothing {
        format!("−{grouped}")
    } else {
        grouped
    }
}

/// With a plus in front of what is above nothing.
pub(super) fn signed(text: &str) -> String {
    let nothing = text.chars().all(|c| c == '0' || c == '.');
    if text.starts_with('−') || nothing || text == "–" {
        text.to_owned()
    } else {
        format!("+{text}")
    }
}

/// A p-value.
pub(super) fn p_value(p: f64) -> String {
    if p.is_nan() {
        "–".to_owned()
    } else if p < 0.001 {
        "< 0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

/// 10 to the power of a small whole number.
pub(super) fn power_of_ten(exponent: i32) -> f64 {
    let mut power = 1.0;
    for _ in 0..exponent.unsigned_abs() {
        power *= 10.0;
    }
    if exponent < 0 { 1.0 / power } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(written(-0.04, 1), "0.0");
        assert_eq!(written(-2.345_67, 2), "−2.35");
        assert_eq!(written(1_234_567.0, 0), "1\u{202f}234\u{202f}567");
        assert_eq!(written(1_234.5, 1), "1234.5");
        assert_eq!(signed("0.0"), "0.0");
        assert_eq!(signed("1.5"), "+1.5");
        assert_eq!(written(f64::NEG_INFINITY, 1), "−∞");
        assert_eq!(p_value(0.000_01), "< 0.001");
    }

    #[test]
    fn an_interval_shows_two_digits_that_count() {
        let registry = crate::metrics::Registry::network();
        let share = Format::of(registry.find("utilisation").expect("there"));
        assert_eq!(
            share.differences(&[0.0613, 0.052, 0.0704], 0.0184),
            ["6.1", "5.2", "7.0"]
        );
        let delay = Format::of(registry.find("delay_p95").expect("there"));
        assert_eq!(delay.differences(&[123.456, 20.0], 103.0), ["123", "20"]);
        assert_eq!(delay.differences(&[0.012_34], 0.002), ["0.0123"]);
    }
}
