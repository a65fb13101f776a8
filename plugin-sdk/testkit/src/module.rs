//! The cases that every area has.

use jackfield_sdk::core::module::Module;
use jackfield_sdk::prelude::*;

use crate::Subject;

/// Id, version, maker, licence and description are there and have their shape.
pub fn t_2_descriptor_is_complete<A: Module + ?Sized + 'static>(subject: &Subject<A>) {
    let descriptor = &subject.descriptor;
    let parts: Vec<&str> = descriptor.id.split('.').collect();
    assert!(
        parts.len() >= 3,
        "the id `{}` has the form vendor.area.name",
        descriptor.id
    );
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    assert!(
        parts
            .iter()
            .all(|part| !part.is_empty() && part.chars().all(plain)),
        "the id is lower case: {}",
        descriptor.id
    );
    for (what, text) in [
        ("name", descriptor.name),
        ("version", descriptor.version),
        ("vendor", descriptor.vendor),
        ("license", descriptor.license),
        ("description", descriptor.description),
    ] {
        assert!(!text.trim().is_empty(), "the descriptor has no {what}");
        assert!(!text.contains(['\n', '\t']), "the {what} is one line");
    }
    let numbers: Vec<&str> = descriptor
        .version
        .split(['-', '+'])
        .next()
        .unwrap_or_default()
        .split('.')
        .collect();
    assert!(
        numbers.len() == 3 && numbers.iter().all(|n| n.parse::<u32>().is_ok()),
        "the version is semver: {}",
        descriptor.version
    );
    assert!(
        (1..=MAX_CHANNELS as u32).contains(&descriptor.audio.max_channels),
        "1 to 8 channels"
    );
    for rate in descriptor.audio.sample_rates {
        assert!(
            AudioFormat::new(SampleRate::hz(*rate), 1).is_valid(),
            "{rate} Hz is offered and is not 8 to 48 kHz"
        );
    }
}

/// Parameters and statistics have names of their own and say what they are.
pub fn parameters_and_statistics_are_described<A: Module + ?Sized + 'static>(subject: &Subject<A>) {
    let names: Vec<&str> = subject.parameters.iter().map(|p| p.name).collect();
    let statistics: Vec<&str> = subject.statistics.iter().map(|s| s.name).collect();
    for names in [&names, &statistics] {
        for (i, name) in names.iter().enumerate() {
            let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(
                !name.is_empty() && name.chars().all(snake),
                "`{name}` is snake_case"
            );
            assert!(!names[..i].contains(name), "`{name}` is there twice");
        }
    }
    for parameter in subject.parameters {
        assert!(
            !parameter.title.is_empty() && !parameter.help.is_empty(),
            "`{}` has a title and a help text",
            parameter.name
        );
        assert_eq!(
            parameter.accept(parameter.default),
            Ok(parameter.default),
            "the default of `{}` is in range",
            parameter.name
        );
    }
    for statistic in subject.statistics {
        assert!(!statistic.help.is_empty(), "`{}` has a help text", statistic.name);
    }
}

/// A new instance has the defaults.
pub fn parameters_start_at_their_defaults<A: Module + ?Sized + 'static>(subject: &Subject<A>) {
    let mut module = subject.make(1);
    for (index, parameter) in subject.parameters.iter().enumerate() {
        let value = module.parameter(index as u32).expect("a parameter can be read");
        assert!(
            same(value, parameter.default),
            "`{}` starts at {value}, not at {}",
            parameter.name,
            parameter.default
        );
    }
}

