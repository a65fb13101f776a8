//! A module of a loaded image as the testkit's suites want it, for each area.

use std::rc::Rc;

use jackfield_abi::Area;
use jackfield_core::environment::Environment;
use jackfield_core::module::Module;
use jackfield_loader::{Image, LoadError, ModuleInfo, ParameterKind as InfoKind};
use jackfield_sdk::prelude::*;
use jackfield_testkit as testkit;
use jackfield_testkit::Subject;

/// A module as the suite of the area `$area` wants it.
macro_rules! subject {
    ($image:expr, $info:expr, $area:ident, $location:expr) => {{
        let (image, info): (&'static Image, &'static ModuleInfo) = ($image, $info);
        let make = move |seed| match image.create::<dyn $area>(&info.id, &Environment::seeded(seed)) {
            Ok(proxy) => Ok(Box::new(proxy) as Box<dyn $area>),
            Err(error) => Err(Fault::failed(error.to_string())),
        };
        let described = crate::subject::Described::of(info);
        Subject::described(
            described.descriptor,
            described.parameters,
            described.statistics,
            make,
        )
        .location($location)
    }};
}

/// An instance of any area, as far as all areas are alike.
///
/// # Errors
/// As the loader says.
pub(crate) fn module(image: &Image, info: &ModuleInfo, seed: u64) -> Result<Box<dyn Module>, LoadError> {
    let environment = Environment::seeded(seed);
    macro_rules! make {
        ($($area:ident),*) => {
            $(if info.area == <dyn $area as Area>::SHAPE.id {
                return Ok(Box::new(image.create::<dyn $area>(&info.id, &environment)?));
            })*
        };
    }
    make!(
        AudioProcessor,
        AudioCodec,
        AudioEncoder,
        AudioDecoder,
        AudioSource,
        AudioSink,
        JitterBuffer,
        Mixer,
        CongestionController,
        Pacer,
        Transport
    );
    Err(LoadError::WrongArea {
        id: info.id.clone(),
        wanted: "an area that this validator knows".to_owned(),
        offered: info.area.clone(),
    })
}

/// Whether it is of an area that opens something, and does not open nothing.
pub(crate) fn opens_something(image: &Image, info: &ModuleInfo) -> bool {
    let environment = Environment::seeded(1);
    let rate = info.audio.sample_rates.first().copied().unwrap_or(48_000);
    let format = AudioFormat::new(SampleRate::hz(rate), 1);
    macro_rules! opens {
        ($($area:ident),*) => {
            $(if info.area == <dyn $area as Area>::SHAPE.id {
                let made = image.create::<dyn $area>(&info.id, &environment);
                return made.is_ok_and(|mut made| made.open("", &format).is_err());
            })*
        };
    }
    opens!(AudioSource, AudioSink);
    false
}

/// The names of the cases of an area's suite.
pub(crate) fn suite(area: &str) -> Vec<&'static str> {
    macro_rules! names {
        ($($area:ident: $suite:ident),*) => {
            $(if area == <dyn $area as Area>::SHAPE.id {
                return testkit::$suite::CASES.iter().map(|(name, _)| *name).collect();
            })*
        };
    }
    names!(
        AudioProcessor: audio_processor,
        AudioCodec: audio_codec,
        AudioEncoder: audio_encoder,
        AudioDecoder: audio_decoder,
        AudioSource: audio_source,
        AudioSink: audio_sink,
        JitterBuffer: jitter_buffer,
        Mixer: mixer,
        CongestionController: congestion_controller,
        Pacer: pacer,
        Transport: transport
    );
    Vec::new()
}

/// Runs a case of the suite of the module's area.
///
/// # Panics
/// If the case fails, with the reason.
pub(crate) fn run_suite(image: &'static Image, info: &'static ModuleInfo, location: &str, case: &str) {
    macro_rules! run {
        ($($area:ident: $suite:ident),*) => {
            $(if info.area == <dyn $area as Area>::SHAPE.id {
                let subject = subject!(image, info, $area, location);
                let (_, run) = testkit::$suite::CASES
                    .iter()
                    .find(|(name, _)| *name == case)
                    .expect("a case of the suite");
                return run(&subject);
            })*
        };
    }
    if info.area == <dyn AudioCodec as Area>::SHAPE.id {
        let part = |area: &str| {
            image
                .modules()
                .find(|module| module.id == info.id && module.area == area)
                .unwrap_or_else(|| {
                    panic!(
                        "a codec has three modules with one id: `{}` lacks {area}",
                        info.id
                    )
                })
        };
        let (encoder, decoder) = (
            part(<dyn AudioEncoder as Area>::SHAPE.id),
            part(<dyn AudioDecoder as Area>::SHAPE.id),
        );
        let parts = testkit::audio_codec::Parts {
            codec: subject!(image, info, AudioCodec, location),
            encoder: subject!(image, encoder, AudioEncoder, location),
            decoder: subject!(image, decoder, AudioDecoder, location),
        };
        let (_, run) = testkit::audio_codec::CASES
            .iter()
            .find(|(name, _)| *name == case)
            .expect("a case of the suite");
        return run(&parts);
    }
    run!(
        AudioProcessor: audio_processor,
        AudioEncoder: audio_encoder,
        AudioDecoder: audio_decoder,
        AudioSource: audio_source,
        AudioSink: audio_sink,
        JitterBuffer: jitter_buffer,
        Mixer: mixer,
        CongestionController: congestion_controller,
        Pacer: pacer,
        Transport: transport
    );
}

/// An audio processor, for the cases that are the validator's own.
pub(crate) fn processor(image: &'static Image, info: &'static ModuleInfo) -> Rc<Subject<dyn AudioProcessor>> {
    Rc::new(subject!(image, info, AudioProcessor, ""))
}

/// What the metadata says, in the terms of the SDK. It lives as long as the process, which has one case to run.
struct Described {
    descriptor: Descriptor,
    parameters: &'static [Parameter],
    statistics: &'static [Statistic],
}

impl Described {
    fn of(info: &'static ModuleInfo) -> Self {
        let mut descriptor = Descriptor::new(&info.id, &info.name, &info.version)
            .vendor(&info.vendor)
            .license(&info.license)
            .description(&info.description)
            .audio(AudioCapabilities {
                sample_rates: &info.audio.sample_rates,
                max_channels: info.audio.max_channels,
                render: info.audio.render,
            });
        descriptor.deterministic = info.deterministic;
        let parameters = info.parameters.iter().map(|parameter| Parameter {
            name: &parameter.name,
            title: &parameter.title,
            help: &parameter.help,
            unit: &parameter.unit,
            kind: match &parameter.kind {
                InfoKind::Int { min, max } => ParameterKind::Int { min: *min, max: *max },
                InfoKind::Float { min, max } => ParameterKind::Float { min: *min, max: *max },
                InfoKind::Choice { choices } => ParameterKind::Choice {
                    names: choices.iter().map(String::as_str).collect::<Vec<_>>().leak(),
                },
                _ => ParameterKind::Bool,
            },
            default: parameter.default,
        });
        let statistics = info.statistics.iter().map(|statistic| Statistic {
            name: &statistic.name,
            unit: &statistic.unit,
            kind: if statistic.counter {
                StatisticKind::Counter
            } else {
                StatisticKind::Gauge
            },
            help: &statistic.help,
        });
        Self {
            descriptor,
            parameters: parameters.collect::<Vec<_>>().leak(),
            statistics: statistics.collect::<Vec<_>>().leak(),
        }
    }
}
