//! `jackfield ab list`: what there is to experiment with.

use std::process::ExitCode;

use clap::Args;
use jackfield_lab::runners;
use miette::Result;
use serde_json::{Value, json};

use crate::folders::Folders;

/// List the kinds of experiments: their sockets with the plugins that fit, and their metrics.
#[derive(Debug, Args)]
pub(super) struct ListCommand {
    /// As JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folders: Folders,
}

impl ListCommand {
    pub(super) fn run(self) -> Result<ExitCode> {
        let (manifest, loader) = self.folders.look(None)?;
        let catalogue = loader.catalogue();
        let plugins = |socket: &str| -> Vec<String> {
            let definition = manifest.profile.socket(socket);
            catalogue
                .modules()
                .filter(|(_, module)| definition.is_some_and(|definition| definition.takes(module)))
                .map(|(_, module)| module.id.clone())
                .collect()
        };
        if self.json {
            let kinds: Vec<Value> = runners()
                .iter()
                .map(|runner| {
                    let sockets: serde_json::Map<String, Value> = runner
                        .sockets()
                        .iter()
                        .map(|&socket| (socket.to_owned(), json!(plugins(socket))))
                        .collect();
                    let metrics: Vec<Value> = runner
                        .metrics()
                        .iter()
                        .map(|metric| {
                            json!({
                                "name": metric.name,
                                "unit": metric.unit.name(),
                                "better": metric.better,
                                "description": metric.description,
                            })
                        })
                        .collect();
                    json!({ "kind": runner.kind(), "sockets": sockets, "metrics": metrics })
                })
                .collect();
            println!("{:#}", json!(kinds));
            return Ok(ExitCode::SUCCESS);
        }
        for runner in runners() {
            println!("kind = \"{}\"", runner.kind());
            for socket in runner.sockets() {
                println!("  {socket}");
                for id in plugins(socket) {
                    println!("    {id}");
                }
            }
            println!("  metrics");
            for metric in runner.metrics().iter() {
                println!(
                    "    {:<20} {:<12} {}",
                    metric.name,
                    metric.unit.name(),
                    metric.description
                );
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
