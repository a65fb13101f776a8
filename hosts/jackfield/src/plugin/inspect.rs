//! `jackfield plugin inspect`: all that one plugin tells without being run.

use std::path::{Path, PathBuf};

use clap::Args;
use jackfield_loader::inspection::Inspection;
use jackfield_loader::{Catalogue, Manifest, ModuleInfo, ParameterInfo, ParameterKind, PluginFile};
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use serde_json::json;

use super::Options;
use super::list::describe;

/// One plugin: who it is, its parameters and statistics, the tables that it speaks, what it exports and what it needs.
#[derive(Debug, Args)]
pub(crate) struct InspectCommand {
    /// Its id, or the file that it is in.
    plugin: String,
    #[command(flatten)]
    options: Options,
}

impl InspectCommand {
    /// Prints what it tells.
    pub(crate) fn run(self) -> Result<()> {
        let given = Path::new(&self.plugin);
        let (manifest, loader) = self.options.look()?;
        let catalogue = loader.catalogue();
        let found = modules(&catalogue, &self.plugin);
        if let Some((file, _)) = found.first() {
            return self.print(&manifest, &file.path.clone(), &found);
        }
        // A file that lies in no plugin folder.
        if given.is_file() {
            return self.print(&manifest, given, &[]);
        }
        Err(miette!(
            "no plugin has the id or file `{}`; `jackfield plugin list` names those that there are",
            self.plugin
        ))
    }

    fn print(&self, manifest: &Manifest, path: &Path, found: &[(&PluginFile, &ModuleInfo)]) -> Result<()> {
        let inspection = inspect(path)?;
        if self.options.json {
            let modules: Vec<_> = found
                .iter()
                .map(|(file, module)| describe(manifest, file, module))
                .collect();
            let modules = if modules.is_empty() {
                json!(inspection.modules)
            } else {
                json!(modules)
            };
            let mut value = json!(inspection);
            value["path"] = json!(path);
            value["modules"] = modules;
            println!("{value:#}");
            return Ok(());
        }
        let of_file: Vec<&ModuleInfo> = if found.is_empty() {
            inspection.modules.iter().collect()
        } else {
            found.iter().map(|(_, module)| *module).collect()
        };
        for module in of_file {
            print_module(module);
        }
        println!("file {}, {} bytes", path.display(), inspection.bytes);
        println!(
            "  digest {}   (to pin it: pin = \"{}\")",
            inspection.digest, inspection.digest
        );
        let signer = found.first().and_then(|(file, _)| file.signer);
        match signer.map(|signer| (signer, manifest.policy.name_of(signer))) {
            None => println!("  not signed"),
            Some((signer, None)) => println!("  signed by {signer}"),
            Some((signer, Some(name))) => println!("  signed by {name}, {signer}"),
        }
        print_inspection(&inspection);
        Ok(())
    }
}

/// What the file at `path` tells.
pub(super) fn inspect(path: &Path) -> Result<Inspection> {
    let bytes = std::fs::read(path)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read {}", path.display()))?;
    Inspection::of(&bytes)
        .into_diagnostic()
        .wrap_err_with(|| format!("{} cannot be used", path.display()))
}

/// The modules of a plugin that is named by its id or its file.
pub(super) fn modules<'a>(catalogue: &'a Catalogue, plugin: &str) -> Vec<(&'a PluginFile, &'a ModuleInfo)> {
    let file: Option<PathBuf> = std::path::absolute(plugin).ok();
    catalogue
        .modules()
        .filter(|(of, module)| module.id == plugin || file.as_deref() == Some(&of.path))
        .collect()
}

fn print_module(module: &ModuleInfo) {
    println!("{} {} — {}", module.id, module.version, module.name);
    println!("  {}", module.description);
    println!(
        "  area {} revision {}, by {}, {}",
        module.area, module.revision, module.vendor, module.license
    );
    let audio = &module.audio;
    let rates: Vec<String> = audio.sample_rates.iter().map(ToString::to_string).collect();
    println!(
        "  audio {}, up to {} channels{}; {}",
        if rates.is_empty() {
            "at any rate".to_owned()
        } else {
            format!("at {} Hz", rates.join(", "))
        },
        audio.max_channels,
        if audio.render { ", with the far end" } else { "" },
        if module.deterministic {
            "deterministic"
        } else {
            "not deterministic"
        }
    );
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

fn print_inspection(inspection: &Inspection) {
    println!("boundary {}.{}", inspection.abi.0, inspection.abi.1);
    for table in &inspection.tables {
        let beside = match table.ours {
            None => "which this host does not know".to_owned(),
            Some(ours) if table.absent > 0 => {
                format!(
                    "this host has revision {ours}: {} of its methods are absent",
                    table.absent
                )
            }
            Some(ours) => format!("this host has revision {ours}"),
        };
        println!("  table {} revision {}, {beside}", table.area, table.revision);
        for method in &table.methods {
            println!("    {method}");
        }
    }
    println!("  extensions: none is defined yet");
    println!("exports {}", inspection.exports.join(", "));
    println!(
        "needs {}{}",
        inspection.libraries.join(", "),
        if inspection.c_library.is_empty() {
            String::new()
        } else {
            format!("; C library {} or newer", inspection.c_library)
        }
    );
    println!(
        "  {} symbols from elsewhere: {}",
        inspection.imports.len(),
        inspection.imports.join(", ")
    );
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
