//! `jackfield plugin doctor`: what on this machine would keep a plugin from loading or from running in real time, and what to do about it.

mod linker;
mod machine;
mod sandbox;

use clap::Args;
use miette::{Result, miette};
use serde::Serialize;
use serde_json::json;

use super::Options;

/// What on this machine would keep a plugin from loading or from running in real time, and what to do about it.
#[derive(Debug, Args)]
pub(crate) struct DoctorCommand {
    #[command(flatten)]
    options: Options,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// As it should be.
    Good,
    /// Calls work, and may sound worse or be less safe than they could.
    Warning,
    /// Plugins do not load.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    what: String,
    verdict: Verdict,
    /// What was found.
    found: String,
    /// What to do; nothing if it is good.
    #[serde(skip_serializing_if = "String::is_empty")]
    advice: String,
}

impl Finding {
    fn good(what: &str, found: impl Into<String>) -> Self {
        Self::new(what, Verdict::Good, found, "")
    }

    fn warning(what: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(what, Verdict::Warning, found, advice)
    }

    fn bad(what: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(what, Verdict::Bad, found, advice)
    }

    fn new(what: &str, verdict: Verdict, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            verdict,
            found: found.into(),
            advice: advice.into(),
        }
    }
}

impl DoctorCommand {
    /// Prints every finding. Fails if plugins could not be loaded.
    pub(crate) fn run(self) -> Result<()> {
        let mut findings = vec![machine::image_folder(&std::env::temp_dir())];
        match self.options.look() {
            Ok((manifest, loader)) => {
                let catalogue = loader.catalogue();
                let count = catalogue.modules().count();
                findings.push(if count == 0 {
                    Finding::warning(
                        "plugins",
                        "none was found",
                        "build them with `make plugins`, or name their folder with --plugins DIR",
                    )
                } else {
                    Finding::good(
                        "plugins",
                        format!("{count} modules in {} files", catalogue.files().len()),
                    )
                });
                for problem in catalogue.problems() {
                    findings.push(Finding::warning(
                        "plugins",
                        problem.path().display().to_string(),
                        problem.to_string(),
                    ));
                }
                for file in catalogue.files() {
                    if let Err(breach) = manifest.policy.check(file) {
                        findings.push(Finding::warning(
                            "policy",
                            format!("{} is refused", file.path.display()),
                            breach.to_string(),
                        ));
                    }
                }
                findings.extend(linker::libraries(&catalogue));
            }
            Err(error) => findings.push(Finding::bad("plugins", format!("{error}"), "see above")),
        }
        findings.extend(machine::real_time());
        findings.extend(sandbox::findings());
        if self.options.json {
            println!("{:#}", json!(findings));
        } else {
            findings.iter().for_each(print);
        }
        let bad = findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Bad)
            .count();
        if bad > 0 {
            return Err(miette!(
                "{bad} things keep plugins from loading: see what to do above"
            ));
        }
        Ok(())
    }
}

fn print(finding: &Finding) {
    let mark = match finding.verdict {
        Verdict::Good => "good   ",
        Verdict::Warning => "warning",
        Verdict::Bad => "BAD    ",
    };
    println!("{mark}  {:18}  {}", finding.what, finding.found);
    if !finding.advice.is_empty() {
        println!("{:29}-> {}", "", finding.advice);
    }
}
