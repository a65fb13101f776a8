//! The child process of one case: opens the plugin, stands around it, runs the case and tells what happened.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use jackfield_loader::{Image, LoadError, ModuleInfo};
use jackfield_testkit::real_time;
use tracing::span;

use crate::cases;
use crate::protocol::{Message, Request};
use crate::rule::{self, Rule};
use crate::shim::sights::{self, Frames, What};
use crate::shim::{calls, imports, machine, signals};

/// Bytes that the process may map beyond what it has when it starts.
const MEMORY: u64 = 1 << 30;

/// Runs the case that `request` describes, as [`Validator`](crate::Validator) wrote it. For the program that the validator starts once for each
/// case; the process must do nothing else.
pub fn run_case(request: &str) -> ExitCode {
    let Ok(request) = serde_json::from_str::<Request>(request) else {
        eprintln!("this is not a case of the validator; run `jackfield plugin check PLUGIN`");
        return ExitCode::from(2);
    };
    let output = match machine::keep_output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("there is no output to answer on: {error}");
            return ExitCode::from(2);
        }
    };
    machine::limit(request.processor_seconds, request.wall_seconds, MEMORY);
    signals::tell(output);
    let teller = Teller { output };
    keep_panics();
    // There is no other subscriber in this process.
    let _ = tracing::subscriber::set_global_default(HostLog);
    if let Some(bench) = Bench::open(request, teller) {
        let outcome = catch_unwind(AssertUnwindSafe(|| cases::run(&bench)));
        if let Err(payload) = outcome {
            bench.failed(&*payload);
        } else if Bench::unwound() {
            // The case saw nothing of it, and only a destructor has nobody to tell.
            teller.broken(
                &rule::PANICS_IN_DROP,
                "it panicked while it was destroyed",
                &unwinding(),
            );
        }
    }
    signals::tell_sights();
    teller.send(&Message::Done);
    // Not through the destructors: those of the plugin's thread-local storage are not what is asked.
    machine::leave(0)
}

/// The plugin under test in this process.
pub(crate) struct Bench {
    pub(crate) image: &'static Image,
    pub(crate) module: &'static ModuleInfo,
    pub(crate) request: Request,
    pub(crate) teller: Teller,
}

impl Bench {
    fn open(request: Request, teller: Teller) -> Option<Self> {
        let before = imports::objects();
        let image = match Image::of_file(&request.file) {
            Ok(image) => image,
            Err(error) => {
                teller.refused(&error);
                return None;
            }
        };
        let file = image.path().to_owned();
        let (own, others): (Vec<_>, Vec<_>) = imports::objects()
            .into_iter()
            .filter(|object| !before.iter().any(|known| known.base == object.base))
            .partition(|object| object.path == file);
        if let Some(plugin) = own.first() {
            calls::intercept(plugin, &others);
        }
        let images: Vec<_> = own.into_iter().chain(others).collect();
        for image in &images {
            teller.send(&Message::Image {
                path: image.path.clone(),
                base: image.base as u64,
                start: image.start as u64,
                end: image.end as u64,
            });
        }
        sights::watch(images);
        real_time::observe(sights::observe);
        // The process ends with the case.
        let image: &'static Image = Box::leak(Box::new(image));
        let Some(module) = image
            .modules()
            .find(|module| module.id == request.id && module.area == request.area)
        else {
            teller.broken(
                &rule::ENTRY,
                &format!("it has no module `{}`", request.id),
                &Frames::NONE,
            );
            return None;
        };
        Some(Self {
            image,
            module,
            request,
            teller,
        })
    }

    /// What the panic of a case amounts to.
    fn failed(&self, payload: &(dyn Any + Send)) {
        let text = message(payload);
        if Self::unwound() {
            self.teller.broken(&rule::PANICS, &text, &unwinding());
        } else {
            self.teller
                .broken(cases::rule_of(&self.request.case), &text, &Frames::NONE);
        }
    }

    /// Whether the plugin panicked.
    pub(crate) fn unwound() -> bool {
        sights::take(|sight| {
            let unwinds = sight.what == What::Unwinds;
            if unwinds {
                UNWOUND.set(UNWOUND.get().or(Some(sight.frames)));
            }
            unwinds
        });
        UNWOUND.get().is_some()
    }
}

thread_local! {
    static UNWOUND: Cell<Option<Frames>> = const { Cell::new(None) };
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

fn unwinding() -> Frames {
    UNWOUND.get().unwrap_or(Frames::NONE)
}

/// Panics of this program say where they come from: the case that failed.
fn keep_panics() {
    std::panic::set_hook(Box::new(|info| {
        let text = message(info.payload());
        let place = info.location().map_or(String::new(), |place| {
            let file = place.file().rsplit('/').next().unwrap_or_default();
            format!(" ({file}:{})", place.line())
        });
        PANIC.set(text + &place);
    }));
}

fn message(payload: &(dyn Any + Send)) -> String {
    let kept = PANIC.take();
    if !kept.is_empty() {
        return kept;
    }
    payload
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Where the case tells what it found.
#[derive(Clone, Copy)]
pub(crate) struct Teller {
    output: i32,
}

impl Teller {
    pub(crate) fn send(self, message: &Message) {
        if let Ok(mut line) = serde_json::to_string(message) {
            line.push('\n');
            machine::write(self.output, line.as_bytes());
        }
    }

    pub(crate) fn broken(self, rule: &Rule, what: &str, frames: &Frames) {
        self.send(&Message::Broken {
            rule: rule.id.to_owned(),
            what: what.to_owned(),
            frames: frames.as_slice().iter().map(|frame| *frame as u64).collect(),
        });
    }

    pub(crate) fn figure(self, name: &str, value: f64, unit: &str) {
        self.send(&Message::Figure {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
        });
    }

    /// The loader refused the file or the instance.
    pub(crate) fn refused(self, error: &LoadError) {
        let rule = match error {
            LoadError::File { fault, .. } => crate::file::rule_of(fault),
            LoadError::Proof { .. } => &rule::TABLE_SHAPE,
            LoadError::Table { .. } => &rule::TABLE_SIZE,
            LoadError::Create { .. } => &rule::MAKES_AN_INSTANCE,
            LoadError::Io { .. } => &rule::NOT_A_PLUGIN,
            _ => &rule::ENTRY,
        };
        self.broken(rule, &error.to_string(), &Frames::NONE);
    }
}

/// The host's log, as the plugin reaches it.
struct HostLog;

impl tracing::Subscriber for HostLog {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "jackfield::plugin"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        if real_time::is_section() {
            sights::note(What::CallsTheHost, "log");
        }
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
