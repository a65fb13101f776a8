//! `jackfield plugin list`: everything that is found, and every file that cannot be used with the reason.

use clap::Args;
use jackfield_loader::{Manifest, ModuleInfo, PluginFile};
use miette::Result;
use serde_json::{Value, json};

use super::Options;

/// Everything that is found, and every file that cannot be used with the reason.
#[derive(Debug, Args)]
pub(crate) struct ListCommand {
    #[command(flatten)]
    options: Options,
}

impl ListCommand {
    /// Prints the list.
    pub(crate) fn run(self) -> Result<()> {
        let (manifest, loader) = self.options.look()?;
        let catalogue = loader.catalogue();
        if self.options.json {
            let plugins: Vec<_> = catalogue
                .modules()
                .map(|(file, module)| describe(&manifest, file, module))
                .collect();
            let problems: Vec<_> = catalogue
                .problems()
                .iter()
                .map(|p| json!({ "path": p.path(), "problem": p.to_string() }))
                .collect();
            println!("{:#}", json!({ "plugins": plugins, "problems": problems }));
            return Ok(());
        }
        let rows: Vec<[String; 7]> = catalogue
            .modules()
            .map(|(file, module)| {
                [
                    module.id.clone(),
                    module.version.clone(),
                    area(module).to_owned(),
                    module.license.clone(),
                    tier(&manifest, file, module).to_owned(),
                    trust(&manifest, file),
                    file.path.display().to_string(),
                ]
            })
            .collect();
        if !rows.is_empty() {
            print(
                [
                    "PLUGIN",
                    "VERSION",
                    "AREA",
                    "LICENCE",
                    "ISOLATION",
                    "TRUST",
                    "FILE",
                ],
                &rows,
            );
        }
        for problem in catalogue.problems() {
            eprintln!("{problem}");
        }
        for file in catalogue.files() {
            if let Err(breach) = manifest.policy.check(file) {
                eprintln!("{}: {breach}", file.path.display());
            }
        }
        if rows.is_empty() {
            eprintln!(
                "No plugin was found. Build them with `make plugins`, or name their folder with --plugins DIR."
            );
        }
        Ok(())
    }
}

/// All that there is to say of a module.
pub(super) fn describe(manifest: &Manifest, file: &PluginFile, module: &ModuleInfo) -> Value {
    let mut value = json!(module);
    if let Some(object) = value.as_object_mut() {
        let refused = manifest.policy.check(file).err();
        for (key, value) in [
            ("path", json!(file.path)),
            ("isolation", json!(tier(manifest, file, module))),
            ("digest", json!(file.digest)),
            ("pinned", json!(manifest.policy.is_pinned(file))),
            ("signer", json!(file.signer)),
            (
                "signed_by",
                json!(file.signer.and_then(|signer| manifest.policy.name_of(signer))),
            ),
            ("refused", json!(refused.map(|breach| breach.to_string()))),
        ] {
            object.insert(key.to_owned(), value);
        }
    }
    value
}

/// The area as people write it: `audio-processor`.
fn area(module: &ModuleInfo) -> &str {
    module
        .area
        .strip_prefix("jackfield.")
        .and_then(|area| area.strip_suffix("/1"))
        .unwrap_or(&module.area)
}

/// Where the manifest lets the plugin run.
fn tier<'a>(manifest: &'a Manifest, file: &'a PluginFile, module: &ModuleInfo) -> &'a str {
    manifest
        .sockets
        .iter()
        .find(|socket| socket.candidates.contains(&module.id) || socket.fallback.as_ref() == Some(&module.id))
        .map_or(file.isolation, |socket| socket.isolation)
        .name()
}

/// Why the file is trusted, in a few words.
fn trust(manifest: &Manifest, file: &PluginFile) -> String {
    let policy = &manifest.policy;
    let mut words = Vec::new();
    if policy.check(file).is_err() {
        words.push("refused".to_owned());
    }
    if policy.is_pinned(file) {
        words.push("pinned".to_owned());
    }
    if let Some(signer) = file.signer {
        words.push(match policy.name_of(signer) {
            Some(name) => format!("signed by {name}"),
            None => format!("signed by {:.16}…", signer.to_string()),
        });
    }
    if words.is_empty() {
        "-".to_owned()
    } else {
        words.join(", ")
    }
}

/// Prints columns that are as wide as what stands in them.
fn print<const N: usize>(headings: [&str; N], rows: &[[String; N]]) {
    let widths: [usize; N] = std::array::from_fn(|column| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .chain([headings[column].len()])
            .max()
            .unwrap_or(0)
    });
    let line = |cells: [&str; N]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        println!("{}", padded.join("  ").trim_end());
    };
    line(headings);
    for row in rows {
        line(row.each_ref().map(String::as_str));
    }
}
