//! The validator: plans the cases of a plugin file, runs each in a process of its own and puts together what they say.

use std::path::{Path, PathBuf};

use jackfield_loader::ModuleInfo;

use crate::cases::{self, Case};
use crate::file;
use crate::place::Symbols;
use crate::process::{Children, Outcome};
use crate::protocol::{Message, Request};
use crate::report::{CaseOutcome, CaseReport, Finding, ModuleReport, Report, Seen};
use crate::rule::{self, Rule};
use crate::verdict::{self, Broken};

/// The highest level.
pub const HIGHEST_LEVEL: u8 = 5;

/// How a plugin is checked.
#[derive(Clone, Debug)]
pub struct Options {
    /// Up to which level, 1 to 5.
    pub level: u8,
    /// Cuts the long cases short: 300 instances instead of 10 000, 2 000 blocks instead of 30 000.
    pub quick: bool,
    /// The seed of everything random in the cases.
    pub seed: u64,
    /// How many cases run at a time.
    pub jobs: usize,
    /// What a plugin that opens something is given to open.
    pub location: Option<String>,
    /// Only cases whose name contains this, and those of the first level.
    pub only: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            level: HIGHEST_LEVEL,
            quick: false,
            seed: 1,
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            location: None,
            only: None,
        }
    }
}

/// Why a plugin could not be checked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The file cannot be read.
    #[error("{}: {error}; name a plugin file, or an id from `jackfield plugin list`", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The program for the cases cannot be started.
    #[error("{} cannot be started for a case: {error}", .program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file has no such module.
    #[error("{} has no module `{id}`; it has: {}", .path.display(), .found.join(", "))]
    NoModule {
        /// The file.
        path: PathBuf,
        /// The id that was asked for.
        id: String,
        /// The ids that it has.
        found: Vec<String>,
    },
}

/// Checks plugins. Each case runs in a process of its own.
#[derive(Clone, Debug)]
pub struct Validator {
    children: Children,
    options: Options,
}

impl Validator {
    /// A validator whose cases run as `program arguments… REQUEST`, which leads to [`run_case`](crate::run_case) with the request.
    pub fn new(program: impl Into<PathBuf>, arguments: &[&str], options: Options) -> Self {
        Self {
            children: Children {
                program: program.into(),
                arguments: arguments.iter().map(|one| (*one).to_owned()).collect(),
                jobs: options.jobs,
            },
            options,
        }
    }

    /// Checks every module of a plugin file, or only the one with this id.
    ///
    /// # Errors
    /// If there is nothing to check. What is wrong with a plugin is no error but a finding of the report.
    pub fn check(&self, path: &Path, id: Option<&str>) -> Result<Report, CheckError> {
        let io = |error| CheckError::File {
            path: path.to_owned(),
            error,
        };
        let path = path.canonicalize().map_err(io)?;
        let bytes = file::read(&path).map_err(io)?;
        let mut report = Report {
            file: verdict::file_name(&path),
            level: self.options.level.clamp(1, HIGHEST_LEVEL),
            quick: self.options.quick,
            seed: self.options.seed,
            refused: Vec::new(),
            modules: Vec::new(),
        };
        let modules = match file::modules(&bytes) {
            Ok(modules) => modules,
            Err(refused) => {
                let mut finding = Finding::of(refused.rule);
                finding.seen.push(Seen {
                    what: refused.what,
                    stack: Vec::new(),
                    cases: Vec::new(),
                });
                report.refused.push(finding);
                return Ok(report);
            }
        };
        let wanted: Vec<&ModuleInfo> = modules
            .iter()
            .filter(|module| id.is_none_or(|id| id == module.id))
            .collect();
        if wanted.is_empty() {
            return Err(CheckError::NoModule {
                path,
                id: id.unwrap_or_default().to_owned(),
                found: modules.into_iter().map(|module| module.id).collect(),
            });
        }
        let mut symbols = Symbols::default();
        for module in wanted {
            report
                .modules
                .push(self.module(&path, module, report.level, &mut symbols)?);
        }
        Ok(report)
    }

