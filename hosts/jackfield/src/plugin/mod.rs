//! `jackfield plugin`: makes plugins, tells what is found in the plugin folders, packs, signs and
//! installs, without running any of it; and the validator, which runs it.

mod doctor;
mod inspect;
mod list;
mod new;
mod package;
mod sign;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jackfield_loader::{Loader, Manifest};
use miette::Result;

use crate::check::{CheckCaseCommand, CheckCommand};
use crate::folders::Folders;

/// Make, list, inspect, pack, sign and install plugins, without running any of their code; and check them, which does.
#[derive(Debug, Args)]
pub(crate) struct PluginCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    New(new::NewCommand),
    List(list::ListCommand),
    Inspect(inspect::InspectCommand),
    Doctor(doctor::DoctorCommand),
    Keygen(sign::KeygenCommand),
    Sign(sign::SignCommand),
    Verify(sign::VerifyCommand),
    Pack(package::PackCommand),
    Install(package::InstallCommand),
    SwapTest(crate::swap_test::SwapTestCommand),
    Check(CheckCommand),
    #[command(hide = true)]
    CheckCase(CheckCaseCommand),
    AbiDiff(crate::abi_diff::AbiDiffCommand),
}

/// Where to look, and how to say it.
#[derive(Debug, Args)]
struct Options {
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// The manifest whose folders, pins and policy count; without one the built-in default.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
}

impl PluginCommand {
    /// Does what was asked for.
    pub(crate) fn run(self) -> Result<()> {
        match self.what {
            What::New(command) => command.run(),
            What::List(command) => command.run(),
            What::Inspect(command) => command.run(),
            What::Doctor(command) => command.run(),
            What::Keygen(command) => command.run(),
            What::Sign(command) => command.run(),
            What::Verify(command) => command.run(),
            What::Pack(command) => command.run(),
            What::Install(command) => command.run(),
            What::SwapTest(command) => command.run(),
            What::AbiDiff(command) => command.run(),
            What::Check(command) => command.run(),
            What::CheckCase(command) => {
                command.run();
                Ok(())
            }
        }
    }
}

impl Options {
    fn look(&self) -> Result<(Manifest, Loader)> {
        self.folders.look(self.manifest.as_deref())
    }
}
