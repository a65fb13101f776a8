//! The `jackfield` command: serve calls, look at plugins, explain graphs, make join tokens.

#![allow(
    clippy::disallowed_methods,
    reason = "a host owns the machine's clock, sockets and tasks"
)]

mod ab;
mod abi_diff;
mod address;
mod check;
mod event_log;
mod folders;
mod graph;
mod impair;
mod plugin;
mod serve;
mod swap_test;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use miette::Result;

/// Real-time voice in which every module is a plugin: chosen in a manifest, swapped while the call runs.
#[derive(Debug, Parser)]
#[command(name = "jackfield", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Ab(ab::AbCommand),
    Serve(serve::ServeCommand),
    Plugin(plugin::PluginCommand),
    Graph(graph::GraphCommand),
    Token(token::TokenCommand),
    SwapTest(swap_test::SwapTestCommand),
    Impair(impair::ImpairCommand),
    ReplayBwe(event_log::ReplayBweCommand),
    ReplayJitter(event_log::ReplayJitterCommand),
    EventLog(event_log::EventLogCommand),
}

fn main() -> Result<ExitCode> {
    end_quietly_without_a_reader();
    match Cli::parse().command {
        Command::Ab(command) => return command.run(),
        Command::ReplayBwe(command) => return command.run(),
        Command::ReplayJitter(command) => return command.run(),
        Command::Serve(command) => command.run(),
        Command::Plugin(command) => command.run(),
        Command::Graph(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::SwapTest(command) => command.run(),
        Command::Impair(command) => command.run(),
        Command::EventLog(command) => command.run(),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// Ended as by SIGPIPE, as a shell tells it.
const NO_READER: i32 = 128 + 13;

/// Whoever reads the output may have seen enough of it (`jackfield plugin list | head -1`): then nobody is left to tell anything. What the command
/// would have come to is not known, so it is no success either.
fn end_quietly_without_a_reader() {
    let otherwise = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // `print!` says it in no other way.
        let nobody_reads = panic.payload_as_str().is_some_and(|text| {
            text.starts_with("failed printing to stdout") && text.contains("Broken pipe")
        });
        if nobody_reads {
            std::process::exit(NO_READER);
        }
        otherwise(panic);
    }));
}
