//! `jackfield plugin`: what is found in the plugin folders, without running any of it; and the validator, which runs it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jackfield_loader::{Catalogue, ModuleInfo, ParameterInfo, ParameterKind, PluginFile};
use miette::{Result, miette};
use serde_json::json;

use crate::check::{CheckCaseCommand, CheckCommand};
use crate::folders::Folders;

/// List and inspect plugins, without running any of their code, and check them.
#[derive(Debug, Args)]
pub(crate) struct PluginCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Everything that is found, and every file that cannot be used with the reason.
    List(Options),
    /// One plugin: who it is, its parameters and statistics.
    Inspect {
        /// Its id, or the file that it is in.
        plugin: String,
        #[command(flatten)]
        options: Options,
    },
    SwapTest(crate::swap_test::SwapTestCommand),
    Check(CheckCommand),
    #[command(hide = true)]
    CheckCase(CheckCaseCommand),
}

#[derive(Debug, Args)]
struct Options {
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// The manifest whose folders and pins count; without one the built-in default.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
}

impl PluginCommand {
    /// Prints what was asked for.
    pub(crate) fn run(self) -> Result<()> {
        match self.what {
            What::List(options) => list(&options),
            What::Inspect { plugin, options } => inspect(&plugin, &options),
            What::SwapTest(command) => command.run(),
            What::Check(command) => command.run(),
            What::CheckCase(command) => {
                command.run();
                Ok(())
            }
        }
    }
}

fn list(options: &Options) -> Result<()> {
    let (_, loader) = options.folders.load(options.manifest.as_deref())?;
    let catalogue = loader.catalogue();
    if options.json {
        let plugins: Vec<_> = catalogue
            .modules()
            .map(|(file, module)| describe(file, module))
            .collect();
        let problems: Vec<_> = catalogue
            .problems()
            .iter()
            .map(|p| json!({ "path": p.path(), "problem": p.to_string() }))
            .collect();
        println!("{:#}", json!({ "plugins": plugins, "problems": problems }));
        return Ok(());
    }
    let width = catalogue.modules().map(|(_, m)| m.id.len()).max().unwrap_or(0);
    for (file, module) in catalogue.modules() {
        println!(
            "{:width$}  {:8}  {:34}  {:18}  {:10}  {}",
            module.id,
            module.version,
            module.area,
            module.license,
            file.isolation.name(),
            file.path.display()
        );
    }
    for problem in catalogue.problems() {
        eprintln!("{problem}");
    }
    if catalogue.modules().next().is_none() {
        eprintln!(
            "No plugin was found. Build them with `make plugins`, or name their folder with --plugins DIR."
        );
    }
    Ok(())
}

fn inspect(plugin: &str, options: &Options) -> Result<()> {
    let (_, loader) = options.folders.load(options.manifest.as_deref())?;
    let catalogue = loader.catalogue();
    let found = modules(&catalogue, plugin);
    if found.is_empty() {
        return Err(miette!(
            "no plugin has the id or file `{plugin}`; `jackfield plugin list` names those that there are"
        ));
    }
    if options.json {
        let found: Vec<_> = found
            .iter()
            .map(|(file, module)| describe(file, module))
            .collect();
        println!("{:#}", json!(found));
        return Ok(());
    }
    for (file, module) in found {
        println!("{} {} — {}", module.id, module.version, module.name);
        println!("  {}", module.description);
        println!(
            "  area {} revision {}, by {}, {}",
            module.area, module.revision, module.vendor, module.license
        );
        println!("  file {}", file.path.display());
        if let Some(digest) = file.digest {
            println!("  digest {digest}   (to pin it: pin = \"{digest}\")");
        }
        for parameter in &module.parameters {
            println!(
                "  parameter {:20} {}  {}",
                parameter.name,
                range(parameter),
                parameter.help
            );
        }
        for statistic in &module.statistics {
            println!(
                "  statistic {:20} {:8}  {}",
                statistic.name, statistic.unit, statistic.help
            );
        }
    }
    Ok(())
}

fn modules<'a>(catalogue: &'a Catalogue, plugin: &str) -> Vec<(&'a PluginFile, &'a ModuleInfo)> {
    let file = std::path::absolute(plugin).ok();
    catalogue
        .modules()
        .filter(|(of, module)| module.id == plugin || file.as_deref() == Some(&of.path))
        .collect()
}

fn range(parameter: &ParameterInfo) -> String {
    let unit = &parameter.unit;
    match &parameter.kind {
        ParameterKind::Bool => format!(
            "on or off, {} unless set",
            if parameter.default >= 0.5 { "on" } else { "off" }
        ),
        ParameterKind::Int { min, max } => format!("{min} to {max} {unit}, {} unless set", parameter.default),
        ParameterKind::Float { min, max } => {
            format!("{min} to {max} {unit}, {} unless set", parameter.default)
        }
        ParameterKind::Choice { choices } => format!("one of {}", choices.join(", ")),
        _ => String::new(),
    }
}

fn describe(file: &PluginFile, module: &ModuleInfo) -> serde_json::Value {
    let mut value = json!(module);
    if let Some(object) = value.as_object_mut() {
        object.insert("path".to_owned(), json!(file.path));
        object.insert("isolation".to_owned(), json!(file.isolation.name()));
        object.insert("digest".to_owned(), json!(file.digest.map(|d| d.to_string())));
    }
    value
}
