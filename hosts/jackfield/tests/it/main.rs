//! The command as people and scripts run it: the real binary.
#![allow(
    clippy::disallowed_methods,
    reason = "these tests run a real program in real time"
)]

mod ab;
mod abi_diff;
mod check;
mod event_log;
mod folders;
mod how_to_compare;
mod impair;
mod mistakes;
mod new_plugins;
mod pages;
mod serve;
mod swap_test;
mod token;
mod trusting;
mod tutorial;