    fn module(
        &self,
        path: &Path,
        module: &ModuleInfo,
        level: u8,
        symbols: &mut Symbols,
    ) -> Result<ModuleReport, CheckError> {
        let plan: Vec<Case> = cases::plan(module, level)
            .into_iter()
            .filter(|case| self.wants(case))
            .collect();
        let mut report = ModuleReport {
            id: module.id.clone(),
            version: module.version.clone(),
            area: module.area.clone(),
            passes: 0,
            findings: Vec::new(),
            cases: Vec::new(),
        };
        // Without the first level nothing else makes sense, but it is worth knowing why a plugin is slow.
        let (first, rest): (Vec<Case>, Vec<Case>) = plan.into_iter().partition(|case| case.level == 1);
        self.cases(path, module, &first, symbols, &mut report)?;
        let is_slow = !report.findings.is_empty()
            && report
                .findings
                .iter()
                .all(|finding| finding.rule.id == rule::MISSES_DEADLINES.id);
        let lives = report.findings.is_empty();
        let (run, left): (Vec<Case>, Vec<Case>) = rest
            .into_iter()
            .partition(|case| lives || is_slow && case.name == cases::REAL_TIME);
        self.cases(path, module, &run, symbols, &mut report)?;
        report.cases.extend(left.into_iter().map(|case| CaseReport {
            name: case.name,
            level: case.level,
            outcome: CaseOutcome::NotRun,
            seconds: 0.0,
            figures: Vec::new(),
        }));
        report.cases.sort_by_key(|case| case.level);
        report.findings.sort_by_key(|finding| finding.rule.level);
        let broken = report
            .cases
            .iter()
            .filter(|case| case.outcome != CaseOutcome::Passed)
            .map(|case| case.level);
        report.passes = broken.min().map_or(level, |level| level - 1);
        Ok(report)
    }

    fn wants(&self, case: &Case) -> bool {
        let named = |only: &String| case.level == 1 || case.name.contains(only);
        self.options.only.as_ref().is_none_or(named)
    }

    fn cases(
        &self,
        path: &Path,
        module: &ModuleInfo,
        cases: &[Case],
        symbols: &mut Symbols,
        report: &mut ModuleReport,
    ) -> Result<(), CheckError> {
        let requests: Vec<Request> = cases
            .iter()
            .flat_map(|case| {
                let request = self.request(path, module, case);
                std::iter::repeat_n(request, if case.twice { 2 } else { 1 })
            })
            .collect();
        let mut outcomes = self
            .children
            .run(&requests)
            .map_err(|error| CheckError::Program {
                program: self.children.program.clone(),
                error,
            })?
            .into_iter();
        for case in cases {
            let Some(mut outcome) = outcomes.next() else { break };
            if case.twice
                && let Some(again) = outcomes.next()
            {
                outcome.messages.extend(
                    again
                        .messages
                        .into_iter()
                        .filter(|message| matches!(message, Message::Digest(_))),
                );
            }
            let broken = verdict::judge(case, &outcome, symbols);
            report.cases.push(case_report(case, &outcome, &broken));
            for one in broken {
                add(report, case, one);
            }
        }
        Ok(())
    }

    fn request(&self, path: &Path, module: &ModuleInfo, case: &Case) -> Request {
        Request {
            file: path.to_owned(),
            id: module.id.clone(),
            area: module.area.clone(),
            case: case.name.clone(),
            seed: self.options.seed,
            quick: self.options.quick,
            location: self.options.location.clone(),
            processor_seconds: case.processor_seconds,
            // Beside other work a process gets a part of the processor only.
            wall_seconds: (case.processor_seconds * 3 + 10) as u32,
        }
    }
}

fn case_report(case: &Case, outcome: &Outcome, broken: &[Broken]) -> CaseReport {
    let figures = outcome.messages.iter().filter_map(|message| match message {
        Message::Figure { name, value, unit } => Some((name.clone(), *value, unit.clone())),
        _ => None,
    });
    CaseReport {
        name: case.name.clone(),
        level: case.level,
        outcome: if broken.is_empty() {
            CaseOutcome::Passed
        } else {
            CaseOutcome::Failed
        },
        seconds: outcome.seconds,
        figures: figures.collect(),
    }
}

/// Adds what was seen: one finding for each rule, and the same from the same place in several cases once.
fn add(report: &mut ModuleReport, case: &Case, broken: Broken) {
    let at = report
        .findings
        .iter()
        .position(|finding| finding.rule.id == broken.rule.id);
    let at = at.unwrap_or_else(|| {
        report.findings.push(Finding::of(broken.rule));
        report.findings.len() - 1
    });
    let seen = &mut report.findings[at].seen;
    let known = seen.iter_mut().find(|seen| {
        seen.stack.first() == broken.stack.first() && (!broken.stack.is_empty() || seen.what == broken.what)
    });
    match known {
        Some(known) if known.cases.contains(&case.name) => {}
        Some(known) => known.cases.push(case.name.clone()),
        None => seen.push(Seen {
            what: broken.what,
            stack: broken.stack,
            cases: vec![case.name.clone()],
        }),
    }
}

impl Finding {
    fn of(rule: &'static Rule) -> Self {
        Self {
            rule,
            page: rule.page(),
            seen: Vec::new(),
        }
    }
}