/// What is set can be read again, over the whole range.
pub fn t_2_parameters_take_their_whole_range<A: Module + ?Sized + 'static>(subject: &Subject<A>) {
    let mut module = subject.make(1);
    for (index, parameter) in subject.parameters.iter().enumerate() {
        let (min, max) = range(parameter);
        for value in [min, max, parameter.default, f64::midpoint(min, max)] {
            let value = parameter.accept(value).expect("within the range");
            module
                .set_parameter(index as u32, value)
                .unwrap_or_else(|fault| panic!("`{}` = {value}: {fault}", parameter.name));
            let read = module.parameter(index as u32).expect("a parameter can be read");
            assert!(
                same(read, value),
                "`{}` was set to {value} and reads {read}",
                parameter.name
            );
        }
    }
}

/// What is out of range is refused, and the old value stays.
pub fn parameters_refuse_what_is_out_of_range<A: Module + ?Sized + 'static>(subject: &Subject<A>) {
    let mut module = subject.make(1);
    for (index, parameter) in subject.parameters.iter().enumerate() {
        let (min, max) = range(parameter);
        for value in [
            min - 1.0,
            max + 1.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
        ] {
            let fault = module
                .set_parameter(index as u32, value)
                .expect_err("out of range");
            assert_eq!(fault.code(), FaultCode::Invalid, "`{}` = {value}", parameter.name);
            let read = module.parameter(index as u32).expect("a parameter can be read");
            assert!(
                same(read, parameter.default),
                "`{}` kept its value",
                parameter.name
            );
        }
    }
}

/// A parameter that there is not is refused.
pub fn an_unknown_parameter_is_refused<A: Module + ?Sized + 'static>(subject: &Subject<A>) {
    let mut module = subject.make(1);
    for index in [subject.parameters.len() as u32, u32::MAX] {
        assert_eq!(
            module.set_parameter(index, 0.0).map_err(|f| f.code()),
            Err(FaultCode::Invalid)
        );
        assert_eq!(
            module.parameter(index).map_err(|f| f.code()),
            Err(FaultCode::Invalid)
        );
    }
}

/// There are as many statistics as described, before anything has happened too, and a place too small for them is refused.
pub fn t_2_statistics_are_as_many_as_described<A: Module + ?Sized + 'static>(subject: &Subject<A>) {
    let mut module = subject.make(1);
    let count = subject.statistics.len();
    let mut values = vec![-12_345.5; count + 2];
    assert_eq!(module.stats(&mut values), Ok(count as u32));
    assert!(
        values[count..].iter().all(|v| *v == -12_345.5),
        "what lies behind the statistics is not written to"
    );
    assert!(
        values[..count].iter().all(|v| *v != -12_345.5),
        "every statistic is written: {values:?}"
    );
    if count > 0 {
        assert_eq!(
            module.stats(&mut values[..count - 1]).map_err(|f| f.code()),
            Err(FaultCode::BufferTooSmall)
        );
    }
}

/// A reset before anything has happened does no harm and keeps the parameters.
pub fn t_2_reset_keeps_the_parameters<A: Module + ?Sized + 'static>(subject: &Subject<A>) {
    let mut module = subject.make(1);
    for (index, parameter) in subject.parameters.iter().enumerate() {
        module
            .set_parameter(index as u32, range(parameter).1)
            .expect("within the range");
    }
    for reason in [ResetReason::Stream, ResetReason::EchoPath, ResetReason::Device] {
        module.reset(reason).expect("a reset is always possible");
    }
    for (index, parameter) in subject.parameters.iter().enumerate() {
        let read = module.parameter(index as u32).expect("a parameter can be read");
        assert!(
            same(read, range(parameter).1),
            "`{}` was forgotten",
            parameter.name
        );
    }
}

/// Smallest and largest value of a parameter.
pub fn range(parameter: &Parameter) -> (f64, f64) {
    match parameter.kind {
        ParameterKind::Int { min, max } => (min as f64, max as f64),
        ParameterKind::Float { min, max } => (min, max),
        ParameterKind::Choice { names } => (0.0, names.len() as f64 - 1.0),
        _ => (0.0, 1.0),
    }
}

/// Equal as far as an `f32` field keeps it.
fn same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-6 * b.abs()
}
