//! Rates, durations, sizes and levels have types of their own.

use jackfield_abi::shape::{Passing, Returns, Shape};
use jackfield_core::AREAS;

use crate::shapes::{Types, rust_name};

/// Words in a name that make a bare number suspicious.
const QUANTITIES: &[&str] = &[
    "rate",
    "delay",
    "duration",
    "interval",
    "time",
    "latency",
    "wait",
    "window",
    "size",
    "level",
    "gain",
    "volume",
    "bandwidth",
    "overhead",
    "ms",
    "us",
    "ns",
    "seconds",
    "hz",
    "bps",
    "kbps",
    "bytes",
    "bits",
    "db",
    "dbov",
    "dbfs",
];

/// Bare numbers with such a name, and why each is one.
const BARE: &[(&str, &str)] = &[
    (
        "PayloadFormat.packet_ms",
        "SDP's own unit (`ptime`), a small whole number; the struct is frozen",
    ),
    (
        "EncoderConfig.packet_ms",
        "as above: it is compared with what SDP says",
    ),
    ("Encoded.bytes", "the length of a slice that was passed"),
    (
        "ProcessorReport.echo_delay_ms",
        "a measured value for people, NaN if unknown, which no span of time can be",
    ),
    (
        "ProcessorReport.gain_db",
        "as above; a level has no arithmetic here",
    ),
    ("ProcessorHandover.echo_delay_ms", "as in the report"),
    ("ProcessorHandover.noise_floor_dbov", "as in the report"),
    ("ProcessorHandover.gain_db", "as in the report"),
    (
        "MixSource.level_dbov",
        "one of a slice of many that a mixer sorts by; named by its unit (RFC 6464)",
    ),
    ("MixSource.gain", "a factor without a unit"),
    ("CaptureInfo.gain_changed", "yes or no"),
    ("Mixer.take_over(gain)", "a factor without a unit"),
    (
        "TransportConfig.unix_us",
        "wall-clock time, which is none of the three times of a call; named by its unit",
    ),
];

fn bare(shape: &Shape) -> bool {
    matches!(shape, Shape::Number(_))
}

fn names_a_quantity(name: &str) -> bool {
    name.split('_').any(|word| QUANTITIES.contains(&word))
}

/// Every bare number of the boundary whose name says that it is a quantity.
fn suspicious() -> Vec<String> {
    let mut found = Vec::new();
    for shape in Types::all().structs.values() {
        let owner = rust_name(shape.c_name);
        for (index, field) in shape.fields.iter().enumerate() {
            let own_size = shape.grows && index == 0;
            if bare(field.shape) && names_a_quantity(field.name) && !own_size {
                found.push(format!("{owner}.{}", field.name));
            }
        }
    }
    for area in AREAS {
        let owner = rust_name(area.c_name);
        for method in area.methods {
            for parameter in method.parameters {
                if let Passing::Value(shape) = parameter.passing
                    && bare(shape)
                    && names_a_quantity(parameter.name)
                {
                    found.push(format!("{owner}.{}({})", method.name, parameter.name));
                }
            }
            if let Returns::Value(shape) | Returns::StatusAnd(shape) = method.returns
                && bare(shape)
                && names_a_quantity(method.name)
            {
                found.push(format!("{owner}.{}", method.name));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn e1_1_a_quantity_that_crosses_the_boundary_has_a_type_or_a_reason() {
    let found = suspicious();
    let without: Vec<&String> = found
        .iter()
        .filter(|name| !BARE.iter().any(|(known, _)| known == name))
        .collect();
    assert!(
        without.is_empty(),
        "bare numbers: {without:?}; use a type of jackfield_core::units, or give the reason in BARE"
    );
    for (known, _) in BARE {
        assert!(
            found.iter().any(|name| name == known),
            "{known} is listed and is none"
        );
    }
}

#[test]
fn e1_1_a_bare_number_is_found_by_its_name() {
    for name in [
        "packet_ms",
        "target_rate",
        "queue_size",
        "noise_floor_dbov",
        "render_delay",
    ] {
        assert!(names_a_quantity(name), "{name}");
    }
    for name in ["operation", "handle", "sequence_number", "generated", "muted"] {
        assert!(!names_a_quantity(name), "{name}");
    }
}
